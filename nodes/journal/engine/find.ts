// Looking things up among millions: one index is walked from the newest on, a bounded stretch per call, and only the page's rows are opened.
import type { DeliveryRecord, FindPage, FindQuery, JournalStats, MessageRecord, Page } from '../port.ts';
import { DELIVERY } from './deliveries.ts';
import { orderNumberOf } from './events.ts';
import { cursorOf, type Place, readQuery, type Walk } from './find-query.ts';
import { byState, deliveryRecords, type FullRow, MESSAGE, messageRecords, type NamedMessageRow } from './reading.ts';
import { all, first, steadyList, type Store } from './store.ts';

/** Rows looked at per call where some of them may not fit, and per step. Whoever wants more asks for the next page. */
const STRETCH = 2_000;
const STEP = 500;

interface Candidate extends Place { id: string; fits: number }

const candidates = (store: Store, plan: Walk, after: Place | null, limit: number): Promise<Candidate[]> => {
  const { what, from, along, at, seq, filters, values } = plan;
  const place = after === null ? [] : [`${at} <= :atPlace AND (${at} < :atPlace OR ${seq} < :seqPlace)`];
  const conditions = [...(along === '' ? [] : [along]), ...place];
  const fits = filters.length === 0 ? '1' : `CASE WHEN ${filters.join(' AND ')} THEN 1 ELSE 0 END`;
  return all<Candidate>(store, `SELECT ${what === 'messages' ? 'm.id' : 'd.id'} AS id, ${at} AS at, ${seq} AS seq, ${fits} AS fits FROM ${from}
    ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} ORDER BY ${at} DESC, ${seq} DESC LIMIT :limit`,
  { ...values, ...(after !== null && { atPlace: after.at, seqPlace: after.seq }), limit });
};

/** `next`: where the next page begins; null when the list is at its end. */
interface Found { ids: string[]; next: Place | null }

const walk = async (store: Store, plan: Walk): Promise<Found> => {
  const found = new Map<string, Place>();
  const step = plan.filters.length === 0 ? plan.limit + 1 : Math.max(plan.limit + 1, STEP);
  let place = plan.after;
  for (let seen = 0; seen < STRETCH; seen += step) {
    const rows = await candidates(store, plan, place, step);
    for (const row of rows) {
      if (row.fits === 0 || found.has(row.id)) continue;
      if (found.size === plan.limit) return { ids: [...found.keys()], next: [...found.values()].at(-1)! };
      found.set(row.id, row);
    }
    if (rows.length < step) return { ids: [...found.keys()], next: null };
    place = rows.at(-1)!;
  }
  return { ids: [...found.keys()], next: place };
};

const inOrder = <Row extends { id: string }>(ids: readonly string[], rows: readonly Row[]): Row[] => {
  const known = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => known.get(id) ?? []);
};

const messagesOf = async (store: Store, ids: string[]): Promise<MessageRecord[]> => {
  if (ids.length === 0) return [];
  const { sql, values } = steadyList('id', ids);
  return messageRecords(store, inOrder(ids, await all<NamedMessageRow>(store, `${MESSAGE} WHERE m.id IN ${sql}`, values)));
};

const deliveriesOf = async (store: Store, ids: string[]): Promise<DeliveryRecord[]> => {
  if (ids.length === 0) return [];
  const { sql, values } = steadyList('id', ids);
  return deliveryRecords(store, inOrder(ids, await all<FullRow>(store, `${DELIVERY} WHERE d.id IN ${sql}`, values)));
};

/**
 * Newest first. A page may hold fewer rows than its limit, even none, and still have a next one: then a stretch of the journal was searched.
 * Throws REQUEST_INVALID, CURSOR_INVALID.
 */
export const find = async (store: Store, query: FindQuery): Promise<FindPage> => {
  const { orderLocalId } = query;
  const plan = readQuery(store, typeof orderLocalId === 'string' ? { ...query, orderLocalId: await orderNumberOf(store, orderLocalId) } : query);
  const { ids, next } = await walk(store, plan);
  const page = { next: next === null ? null : cursorOf(plan.what, next) };
  return plan.what === 'messages' ? { ...page, rows: await messagesOf(store, ids) } satisfies Page<MessageRecord>
    : { ...page, rows: await deliveriesOf(store, ids) } satisfies Page<DeliveryRecord>;
};

export const stats = async (store: Store): Promise<JournalStats> => {
  const count = async (sql: string): Promise<number> => (await first<{ n: number | null }>(store, sql))?.n ?? 0;
  const queued = await first<{ at: number | null }>(store, `SELECT min(received_at) AS at FROM delivery WHERE state = 'QUEUED'`);
  return {
    messages: await byState(store, 'message'), deliveries: await byState(store, 'delivery'),
    unrated: await count('SELECT count(*) AS n FROM chargeable WHERE rated = 0'),
    oldestQueuedAt: queued?.at ?? null,
    incidents: await count('SELECT count(*) AS n FROM incident WHERE resolved_at IS NULL'),
    contents: await count('SELECT count(*) AS n FROM content'), bytes: await count('SELECT sum(size) AS n FROM content'),
  };
};
