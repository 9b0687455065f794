// What becomes of a delivery after an attempt: the account's table of answers, its limits and its pauses. No clock, no sockets.
import { CourierError } from '../errors.ts';
import type { AttemptOutcome, ClaimedDelivery } from '../journal/port.ts';
import { backOff } from './back-off.ts';
import type { Answer, AnswerRow, HispAccount, Setback, TransportOutcome } from './types.ts';

const ANSWERS: ReadonlySet<unknown> = new Set<Answer>(['retry', 'fail', 'hold', 'sent']);
const OWN_CODES: ReadonlySet<string> = new Set(['HISP_DEFERRED', 'HISP_REFUSED', 'HISP_UNKNOWN']);

// RFC 5321 §4.2: three digits, of which 4yz and 5yz refuse. A star stands for one digit, or at the end for all that follow.
const REPLY = /^[45](?:[0-9*][0-9*]|\*)$/;
// RFC 3463 §2: class.subject.detail. A star stands for any number.
const ENHANCED = /^[45]\.(?:\d{1,3}|\*)\.(?:\d{1,3}|\*)$/;
// The code and, where the server gives one, the enhanced code at the start of an answer.
const STATUS = /^([45]\d\d)(?:[ -]+([45]\.\d{1,3}\.\d{1,3})(?![\d.]))?/;

const partsOf = (pattern: string): string[] => {
  if (OWN_CODES.has(pattern)) return [pattern];
  if (ENHANCED.test(pattern)) return pattern.split('.').map((part) => part === '*' ? part : String(Number(part)));
  return [...pattern.length === 2 ? `${pattern}*` : pattern, 'reply'];
};

/** Whether a pattern takes in all that another one does: of the same kind, and equal or wider in each part. */
const covers = (wide: string, narrow: string): boolean => {
  const [wider, narrower] = [partsOf(wide), partsOf(narrow)];
  return wider.length === narrower.length && wider.every((part, index) => part === '*' || part === narrower[index]);
};

const unusable = (path: string, detail: string): CourierError => new CourierError('ANSWER_ROW_INVALID', { path, detail });

const readRow = (row: unknown, path: string): AnswerRow => {
  const { pattern, answer } = typeof row === 'object' && row !== null ? row as { pattern?: unknown; answer?: unknown } : {};
  const wanted = typeof pattern === 'string' ? pattern.trim().toUpperCase() : '';
  if (!OWN_CODES.has(wanted) && !REPLY.test(wanted) && !ENHANCED.test(wanted)) {
    throw unusable(`${path}.pattern`, `a code such as 451, 4*, 4.7.* or ${[...OWN_CODES].join(', ')}`);
  }
  if (!ANSWERS.has(answer)) throw unusable(`${path}.answer`, `one of ${[...ANSWERS].join(', ')}`);
  return { pattern: wanted, answer: answer as Answer };
};

/** The rows as the form saved them. Errors: ANSWER_ROW_INVALID with the row as path, also for a row that an earlier one makes void. */
export const readAnswers = (rows: unknown): AnswerRow[] => {
  if (rows === undefined || rows === null || rows === '') return [];
  if (!Array.isArray(rows)) throw unusable('answers', 'a list of rows');
  const read = rows.map((row, index) => readRow(row, `answers[${index}]`));
  read.forEach(({ pattern }, index) => {
    const earlier = read.slice(0, index).findIndex((row) => covers(row.pattern, pattern));
    if (earlier >= 0) throw unusable(`answers[${index}].pattern`, `never reached after answers[${earlier}]`);
  });
  return read;
};

const fits = (pattern: string, { code, response }: Pick<Setback, 'code' | 'response'>): boolean => {
  if (OWN_CODES.has(pattern)) return pattern === code;
  const [, reply, enhanced] = STATUS.exec(response) ?? [];
  const status = ENHANCED.test(pattern) ? enhanced : reply;
  return status !== undefined && covers(pattern, status);
};

/** What the account's table says about a setback, or the rule where it says nothing. */
export const answerTo = (
  setback: Pick<Setback, 'kind' | 'code' | 'response'>, { answers, unknown }: Pick<HispAccount, 'answers' | 'unknown'>,
): Answer => {
  // Neither is about this recipient or message, so that no row is meant: who may send is for a person to settle.
  if (setback.code === 'HISP_SENDER' || setback.code === 'HISP_LOGIN') return 'hold';
  const row = answers.find(({ pattern }) => fits(pattern, setback));
  if (row !== undefined) return row.answer;
  if (setback.kind === 'unknown') return unknown;
  return setback.kind === 'refused' ? 'fail' : 'retry';
};

type Age = Pick<ClaimedDelivery, 'tries' | 'ageFrom'>;
type Limits = Pick<HispAccount, 'retryFirstMs' | 'retryMaxMs' | 'maxAttempts' | 'maxAgeMs'>;
export interface PolicyTools { now: () => number; random: () => number }

/** When to try again, the last time when the delivery's age is over; null with the reason when a limit is reached. */
export const nextTry = (
  { tries, ageFrom }: Age, { retryFirstMs, retryMaxMs, maxAttempts, maxAgeMs }: Limits, { now, random }: PolicyTools,
): { retryAt: number } | { retryAt: null; reason: 'ATTEMPTS_EXHAUSTED' | 'AGE_EXCEEDED' } => {
  if (tries >= maxAttempts) return { retryAt: null, reason: 'ATTEMPTS_EXHAUSTED' };
  const [at, end] = [now(), ageFrom + maxAgeMs];
  if (at >= end) return { retryAt: null, reason: 'AGE_EXCEEDED' };
  return { retryAt: Math.min(at + backOff(tries, { first: retryFirstMs, max: retryMaxMs }, random), end) };
};

/** When to look again whether an account works; `probes` is how often that was done since it failed. */
export const nextProbe = (
  probes: number, { probeFirstMs, probeMaxMs }: Pick<HispAccount, 'probeFirstMs' | 'probeMaxMs'>, { now, random }: PolicyTools,
): number =>
  now() + backOff(probes + 1, { first: probeFirstMs, max: probeMaxMs }, random);

/** What the journal is told. A doubt must have been cleared before: what is still doubtful here is the mail's own. */
export const attemptOutcome = (
  outcome: TransportOutcome, claim: Age, account: HispAccount, tools: PolicyTools,
): AttemptOutcome => {
  if (outcome.kind === 'accepted') return outcome;
  const { kind, code, response, seen, whole } = outcome;
  if (kind === 'account') return { kind, code, response, seen, probeAt: nextProbe(0, account, tools) };
  const unknown = kind === 'unknown';
  const answer = answerTo(outcome, account);
  // Nobody took a mail that was never handed over: then a person decides in place of the table.
  if (answer === 'hold' || (answer === 'sent' && !whole)) return { kind: 'hold', code, response, seen, unknown };
  if (answer === 'sent') return { kind: 'accepted', response };
  if (answer === 'fail') return unknown ? { kind, code, response, retryAt: null, reason: code } : { kind: 'refused', code: 'HISP_REFUSED', response };
  const next = nextTry(claim, account, tools);
  return unknown ? { kind, code, response, ...next } : { kind: 'temporary', code, response, seen, ...next };
};
