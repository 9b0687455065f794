// Test messages: sent the real way to one address, and how they ended.
import { setTimeout as pause } from 'node:timers/promises';
import { sentence } from '../errors.ts';
import type { Journal, TestResult } from '../journal/port.ts';
import { hasEnded } from './at-rest.ts';
import { refused, say } from './command.ts';
import { changing, looking } from './journal-access.ts';
import { readCall } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';

const GOOD: ReadonlySet<string> = new Set(['PROCESSED', 'DELIVERED']);

const LONGEST_S = 86_400;
const STANDARD_S = 300;
const ASKED_MS = 500;

interface Standing { state: string; code: string | null }

/** Of its one delivery, or of the message where that stopped first. */
const standingOf = async (journal: Journal, messageId: string): Promise<Standing> => {
  const [delivery] = await journal.deliveries({ messageId });
  const message = await journal.message(messageId);
  const { state, code } = delivery ?? message ?? { state: 'UNKNOWN', code: null };
  return { state, code };
};

const waitFor = async (journal: Journal, messageId: string, limitMs: number): Promise<Standing> => {
  for (const end = performance.now() + limitMs; ;) {
    const standing = await standingOf(journal, messageId);
    if (hasEnded(standing.state) || performance.now() >= end) return standing;
    await pause(ASKED_MS);
  }
};

/** 0: it arrived as asked; 2: it did not, or not yet. */
export const test = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['organization', 'site', 'to', 'wait'], ['no-final-delivery']);
  const limitMs = (call.number('wait', 0, LONGEST_S) ?? STANDARD_S) * 1000;
  const site = call.text('site');
  const asked = {
    kind: 'test', organization: call.needed('organization').toLowerCase(), address: call.needed('to').trim(),
    ...(site !== undefined && site !== '' && { site }), finalDelivery: !call.flag('no-final-delivery'), ...call.byPerson(),
  } as const;
  return await changing(call, async ({ methods, journal }) => {
    const { created } = await methods.act(asked);
    if (created === undefined) throw refused(JOURNAL_TEXTS.nothing);
    if (!call.json) say(JOURNAL_TEXTS.testSent(created));
    const standing = await waitFor(await journal(), created, limitMs);
    if (call.json) say(JSON.stringify({ messageId: created, ...standing, ended: hasEnded(standing.state) }));
    else say(JOURNAL_TEXTS[hasEnded(standing.state) ? 'testEnded' : 'testOpen'](standing.state, standing.code));
    if (!call.json && standing.code !== null) say(sentence(standing.code));
    return GOOD.has(standing.state) ? 0 : 2;
  });
};

const COLUMNS = ['MESSAGE', 'ORGANIZATION', 'SITE', 'ADDRESS', 'STATE', 'CODE', 'AT', 'BY'];

const cells = ({ messageId, organization, site, address, state, code, at, actor, reason }: TestResult): string[] =>
  [messageId, organization, site, address, state, code ?? '', new Date(at).toISOString(), `${actor}: ${reason}`];

export const tests = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd);
  const found = await looking(call, async (journal) => await journal.testResults());
  if (call.json) for (const result of found) say(JSON.stringify(result));
  else say(found.length === 0 ? JOURNAL_TEXTS.nothing : align([COLUMNS, ...found.map(cells)]));
  return 0;
};
