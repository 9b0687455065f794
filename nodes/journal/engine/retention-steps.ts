// The steps of pruning that empty what stays on record: mails, raw inputs, results with their documents, demographics of orders.
import { dropContents, type Reference } from './contents.ts';
import type { Counts } from './retention-counts.ts';
import { limitsIn } from './retention-counts.ts';
import { inputOver, type Limits, messageOver, orderOver, TRIMMABLE } from './retention-rules.ts';
import { all, insert, mutexOf, orderName, run, steadyList, type Store } from './store.ts';

/** What a step took; `bytes` is the size of the contents. */
export interface Taken { counts: Counts; bytes: number }

export const NOTHING: Taken = { counts: {}, bytes: 0 };

export const addTaken = (one: Taken, other: Taken): Taken => {
  const names = new Set([...Object.keys(one.counts), ...Object.keys(other.counts)] as (keyof Counts)[]);
  return {
    counts: Object.fromEntries([...names].map((name) => [name, (one.counts[name] ?? 0) + (other.counts[name] ?? 0)])),
    bytes: one.bytes + other.bytes,
  };
};

/** Rows that a step looks at: in the order of `time`, as far as `until`. `live`: those that have something left to take. */
export interface Step {
  table: 'message x' | 'input x' | 'orders x' | 'notice x';
  live: string;
  time: string;
  until: (limits: Limits) => number;
  /** The column that names a row to `take`. */
  id: 'id' | 'key';
  /** Of the rows seen, takes those that have had their time. */
  take: (store: Store, ids: string[], limits: Limits) => Promise<Taken>;
}

/**
 * Of the rows seen, those that nobody else works on and that fulfil the condition now that nobody can change them. SQLite has one writer
 * anyway. Nothing is waited for: what is busy is looked at again another time.
 */
const lockThose = async (store: Store, table: 'message' | 'orders' | 'input', ids: string[]): Promise<string[]> => {
  if (store.db.dialect === 'sqlite' || ids.length === 0) return ids;
  const { sql, values } = steadyList('id', ids);
  const rows = await all<{ id: string }>(store, `SELECT id FROM ${table} WHERE id IN ${sql} ORDER BY seq FOR UPDATE SKIP LOCKED`, values);
  return rows.map(({ id }) => id);
};

/** Whoever joins a result to an order or resends it holds the name of the order's number. */
const lockNumbers = async (store: Store, table: 'message' | 'orders', ids: string[]): Promise<string[]> => {
  if (store.db.dialect === 'sqlite' || ids.length === 0) return ids;
  const chosen = steadyList('id', ids);
  const column = table === 'message' ? 'order_local_id' : 'local_id';
  const rows = await all<{ id: string; number: string }>(store, `SELECT id, ${column} AS number FROM ${table} WHERE id IN ${chosen.sql}`,
    chosen.values);
  const names = [...new Set(rows.map(({ number }) => mutexOf(orderName(number))))];
  for (const name of names) await insert(store, 'mutex', { name }, 'ON CONFLICT DO NOTHING');
  const { sql, values } = steadyList('id', names);
  const free = new Set((await all<{ name: string }>(store, `SELECT name FROM mutex WHERE name IN ${sql} FOR UPDATE SKIP LOCKED`, values))
    .map(({ name }) => name));
  return rows.filter(({ number }) => free.has(mutexOf(orderName(number)))).map(({ id }) => id);
};

export const locked = async (store: Store, table: 'message' | 'orders' | 'input', ids: string[]): Promise<string[]> =>
  lockThose(store, table, table === 'input' ? ids : await lockNumbers(store, table, ids));

export const fulfilling = async (store: Store, table: string, ids: string[], condition: string, limits: Limits): Promise<string[]> => {
  if (ids.length === 0) return [];
  const { sql, values } = steadyList('id', ids);
  const text = `SELECT x.id FROM ${table} x WHERE x.id IN ${sql} AND ${condition}`;
  return (await all<{ id: string }>(store, text, { ...values, ...limitsIn(text, limits) })).map(({ id }) => id);
};

export const contentsTaken = ({ contents, bytes }: Awaited<ReturnType<typeof dropContents>>): Taken => ({ counts: { contents }, bytes });

const takeMails = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const ids = await fulfilling(store, 'message', await locked(store, 'message', seen), messageOver('x', 'content'), limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  const gone = await all<Reference>(store, `SELECT mail AS content FROM delivery WHERE message_id IN ${sql} AND mail IS NOT NULL`, values);
  const mails = await run(store, `UPDATE delivery SET mail = NULL WHERE message_id IN ${sql} AND mail IS NOT NULL`, values);
  await run(store, `UPDATE message SET trimmed_at = :now WHERE id IN ${sql}`, { ...values, now: store.now });
  return addTaken({ counts: { mails }, bytes: 0 }, contentsTaken(await dropContents(store, gone)));
};

const takeInputs = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const ids = await fulfilling(store, 'input', await locked(store, 'input', seen), inputOver('x'), limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  const gone = await all<Reference>(store, `SELECT content FROM input WHERE id IN ${sql} UNION ALL SELECT pdf FROM input WHERE id IN ${sql}`, values);
  const inputs = await run(store, `UPDATE input SET content = NULL, pdf = NULL WHERE id IN ${sql}`, values);
  return addTaken({ counts: { inputs }, bytes: 0 }, contentsTaken(await dropContents(store, gone)));
};

const takeResults = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const ids = await fulfilling(store, 'message', await locked(store, 'message', seen), messageOver('x', 'correction'), limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  const gone = await all<Reference>(store, `SELECT result_pdf AS content FROM message WHERE id IN ${sql} UNION ALL
    SELECT report FROM message WHERE id IN ${sql} UNION ALL SELECT content FROM document WHERE message_id IN ${sql}`, values);
  const emptied = (table: string, column: string, of: string): Promise<number> =>
    run(store, `UPDATE ${table} SET ${column} = NULL WHERE ${of} IN ${sql} AND ${column} IS NOT NULL`, values);
  const counts = {
    results: await emptied('message', 'result', 'id'), resultPdfs: await emptied('message', 'result_pdf', 'id'),
    reports: await emptied('message', 'report', 'id'), documents: await emptied('document', 'content', 'message_id'),
  };
  await run(store, `UPDATE message SET pruned_at = :now WHERE id IN ${sql}`, { ...values, now: store.now });
  return addTaken({ counts, bytes: 0 }, contentsTaken(await dropContents(store, gone)));
};

/** The marks stay: they name nobody, and tell a repetition from something new. */
const takeOrders = async (store: Store, seen: string[], limits: Limits): Promise<Taken> => {
  const ids = await fulfilling(store, 'orders', await locked(store, 'orders', seen), orderOver('x', 'correction'), limits);
  if (ids.length === 0) return NOTHING;
  const { sql, values } = steadyList('id', ids);
  await run(store, `UPDATE order_version SET body = NULL WHERE order_id IN ${sql}`, values);
  return { counts: { orders: await run(store, `UPDATE orders SET pruned_at = :now WHERE id IN ${sql}`, { ...values, now: store.now }) }, bytes: 0 };
};

const takeStrays = async (store: Store, seen: string[]): Promise<Taken> => {
  const { sql, values } = steadyList('id', seen);
  const gone = await all<Reference>(store, `SELECT content FROM notice WHERE key IN ${sql}`, values);
  const strayNotices = await run(store, `UPDATE notice SET content = NULL WHERE key IN ${sql} AND content IS NOT NULL`, values);
  return addTaken({ counts: { strayNotices }, bytes: 0 }, contentsTaken(await dropContents(store, gone)));
};

/** Each has an index of the rows that are live. */
export const EMPTYING: readonly Step[] = [
  { table: 'message x', live: TRIMMABLE, time: 'x.ended_at', until: ({ content }) => content, id: 'id', take: takeMails },
  { table: 'input x', live: 'x.content IS NOT NULL', time: 'x.received_at', until: ({ content }) => content, id: 'id', take: takeInputs },
  { table: 'message x', live: 'x.pruned_at IS NULL', time: 'x.ended_at', until: ({ correction }) => correction, id: 'id', take: takeResults },
  {
    table: 'orders x', live: `x.pruned_at IS NULL AND x.state IN ('cancelled', 'replaced')`, time: 'x.stored_at',
    until: () => Number.MAX_SAFE_INTEGER, id: 'id', take: takeOrders,
  },
  {
    table: 'orders x', live: 'x.pruned_at IS NULL', time: 'x.stored_at', until: ({ correction, orders }) => Math.max(correction, orders),
    id: 'id', take: takeOrders,
  },
  {
    table: 'notice x', live: 'x.delivery_id IS NULL AND x.content IS NOT NULL', time: 'x.at', until: ({ content }) => content, id: 'key',
    take: takeStrays,
  },
];
