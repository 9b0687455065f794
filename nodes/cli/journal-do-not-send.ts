// The do-not-send list: entered, removed and read.
import { BLOCK_KINDS } from '../0-order/do-not-send.ts';
import type { BlockedRecord } from '../journal/port.ts';
import { say } from './command.ts';
import { told } from './journal-act.ts';
import { changing, looking } from './journal-access.ts';
import { readCall, wrong } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';
import { iso } from './times.ts';

type Verb = (args: string[], cwd: string) => Promise<number>;

const add: Verb = async (args, cwd) => {
  const call = readCall(args, cwd, BLOCK_KINDS);
  const [block, ...others] = BLOCK_KINDS.filter((kind) => call.text(kind) !== undefined);
  if (block === undefined || others.length > 0) throw wrong(JOURNAL_TEXTS.oneOf(BLOCK_KINDS));
  const [value, person] = [call.needed(block).trim(), call.byPerson()];
  const outcome = await changing(call, async ({ methods }) => await methods.act({ kind: 'block', block, value, ...person }));
  say(call.json ? JSON.stringify(outcome) : JOURNAL_TEXTS.entered(outcome.created ?? '', outcome.changed.length));
  return 0;
};

const remove: Verb = async (args, cwd) => {
  const call = readCall(args, cwd, ['id']);
  const [id, person] = [call.needed('id'), call.byPerson()];
  return told(call, await changing(call, async ({ methods }) => await methods.act({ kind: 'unblock', id, ...person })));
};

const COLUMNS = ['ID', 'KIND', 'VALUE', 'SINCE', 'BY', 'REMOVED'];

const cells = ({ id, kind, value, at, actor, reason, removed }: BlockedRecord): string[] => [
  id, kind, value, iso(at), `${actor}: ${reason}`, removed === null ? '' : `${iso(removed.at)} ${removed.actor}: ${removed.reason}`,
];

const list: Verb = async (args, cwd) => {
  const call = readCall(args, cwd, [], ['all']);
  const found = await looking(call, async (journal) => await journal.blocked({ all: call.flag('all') }));
  if (call.json) for (const entry of found) say(JSON.stringify(entry));
  else say(found.length === 0 ? JOURNAL_TEXTS.nothing : align([COLUMNS, ...found.map(cells)]));
  return 0;
};

const VERBS: Record<string, Verb> = { add, remove, list };

export const doNotSend: Verb = async ([verb, ...args], cwd) => {
  const chosen = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (chosen === undefined) throw wrong(JOURNAL_TEXTS.doNotSendVerb);
  return await chosen(args, cwd);
};
