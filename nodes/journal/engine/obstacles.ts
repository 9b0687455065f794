// What stands between a held result and its order, and which of it a person has decided against.
import { agree } from '../../0-order/join.ts';
import type { Result } from '../../0-order/model.ts';
import { CHANGED, CHANGED_WHY, contradicts } from './contradiction.ts';
import { isLinkedElsewhere } from './events.ts';
import { LINKED_ELSEWHERE } from './joining.ts';
import type { JoinedOrder, MessageRow } from './messages.ts';
import { bodyOf, findCandidates, ORDER, type OrderRow } from './order-rows.ts';
import { recordStage } from './recipients.ts';
import { all, first, type Store } from './store.ts';

export interface Obstacle { code: string; why: string }

/** What a person may decide against; whatever else is in the way has to be put right first. */
const OVERRIDABLE: ReadonlySet<string> = new Set(['PATIENT_MISMATCH', 'ORDER_CANCELLED', 'ORDER_LINK_CONFLICT', CHANGED]);

const isOverridable = (code: string | null): code is string => code !== null && OVERRIDABLE.has(code);

const OVERRODE = 'overrode';

/** Each code that a person has decided against for this message, now or before: one after another may turn up. */
export const decidedAgainst = async (store: Store, { id, code }: MessageRow): Promise<Set<string>> => {
  const rows = await all<{ code: string | null }>(store, `SELECT code FROM stage_event WHERE message_id = :id AND stage = 'person'
    AND outcome = '${OVERRODE}'`, { id });
  return new Set([...rows.flatMap((row) => row.code ?? []), ...(isOverridable(code) ? [code] : [])]);
};

export const noteOverride = (store: Store, { id }: MessageRow, code: string): Promise<void> => recordStage(store, id, 'person', OVERRODE, code);

export type Found = { order: JoinedOrder; cancelled: boolean } | 'ORDER_UNKNOWN' | 'ORDER_AMBIGUOUS' | 'ORDER_PRUNED';

const found = async (store: Store, row: OrderRow): Promise<Found> => (row.body === null ? 'ORDER_PRUNED'
  : { order: { id: row.id, version: row.version, order: await bodyOf(store, { body: row.body }) }, cancelled: row.state === 'cancelled' });

/** The order of a message, or the only one that its numbers lead to within the organization. */
export const orderFor = async (store: Store, message: MessageRow, organization: string | null): Promise<Found> => {
  if (message.order_id !== null) return found(store, (await first<OrderRow>(store, `${ORDER} WHERE o.id = :id`, { id: message.order_id }))!);
  const rows = await findCandidates(store, organization, message.site, message.order_local_id);
  if (rows.length > 1) return 'ORDER_AMBIGUOUS';
  return rows[0] === undefined || rows[0].state === 'held' ? 'ORDER_UNKNOWN' : found(store, rows[0]);
};

/** Everything that is in the way, in the order in which it is told. What was put right meanwhile is none of it. */
export const obstaclesTo = async (
  store: Store, message: MessageRow, result: Result, { order, cancelled }: Exclude<Found, string>,
): Promise<Obstacle[]> => {
  const agreement = agree(order.order.patient, result.patient);
  return [
    ...(await isLinkedElsewhere(store, result, order.order.organization) ? [{ code: 'ORDER_LINK_CONFLICT', why: LINKED_ELSEWHERE }] : []),
    ...(cancelled ? [{ code: 'ORDER_CANCELLED', why: 'The order of this result was cancelled.' }] : []),
    ...(agreement.ok ? [] : [{ code: 'PATIENT_MISMATCH', why: agreement.why }]),
    ...(await contradicts(store, order.id, result, message.seq) ? [{ code: CHANGED, why: CHANGED_WHY }] : []),
  ];
};
