// The journal on the PostgreSQL family, opened with its key.
import { randomUUID } from 'node:crypto';
import type { Backend } from '../backend.ts';
import type { Store } from '../engine/store.ts';
import { openKeys } from '../key-rows.ts';
import type { PostgresLocation } from '../location.ts';
import type { Vault, WrappedKey } from '../vault.ts';
import { DEFAULT_SCHEMA, openPostgresBackend } from './backend.ts';
import { createTransactions } from './database.ts';
import { loadDrivers } from './drivers.ts';
import { checkedSchema, checkVersion } from './migrations.ts';
import { structureFaults } from './structure.ts';

/** What the key's decision needs, besides the place. `now`: tests only, a clock turned by hand. */
export type PostgresClaim = PostgresLocation & { vault: Vault; demo: boolean; keyBackup?: string; readOnly?: boolean; now?: number };

/** Beside the instances that work on it: changes nothing, takes no work, hears of none. */
const openForReading = async ({ url, backend, schema = DEFAULT_SCHEMA, vault }: PostgresClaim): Promise<Backend> => {
  const { pg } = await loadDrivers();
  const transactions = createTransactions(pg, { url, backend, schema: checkedSchema(schema), connections: 2, readOnly: true });
  try {
    const rows = await transactions.run(async ({ db }) => {
      await checkVersion(db);
      return db.all<WrappedKey>('SELECT id, wrapped FROM data_key');
    });
    vault.learn(rows);
  } catch (error) {
    await transactions.end();
    throw error;
  }
  return {
    perform: (work, now) => transactions.run((transaction) =>
      work({ db: transaction.db, tickets: null, now: now ?? transaction.now, works: new Set() })),
    onWork: () => () => undefined,
    structure: () => structureFaults(pg, url, backend, schema),
    reclaim: async () => false,
    close: transactions.end,
  };
};

/** The vault knows the journal's data keys when this resolves. Throws like `openPostgresBackend` and `openKeys`. */
export const openPostgres = async (claim: PostgresClaim): Promise<Backend> => {
  if (claim.readOnly === true) return openForReading(claim);
  const { url, backend, schema, vault, demo, keyBackup, now } = claim;
  const opened = await openPostgresBackend({ url, backend, ...(schema !== undefined && { schema }), ...(now !== undefined && { now }) });
  try {
    await opened.perform(async (parts) => {
      const store: Store = { ...parts, vault, newId: randomUUID, changes: [] };
      await openKeys(store, { demo, backup: keyBackup });
    }, now);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
};
