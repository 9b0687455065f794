// What PostgreSQL itself knows to be wrong with the journal's data, and giving freed space back. Outside of any transaction.
import type * as Pg from 'pg';
import type { Backend } from '../location.ts';
import type { PgModule } from './drivers.ts';
import { databaseFault } from './faults.ts';

const withClient = async <T>(pg: PgModule, url: string, work: (client: Pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, application_name: 'direct-courier' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw databaseFault(error);
  } finally {
    await client.end().catch(() => undefined);
  }
};

const INVALID = `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND NOT i.indisvalid ORDER BY 1`;

/** Empty when sound. Pages are checked as they are read, where the cluster was made with data checksums. */
export const structureFaults = (pg: PgModule, url: string, backend: Backend, schema: string): Promise<string[]> =>
  backend === 'cockroachdb' ? Promise.resolve([]) : withClient(pg, url, async (client) => {
    const pages = await client.query<{ failures: string | null }>(
      'SELECT checksum_failures AS failures FROM pg_stat_database WHERE datname = current_database()');
    const failures = Number(pages.rows[0]?.failures ?? 0);
    const indexes = await client.query<{ name: string }>(INVALID, [schema]);
    return [
      ...(failures > 0 ? [`${failures} pages failed their checksum`] : []),
      ...indexes.rows.map(({ name }) => `index ${name} is not valid`),
    ];
  });

/** What autovacuum does in time anyway. The contents are nearly all of the journal. */
export const reclaimSpace = (pg: PgModule, url: string, backend: Backend, schema: string): Promise<void> =>
  backend === 'cockroachdb' ? Promise.resolve() : withClient(pg, url, async (client) => {
    await client.query(`VACUUM ${schema}.content`);
  });
