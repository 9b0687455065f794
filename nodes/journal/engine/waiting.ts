// Results that wait for an order which does not come: after their time they are held, or an order made from the result stands in for it.
import { agree, standInFor } from '../../0-order/join.ts';
import type { Result, StoredOrder } from '../../0-order/model.ts';
import type { ExpiryOutcome, ExpiryRequest } from '../port.ts';
import { CHANGED, CHANGED_WHY, contradicts } from './contradiction.ts';
import { changeFate } from './inputs.ts';
import { joinAndWeigh } from './joining.ts';
import { droppedName, type JoinedOrder, type MessageRow, rejoin, resultOf } from './messages.ts';
import { bodyOf, findCandidates, ORDER, type OrderRow } from './order-rows.ts';
import { storeStandIn } from './orders.ts';
import { recordStage } from './recipients.ts';
import { decided } from './results.ts';
import { all, list, lock, lockName, orderName, type Store, unlessDamaged, type Values } from './store.ts';

const WAITED = 'No order of a known organization with this site and order number came in time.';

/** Nodes that are no more wait for nothing: whoever asks answers for their results, too. */
const dueBy = ({ now }: Store, { waitMs, entries }: ExpiryRequest): { sql: string; values: Values } => {
  const { sql, values } = list('entry', [...new Set([...entries, ''])]);
  return {
    sql: `state = 'RECEIVED' AND received_at <= :until AND code = 'AWAITS_ORDER' AND order_id IS NULL
      AND (entry IN ${sql} OR EXISTS (SELECT 1 FROM meta WHERE name = '${droppedName('')}' || entry))`,
    values: { ...values, until: now - Math.max(0, Math.floor(waitMs)) },
  };
};

/** Results of one order stand in one line, so that what stood in once does so again, as long as it is about the same person. */
const knownStandIn = async (store: Store, body: StoredOrder): Promise<JoinedOrder | undefined> => {
  const rows = await all<OrderRow>(store, `${ORDER} WHERE o.organization = :organization AND o.site = :site AND o.local_id = :localId
    AND o.state = 'replaced' ORDER BY o.seq`, { organization: body.organization, site: body.site.localId, localId: body.localId });
  for (const { id, version, body: sealed } of rows) {
    const order = sealed === null ? null : await unlessDamaged(() => bodyOf(store, { body: sealed }));
    if (order?.standIn === true && agree(order.patient, body.patient).ok) return { id, version, order };
  }
  return undefined;
};

const standIn = async (store: Store, row: MessageRow, result: Result, organization: string): Promise<void> => {
  const body = standInFor(result, organization);
  // Whatever comes later is compared with the true order only.
  const joined = await knownStandIn(store, body) ?? await storeStandIn(store, body, row.input_id);
  if (await contradicts(store, joined.id, result, row.seq)) {
    await decided(store, row, { outcome: 'held', organization, joined, code: CHANGED, why: CHANGED_WHY }, result);
    return;
  }
  await decided(store, row, { outcome: 'ready', organization, joined, code: null, why: null }, result);
  await changeFate(store, row.input_id, 'ready', 'ORDER_STOOD_IN');
  await recordStage(store, row.id, 'order-in', 'ready', 'ORDER_STOOD_IN');
};

const hold = async (store: Store, row: MessageRow): Promise<void> => {
  await rejoin(store, row, { joined: null, state: 'HELD', code: 'ORDER_UNKNOWN', why: WAITED });
  await changeFate(store, row.input_id, 'held', 'ORDER_UNKNOWN');
};

/** Whose result it is must be certain, and nothing that is stored may say otherwise. */
const maySend = async (store: Store, row: MessageRow, organization: string | null): Promise<boolean> =>
  organization !== null && row.bound_to === organization && (await findCandidates(store, organization, row.site, row.order_local_id)).length === 0;

const expire = async (store: Store, row: MessageRow, asked: ExpiryRequest): Promise<'held' | 'stoodIn' | null> => {
  const result = await unlessDamaged(() => resultOf(store, row));
  const verdict = result === null ? null : await unlessDamaged(() => joinAndWeigh(store, result, row.bound_to, row.seq));
  // What cannot be read keeps none of the others.
  if (result === null || verdict === null) {
    await hold(store, row);
    return 'held';
  }
  if (verdict.outcome !== 'waiting') {
    await decided(store, row, verdict, result);
    return null;
  }
  if (!await maySend(store, row, asked.standIn)) {
    await hold(store, row);
    return 'held';
  }
  await standIn(store, row, result, asked.standIn!);
  return 'stoodIn';
};

/** The results of one order number, so that no more than one number is held locked. */
export const expireWaiting = async (store: Store, asked: ExpiryRequest): Promise<ExpiryOutcome> => {
  const outcome: ExpiryOutcome = { held: 0, stoodIn: 0, more: false };
  const { sql, values } = dueBy(store, asked);
  const [due] = await all<{ number: string }>(store, `SELECT order_local_id AS number FROM message WHERE ${sql}
    ORDER BY received_at, seq LIMIT 1`, values);
  if (due === undefined) return outcome;
  await lockName(store, orderName(due.number));
  const ofNumber = { sql: `SELECT * FROM message WHERE ${sql} AND order_local_id = :number`, values: { ...values, number: due.number } };
  for (const { id } of await all<MessageRow>(store, `${ofNumber.sql} ORDER BY seq`, ofNumber.values)) {
    await lock(store, 'message', id);
    const [row] = await all<MessageRow>(store, `${ofNumber.sql} AND id = :id`, { ...ofNumber.values, id });
    const done = row === undefined ? null : await expire(store, row, asked);
    if (done !== null) outcome[done] += 1;
  }
  return { ...outcome, more: true };
};
