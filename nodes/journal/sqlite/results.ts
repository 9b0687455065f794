// Results: joined, told from repetitions, released when their order comes, and sent again on request.
import { contentKey, decideJoin, replayKey } from '../../0-order/join.ts';
import type { Order, Result, StoredOrder } from '../../0-order/model.ts';
import type { RawInput, ReadyMessage, ResendOutcome, ResultOutcome } from '../port.ts';
import { changeFate, keepInput } from './inputs.ts';
import { insertMessage, type JoinedOrder, type MessageRow, messageRow, toReady, rejoin, resultOf, rootOf } from './messages.ts';
import { findCandidates, findOrders } from './order-rows.ts';
import { all, first, parsed, type Store } from './store.ts';

/** The join as the journal writes it: `code` and `why` as they stand on the message. `organization`: whose result it must be, joined or not. */
type Verdict = { organization: string | null } & (
  | { outcome: 'ready'; joined: JoinedOrder; code: null; why: null }
  | { outcome: 'waiting' | 'held'; joined: null; code: string; why: string });

const AWAITS = 'No order of a known organization with this site and order number is stored.';

const join = (store: Store, result: Result, boundTo: string | null): Verdict => {
  const rows = findCandidates(store, boundTo, result.site.localId, result.order.localId);
  const candidates = rows.map((row) => ({ ...row, order: parsed<StoredOrder>(row.body) }));
  const decision = decideJoin(candidates.map(({ order, state }) => ({ order, state })), result);
  const organization = boundTo ?? (rows.length === 1 ? rows[0]!.organization : null);
  switch (decision.outcome) {
    case 'ready': {
      const { id, version, order } = candidates.find((candidate) => candidate.order === decision.order)!;
      return { outcome: 'ready', organization, joined: { id, version, order }, code: null, why: null };
    }
    case 'waiting': return { outcome: 'waiting', organization, joined: null, code: 'AWAITS_ORDER', why: AWAITS };
    case 'held': return { outcome: 'held', organization, joined: null, code: decision.code, why: decision.why };
  }
};

/**
 * The same result as taken before. One that was not joined yet has the organization it was bound to, or none.
 * When nothing says whose result it is, only the very same transmission counts as a repetition.
 */
const findRepeated = (store: Store, result: Result, organization: string | null): MessageRow | undefined => first(store, `SELECT * FROM message
  WHERE order_local_id = :localId AND site = :site AND replay_key = :key
    AND (organization IS :organization OR (organization IS NULL AND order_id IS NULL)
      OR (:organization IS NULL AND json_extract(result, '$.transactionId') = :transaction)) ORDER BY rowid LIMIT 1`,
{ localId: result.order.localId, site: result.site.localId, key: replayKey(result), organization, transaction: result.transactionId ?? null });

/** The root message whose result an `R` repeats in content. */
const findOriginal = (store: Store, result: Result, orderId: string): MessageRow | undefined => first(store, `SELECT * FROM message
  WHERE order_id = :orderId AND content_key = :key AND resend_of IS NULL ORDER BY rowid DESC LIMIT 1`, { orderId, key: contentKey(result) });

const told = ({ outcome, code, why }: Verdict): Pick<ResultOutcome, 'outcome' | 'code' | 'why'> =>
  ({ outcome, ...(code !== null && { code }), ...(why !== null && { why }) });

/** A result that nobody had joined comes again and can be joined now: the message first accepted goes on. */
const revive = (store: Store, row: MessageRow, joined: JoinedOrder): ReadyMessage => {
  rejoin(store, row.id, { joined, state: 'RECEIVED', code: null, why: null });
  changeFate(store, row.input_id, 'ready', null);
  return toReady(row.id, joined.order, resultOf(store, row), row.resend_of);
};

const repeat = (store: Store, row: MessageRow, verdict: Verdict, raw: RawInput, orderLocalId: string): ResultOutcome => {
  const revived = verdict.joined !== null && row.order_id === null ? revive(store, row, verdict.joined) : undefined;
  const outcome = revived === undefined ? 'replay' : 'ready';
  const inputId = keepInput(store, raw, { kind: 'result', outcome, orderLocalId });
  return { inputId, messageId: row.id, outcome, ...(revived !== undefined && { ready: revived }) };
};

export const acceptResult = (store: Store, result: Result, raw: RawInput, boundTo: string | null): ResultOutcome => {
  const verdict = join(store, result, boundTo);
  const { joined, code, why } = verdict;
  const repeated = findRepeated(store, result, verdict.organization);
  if (repeated !== undefined) return repeat(store, repeated, verdict, raw, result.order.localId);

  const original = joined !== null && result.resultCode === 'R' ? findOriginal(store, result, joined.id) : undefined;
  const inputId = keepInput(store, raw, { kind: 'result', outcome: verdict.outcome, code: code ?? undefined, orderLocalId: result.order.localId });
  const resendOf = original?.id ?? null;
  const state = verdict.outcome === 'held' ? 'HELD' : 'RECEIVED';
  const messageId = insertMessage(store, { inputId, result, boundTo, joined, state, code, why, resendOf, repeatable: true });
  const ready = joined === null ? undefined : toReady(messageId, joined.order, result, resendOf);
  return { inputId, messageId, ...told(verdict), ...(ready !== undefined && { ready }) };
};

/** An order came or changed: what waited for it is decided about again. */
export const releaseWaiting = (store: Store, organization: string, site: string, localId: string): ReadyMessage[] => {
  const waiting = all<MessageRow>(store, `SELECT * FROM message WHERE state = 'RECEIVED' AND code = 'AWAITS_ORDER'
    AND order_local_id = :localId AND site = :site AND (bound_to IS NULL OR bound_to = :organization) ORDER BY rank, rowid`,
  { localId, site, organization });
  return waiting.flatMap((row) => {
    const result = resultOf(store, row);
    const { outcome, joined, code, why } = join(store, result, row.bound_to);
    if (outcome === 'waiting') return [];
    rejoin(store, row.id, { joined, state: outcome === 'ready' ? 'RECEIVED' : 'HELD', code, why });
    changeFate(store, row.input_id, outcome, code);
    return joined === null ? [] : [toReady(row.id, joined.order, result, row.resend_of)];
  });
};

type NotResendable = 'ORDER_UNKNOWN' | 'ORDER_AMBIGUOUS' | 'ORDER_CANCELLED' | 'RESULT_UNKNOWN';

const resendable = (store: Store, order: Order): { row: MessageRow; joined: JoinedOrder } | NotResendable => {
  const [found, ...others] = findOrders(store, order.organization, order.site?.localId ?? null, order.localId);
  if (found === undefined) return 'ORDER_UNKNOWN';
  if (others.length > 0) return 'ORDER_AMBIGUOUS';
  if (found.state === 'cancelled') return 'ORDER_CANCELLED';
  const row = first<MessageRow>(store, `SELECT * FROM message WHERE order_id = :id AND resend_of IS NULL
    ORDER BY rowid DESC LIMIT 1`, { id: found.id });
  return row === undefined ? 'RESULT_UNKNOWN' : { row, joined: { id: found.id, version: found.version, order: parsed(found.body) } };
};

/** The route is resolved anew with the order as it stands now; the documents are those of the message sent again. */
export const resendResult = (store: Store, order: Order, raw: RawInput): ResendOutcome => {
  const found = resendable(store, order);
  if (typeof found === 'string') {
    const path = found === 'ORDER_AMBIGUOUS' ? 'Site.LocalId' : 'Order.LocalId';
    const inputId = keepInput(store, raw, { kind: 'resend', outcome: 'rejected', code: found, path, orderLocalId: order.localId });
    return { inputId, outcome: 'rejected', code: found };
  }
  const { row, joined } = found;
  const inputId = keepInput(store, raw, { kind: 'resend', outcome: 'ready', orderLocalId: order.localId });
  const [result, resendOf] = [resultOf(store, row), rootOf(row)];
  const id = insertMessage(store, {
    inputId, result, boundTo: row.bound_to, joined, state: 'RECEIVED', code: null, why: null, resendOf, repeatable: false,
  });
  return { inputId, outcome: 'ready', ready: toReady(id, joined.order, result, resendOf) };
};

export const readyMessage = (store: Store, id: string): ReadyMessage | null => {
  const row = messageRow(store, id);
  if (row === undefined || row.order_id === null) return null;
  const version = first<{ body: string }>(store, 'SELECT body FROM order_version WHERE order_id = :id AND version = :version',
    { id: row.order_id, version: row.order_version });
  return version === undefined ? null : toReady(row.id, parsed(version.body), resultOf(store, row), row.resend_of);
};
