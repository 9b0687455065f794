// The journal's file: who may have it, and whether it is whole. A damaged file is refused and never repaired in silence.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CourierError } from '../../errors.ts';

/** A process that is just ending gets this long to let go of the file, in ms. */
export const LOCK_WAIT = 1_500;

/** Up to this size the whole structure is checked at opening, in bytes; `journal verify` checks any size. */
export const CHECKED_AT_OPENING = 256 * 1024 * 1024;

const HEADER = 100;
const MAGIC = 'SQLite format 3\0';

/** Only the owner may read: the file holds results. SQLite gives its side files the same mode. */
export const createFile = (file: string): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
};

/**
 * One process alone works on a journal: a second one would take what this one is sending for left behind by a dead one. The lock is
 * a transaction on a file beside it, which the system ends with the process, however that ends; readers do not need it.
 */
export const takeLock = (file: string): DatabaseSync => {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: LOCK_WAIT });
  chmodSync(`${file}.lock`, 0o600);
  lock.exec('BEGIN EXCLUSIVE');
  return lock;
};

const damaged = (detail: string): CourierError => new CourierError('JOURNAL_DAMAGED', { detail });

/** Before SQLite sees it: a file that was cut off, or is no database. Pages that are still in the log are SQLite's to bring back. */
export const checkHeader = (file: string): void => {
  const { size } = statSync(file);
  if (size === 0) return;
  const header = Buffer.alloc(HEADER);
  const handle = openSync(file, 'r');
  try {
    if (readSync(handle, header, 0, HEADER, 0) < HEADER || header.toString('latin1', 0, 16) !== MAGIC) throw damaged('no SQLite header');
  } finally {
    closeSync(handle);
  }
  const log = `${file}-wal`;
  if (existsSync(log) && statSync(log).size > 0) return;
  const stated = header.readUInt16BE(16);
  const pageSize = stated === 1 ? 65_536 : stated;
  const pages = header.readUInt32BE(28);
  if (size < pages * pageSize) throw damaged(`${size} of ${pages * pageSize} bytes`);
};

/** SQLite's own check, at most a few lines of it; empty when sound. They name tables and pages, never values. */
export const checkStructure = (db: DatabaseSync, thorough: boolean): string[] => {
  const rows = db.prepare(`PRAGMA ${thorough ? 'integrity_check' : 'quick_check'}(10)`).all() as Record<string, string>[];
  const found = rows.flatMap((row) => Object.values(row));
  return found.length === 1 && found[0] === 'ok' ? [] : found;
};

export const checkAtOpening = (db: DatabaseSync, file: string): void => {
  if (statSync(file).size > CHECKED_AT_OPENING) return;
  const [found] = checkStructure(db, false);
  if (found !== undefined) throw damaged(found.slice(0, 120));
};
