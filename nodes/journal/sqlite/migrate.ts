// Forward-only migrations: `user_version` counts the schema. Each happens wholly or not at all.
import type { DatabaseSync } from 'node:sqlite';
import { CourierError } from '../../errors.ts';
import { additionsFor, tablesFor } from '../engine/tables.ts';
import type { Vault } from '../vault.ts';
import { copyVersion1, setVersion1Aside } from './from-version-1.ts';

export const SCHEMA = 3;

export const versionOf = (db: DatabaseSync): number => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

/** A newer schema is refused: JOURNAL_NEWER. */
export const checkVersion = (db: DatabaseSync): number => {
  const found = versionOf(db);
  if (found > SCHEMA) throw new CourierError('JOURNAL_NEWER', { detail: `schema ${found}, this program knows ${SCHEMA}` });
  return found;
};

/**
 * Within an open transaction: brings the tables to this schema. `admit` opens the vault once there are tables for its keys.
 */
export const migrate = async (db: DatabaseSync, found: number, vault: Vault, now: number, admit: () => Promise<void>): Promise<void> => {
  if (found === 1) setVersion1Aside(db);
  if (found < 2) db.exec(tablesFor('sqlite'));
  for (const { to, sql } of additionsFor('sqlite')) if (found < to) db.exec(sql);
  await admit();
  if (found === 1) copyVersion1(db, vault, now);
  if (found < SCHEMA) db.exec(`PRAGMA user_version = ${SCHEMA}`);
};
