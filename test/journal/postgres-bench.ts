// The bench of the contract on PostgreSQL. To save time a journal serves many tests: between them it is emptied, only its keys stay.
import { openDriver } from '../../nodes/journal/driver.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { type FreshSchema, freshSchema, query } from '../support/postgres.ts';
import { type Bench, type OpenBench, TEST_KEY } from './fixtures.ts';

const START = Date.UTC(2026, 0, 6);

/** Emptied with deletions: the tables are small, and making them anew takes longer. `first` is what stood in `meta` at the beginning. */
const empty = async ({ url, schema }: FreshSchema): Promise<void> => {
  const tables = await query<{ name: string }>(url, 'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', [schema]);
  const emptied = tables.map(({ name }) => name).filter((name) => !['meta', 'first', 'data_key'].includes(name));
  await query(url, `SET session_replication_role = replica; SET search_path TO ${schema}; ${emptied.map((name) => `DELETE FROM ${name};`).join(' ')}
    DELETE FROM meta WHERE name NOT IN (SELECT name FROM first); DELETE FROM ${schema}_jobs.job;
    SELECT setval(pg_get_serial_sequence(format('%I.%I', table_schema, table_name), column_name), 1, false)
    FROM information_schema.columns WHERE table_schema = '${schema}' AND is_identity = 'YES'`);
};

/** One journal with a clock that is turned by hand. */
const createStand = async (url: string) => {
  const place = freshSchema(url);
  let instant = START;
  const now = (): number => instant;
  const open = (): Promise<Journal> => openDriver({ kind: 'postgres', url, backend: 'postgres', schema: place.schema }, { key: TEST_KEY, demo: true, now });
  const stand = {
    taken: true,
    journal: await open(),
    clock: { now, turn: (ms: number) => { instant += ms; } },
    open,
    tamper: async (sql: string): Promise<void> => { await query(url, `SET session_replication_role = replica; SET search_path TO ${place.schema}; ${sql}`); },
    /** False when a test has closed it or given it another key. */
    renew: async (): Promise<boolean> => {
      const changed = await query(url, `SELECT 1 FROM ${place.schema}.first EXCEPT SELECT 1 FROM ${place.schema}.meta JOIN ${place.schema}.first USING (name, value)`);
      if (changed.length > 0 || !await stand.journal.counts().then(() => true, () => false)) return false;
      await empty(place);
      instant = START;
      return true;
    },
    remove: async (): Promise<void> => {
      await stand.journal.close().catch(() => undefined);
      await place.drop();
    },
  };
  await stand.tamper('CREATE TABLE first AS SELECT name, value FROM meta');
  return stand;
};

/** `end` is for after the last test. */
export const createPostgresBenches = (url: string): { open: OpenBench; end: () => Promise<void> } => {
  const stands = new Set<Awaited<ReturnType<typeof createStand>>>();

  const take = async () => {
    for (const stand of stands) {
      if (stand.taken) continue;
      stand.taken = true;
      if (await stand.renew()) return stand;
      stands.delete(stand);
      await stand.remove();
    }
    const made = await createStand(url);
    stands.add(made);
    return made;
  };

  const open: OpenBench = async () => {
    const stand = await take();
    const bench: Bench = {
      journal: stand.journal,
      clock: stand.clock,
      reopen: async () => {
        await stand.journal.close();
        stand.journal = await stand.open();
        bench.journal = stand.journal;
      },
      tamper: stand.tamper,
      end: async () => { stand.taken = false; },
    };
    return bench;
  };
  return { open, end: async () => { await Promise.all([...stands].map((stand) => stand.remove())); } };
};
