// What a person does to a message that waits for one: let it go, over what it was held for, or close it for good.
import { CourierError } from '../../errors.ts';
import type { Result } from '../../0-order/model.ts';
import type { Action, ActionOutcome } from '../port.ts';
import { afterRerun } from '../states.ts';
import { CHANGED } from './contradiction.ts';
import { overtake } from './corrections.ts';
import { applyStep, DELIVERY, type DeliveryRow, factsOf } from './deliveries.ts';
import { settleFate } from './inputs.ts';
import { giveUp, isInFlow, lockMessage } from './linking.ts';
import { endJob, settleMessage } from './message-state.ts';
import { intoFlow, type JoinedOrder, type MessageRow, messageRow, rejoin, resultOf } from './messages.ts';
import { decidedAgainst, noteOverride, type Obstacle, obstaclesTo, orderFor } from './obstacles.ts';
import { recordStage } from './recipients.ts';
import { all, lockName, orderName, run, type Store, unlessDamaged } from './store.ts';

type Of<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

const done = (id: string): ActionOutcome => ({ changed: [id], skipped: [] });
const skipped = (id: string, code: string): ActionOutcome => ({ changed: [], skipped: [{ id, code }] });

/** The order's number first, as everyone does who joins; then the message. Throws MESSAGE_UNKNOWN. */
const lockBoth = async (store: Store, id: string): Promise<MessageRow> => {
  const found = await messageRow(store, id);
  if (found === undefined) throw new CourierError('MESSAGE_UNKNOWN', { detail: id });
  await lockName(store, orderName(found.order_local_id));
  return lockMessage(store, id);
};

/** Something else is in the way than what the person knew of: the message says so, and it takes another release. */
const holdFor = async (store: Store, row: MessageRow, { code, why }: Obstacle, order: JoinedOrder): Promise<ActionOutcome> => {
  const joined = row.order_id !== null || code === CHANGED ? order : null;
  await rejoin(store, row, { joined, state: 'HELD', code, why });
  await settleFate(store, row.input_id, 'held', code);
  return skipped(row.id, code);
};

/** Into the flow; or not, where a newer version has come meanwhile. */
const letGo = async (store: Store, row: MessageRow, joined: JoinedOrder, result: Result): Promise<ActionOutcome> => {
  await rejoin(store, row, { joined, state: 'RECEIVED', code: null, why: null });
  await settleFate(store, row.input_id, 'ready', null);
  await recordStage(store, row.id, 'person', 'released', row.code ?? undefined);
  await overtake(store, row.id, joined.id, result);
  return (await messageRow(store, row.id))!.code === 'SUPERSEDED' ? skipped(row.id, 'SUPERSEDED') : done(row.id);
};

/** Whose result it is has been said by a person, and stays so. */
const choose = (store: Store, { id }: MessageRow, organization: string): Promise<number> =>
  run(store, 'UPDATE message SET bound_to = :organization, organization = :organization WHERE id = :id', { id, organization });

const releaseUnplanned = async (store: Store, row: MessageRow, organization: string | undefined): Promise<ActionOutcome> => {
  const own = row.order_id === null ? row.bound_to : row.organization;
  if (own !== null && organization !== undefined && organization !== own) return skipped(row.id, 'ACTION_UNFIT');
  const result = await unlessDamaged(() => resultOf(store, row));
  if (result === null) return skipped(row.id, row.pruned_at === null ? 'CONTENT_DAMAGED' : 'RESEND_EXPIRED');
  const found = await orderFor(store, row, organization ?? own);
  if (typeof found === 'string') return skipped(row.id, found);
  if (organization !== undefined) await choose(store, row, organization);
  const decided = await decidedAgainst(store, row);
  const obstacles = await obstaclesTo(store, row, result, found);
  const overrode = obstacles.find(({ code }) => code === row.code && decided.has(code))?.code;
  if (overrode !== undefined) await noteOverride(store, row, overrode);
  const left = obstacles.find(({ code }) => !decided.has(code));
  const outcome = await (left === undefined ? letGo(store, row, found.order, result) : holdFor(store, row, left, found.order));
  return { ...outcome, ...(overrode !== undefined && { overrode }) };
};

type ReleaseDelivery = (store: Store, row: DeliveryRow) => Promise<void>;

/** Who has a mail is sent to at once; the others go through the flow again. */
const releasePlanned = async (store: Store, row: MessageRow, releaseDelivery: ReleaseDelivery): Promise<ActionOutcome> => {
  const held = await all<DeliveryRow>(store, `${DELIVERY} WHERE d.message_id = :id AND d.state = 'HELD' AND d.ordinal >= 0 ORDER BY d.ordinal`,
    { id: row.id });
  if (held.length === 0) return skipped(row.id, 'ACTION_UNFIT');
  await run(store, `UPDATE message SET state = 'ROUTED', code = NULL, why = NULL, ended_at = NULL WHERE id = :id`, { id: row.id });
  for (const delivery of held) {
    if (delivery.mail !== null) await releaseDelivery(store, delivery);
    else await applyStep(store, delivery, afterRerun(factsOf(delivery)));
  }
  if (held.some(({ mail }) => mail === null)) await intoFlow(store, row);
  await recordStage(store, row.id, 'person', 'released', row.code ?? held[0]!.code ?? undefined);
  await settleMessage(store, row.id);
  return done(row.id);
};

const RELEASABLE = ['HELD', 'ERROR', 'RECEIVED', 'ROUTED'];

/**
 * A release goes over the code that the message is held with: whatever else turns out to be in the way becomes its new code, and takes
 * another release. Without an order there is nothing to let go. Throws MESSAGE_UNKNOWN.
 */
export const releaseMessage = async (
  store: Store, { messageId, organization }: Of<'release-message'>, releaseDelivery: ReleaseDelivery,
): Promise<ActionOutcome> => {
  const row = await lockBoth(store, messageId);
  if (isInFlow(row)) return skipped(row.id, 'MESSAGE_BUSY');
  if (!RELEASABLE.includes(row.state)) return skipped(row.id, row.code === 'SUPERSEDED' ? 'SUPERSEDED' : 'ACTION_UNFIT');
  return row.planned_at === null ? releaseUnplanned(store, row, organization?.toLowerCase()) : releasePlanned(store, row, releaseDelivery);
};

const isClosable = ({ state, order_id: orderId }: MessageRow): boolean =>
  state === 'HELD' || state === 'ERROR' || (state === 'RECEIVED' && orderId === null);

/** The reason stands in the audit chain: a person's own words may name a patient. Throws MESSAGE_UNKNOWN. */
export const closeMessage = async (store: Store, { messageId }: Of<'close-message'>): Promise<ActionOutcome> => {
  const row = await lockBoth(store, messageId);
  if (isInFlow(row)) return skipped(row.id, 'MESSAGE_BUSY');
  if (!isClosable(row)) return skipped(row.id, 'ACTION_UNFIT');
  const open = await all<DeliveryRow>(store, `${DELIVERY} WHERE d.message_id = :id AND d.state IN ('RESOLVING', 'QUEUED', 'HELD', 'SENDING')
    ORDER BY d.ordinal`, { id: row.id });
  if (open.some(({ state }) => state === 'SENDING')) return skipped(row.id, 'DELIVERY_SENDING');
  for (const delivery of open) await giveUp(store, delivery, delivery.unknown_outcome === 1 ? undefined : 'CLOSED');
  await recordStage(store, row.id, 'person', 'closed', row.code ?? undefined);
  await run(store, `UPDATE message SET state = 'FILTERED', code = 'CLOSED', why = NULL, ended_at = :now WHERE id = :id`,
    { id: row.id, now: store.now });
  await settleFate(store, row.input_id, 'closed', 'CLOSED');
  await endJob(store, row.id);
  return done(row.id);
};
