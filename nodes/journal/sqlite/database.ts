// SQLite as the engine sees it: statements kept prepared, results as promises. The work itself is synchronous.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Database, Values } from '../engine/store.ts';

/** Prepared statements are kept up to this many; `IN (…)` lists make new texts. */
const KEPT = 500;

const named = (values: Values): Record<string, SQLInputValue> => values as Record<string, SQLInputValue>;

export const sqliteDatabase = (db: DatabaseSync): Database => {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    // One value may stand in one statement and not in another.
    statement.setAllowUnknownNamedParameters(true);
    if (statements.size >= KEPT) statements.delete(statements.keys().next().value!);
    statements.set(sql, statement);
    return statement;
  };
  return {
    dialect: 'sqlite',
    all: async <Row>(sql: string, values: Values = {}) => prepared(sql).all(named(values)) as Row[],
    run: async (sql, values = {}) => Number(prepared(sql).run(named(values)).changes),
  };
};
