// `--expect`: what a run must have come to, one entry per expectation.
import { UsageError } from './command.ts';
import { summaryJson, type Outcome } from './outcome.ts';

/** `state` is a delivery state, or HELD, WAITING, REJECTED for what never became a delivery. `null` says that there is none. */
export interface Expectation { orderLocalId: string; recipient?: string | null; state: string; code?: string | null }

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
};

const isText = (value: unknown): value is string => typeof value === 'string';
const mayBeText = (value: unknown): boolean => value === undefined || value === null || isText(value);

/** Throws UsageError before anything is sent: an expectation that cannot be read is no expectation that was met. */
export const readExpectations = (text: string): Expectation[] => {
  const entries = parsed(text);
  if (!Array.isArray(entries)) throw new UsageError('--expect: the file holds no JSON array.');
  for (const [index, entry] of entries.entries()) {
    if (!isText(entry?.orderLocalId) || !isText(entry.state)) throw new UsageError(`--expect: entry ${index + 1} lacks orderLocalId or state.`);
    if (!mayBeText(entry.recipient) || !mayBeText(entry.code)) throw new UsageError(`--expect: recipient and code of entry ${index + 1} are texts.`);
  }
  return entries as Expectation[];
};

interface Fact { orderLocalId: string | null; recipient: string | null; state: string; code: string | null }

const facts = (outcome: Outcome): Fact[] => {
  const { held, waiting } = summaryJson(outcome);
  return [
    ...outcome.deliveries.map(({ orderLocalId, recipient, state, code }) => ({ orderLocalId, recipient, state, code })),
    ...held.map(({ orderLocalId, code }) => ({ orderLocalId, recipient: null, state: 'HELD', code })),
    ...waiting.map(({ orderLocalId, code }) => ({ orderLocalId, recipient: null, state: 'WAITING', code })),
    ...outcome.inputs.filter((input) => input.outcome === 'rejected')
      .map(({ orderLocalId, code }) => ({ orderLocalId, recipient: null, state: 'REJECTED', code })),
  ];
};

const meets = (fact: Fact, wanted: Expectation): boolean =>
  fact.orderLocalId === wanted.orderLocalId && fact.state === wanted.state
  && (wanted.recipient === undefined || fact.recipient === (wanted.recipient?.trim().toLowerCase() ?? null))
  && (wanted.code === undefined || fact.code === wanted.code);

/** The expectations that nothing in the run meets. */
export const missed = (outcome: Outcome, expectations: Expectation[]): Expectation[] => {
  const known = facts(outcome);
  return expectations.filter((wanted) => !known.some((fact) => meets(fact, wanted)));
};
