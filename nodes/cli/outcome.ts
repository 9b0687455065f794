// How a run ends: waiting for it, and telling it in the shapes that delivery.json and summary.json have.
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryRecord, InputRecord, Journal, MessageRecord } from '../journal/port.ts';
import { addAmounts } from '../7-fee/money.ts';
import { AT_REST } from './at-rest.ts';
import { iso } from './times.ts';

const ENDED_WELL = new Set(['DELIVERED', 'PROCESSED', 'SUPPRESSED']);

const isWaiting = ({ state, code }: MessageRecord): boolean => state === 'RECEIVED' && code === 'AWAITS_ORDER';

const messageRests = (message: MessageRecord): boolean =>
  isWaiting(message) || !['RECEIVED', 'ROUTED'].includes(message.state);

/** Everything a run has to tell, read from the journal. */
export interface Outcome {
  inputs: InputRecord[];
  messages: MessageRecord[];
  deliveries: DeliveryRecord[];
  unrated: number;
}

export const readOutcome = async (journal: Journal): Promise<Outcome> => {
  const [inputs, messages, deliveries, { unrated }] = await Promise.all([
    journal.inputs(), journal.messages(), journal.deliveries(), journal.counts(),
  ]);
  // Mail that is no notification is kept as an input too; it is nothing that was handed in.
  return { inputs: inputs.filter(({ source }) => source !== 'hisp-receive'), messages, deliveries, unrated };
};

/** Messages of which a delivery waits for a person. */
const heldOf = (deliveries: readonly DeliveryRecord[]): Set<string> =>
  new Set(deliveries.filter(({ state }) => state === 'HELD').map(({ messageId }) => messageId));

const rests = ({ messages, deliveries, unrated }: Outcome): boolean => {
  const held = heldOf(deliveries);
  return unrated === 0 && deliveries.every(({ state }) => AT_REST.has(state))
    && messages.every((message) => messageRests(message) || (message.state === 'ROUTED' && held.has(message.id)));
};

const fingerprint = ({ messages, deliveries, unrated }: Outcome): string =>
  JSON.stringify([unrated, messages.map(({ state }) => state), deliveries.map(({ state, attempts }) => [state, attempts.length])]);

/** Resolves when nothing moves any more; `settled` is false when nothing moved for `patienceMs` although something should. */
export const waitForRest = async (journal: Journal, patienceMs: number): Promise<Outcome & { settled: boolean }> => {
  let outcome = await readOutcome(journal);
  let [last, since] = [fingerprint(outcome), Date.now()];
  while (!rests(outcome)) {
    await pause(100);
    outcome = await readOutcome(journal);
    const now = fingerprint(outcome);
    if (now !== last) [last, since] = [now, Date.now()];
    else if (Date.now() - since > patienceMs) return { ...outcome, settled: false };
  }
  return { ...outcome, settled: true };
};

/** delivery.json: keys always there, times ISO 8601 UTC, state the bare word. */
export const deliveryJson = (delivery: DeliveryRecord) => ({
  id: delivery.id,
  messageId: delivery.mailMessageId,
  orderLocalId: delivery.orderLocalId,
  organization: delivery.organization,
  site: delivery.site,
  recipient: delivery.recipient,
  npi: delivery.npi,
  level: delivery.level,
  alsoFrom: delivery.alsoFrom,
  source: delivery.source,
  why: delivery.why,
  state: delivery.state,
  history: delivery.history.map(({ state, at, code }) => ({ state, at: iso(at), ...(code !== undefined && { code }) })),
  attempts: delivery.attempts.length,
  finalDelivery: delivery.finalDelivery,
  warnings: [...new Set(delivery.warnings.map(({ code }) => code))],
  fee: delivery.fee,
  code: delivery.code,
});

interface HeldEntry { file: string | null; orderLocalId: string | null; code: string | null; why: string | null }

/** HELD and ERROR messages, and orders that are kept but cannot be used. */
const heldEntries = ({ inputs, messages }: Outcome): HeldEntry[] => [
  ...messages.filter(({ state }) => state === 'HELD' || state === 'ERROR')
    .map(({ inputName, orderLocalId, code, why }) => ({ file: inputName, orderLocalId, code, why })),
  ...inputs.filter(({ kind, outcome }) => kind === 'order' && outcome === 'held')
    .map(({ name, orderLocalId, code, text }) => ({ file: name, orderLocalId, code, why: text })),
];

interface Total { currency: string; total: string }

/** Amounts of different currencies are never added up: `others` is there when there is more than one. */
const totals = (deliveries: DeliveryRecord[]): Total & { others?: Total[] } => {
  const fees = deliveries.flatMap(({ fee }) => fee === null ? [] : [fee]);
  const totalOf = (currency: string): Total =>
    ({ currency, total: addAmounts(fees.filter((fee) => fee.currency === currency).map(({ amount }) => amount)) });
  const [first = 'USD', ...more] = new Set(fees.map(({ currency }) => currency));
  return { ...totalOf(first), ...(more.length > 0 && { others: more.map(totalOf) }) };
};

const recipientEntry = ({ orderLocalId, recipient, npi, code, why }: DeliveryRecord) => ({ orderLocalId, recipient, npi, code, why });

export const summaryJson = (outcome: Outcome) => {
  const { inputs, messages, deliveries } = outcome;
  const inState = (state: string) => deliveries.filter((delivery) => delivery.state === state);
  return {
    inputs: inputs.length,
    deliveries: Object.fromEntries([...new Set(deliveries.map(({ state }) => state))].sort().map((state) => [state, inState(state).length])),
    unresolved: inState('UNRESOLVED').map(recipientEntry),
    suppressed: inState('SUPPRESSED').map(recipientEntry),
    held: heldEntries(outcome),
    waiting: messages.filter(isWaiting).map(({ inputName, orderLocalId, code, why }) => ({ file: inputName, orderLocalId, code, why })),
    rejected: inputs.filter((input) => input.outcome === 'rejected').map(({ name, code, path, text }) => ({ file: name, code, path, text })),
    fees: totals(deliveries),
  };
};

/** Every delivery ended well; nothing is held, rejected or waiting. */
export const allWell = (outcome: Outcome): boolean => {
  const { held, waiting, rejected } = summaryJson(outcome);
  return held.length + waiting.length + rejected.length === 0 && outcome.deliveries.every(({ state }) => ENDED_WELL.has(state));
};
