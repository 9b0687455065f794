// What every group of statements works on: one connection, one instant, and the changes to tell after the commit.
import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { DeliveryChange } from '../port.ts';

export interface Store {
  db: DatabaseSync;
  /** Prepared statements by their text. */
  statements: Map<string, StatementSync>;
  /** Epoch ms, the same for everything that one request writes. */
  now: number;
  newId: () => string;
  /** Told to subscribers once the request is committed. */
  changes: DeliveryChange[];
}

export type Values = Record<string, SQLInputValue>;

const prepared = (store: Store, sql: string): StatementSync => {
  const known = store.statements.get(sql);
  if (known !== undefined) return known;
  const statement = store.db.prepare(sql);
  store.statements.set(sql, statement);
  return statement;
};

export const all = <Row>(store: Store, sql: string, values: Values = {}): Row[] => prepared(store, sql).all(values) as Row[];

export const first = <Row>(store: Store, sql: string, values: Values = {}): Row | undefined => prepared(store, sql).get(values) as Row | undefined;

/** Returns the number of rows written. */
export const run = (store: Store, sql: string, values: Values = {}): number => Number(prepared(store, sql).run(values).changes);

/** `INSERT` of one row whose keys are its columns. */
export const insert = (store: Store, table: string, row: Values, clause = ''): number => {
  const columns = Object.keys(row);
  return run(store, `INSERT ${clause} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`, row);
};

/** Keeps bytes once, by their SHA-256; returns the hash. */
export const keep = (store: Store, bytes: Uint8Array): Uint8Array => {
  const sha256 = createHash('sha256').update(bytes).digest();
  if (first(store, 'SELECT 1 FROM content WHERE sha256 = :sha256', { sha256 }) === undefined) insert(store, 'content', { sha256, bytes });
  return sha256;
};

export const kept = (store: Store, sha256: Uint8Array | null | undefined): Uint8Array | null =>
  sha256 == null ? null : first<{ bytes: Uint8Array }>(store, 'SELECT bytes FROM content WHERE sha256 = :sha256', { sha256 })?.bytes ?? null;

export const parsed = <T>(text: string): T => JSON.parse(text) as T;
