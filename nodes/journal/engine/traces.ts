// What happened to deliveries and messages, for many of them at once: one query per kind, however long the page.
import type { DeliveryNotice, DeliveryRecord, DeliveryState, LedgerLine, MessageRecord } from '../port.ts';
import { all, opened, steadyList, type Store } from './store.ts';

/** The database has null where an absent key is meant. */
const present = <Row extends { code: string | null }>({ code, ...row }: Row): Omit<Row, 'code'> & { code?: string } =>
  ({ ...row, ...(code !== null && { code }) });

type Of<Row> = Row & { of: string };
type StepRow = { state: DeliveryState; at: number; code: string | null };
type AttemptRow = { number: number; at: number; code: string | null; response: Uint8Array | null };
type NoticeRow = { at: number; kind: DeliveryNotice['kind']; event: DeliveryNotice['event']; about: Uint8Array };
type FeeRow = Pick<LedgerLine, 'amount' | 'currency'>;
type EventRow = { at: number; stage: string; outcome: string; code: string | null };

export type Trace = Pick<DeliveryRecord, 'history' | 'attempts' | 'notices' | 'fee'>;

const grouped = <Row>(rows: Of<Row>[]): Map<string, Row[]> => {
  const groups = new Map<string, Row[]>();
  for (const { of, ...row } of rows) {
    const group = groups.get(of);
    if (group === undefined) groups.set(of, [row as Row]);
    else group.push(row as Row);
  }
  return groups;
};

const attempt = async (store: Store, { response, ...row }: AttemptRow): Promise<Trace['attempts'][number]> =>
  ({ ...row, response: response === null ? '' : await opened<string>(store, 'attempt', response) });

const notice = async (store: Store, { about, ...row }: NoticeRow): Promise<Trace['notices'][number]> =>
  ({ ...row, detail: (await opened<{ detail: string }>(store, 'notice', about)).detail });

/** One after another: a transaction has one connection. */
export const inTurn = async <Row, Record>(rows: readonly Row[], record: (row: Row) => Promise<Record>): Promise<Record[]> => {
  const records: Record[] = [];
  for (const row of rows) records.push(await record(row));
  return records;
};

/** In the order of the ids. */
export const tracesOf = async (store: Store, ids: readonly string[]): Promise<Trace[]> => {
  const { sql, values } = steadyList('id', ids);
  const rowsOf = async <Row>(columns: string, table: string, order: string): Promise<Map<string, Row[]>> =>
    grouped(await all<Of<Row>>(store, `SELECT delivery_id AS of, ${columns} FROM ${table} WHERE delivery_id IN ${sql} ORDER BY ${order}`, values));
  const steps = await rowsOf<StepRow>('state, at, code', 'delivery_history', 'seq');
  const attempts = await rowsOf<AttemptRow>('number, at, code, response', 'attempt', 'number');
  const notices = await rowsOf<NoticeRow>('at, kind, event, about', 'notice', 'seq');
  const fees = await rowsOf<FeeRow>('amount, currency', 'ledger', 'seq');
  return inTurn(ids, async (id) => ({
    history: (steps.get(id) ?? []).map(present),
    attempts: await inTurn(attempts.get(id) ?? [], (row) => attempt(store, row)),
    notices: await inTurn(notices.get(id) ?? [], (row) => notice(store, row)),
    fee: fees.get(id)?.[0] ?? null,
  }));
};

/** In the order of the ids. */
export const eventsOf = async (store: Store, ids: readonly string[]): Promise<MessageRecord['events'][]> => {
  const { sql, values } = steadyList('id', ids);
  const events = grouped(await all<Of<EventRow>>(store, `SELECT message_id AS of, at, stage, outcome, code FROM stage_event
    WHERE message_id IN ${sql} ORDER BY seq`, values));
  return ids.map((id) => (events.get(id) ?? []).map(present));
};
