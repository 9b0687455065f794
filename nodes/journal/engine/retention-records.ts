// The steps of pruning that delete what is on record, years later: messages with all that was proved about them, orders, inputs.
import { pruneAudit } from './audit.ts';
import { dropContents, type Reference } from './contents.ts';
import { inputRecordOver, type Limits, orderRecordOver, recordOver } from './retention-rules.ts';
import { addTaken, contentsTaken, fulfilling, locked, NOTHING, type Taken } from './retention-steps.ts';
import { all, run, steadyList, type Store } from './store.ts';

/** Rows in the order in which they came. */
export interface RecordStep {
  table: 'message' | 'orders' | 'input' | 'notice' | 'incident';
  time: 'received_at' | 'stored_at' | 'at' | 'opened_at';
  /** Of the rows seen (by `id`, or `key` for notices), deletes those that have had their time. */
  drop: (store: Store, ids: string[], limits: Limits) => Promise<Taken>;
}

const dropMessages = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const ids = await fulfilling(store, 'message', await locked(store, 'message', seen), recordOver('x'), limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  const deliveries = `(SELECT id FROM delivery WHERE message_id IN ${sql})`;
  const gone = await all<Reference>(store, `SELECT content FROM notice WHERE delivery_id IN ${deliveries}`, values);
  const drop = (table: string, of: 'delivery_id' | 'message_id' | 'id'): Promise<number> =>
    run(store, `DELETE FROM ${table} WHERE ${of} IN ${of === 'delivery_id' ? deliveries : sql}`, values);
  // What was made from it and stays on record has outlived it.
  await run(store, `UPDATE delivery SET instead_of = NULL WHERE instead_of IN ${deliveries}`, values);
  await run(store, `UPDATE message SET resend_of = NULL WHERE resend_of IN ${sql}`, values);
  await run(store, `UPDATE message SET link_of = NULL WHERE link_of IN ${sql}`, values);
  const ledgerLines = await drop('ledger', 'delivery_id');
  await drop('chargeable', 'delivery_id');
  const noticeRecords = await drop('notice', 'delivery_id');
  await drop('attempt', 'delivery_id');
  await drop('delivery_history', 'delivery_id');
  await drop('alert', 'message_id');
  const deliveryRecords = await drop('delivery', 'message_id');
  await drop('stage_event', 'message_id');
  await drop('document', 'message_id');
  const messageRecords = await drop('message', 'id');
  const counts = { ledgerLines, noticeRecords, deliveryRecords, messageRecords };
  return addTaken({ counts, bytes: 0 }, contentsTaken(await dropContents(store, gone)));
};

const dropOrders = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const free = `${orderRecordOver('x')} AND NOT EXISTS (SELECT 1 FROM message WHERE message.order_id = x.id)`;
  const ids = await fulfilling(store, 'orders', await locked(store, 'orders', seen), free, limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  await run(store, `DELETE FROM order_version WHERE order_id IN ${sql}`, values);
  return { counts: { orderRecords: await run(store, `DELETE FROM orders WHERE id IN ${sql}`, values) }, bytes: 0 };
};

const dropInputs = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const free = `${inputRecordOver('x')} AND x.content IS NULL AND NOT EXISTS (SELECT 1 FROM message WHERE message.input_id = x.id)
    AND NOT EXISTS (SELECT 1 FROM order_version WHERE order_version.input_id = x.id)`;
  const ids = await fulfilling(store, 'input', await locked(store, 'input', seen), free, limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  await run(store, `DELETE FROM order_link WHERE input_id IN ${sql}`, values);
  return { counts: { inputRecords: await run(store, `DELETE FROM input WHERE id IN ${sql}`, values) }, bytes: 0 };
};

const dropStrays = async (store: Store, seen: string[], { rows }: Limits): Promise<Taken> => {
  const { sql, values } = steadyList('id', seen);
  const noticeRecords = await run(store, `DELETE FROM notice WHERE key IN ${sql} AND delivery_id IS NULL AND at <= :rows AND content IS NULL`,
    { ...values, rows });
  return { counts: { noticeRecords }, bytes: 0 };
};

const dropIncidents = async (store: Store, seen: string[], { rows }: Limits): Promise<Taken> => {
  const { sql, values } = steadyList('id', seen);
  const incidents = await run(store, `DELETE FROM incident WHERE id IN ${sql} AND resolved_at IS NOT NULL AND resolved_at <= :rows`,
    { ...values, rows });
  return { counts: { incidents }, bytes: 0 };
};

export const RECORDS: readonly RecordStep[] = [
  { table: 'message', time: 'received_at', drop: dropMessages },
  { table: 'orders', time: 'stored_at', drop: dropOrders },
  { table: 'input', time: 'received_at', drop: dropInputs },
  { table: 'notice', time: 'at', drop: dropStrays },
  { table: 'incident', time: 'opened_at', drop: dropIncidents },
];

/** The chain of who did what, from its beginning. */
export const dropAudit = async (store: Store, { audit }: Limits, limit: number): Promise<Taken> =>
  ({ counts: { auditEntries: await pruneAudit(store, audit, limit) }, bytes: 0 });
