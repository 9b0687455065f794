// The tables of the journal in a schema of its own, and how they come from one version to the next: forward only, each step in one transaction.
import type * as Pg from 'pg';
import { CourierError } from '../../errors.ts';
import type { Database } from '../engine/store.ts';
import { additionsFor, tablesFor } from '../engine/tables.ts';
import type { Backend } from '../location.ts';
import type { PgModule } from './drivers.ts';
import { databaseFault, isRetryable, sqlState } from './faults.ts';

/** Brings the tables to version `to`. Released ones never change. */
export interface Migration { to: number; sql: string }

// Version 1 was never on PostgreSQL. `meta` is there already: its row of the version is what instances that start together wait for.
export const MIGRATIONS: readonly Migration[] = [
  { to: 2, sql: tablesFor('postgres').replace(/CREATE TABLE meta \([^;]*\);/, '') },
  ...additionsFor('postgres'),
];

/** Two that make the same schema or table at the same instant: one of them gets one of these and finds it there the next time. */
const AT_THE_SAME_TIME = new Set(['23505', '42P06', '42P07', '42710']);

const TRIES = 5;

/** What a schema may be called: it stands in statements, and the job engine's has a longer name. */
const NAME = /^[a-z_][a-z0-9_]{0,39}$/;

export const checkedSchema = (schema: string): string => {
  if (!NAME.test(schema)) throw new CourierError('JOURNAL_FAILED', { detail: 'the schema\'s name: small letters, digits and _, at most 40' });
  return schema;
};

/** Where the job engine keeps its tickets. */
export const jobsSchema = (schema: string): string => `${schema}_jobs`;

// A role that may not create schemas can still use what a database administrator has created for it.
const makeSchema = async (client: Pg.Client, schema: string): Promise<void> => {
  const { rows } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
};

const prepare = async (client: Pg.Client, schema: string): Promise<void> => {
  for (let tried = 1; ; tried += 1) {
    try {
      await makeSchema(client, schema);
      await makeSchema(client, jobsSchema(schema));
      await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)`);
      await client.query(`INSERT INTO ${schema}.meta (name, value) VALUES ('schema_version', '0') ON CONFLICT DO NOTHING`);
      return;
    } catch (error) {
      if (!AT_THE_SAME_TIME.has(sqlState(error) ?? '') || tried === TRIES) throw error;
    }
  }
};

const newestOf = (migrations: readonly Migration[]): number => Math.max(...migrations.map(({ to }) => to));

const newer = (version: number, newest: number): CourierError =>
  new CourierError('JOURNAL_NEWER', { detail: `version ${version}, this program knows ${newest}` });

/** For whoever only reads. Throws JOURNAL_NEWER, and JOURNAL_OLDER where there is no journal yet, too. */
export const checkVersion = async (db: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> => {
  const [table] = await db.all<{ there: number }>(`SELECT to_regclass('meta') IS NOT NULL AS there`);
  const [row] = table?.there === 1 ? await db.all<{ value: string }>(`SELECT value FROM meta WHERE name = 'schema_version'`) : [];
  const version = Number(row?.value ?? 0);
  if (version > newestOf(migrations)) throw newer(version, newestOf(migrations));
  if (version < newestOf(migrations)) throw new CourierError('JOURNAL_OLDER', { detail: `version ${version}` });
};

/** One step under the lock of the version's row. Resolves to whether there may be more. */
const step = async (client: Pg.Client, schema: string, migrations: readonly Migration[]): Promise<boolean> => {
  const { rows } = await client.query<{ value: string }>(`SELECT value FROM ${schema}.meta WHERE name = 'schema_version' FOR UPDATE`);
  const version = Number(rows[0]?.value);
  const newest = newestOf(migrations);
  if (!Number.isInteger(version)) throw new CourierError('JOURNAL_FAILED', { detail: 'the version of the tables is unreadable' });
  if (version > newest) throw newer(version, newest);
  const next = migrations.find(({ to }) => to > version);
  if (next === undefined) return false;
  await client.query(`SET LOCAL search_path TO ${schema}`);
  await client.query(next.sql);
  await client.query(`UPDATE ${schema}.meta SET value = $1 WHERE name = 'schema_version'`, [String(next.to)]);
  return true;
};

const inTransaction = async <T>(client: Pg.Client, work: () => Promise<T>): Promise<T> => {
  await client.query('BEGIN');
  try {
    const output = await work();
    await client.query('COMMIT');
    return output;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};

/**
 * Makes or updates the tables. Instances that start together wait for one another.
 * Throws JOURNAL_NEWER, and what `databaseFault` says.
 */
export const migrate = async (
  pg: PgModule, url: string, backend: Backend, schema: string, migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, keepAlive: true, application_name: 'direct-courier' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Otherwise CockroachDB commits before each change of the structure, and a step could be half done.
    if (backend === 'cockroachdb') await client.query('SET autocommit_before_ddl = off').catch(() => undefined);
    await prepare(client, checkedSchema(schema));
    for (let tried = 1, more = true; more;) {
      try {
        more = await inTransaction(client, () => step(client, schema, migrations));
      } catch (error) {
        if (!isRetryable(error) || tried === TRIES) throw error;
        tried += 1;
      }
    }
  } catch (error) {
    throw databaseFault(error);
  } finally {
    await client.end().catch(() => undefined);
  }
};
