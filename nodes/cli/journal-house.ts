// Keeping house: what is over goes, what is kept is checked, the key is changed.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isCourierError } from '../errors.ts';
import { makeKeyFile, resolveKey } from '../journal/keys.ts';
import type { OwnerMethods } from '../journal/owner-wire.ts';
import { type PruneOutcome, type PruneRequest, RETENTION, type RetentionSettings, type VerifyOutcome, type VerifyRequest } from '../journal/port.ts';
import { say } from './command.ts';
import { changing, looking } from './journal-access.ts';
import { type Call, readCall, wrong } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';

const DAYS = ['open-orders', 'correction', 'content', 'ledger'] as const;
const LONGEST = 100_000;

const added = (sum: PruneOutcome, { counts, bytes, more }: PruneOutcome): PruneOutcome => ({
  counts: Object.fromEntries(Object.keys({ ...sum.counts, ...counts }).map((name) => [name, (sum.counts[name] ?? 0) + (counts[name] ?? 0)])),
  bytes: sum.bytes + bytes,
  more,
});

type PruneCall = Call<typeof DAYS[number], 'dry-run' | 'standard'>;

/** What is not named stays: the engine may be set to keep it longer than the standard says. */
const settingsOf = (call: PruneCall): RetentionSettings => {
  if (!call.flag('standard') && DAYS.every((name) => call.text(name) === undefined)) throw wrong(JOURNAL_TEXTS.nothingToPrune);
  const days = (name: typeof DAYS[number], standard: number): number => call.number(name, 0, LONGEST) ?? (call.flag('standard') ? standard : LONGEST);
  return {
    openOrders: days('open-orders', RETENTION.openOrders), correction: days('correction', RETENTION.correction),
    content: days('content', RETENTION.content), ledger: days('ledger', RETENTION.ledger),
  };
};

/** Beside the engine, which goes on meanwhile; by the engine, where only that has the key. */
const beside = async <Found>(call: Call, look: (from: Pick<OwnerMethods, 'prune' | 'verify'>) => Promise<Found>): Promise<Found> => {
  try {
    return await looking(call, look);
  } catch (error) {
    if (!isCourierError(error) || error.code !== 'KEY_MISSING') throw error;
    return await changing(call, ({ methods }) => look(methods));
  }
};

/** Batch after batch, so that the engine's work goes on in between. */
const pruned = (call: PruneCall, request: PruneRequest): Promise<PruneOutcome> => changing(call, async ({ methods }) => {
  let sum: PruneOutcome = { counts: {}, bytes: 0, more: true };
  while (sum.more) sum = added(sum, await methods.prune(request));
  return sum;
});

export const prune = async (args: string[], cwd: string): Promise<number> => {
  const call: PruneCall = readCall(args, cwd, DAYS, ['dry-run', 'standard']);
  const settings = settingsOf(call);
  const request = { settings, dryRun: call.flag('dry-run'), ...call.byPerson() };
  const outcome = await (request.dryRun ? beside(call as Call, (journal) => journal.prune(request)) : pruned(call, request));
  if (call.json) say(JSON.stringify({ dryRun: request.dryRun, counts: outcome.counts, bytes: outcome.bytes }));
  else {
    for (const [name, count] of Object.entries(outcome.counts)) say(`${name}: ${count}`);
    say(JOURNAL_TEXTS.bytesFreed(outcome.bytes, request.dryRun));
  }
  return 0;
};

const checked = (call: Call, request: VerifyRequest): Promise<VerifyOutcome> => beside(call, (journal) => journal.verify(request));

const DAMAGED = 3;

const chainLines = ({ entries, firstBroken, head, headKnown }: VerifyOutcome['audit']): string[] => [
  JOURNAL_TEXTS.chain(entries, firstBroken), ...head === undefined ? [] : [JOURNAL_TEXTS.head(head)],
  ...headKnown === false ? [JOURNAL_TEXTS.headMissing] : [],
];

const sound = ({ ok, audit }: VerifyOutcome): boolean => ok && audit.firstBroken === null && audit.headKnown !== false;

export const verify = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd);
  const outcome = await checked(call, {});
  const { contents, structure } = outcome;
  const lines = [
    ...chainLines(outcome.audit), JOURNAL_TEXTS.contents(contents.checked, contents.damaged.length), ...contents.damaged.map((id) => `  ${id}`),
    JOURNAL_TEXTS.structure(structure.length), ...structure.map((fault) => `  ${fault}`),
    sound(outcome) ? JOURNAL_TEXTS.sound : JOURNAL_TEXTS.damaged,
  ];
  say(call.json ? JSON.stringify(outcome) : lines.join('\n'));
  return sound(outcome) ? 0 : DAMAGED;
};

/** The chain alone. `--head`: a chain that was cut off at its end, and sealed anew by somebody who has the key, no longer holds it. */
export const verifyChain = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['head']);
  const head = call.text('head')?.trim().toLowerCase();
  if (head !== undefined && !/^[0-9a-f]{64}$/.test(head)) throw wrong(JOURNAL_TEXTS.unlikeHash);
  const outcome = await checked(call as Call, { auditOnly: true, ...(head !== undefined && { head }) });
  say(call.json ? JSON.stringify(outcome.audit) : chainLines(outcome.audit).join('\n'));
  return sound(outcome) ? 0 : DAMAGED;
};

export const rotateKey = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['new-key-file']);
  const file = resolve(cwd, call.needed('new-key-file'));
  const person = call.byPerson();
  const newKey = resolveKey({ location: call.location, keyFile: file, demo: false, env: {} });
  const { fingerprint } = await changing(call, async ({ methods }) => await methods.rotateKey({ newKey, ...person }));
  say(call.json ? JSON.stringify({ fingerprint }) : JOURNAL_TEXTS.keyChanged(file, fingerprint));
  return 0;
};

const parseKeyArgs = (args: string[]) => {
  try {
    return parseArgs({ args, options: { file: { type: 'string' }, json: { type: 'boolean' } } });
  } catch (error) {
    throw wrong((error as Error).message);
  }
};

/** For a journal that is to be: nothing is opened. */
export const initKey = async (args: string[], cwd: string): Promise<number> => {
  const { values } = parseKeyArgs(args);
  if (values.file === undefined) throw wrong(JOURNAL_TEXTS.needsOption('file'));
  const file = resolve(cwd, values.file);
  const { fingerprint } = makeKeyFile(file);
  say(values.json ? JSON.stringify({ file, fingerprint }) : JOURNAL_TEXTS.keyMade(file, fingerprint));
  return 0;
};
