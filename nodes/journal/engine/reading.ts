// What people ask the journal: records put together from rows, oldest first.
import type { DeliveryRecord, DeliveryState, InputRecord, Journal, MessageRecord, MessageState } from '../port.ts';
import { DELIVERY, type DeliveryRow, detailsOf, fullMessageId } from './deliveries.ts';
import type { MessageRow } from './messages.ts';
import { all, first, opened, parsed, type Store, type Values } from './store.ts';
import { eventsOf, inTurn, type Trace, tracesOf } from './traces.ts';

export type FullRow = DeliveryRow & { evidence: string | null };

const deliveryRecord = async (store: Store, row: FullRow, trace: Trace): Promise<DeliveryRecord> => {
  const { alsoFrom, address, npi, source, why, warnings, finalDeliveryBy, deadlineMinutes } = await detailsOf(store, row);
  return {
    id: row.id, messageId: row.message_id, orderLocalId: row.order_local_id, organization: row.organization, site: row.site,
    level: row.level, alsoFrom, recipient: address, npi, source, why, hold: row.hold_code,
    finalDelivery: row.final_delivery === 1, state: row.state, code: row.code, warnings,
    ...(finalDeliveryBy !== undefined && { finalDeliveryBy }), ...(deadlineMinutes !== undefined && { deadlineMinutes }),
    mailMessageId: fullMessageId(row.mail_message_id), account: row.account, from: row.sender,
    evidence: row.evidence === null ? null : parsed(row.evidence),
    acceptedAt: row.accepted_at, deadlineAt: row.deadline_at, nextAttemptAt: row.next_attempt_at, lateSuccess: row.late_success === 1, ...trace,
  };
};

/** Rows become records so many at a time. */
const CHUNK = 500;

const inChunks = async <Row, Record>(rows: readonly Row[], records: (rows: readonly Row[]) => Promise<Record[]>): Promise<Record[]> => {
  const all: Record[] = [];
  for (let at = 0; at < rows.length; at += CHUNK) all.push(...await records(rows.slice(at, at + CHUNK)));
  return all;
};

export const deliveryRecords = (store: Store, rows: readonly FullRow[]): Promise<DeliveryRecord[]> => inChunks(rows, async (chunk) => {
  const traces = await tracesOf(store, chunk.map(({ id }) => id));
  return inTurn([...chunk.entries()], ([index, row]) => deliveryRecord(store, row, traces[index]!));
});

/** The conditions that were asked for: one that is left out must not keep the database from using an index for the others. */
const where = (conditions: Record<string, string | undefined>): { sql: string; values: Values } => {
  const asked = Object.entries(conditions).filter(([, value]) => value !== undefined) as [string, string][];
  return {
    sql: asked.length === 0 ? '' : `WHERE ${asked.map(([column], index) => `${column} = :value${index}`).join(' AND ')}`,
    values: Object.fromEntries(asked.map(([, value], index) => [`value${index}`, value])),
  };
};

export const delivery = async (store: Store, id: string): Promise<DeliveryRecord | null> => {
  const rows = await all<FullRow>(store, `${DELIVERY} WHERE d.id = :id`, { id });
  return (await deliveryRecords(store, rows))[0] ?? null;
};

export const deliveries = async (store: Store, filter: { messageId?: string; state?: DeliveryState } = {}): Promise<DeliveryRecord[]> => {
  const { sql, values } = where({ 'd.message_id': filter.messageId, 'd.state': filter.state });
  return deliveryRecords(store, await all<FullRow>(store, `${DELIVERY} ${sql} ORDER BY m.seq, d.ordinal`, values));
};

export const MESSAGE = 'SELECT m.*, i.name AS input_name FROM message m JOIN input i ON i.id = m.input_id';
export type NamedMessageRow = MessageRow & { input_name: Uint8Array | null };

const nameOf = async (store: Store, name: Uint8Array | null): Promise<string | null> =>
  name === null ? null : opened<string>(store, 'input', name);

const messageRecord = async (store: Store, row: NamedMessageRow, events: MessageRecord['events']): Promise<MessageRecord> => {
  const link = row.link_kind === null ? null : { kind: row.link_kind, of: row.link_of, reason: row.link_reason!, actor: row.link_actor! };
  return {
    id: row.id, inputId: row.input_id, inputName: await nameOf(store, row.input_name), orderLocalId: row.order_local_id,
    organization: row.organization, site: row.site,
    state: row.state, code: row.code, why: row.why, priority: row.priority, resendOf: row.resend_of, receivedAt: row.received_at, link,
    runs: row.run, lastStage: row.last_stage, legalHold: row.legal_hold === 1, test: row.test === 1, events,
  };
};

export const messageRecords = (store: Store, rows: readonly NamedMessageRow[]): Promise<MessageRecord[]> => inChunks(rows, async (chunk) => {
  const events = await eventsOf(store, chunk.map(({ id }) => id));
  const records: MessageRecord[] = [];
  for (const [index, row] of chunk.entries()) records.push(await messageRecord(store, row, events[index]!));
  return records;
});

export const message = async (store: Store, id: string): Promise<MessageRecord | null> =>
  (await messageRecords(store, await all<NamedMessageRow>(store, `${MESSAGE} WHERE m.id = :id`, { id })))[0] ?? null;

export const messages = async (store: Store, filter: { state?: MessageState; orderLocalId?: string } = {}): Promise<MessageRecord[]> => {
  const { sql, values } = where({ 'm.state': filter.state, 'm.order_local_id': filter.orderLocalId });
  return messageRecords(store, await all<NamedMessageRow>(store, `${MESSAGE} ${sql} ORDER BY m.seq`, values));
};

export const inputs = async (store: Store, filter: { outcome?: string } = {}): Promise<InputRecord[]> => {
  const { sql, values } = where({ outcome: filter.outcome });
  type Row = Omit<InputRecord, 'name'> & { name: Uint8Array | null };
  const rows = await all<Row>(store, `SELECT id, name, source, received_at AS "receivedAt", kind, outcome, code, path, text,
    order_local_id AS "orderLocalId" FROM input ${sql} ORDER BY seq`, values);
  const records: InputRecord[] = [];
  for (const row of rows) records.push({ ...row, name: await nameOf(store, row.name) });
  return records;
};

export const byState = async (store: Store, table: 'message' | 'delivery'): Promise<Record<string, number>> => Object.fromEntries(
  (await all<{ state: string; n: number }>(store, `SELECT state, count(*) AS n FROM ${table} GROUP BY state`)).map(({ state, n }) => [state, n]));

export const counts = async (store: Store): Promise<Awaited<ReturnType<Journal['counts']>>> => ({
  messages: await byState(store, 'message'),
  deliveries: await byState(store, 'delivery'),
  unrated: (await first<{ n: number }>(store, 'SELECT count(*) AS n FROM chargeable WHERE rated = 0'))!.n,
});
