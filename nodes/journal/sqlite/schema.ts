// Forward-only migrations: `user_version` counts how many have been applied.
import type { DatabaseSync } from 'node:sqlite';
import { CourierError } from '../../errors.ts';
import { TABLES } from './tables.ts';

const MIGRATIONS = [TABLES];

const versionOf = (db: DatabaseSync): number => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

/** Brings a database up to this program's schema, one transaction per step. A newer one is refused: JOURNAL_NEWER. */
export const migrate = (db: DatabaseSync): void => {
  const found = versionOf(db);
  if (found > MIGRATIONS.length) throw new CourierError('JOURNAL_NEWER', { detail: `schema ${found}, this program knows ${MIGRATIONS.length}` });
  for (let version = found; version < MIGRATIONS.length; version++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]!} PRAGMA user_version = ${version + 1}; COMMIT`);
  }
};
