// A store of the engine over a bare SQLite database in memory, for what concerns keys alone.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Database, Store } from '../../nodes/journal/engine/store.ts';
import { tablesFor } from '../../nodes/journal/engine/tables.ts';
import { createVault } from '../../nodes/journal/vault.ts';

export interface KeyBench {
  /** A store as a process has it that opens the journal with this key. */
  as: (key: Uint8Array, now: number) => Store;
  /** Runs in a transaction; what `work` throws rolls it back. */
  transact: <T>(work: () => Promise<T>) => Promise<T>;
  rows: (sql: string) => Record<string, unknown>[];
  exec: (sql: string) => void;
}

export const keyBench = (): KeyBench => {
  const sqlite = new DatabaseSync(':memory:');
  sqlite.exec(tablesFor('sqlite'));
  const db: Database = {
    dialect: 'sqlite',
    all: async <Row>(sql: string, values = {}) => sqlite.prepare(sql).all(values as Record<string, SQLInputValue>) as Row[],
    run: async (sql, values = {}) => Number(sqlite.prepare(sql).run(values as Record<string, SQLInputValue>).changes),
  };
  let ids = 0;
  return {
    as: (key, now) => ({ db, now, newId: () => `id-${++ids}`, vault: createVault({ key }), tickets: null, changes: [], works: new Set() }),
    transact: async (work) => {
      sqlite.exec('BEGIN');
      try {
        const output = await work();
        sqlite.exec('COMMIT');
        return output;
      } catch (error) {
        sqlite.exec('ROLLBACK');
        throw error;
      }
    },
    rows: (sql) => sqlite.prepare(sql).all() as Record<string, unknown>[],
    exec: (sql) => sqlite.exec(sql),
  };
};
