// Alerts: handed out when they are due, again and again, until a person has recorded what was done or the cause has passed.
// Those of deliveries are opened where the delivery moves; those of whole messages are found here, by their state.
import type { Priority } from '../../0-order/model.ts';
import type { AlertClaim, AlertRecord, ByPerson } from '../port.ts';
import { ALARMING_RANK } from './alarms.ts';
import { plain, refuse } from './asking.ts';
import { detailsOf, fullMessageId } from './deliveries.ts';
import { all, first, insert, list, lock, run, type Store, unlessDamaged, type Values } from './store.ts';

interface AlertRow {
  id: string; message_id: string; delivery_id: string | null; state: string; code: string | null; opened_at: number; next_at: number; told: number;
  closed_at: number | null; closed_code: 'ACKNOWLEDGED' | 'PASSED' | null; actor: string | null; reason: string | null;
  organization: string | null; site: string; order_local_id: string; priority: Priority; resend_of: string | null; test: number;
  details: Uint8Array | null; mail_message_id: string | null;
}

const ALERT = `SELECT a.*, m.organization, m.site, m.order_local_id, m.priority, m.resend_of, m.test, d.details, d.mail_message_id
  FROM alert a JOIN message m ON m.id = a.message_id LEFT JOIN delivery d ON d.id = a.delivery_id`;

/** What a stopped message is an alarm for: once per emission and code. */
const CAUSE = `m.state || ' ' || coalesce(m.code, '') || ' ' || CAST(m.run AS TEXT)`;

const STOPPED = `m.state IN ('HELD', 'ERROR') AND m.rank < ${ALARMING_RANK}`;

interface Stopped { id: string; cause: string; state: string; code: string | null; at: number }

const UNOPENED = `SELECT m.id, ${CAUSE} AS cause, m.state, m.code, m.received_at AS at FROM message m WHERE ${STOPPED}
  AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.message_id = m.id AND a.delivery_id IS NULL AND a.cause = ${CAUSE}
    AND (a.closed_at IS NULL OR a.closed_code = 'ACKNOWLEDGED'))`;

const AT_ONCE = 200;

const openFor = async (store: Store, stopped: Stopped[]): Promise<void> => {
  for (const { id, cause, state, code } of stopped) {
    await insert(store, 'alert', {
      id: store.newId(), message_id: id, delivery_id: null, cause, state, code, opened_at: store.now, next_at: store.now,
    }, 'ON CONFLICT DO NOTHING');
  }
};

const openStopped = async (store: Store): Promise<void> =>
  openFor(store, await all<Stopped>(store, `${UNOPENED} ORDER BY m.rank, m.seq LIMIT ${AT_ONCE}`));

const closePassed = (store: Store): Promise<number> => run(store, `UPDATE alert SET closed_at = :now, closed_code = 'PASSED'
  WHERE closed_at IS NULL AND delivery_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = alert.message_id AND ${STOPPED} AND alert.cause = ${CAUSE})`, { now: store.now });

/** A delivery's own node tells of it; what has no node, or one that is gone, is told by any. */
export const mine = (node: string, otherNodes: readonly string[]): { sql: string; values: Values } => {
  const others = list('other', otherNodes);
  return otherNodes.length === 0 ? { sql: '1 = 1', values: {} }
    : { sql: `(d.node IS NULL OR d.node = :node OR d.node NOT IN ${others.sql})`, values: { node, ...others.values } };
};

const recordOf = async (store: Store, row: AlertRow): Promise<AlertRecord> => {
  const details = row.details === null ? null : await unlessDamaged(() => detailsOf(store, { details: row.details! }));
  return {
    id: row.id, messageId: row.message_id, deliveryId: row.delivery_id, state: row.state as AlertRecord['state'], code: row.code,
    since: row.opened_at, count: row.told, nextAt: row.closed_at === null ? row.next_at : null, recipient: details?.address ?? null,
    orderLocalId: row.order_local_id, organization: row.organization, site: row.site, priority: row.priority, resendOf: row.resend_of,
    test: row.test === 1, mailMessageId: fullMessageId(row.mail_message_id),
    closed: row.closed_at === null ? null : { at: row.closed_at, code: row.closed_code!, actor: row.actor, reason: row.reason },
  };
};

/** How long whoever has claimed an alert or hand-off may take to tell it, in ms. */
export const LEASE = 60_000;

/** False: somebody else has just taken it, or it is over. */
const take = async (store: Store, { id, next_at: seen }: AlertRow): Promise<boolean> =>
  await run(store, `UPDATE alert SET next_at = :next WHERE id = :id AND next_at = :seen AND closed_at IS NULL`,
    { id, seen, next: store.now + LEASE }) > 0;

export const claimAlerts = async (store: Store, node: string, otherNodes: string[], limit: number): Promise<AlertClaim> => {
  await closePassed(store);
  await openStopped(store);
  const { sql, values } = mine(node, otherNodes);
  const due = await all<AlertRow>(store, `${ALERT} WHERE a.closed_at IS NULL AND a.next_at <= :now AND ${sql}
    ORDER BY a.next_at, a.seq LIMIT :limit`, { ...values, now: store.now, limit });
  const alerts: AlertRecord[] = [];
  for (const row of due) {
    if (await take(store, row)) alerts.push(await recordOf(store, { ...row, told: row.told + 1, next_at: store.now + LEASE }));
  }
  const next = await first<{ at: number | null }>(store, `SELECT min(a.next_at) AS at FROM alert a LEFT JOIN delivery d ON d.id = a.delivery_id
    WHERE a.closed_at IS NULL AND ${sql}`, values);
  return { alerts, nextAt: next?.at ?? null };
};

/** They have been told. An alert that was acknowledged meanwhile stays closed. */
export const settleAlerts = async (store: Store, alertIds: string[], repeatMs: number): Promise<void> => {
  const { sql, values } = list('id', alertIds);
  await run(store, `UPDATE alert SET next_at = :next, told = told + 1 WHERE id IN ${sql} AND closed_at IS NULL`,
    { ...values, next: store.now + repeatMs });
};

export interface AlertTarget { alertId?: unknown; deliveryId?: unknown; messageId?: unknown }

const COLUMNS = { alertId: 'id', deliveryId: 'delivery_id', messageId: 'message_id' } as const;

/** What was named, and its column. Throws REQUEST_INVALID unless it is exactly one thing. */
export const targetOf = (asked: AlertTarget): { column: typeof COLUMNS[keyof typeof COLUMNS]; id: string } => {
  const [name, ...others] = (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).filter((key) => asked[key] !== undefined);
  if (name === undefined || others.length > 0) return refuse('alertId');
  return { column: COLUMNS[name], id: plain(name, asked[name]) };
};

/** A person has recorded what was done: all that alarms of it alarms no more. A message stands for its deliveries, too. */
export const acknowledge = async (
  store: Store, asked: AlertTarget, { actor, reason }: ByPerson,
): Promise<{ changed: string[]; skipped: { id: string; code: string }[] }> => {
  const { column, id } = targetOf(asked);
  const table = { id: 'alert', delivery_id: 'delivery', message_id: 'message' }[column];
  const of = await first<{ id: string }>(store, `SELECT ${table === 'message' ? 'id' : 'message_id AS id'} FROM ${table} WHERE id = :id`, { id });
  if (of === undefined) return { changed: [], skipped: [{ id, code: 'ALERT_UNKNOWN' }] };
  await lock(store, 'message', of.id);
  if (column === 'message_id') await openFor(store, await all<Stopped>(store, `${UNOPENED} AND m.id = :id`, { id }));
  const open = await all<{ id: string }>(store, `SELECT id FROM alert WHERE ${column} = :id AND closed_at IS NULL ORDER BY seq`, { id });
  if (open.length === 0) return { changed: [], skipped: [{ id, code: 'ACTION_UNFIT' }] };
  await run(store, `UPDATE alert SET closed_at = :now, closed_code = 'ACKNOWLEDGED', actor = :actor, reason = :reason
    WHERE ${column} = :id AND closed_at IS NULL`, { id, now: store.now, actor, reason });
  return { changed: open.map((row) => row.id), skipped: [] };
};

/** The newest, for people. Without `all` those that are open. */
export const alerts = async (store: Store, filter: { all?: boolean } = {}): Promise<AlertRecord[]> => {
  const rows = await all<AlertRow>(store, `${ALERT} ${filter.all === true ? '' : 'WHERE a.closed_at IS NULL'} ORDER BY a.seq DESC LIMIT 500`);
  const records: AlertRecord[] = [];
  for (const row of rows) records.push(await recordOf(store, row));
  return records;
};
