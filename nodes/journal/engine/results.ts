// Results: joined, told from repetitions, released when their order comes, and sent again on request.
import { replayKey } from '../../0-order/join.ts';
import type { Order, Result } from '../../0-order/model.ts';
import type { AcceptedMessage, MessageLink, RawInput, ReadyMessage, ResendOutcome, ResultOutcome } from '../port.ts';
import { ofOrder } from './alike.ts';
import { CHANGED, CHANGED_WHY } from './contradiction.ts';
import { overtake } from './corrections.ts';
import { changeFate, keepInput } from './inputs.ts';
import { join, joinAndWeigh, type Verdict, weigh } from './joining.ts';
import {
  contentMark, insertMessage, type JoinedOrder, keepPdf, type MessageRow, messageRow, patientMark, toAccepted, rejoin, resultOf, rootOf,
} from './messages.ts';
import { bodyOf, findOrders } from './order-rows.ts';
import { all, first, lockName, orderName, type Store } from './store.ts';

/**
 * The same result as taken before. One that was not joined yet has the organization it was bound to, or none.
 * When nothing says whose result it is, only the very same transmission counts as a repetition.
 */
const findRepeated = (store: Store, result: Result, organization: string | null): Promise<MessageRow | undefined> => first(store, `
  SELECT * FROM message
  WHERE order_local_id = :localId AND site = :site AND replay_key = :key
    AND (organization IS NOT DISTINCT FROM :organization OR (organization IS NULL AND order_id IS NULL)
      OR (CAST(:organization AS TEXT) IS NULL AND transaction_mark = :transaction)) ORDER BY seq LIMIT 1`, {
  localId: result.order.localId, site: result.site.localId, key: store.vault.mark('replay', replayKey(result)), organization,
  transaction: result.transactionId === undefined ? null : store.vault.mark('transaction', result.transactionId),
});

/** The root message whose result an `R` repeats in content. */
const findOriginal = async (store: Store, result: Result, orderId: string): Promise<MessageRow | undefined> => {
  const { sql, values } = ofOrder(orderId, patientMark(store, result.patient.localId));
  return first(store, `SELECT * FROM message WHERE ${sql} AND content_key = :key AND resend_of IS NULL ORDER BY seq DESC LIMIT 1`,
    { ...values, key: contentMark(store, result) });
};

/** A person has not let it go, so that nothing of it may be sent again either. */
const KEPT_BACK = `(planned_at IS NULL AND coalesce(code, '') IN ('${CHANGED}', 'CLOSED'))`;

/** Nor is a preliminary result sent again that was not to be sent: an `R` does not tell that it is one. */
const keptBack = ({ planned_at: plannedAt, code, why }: MessageRow): { code: string; why: string } | null => {
  if (plannedAt !== null) return null;
  if (code === 'PRELIMINARY_OFF') return { code, why: why ?? '' };
  return code === CHANGED || code === 'CLOSED' ? { code: CHANGED, why: CHANGED_WHY } : null;
};

const told = ({ outcome, code, why }: Verdict): Pick<ResultOutcome, 'outcome' | 'code' | 'why'> =>
  ({ outcome, ...(code !== null && { code }), ...(why !== null && { why }) });

/** What waited or was held, decided about anew: it says so on the message and its input, and goes into the flow when it is ready. */
export const decided = async (store: Store, row: MessageRow, verdict: Verdict, result: Result): Promise<AcceptedMessage | undefined> => {
  const { outcome, joined, code, why } = verdict;
  await rejoin(store, row, { joined, state: outcome === 'held' ? 'HELD' : 'RECEIVED', code, why });
  await changeFate(store, row.input_id, outcome, code);
  if (outcome !== 'ready') return undefined;
  await overtake(store, row.id, joined.id, result);
  return toAccepted(row.id, joined.order, result, row.resend_of);
};

/** Nobody had joined it, and it neither was closed nor gave way to another one. */
const isUndecided = ({ order_id: orderId, state }: MessageRow): boolean => orderId === null && (state === 'RECEIVED' || state === 'HELD');

/** A result that nobody had joined comes again and can be joined now: the message first accepted goes on. */
const repeat = async (store: Store, row: MessageRow, verdict: Verdict, raw: RawInput, result: Result): Promise<ResultOutcome> => {
  const revives = verdict.joined !== null && isUndecided(row);
  const ready = revives ? await decided(store, row, verdict, await resultOf(store, row) ?? result) : undefined;
  const outcome = revives ? verdict.outcome : 'replay';
  const code = revives && verdict.code !== null ? verdict.code : undefined;
  const pdf = await keepPdf(store, result);
  const inputId = await keepInput(store, raw, { kind: 'result', outcome, code, orderLocalId: result.order.localId }, pdf);
  return { inputId, messageId: row.id, outcome, ...(code !== undefined && { code }), ...(ready !== undefined && { ready }) };
};

/** An `R` of a content that was kept back is kept back with it. */
const asResend = (verdict: Verdict, original: MessageRow | undefined): Verdict => {
  const kept = verdict.outcome === 'ready' && original !== undefined ? keptBack(original) : null;
  return kept === null || verdict.outcome !== 'ready' ? verdict : { ...verdict, outcome: 'held', ...kept };
};

export const acceptResult = async (
  store: Store, result: Result, raw: RawInput, boundTo: string | null, link?: MessageLink,
): Promise<ResultOutcome> => {
  await lockName(store, orderName(result.order.localId));
  const plain = await join(store, result, boundTo);
  const repeated = link === undefined ? await findRepeated(store, result, plain.organization) : undefined;
  if (repeated !== undefined) return repeat(store, repeated, await weigh(store, plain, result, repeated.seq), raw, result);

  const original = plain.joined !== null && result.resultCode === 'R' ? await findOriginal(store, result, plain.joined.id) : undefined;
  // A person who sends it in once more has decided.
  const verdict = link === undefined ? asResend(await weigh(store, plain, result), original) : plain;
  const { joined, code, why } = verdict;
  const pdf = await keepPdf(store, result);
  const inputId = await keepInput(store, raw, {
    kind: 'result', outcome: verdict.outcome, code: code ?? undefined, orderLocalId: result.order.localId }, pdf);
  const resendOf = original?.id ?? null;
  const state = verdict.outcome === 'held' ? 'HELD' : 'RECEIVED';
  const messageId = await insertMessage(store, {
    inputId, result, boundTo, joined, state, code, why, resendOf, repeatable: link === undefined, entry: raw.entry ?? '', link, pdf });
  if (verdict.outcome === 'ready') await overtake(store, messageId, verdict.joined.id, result);
  const ready = verdict.outcome === 'ready' ? toAccepted(messageId, verdict.joined.order, result, resendOf) : undefined;
  return { inputId, messageId, ...told(verdict), ...(ready !== undefined && { ready }) };
};

/** An order came or changed: what waited for it, also in vain so far, is decided about again. */
export const releaseWaiting = async (store: Store, organization: string, site: string, localId: string): Promise<AcceptedMessage[]> => {
  const waiting = await all<MessageRow>(store, `SELECT * FROM message WHERE order_local_id = :localId AND site = :site
    AND order_id IS NULL AND ((state = 'RECEIVED' AND code = 'AWAITS_ORDER') OR (state = 'HELD' AND code = 'ORDER_UNKNOWN'))
    AND (bound_to IS NULL OR bound_to = :organization) ORDER BY rank, seq`,
  { localId, site, organization });
  const released: AcceptedMessage[] = [];
  for (const row of waiting) {
    const result = await resultOf(store, row);
    if (result === null) continue;
    const verdict = await joinAndWeigh(store, result, row.bound_to, row.seq);
    if (verdict.outcome === 'waiting') continue;
    const ready = await decided(store, row, verdict, result);
    if (ready !== undefined) released.push(ready);
  }
  return released;
};

type NotResendable = 'ORDER_UNKNOWN' | 'ORDER_AMBIGUOUS' | 'ORDER_CANCELLED' | 'RESULT_UNKNOWN' | 'RESEND_EXPIRED';

interface Resendable { row: MessageRow; joined: JoinedOrder; result: Result }

const resendable = async (store: Store, order: Order): Promise<Resendable | NotResendable> => {
  const [found, ...others] = await findOrders(store, order.organization, order.site?.localId ?? null, order.localId);
  if (found === undefined) return 'ORDER_UNKNOWN';
  if (others.length > 0) return 'ORDER_AMBIGUOUS';
  if (found.state === 'cancelled') return 'ORDER_CANCELLED';
  const stored = found.body === null ? null : await bodyOf(store, { body: found.body });
  const { sql, values } = ofOrder(found.id, stored === null ? null : patientMark(store, stored.patient.localId));
  const row = await first<MessageRow>(store, `SELECT * FROM message WHERE ${sql} AND resend_of IS NULL AND link_of IS NULL
    AND NOT ${KEPT_BACK} ORDER BY seq DESC LIMIT 1`, values);
  if (row === undefined) return 'RESULT_UNKNOWN';
  const result = await resultOf(store, row);
  if (stored === null || result === null) return 'RESEND_EXPIRED';
  return { row, joined: { id: found.id, version: found.version, order: stored }, result };
};

/** The route is resolved anew with the order as it stands now; the documents are those of the message sent again. */
export const resendResult = async (store: Store, order: Order, raw: RawInput): Promise<ResendOutcome> => {
  await lockName(store, orderName(order.localId));
  const found = await resendable(store, order);
  if (typeof found === 'string') {
    const path = found === 'ORDER_AMBIGUOUS' ? 'Site.LocalId' : 'Order.LocalId';
    const inputId = await keepInput(store, raw, { kind: 'resend', outcome: 'rejected', code: found, path, orderLocalId: order.localId });
    return { inputId, outcome: 'rejected', code: found };
  }
  const { row, joined, result } = found;
  const inputId = await keepInput(store, raw, { kind: 'resend', outcome: 'ready', orderLocalId: order.localId });
  const resendOf = rootOf(row);
  const id = await insertMessage(store, {
    inputId, result, boundTo: row.bound_to, joined, state: 'RECEIVED', code: null, why: null, resendOf, repeatable: false,
    entry: raw.entry ?? row.entry,
  });
  return { inputId, outcome: 'ready', ready: toAccepted(id, joined.order, result, resendOf) };
};

export const readyMessage = async (store: Store, id: string): Promise<ReadyMessage | null> => {
  const row = await messageRow(store, id);
  return row === undefined ? null : readyOf(store, row);
};

/** Null while it is joined to nothing, and once its data was pruned. */
export const readyOf = async (store: Store, row: MessageRow): Promise<ReadyMessage | null> => {
  if (row.order_id === null) return null;
  const version = await first<{ body: Uint8Array | null }>(store, 'SELECT body FROM order_version WHERE order_id = :id AND version = :version',
    { id: row.order_id, version: row.order_version });
  const result = await resultOf(store, row);
  if (version === undefined || version.body === null || result === null) return null;
  const order = await bodyOf(store, { body: version.body });
  return { ...toAccepted(row.id, order, result, row.resend_of), order, result };
};
