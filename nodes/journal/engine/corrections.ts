// Corrections: a result that replaces an earlier version never waits behind it, and reaches everyone who has or may have the older one.
import type { Recipient } from '../../0-order/message.ts';
import type { Result } from '../../0-order/model.ts';
import { afterSupersede } from '../states.ts';
import { ofOrder } from './alike.ts';
import { applyStep, DELIVERY, deliveryRow, type DeliveryRow, detailsOf, factsOf } from './deliveries.ts';
import { endJob } from './message-state.ts';
import { type MessageRow, patientMark, resultOf } from './messages.ts';
import { all, lock, run, type Store, unlessDamaged } from './store.ts';

const typesOf = ({ order }: Result): string => order.evaluationTypes.map((type) => type.toLowerCase()).sort().join('\n');

/** Null too where it cannot be read any more: a correction must come in all the same. */
const readableResult = (store: Store, row: MessageRow): Promise<Result | null> => unlessDamaged(() => resultOf(store, row));

/** A message with its order. What is nobody's result replaces none that is somebody's, nor the other way round. */
export type Joined = Pick<MessageRow, 'seq' | 'test'> & { order_id: string };

/** Messages that may be versions of what this one says. */
const kin = (store: Store, { order_id: orderId, seq, test }: Joined, { patient }: Result) => {
  const { sql, values } = ofOrder(orderId, patientMark(store, patient.localId));
  return { sql: `${sql} AND test = :test`, values: { ...values, test }, seq };
};

/** Earlier versions of this result: same order, same evaluation; addenda are no versions. */
export const olderVersions = async (store: Store, joined: Joined, result: Result): Promise<MessageRow[]> => {
  const { sql, values, seq } = kin(store, joined, result);
  const rows = await all<MessageRow>(store, `SELECT * FROM message WHERE ${sql} AND seq < :seq AND result_code <> 'A' ORDER BY seq`,
    { ...values, seq });
  const same: MessageRow[] = [];
  for (const row of rows) {
    const older = await readableResult(store, row);
    if (older === null || typesOf(older) === typesOf(result)) same.push(row);
  }
  return same;
};

/** C always, F after a preliminary one. */
export const replaces = ({ resultCode }: Result, older: MessageRow[]): boolean =>
  (resultCode === 'C' && older.length > 0) || (resultCode === 'F' && older.some((row) => row.result_code === 'P'));

/** Spares most results the opening of all that came before them. */
export const mayReplace = async (store: Store, joined: Joined, result: Result): Promise<boolean> => {
  if (result.resultCode !== 'F') return result.resultCode === 'C';
  const { sql, values } = kin(store, joined, result);
  return (await all(store, `SELECT 1 FROM message WHERE ${sql} AND result_code = 'P' LIMIT 1`, values)).length > 0;
};

const supersede = async (store: Store, older: MessageRow): Promise<void> => {
  await lock(store, 'message', older.id);
  const unplanned = older.planned_at === null && ['RECEIVED', 'HELD', 'ERROR'].includes(older.state);
  const stopped = ['HELD', 'ERROR'].includes(older.state);
  if (unplanned) {
    await run(store, `UPDATE message SET state = 'FILTERED', code = 'SUPERSEDED', ended_at = :now WHERE id = :id`, { id: older.id, now: store.now });
    await endJob(store, older.id);
  } else if (stopped) {
    await run(store, `UPDATE message SET state = 'ROUTED' WHERE id = :id`, { id: older.id });
  }
  const open = await all<DeliveryRow>(store, `${DELIVERY} WHERE d.message_id = :id AND d.state IN ('RESOLVING', 'QUEUED', 'HELD', 'SENDING')
    ORDER BY d.ordinal`, { id: older.id });
  for (const row of open) await applyStep(store, row, afterSupersede(factsOf(row)));
};

/** Whether a newer version is there already: an older one that could not be joined until now must not arrive after it. */
const isReplaced = async (store: Store, joined: Joined, result: Result): Promise<boolean> => {
  if (result.resultCode === 'A' || result.resultCode === 'R') return false;
  const { sql, values, seq } = kin(store, joined, result);
  const newer = await all<MessageRow>(store, `SELECT * FROM message WHERE ${sql} AND seq > :seq AND link_of IS NULL
    AND (result_code = 'C' OR (result_code = 'F' AND CAST(:code AS TEXT) = 'P')) ORDER BY seq`, { ...values, seq, code: result.resultCode });
  for (const row of newer) {
    const replacing = await readableResult(store, row);
    if (replacing !== null && typesOf(replacing) === typesOf(result)) return true;
  }
  return false;
};

/** A joined result that corrects earlier ones: marks it as going first, and stops what of those has not been accepted yet. */
export const overtake = async (store: Store, messageId: string, orderId: string, result: Result): Promise<void> => {
  const [own] = await all<MessageRow>(store, 'SELECT * FROM message WHERE id = :messageId', { messageId });
  const joined: Joined = { ...own!, order_id: orderId };
  if (await isReplaced(store, joined, result)) return supersede(store, own!);
  if (!await mayReplace(store, joined, result)) return;
  const older = await olderVersions(store, joined, result);
  if (!replaces(result, older)) return;
  await run(store, 'UPDATE message SET jumps = 1 WHERE id = :messageId', { messageId });
  for (const row of older) await supersede(store, row);
};

/** Everyone to whom an older version was or may have been sent, as further recipients of the correction. */
export const earlierRecipients = async (store: Store, message: MessageRow, result: Result): Promise<Recipient[]> => {
  const { order_id: orderId, seq, test } = message;
  if (orderId === null) return [];
  const recipients: Recipient[] = [];
  for (const older of await olderVersions(store, { order_id: orderId, seq, test }, result)) {
    const reached = await all<{ id: string }>(store, `SELECT id FROM delivery WHERE message_id = :id AND address_mark IS NOT NULL
      AND (accepted_at IS NOT NULL OR unknown_outcome = 1 OR state = 'SENDING') ORDER BY ordinal`, { id: older.id });
    for (const { id } of reached) {
      const row = (await deliveryRow(store, id))!;
      const { address, npi, finalDeliveryBy, deadlineMinutes } = await detailsOf(store, row);
      recipients.push({
        level: row.level, alsoFrom: [], address, npi, source: 'earlier version', why: 'An earlier version of this result went to this address.',
        finalDelivery: row.final_delivery === 1, state: 'RESOLVING', code: null, warnings: [],
        ...(finalDeliveryBy !== undefined && { finalDeliveryBy }), ...(deadlineMinutes !== undefined && { deadlineMinutes }),
      });
    }
  }
  return [...new Map(recipients.map((recipient) => [recipient.address, recipient])).values()];
};
