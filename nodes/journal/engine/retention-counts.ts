// The dry run: counts what pruning would take, without writing anything; in pieces, so that in a large journal nobody waits for it.
import type { PruneOutcome } from '../port.ts';
import {
  CONTENT_OVER, inputOver, inputRecordOver, type Limits, messageOver, orderOver, orderRecordOver, recordOver, strayOver,
} from './retention-rules.ts';
import { all, first, type Store, type Value } from './store.ts';

/** Rows that a piece looks at. */
const AT_ONCE = 250;

const OF_MESSAGE = 'JOIN message m ON m.id = x.message_id';
const OF_DELIVERY = `JOIN delivery y ON y.id = x.delivery_id JOIN message m ON m.id = y.message_id`;
const CLEARED = `m.pruned_at IS NULL AND ${messageOver('m', 'correction')}`;

/** What each count is of; the rows that go altogether come last. Tables are read in the order of `seq`. */
const COUNTED = {
  mails: `delivery x ${OF_MESSAGE} WHERE x.mail IS NOT NULL AND (m.trimmed_at IS NULL OR m.trimmed_at < m.ended_at)
    AND ${messageOver('m', 'content')}`,
  inputs: `input x WHERE x.content IS NOT NULL AND ${inputOver('x')}`,
  results: `message x JOIN message m ON m.id = x.id WHERE m.result IS NOT NULL AND ${CLEARED}`,
  resultPdfs: `message x JOIN message m ON m.id = x.id WHERE m.result_pdf IS NOT NULL AND ${CLEARED}`,
  reports: `message x JOIN message m ON m.id = x.id WHERE m.report IS NOT NULL AND ${CLEARED}`,
  documents: `document x ${OF_MESSAGE} WHERE x.content IS NOT NULL AND ${CLEARED}`,
  orders: `orders x WHERE x.pruned_at IS NULL AND ${orderOver('x', 'correction')}`,
  strayNotices: `notice x WHERE x.content IS NOT NULL AND ${strayOver('x')}`,
  ledgerLines: `ledger x ${OF_DELIVERY} WHERE ${recordOver('m')}`,
  noticeRecords: `notice x LEFT JOIN delivery y ON y.id = x.delivery_id LEFT JOIN message m ON m.id = y.message_id
    WHERE ((x.delivery_id IS NULL AND x.at <= :rows) OR (x.delivery_id IS NOT NULL AND ${recordOver('m')}))`,
  deliveryRecords: `delivery x ${OF_MESSAGE} WHERE ${recordOver('m')}`,
  messageRecords: `message x WHERE ${recordOver('x')}`,
  orderRecords: `orders x WHERE ${orderRecordOver('x')}`,
  inputRecords: `input x WHERE ${inputRecordOver('x')}`,
  incidents: 'incident x WHERE x.resolved_at IS NOT NULL AND x.resolved_at <= :rows',
} as const;

type Table = keyof typeof COUNTED;
export type Counted = Table | 'auditEntries' | 'contents';
export type Counts = Partial<Record<Counted, number>>;

/** The parameters that a statement names. */
export const limitsIn = (sql: string, limits: Limits): Record<string, number> =>
  Object.fromEntries(Object.entries(limits).filter(([name]) => new RegExp(`:${name}\\b`).test(sql)));

/** What a piece counted after the row `from`; `next` null: it has come to the end. */
interface Piece { name: Counted; count: number; bytes: number; next: Value }

const boundary = async (store: Store, table: string, key: string, from: Value): Promise<Value> => {
  const sql = `SELECT ${key} AS at FROM ${table} WHERE ${key} > :from ORDER BY ${key} LIMIT 1 OFFSET ${AT_ONCE - 1}`;
  return (await first<{ at: Value }>(store, sql, { from }))?.at ?? null;
};

const upTo = (key: string, to: Value): { sql: string; values: Record<string, Value> } =>
  to === null ? { sql: '', values: {} } : { sql: ` AND ${key} <= :to`, values: { to } };

const countTable = async (store: Store, name: Table, limits: Limits, from: Value): Promise<Piece> => {
  const next = await boundary(store, COUNTED[name].split(' ', 1)[0]!, 'seq', from);
  const piece = upTo('x.seq', next);
  const sql = `SELECT count(*) AS n FROM ${COUNTED[name]} AND x.seq > :from${piece.sql}`;
  const { n } = (await first<{ n: number }>(store, sql, { ...limitsIn(sql, limits), ...piece.values, from }))!;
  return { name, count: Number(n), bytes: 0, next };
};

const countContents = async (store: Store, limits: Limits, from: Value): Promise<Piece> => {
  const next = await boundary(store, 'content', 'id', from);
  const piece = upTo('c.id', next);
  const sql = `SELECT count(*) AS n, CAST(coalesce(sum(c.size), 0) AS BIGINT) AS bytes FROM content c
    WHERE c.id > :from${piece.sql} AND ${CONTENT_OVER}`;
  const { n, bytes } = (await first<{ n: number; bytes: number }>(store, sql, { ...limitsIn(sql, limits), ...piece.values, from }))!;
  return { name: 'contents', count: Number(n), bytes: Number(bytes), next };
};

/** Only from the chain's beginning on, up to the first entry that is too young. */
const countAudit = async (store: Store, { audit }: Limits, from: Value): Promise<Piece> => {
  const rows = await all<{ seq: number; at: number }>(store, `SELECT seq, at FROM audit WHERE seq > :from ORDER BY seq LIMIT ${AT_ONCE}`, { from });
  const young = rows.findIndex(({ at }) => at > audit);
  const isEnd = young >= 0 || rows.length < AT_ONCE;
  return { name: 'auditEntries', count: young < 0 ? rows.length : young, bytes: 0, next: isEnd ? null : rows.at(-1)!.seq };
};

type Counter = { begin: Value; count: (store: Store, limits: Limits, from: Value) => Promise<Piece> };

const COUNTERS: readonly Counter[] = [
  ...(Object.keys(COUNTED) as Table[]).map((name): Counter => ({ begin: 0, count: (store, limits, from) => countTable(store, name, limits, from) })),
  { begin: 0, count: countAudit },
  { begin: new Uint8Array(0), count: countContents },
];

/** How far a dry run has come. */
export interface CountWalk { limits: Limits; counter: number; from: Value; counts: Counts; bytes: number; done: boolean }

export const beginCount = (limits: Limits): CountWalk => ({ limits, counter: 0, from: COUNTERS[0]!.begin, counts: {}, bytes: 0, done: false });

/** One piece further. */
export const countOn = async (store: Store, walk: CountWalk): Promise<CountWalk> => {
  const { name, count, bytes, next } = await COUNTERS[walk.counter]!.count(store, walk.limits, walk.from);
  const counts = count === 0 ? walk.counts : { ...walk.counts, [name]: (walk.counts[name] ?? 0) + count };
  const counter = next === null ? walk.counter + 1 : walk.counter;
  return { ...walk, counter, from: next ?? COUNTERS[counter]?.begin ?? null, counts, bytes: walk.bytes + bytes, done: counter === COUNTERS.length };
};

export const countOutcome = ({ counts, bytes }: CountWalk): PruneOutcome => ({ counts, bytes, more: false });
