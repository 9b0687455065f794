// Whether a database holds a journal that this program can work on: a command neither makes one, nor changes its tables under an engine of an
// earlier version.
import type * as Pg from 'pg';
import { CourierError } from '../errors.ts';
import type { PostgresLocation } from '../journal/location.ts';
import { loadDrivers } from '../journal/postgres/drivers.ts';
import { databaseFault, sqlState } from '../journal/postgres/faults.ts';
import { checkedSchema, MIGRATIONS } from '../journal/postgres/migrations.ts';
import { refused, UsageError } from './command.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';

const DEFAULT_SCHEMA = 'direct_courier';

/** No such schema, no such table. */
const ABSENT = ['3F000', '42P01'];

const versionIn = async (client: Pg.Client, schema: string): Promise<number | undefined> => {
  try {
    const { rows } = await client.query<{ value: string }>(`SELECT value FROM ${checkedSchema(schema)}.meta WHERE name = 'schema_version'`);
    return rows[0] === undefined ? undefined : Number(rows[0].value);
  } catch (error) {
    if (ABSENT.includes(sqlState(error) ?? '')) return undefined;
    throw error;
  }
};

/** Throws a UsageError where there is none, JOURNAL_OLDER, JOURNAL_UNREACHABLE, DRIVER_MISSING. A newer one is found out when it is opened. */
export const requireDatabaseJournal = async ({ url, schema = DEFAULT_SCHEMA }: PostgresLocation): Promise<void> => {
  const { pg } = await loadDrivers();
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, application_name: 'direct-courier' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const version = await versionIn(client, schema);
    if (version === undefined || version === 0) throw refused(JOURNAL_TEXTS.noJournalIn(schema));
    if (version < Math.max(...MIGRATIONS.map(({ to }) => to))) throw new CourierError('JOURNAL_OLDER', { detail: `version ${version}` });
  } catch (error) {
    throw error instanceof UsageError ? error : databaseFault(error);
  } finally {
    await client.end().catch(() => undefined);
  }
};
