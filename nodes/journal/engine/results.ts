// Results: joined, told from repetitions, released when their order comes, and sent again on request.
import { contentKey, decideJoin, replayKey } from '../../0-order/join.ts';
import type { Order, Result } from '../../0-order/model.ts';
import type { AcceptedMessage, MessageLink, RawInput, ReadyMessage, ResendOutcome, ResultOutcome } from '../port.ts';
import { overtake } from './corrections.ts';
import { changeFate, keepInput } from './inputs.ts';
import { insertMessage, type JoinedOrder, keepPdf, type MessageRow, messageRow, toAccepted, rejoin, resultOf, rootOf } from './messages.ts';
import { bodyOf, findCandidates, findOrders } from './order-rows.ts';
import { all, first, lockName, orderName, type Store } from './store.ts';

/** The join as the journal writes it: `code` and `why` as they stand on the message. `organization`: whose result it must be, joined or not. */
type Verdict = { organization: string | null } & (
  | { outcome: 'ready'; joined: JoinedOrder; code: null; why: null }
  | { outcome: 'waiting' | 'held'; joined: null; code: string; why: string });

export const AWAITS = 'No order of a known organization with this site and order number is stored.';

const PRUNED = 'The data of the order of this result has been removed after its time.';

const join = async (store: Store, result: Result, boundTo: string | null): Promise<Verdict> => {
  const rows = await findCandidates(store, boundTo, result.site.localId, result.order.localId);
  const candidates = [];
  for (const row of rows) {
    if (row.body === null) return { outcome: 'held', organization: row.organization, joined: null, code: 'ORDER_PRUNED', why: PRUNED };
    candidates.push({ ...row, order: await bodyOf(store, { body: row.body }) });
  }
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
const findRepeated = (store: Store, result: Result, organization: string | null): Promise<MessageRow | undefined> => first(store, `
  SELECT * FROM message
  WHERE order_local_id = :localId AND site = :site AND replay_key = :key
    AND (organization IS NOT DISTINCT FROM :organization OR (organization IS NULL AND order_id IS NULL)
      OR (CAST(:organization AS TEXT) IS NULL AND transaction_mark = :transaction)) ORDER BY seq LIMIT 1`, {
  localId: result.order.localId, site: result.site.localId, key: store.vault.mark('replay', replayKey(result)), organization,
  transaction: result.transactionId === undefined ? null : store.vault.mark('transaction', result.transactionId),
});

/** The root message whose result an `R` repeats in content. */
const findOriginal = (store: Store, result: Result, orderId: string): Promise<MessageRow | undefined> => first(store, `SELECT * FROM message
  WHERE order_id = :orderId AND content_key = :key AND resend_of IS NULL ORDER BY seq DESC LIMIT 1`,
{ orderId, key: store.vault.mark('content-key', contentKey(result)) });

const told = ({ outcome, code, why }: Verdict): Pick<ResultOutcome, 'outcome' | 'code' | 'why'> =>
  ({ outcome, ...(code !== null && { code }), ...(why !== null && { why }) });

/** A result that nobody had joined comes again and can be joined now: the message first accepted goes on. */
const revive = async (store: Store, row: MessageRow, joined: JoinedOrder, result: Result): Promise<AcceptedMessage> => {
  await rejoin(store, row, { joined, state: 'RECEIVED', code: null, why: null });
  await changeFate(store, row.input_id, 'ready', null);
  await overtake(store, row.id, joined.id, result);
  return toAccepted(row.id, joined.order, result, row.resend_of);
};

const repeat = async (store: Store, row: MessageRow, verdict: Verdict, raw: RawInput, result: Result): Promise<ResultOutcome> => {
  const revived = verdict.joined !== null && row.order_id === null
    ? await revive(store, row, verdict.joined, await resultOf(store, row) ?? result) : undefined;
  const outcome = revived === undefined ? 'replay' : 'ready';
  const pdf = await keepPdf(store, result);
  const inputId = await keepInput(store, raw, { kind: 'result', outcome, orderLocalId: result.order.localId }, pdf);
  return { inputId, messageId: row.id, outcome, ...(revived !== undefined && { ready: revived }) };
};

export const acceptResult = async (
  store: Store, result: Result, raw: RawInput, boundTo: string | null, link?: MessageLink,
): Promise<ResultOutcome> => {
  await lockName(store, orderName(result.order.localId));
  const verdict = await join(store, result, boundTo);
  const { joined, code, why } = verdict;
  const repeated = link === undefined ? await findRepeated(store, result, verdict.organization) : undefined;
  if (repeated !== undefined) return repeat(store, repeated, verdict, raw, result);

  const original = joined !== null && result.resultCode === 'R' ? await findOriginal(store, result, joined.id) : undefined;
  const pdf = await keepPdf(store, result);
  const inputId = await keepInput(store, raw, {
    kind: 'result', outcome: verdict.outcome, code: code ?? undefined, orderLocalId: result.order.localId }, pdf);
  const resendOf = original?.id ?? null;
  const state = verdict.outcome === 'held' ? 'HELD' : 'RECEIVED';
  const messageId = await insertMessage(store, {
    inputId, result, boundTo, joined, state, code, why, resendOf, repeatable: link === undefined, entry: raw.entry ?? '', link, pdf });
  if (joined !== null) await overtake(store, messageId, joined.id, result);
  const ready = joined === null ? undefined : toAccepted(messageId, joined.order, result, resendOf);
  return { inputId, messageId, ...told(verdict), ...(ready !== undefined && { ready }) };
};

/** An order came or changed: what waited for it is decided about again. */
export const releaseWaiting = async (store: Store, organization: string, site: string, localId: string): Promise<AcceptedMessage[]> => {
  const waiting = await all<MessageRow>(store, `SELECT * FROM message WHERE state = 'RECEIVED' AND code = 'AWAITS_ORDER'
    AND order_local_id = :localId AND site = :site AND (bound_to IS NULL OR bound_to = :organization) ORDER BY rank, seq`,
  { localId, site, organization });
  const released: AcceptedMessage[] = [];
  for (const row of waiting) {
    const result = await resultOf(store, row);
    if (result === null) continue;
    const { outcome, joined, code, why } = await join(store, result, row.bound_to);
    if (outcome === 'waiting') continue;
    await rejoin(store, row, { joined, state: outcome === 'ready' ? 'RECEIVED' : 'HELD', code, why });
    await changeFate(store, row.input_id, outcome, code);
    if (joined === null) continue;
    await overtake(store, row.id, joined.id, result);
    released.push(toAccepted(row.id, joined.order, result, row.resend_of));
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
  const row = await first<MessageRow>(store, `SELECT * FROM message WHERE order_id = :id AND resend_of IS NULL AND link_of IS NULL
    ORDER BY seq DESC LIMIT 1`, { id: found.id });
  if (row === undefined) return 'RESULT_UNKNOWN';
  const result = await resultOf(store, row);
  if (found.body === null || result === null) return 'RESEND_EXPIRED';
  return { row, joined: { id: found.id, version: found.version, order: await bodyOf(store, { body: found.body }) }, result };
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
