// The SQLite side: one writer that commits in groups, so that many requests share one fsync. Nothing is answered before its commit.
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { CourierError } from '../../errors.ts';
import type { Backend, Parts } from '../backend.ts';
import type { Store } from '../engine/store.ts';
import { openKeys } from '../key-rows.ts';
import type { Work } from '../port.ts';
import type { Vault } from '../vault.ts';
import { sqliteDatabase } from './database.ts';
import { sqliteFault } from './faults.ts';
import { checkAtOpening, checkHeader, checkStructure, createFile, LOCK_WAIT, takeLock } from './file.ts';
import { checkVersion, migrate, SCHEMA } from './migrate.ts';
import { checkSum, dropSum, leaveSum } from './seal-file.ts';

export interface SqliteOptions { file: string; vault: Vault; demo: boolean; keyBackup?: string; readOnly: boolean; now: number }

/** Requests per commit: enough to share an fsync, few enough to answer soon. */
const GROUP = 128;

/** Pages given back at a time. */
const RECLAIMED = 500;

/** True when there is more. The file is cut at a checkpoint; one that a reader is in the way of comes to it later, by itself. */
const giveBack = (db: DatabaseSync): boolean => {
  db.exec(`PRAGMA incremental_vacuum(${RECLAIMED})`);
  const { freelist_count: free } = db.prepare('PRAGMA freelist_count').get() as { freelist_count: number };
  if (free === 0) db.exec(`PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = ${LOCK_WAIT};`);
  return free > 0;
};

interface Request { work: (parts: Parts) => Promise<unknown>; now: number; resolve: (output: unknown) => void; reject: (error: unknown) => void }

/** A request that fails is undone alone, unless the fault (a full disk) has ended the whole transaction. */
const performOne = async (db: DatabaseSync, parts: Parts, { work }: Request): Promise<{ output: unknown } | { fault: unknown }> => {
  db.exec('SAVEPOINT request');
  try {
    const output = await work(parts);
    db.exec('RELEASE request');
    return { output };
  } catch (fault) {
    if (!db.isTransaction) throw fault;
    db.exec('ROLLBACK TO request; RELEASE request');
    parts.works.clear();
    return { fault };
  }
};

const createWriter = (db: DatabaseSync, readOnly: boolean, tell: (work: Work) => void) => {
  const database = sqliteDatabase(db);
  const waiting: Request[] = [];
  const chores: (() => void)[] = [];
  let running: Promise<void> | undefined;
  let broken: CourierError | undefined;

  const group = async (requests: Request[]): Promise<void> => {
    const works = new Set<Work>();
    try {
      db.exec(readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE');
      const outcomes: Awaited<ReturnType<typeof performOne>>[] = [];
      for (const request of requests) {
        const parts: Parts = { db: database, tickets: null, now: request.now, works: new Set() };
        outcomes.push(await performOne(db, parts, request));
        for (const work of parts.works) works.add(work);
      }
      db.exec('COMMIT');
      requests.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index]!;
        if ('output' in outcome) resolve(outcome.output);
        else reject(sqliteFault(outcome.fault));
      });
      works.forEach(tell);
    } catch (error) {
      if (db.isOpen && db.isTransaction) db.exec('ROLLBACK');
      const fault = sqliteFault(error);
      if (fault.code === 'JOURNAL_DAMAGED') broken = fault;
      for (const { reject } of requests) reject(fault);
    }
  };

  const drain = async (): Promise<void> => {
    while (waiting.length > 0 || chores.length > 0) {
      // After all that has arrived was handed over: while one group is being synced the next one gathers.
      await new Promise((resolve) => { setImmediate(resolve); });
      if (waiting.length > 0) await group(waiting.splice(0, readOnly ? 1 : GROUP));
      chores.shift()?.();
    }
    running = undefined;
  };

  return {
    perform: <T>(work: (parts: Parts) => Promise<T>, now = Date.now()): Promise<T> => new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      if (!db.isOpen) return reject(new CourierError('JOURNAL_FAILED', { detail: 'the journal is closed' }));
      waiting.push({ work, now, resolve: resolve as (output: unknown) => void, reject });
      running ??= drain();
    }),
    /** Outside of any transaction, between two groups: however much comes in, it has its turn. */
    between: <T>(work: () => T): Promise<T> => new Promise((resolve, reject) => {
      chores.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(sqliteFault(error));
        }
      });
      running ??= drain();
    }),
    idle: async (): Promise<void> => { while (running !== undefined) await running; },
  };
};

/** Opens, checks and migrates. Pragmas that count only before there are tables come first. */
const prepare = async (db: DatabaseSync, { file, vault, demo, keyBackup, now }: SqliteOptions): Promise<void> => {
  const found = checkVersion(db);
  if (found === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;');
  if (found > 0) checkAtOpening(db, file);
  if (found < SCHEMA) db.exec('PRAGMA foreign_keys = OFF');
  db.exec('BEGIN IMMEDIATE');
  const store: Store = { db: sqliteDatabase(db), now, newId: randomUUID, vault, tickets: null, changes: [], works: new Set() };
  await migrate(db, found, vault, now, () => openKeys(store, { demo, backup: keyBackup }));
  db.exec('COMMIT');
  db.exec('PRAGMA foreign_keys = ON');
  // What stood there unsealed must not stay in pages that are free now.
  if (found === 1) db.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
};

const prepareReading = (db: DatabaseSync, vault: Vault): void => {
  const found = checkVersion(db);
  if (found < SCHEMA) throw new CourierError('JOURNAL_OLDER', { detail: `schema ${found}` });
  vault.learn(db.prepare('SELECT id, wrapped FROM data_key').all() as { id: string; wrapped: Uint8Array }[]);
};

export const openSqlite = async (options: SqliteOptions): Promise<Backend> => {
  const { file, readOnly, vault } = options;
  let lock: DatabaseSync | undefined;
  let db: DatabaseSync | undefined;
  try {
    if (!readOnly) {
      createFile(file);
      lock = takeLock(file);
      checkHeader(file);
      checkSum(file);
      dropSum(file);
    }
    db = new DatabaseSync(file, { timeout: LOCK_WAIT, enableForeignKeyConstraints: true, readOnly });
    if (readOnly) prepareReading(db, vault);
    else await prepare(db, options);
  } catch (error) {
    db?.close();
    lock?.close();
    throw sqliteFault(error);
  }
  const open = db;
  const listeners = new Set<(work: Work) => void>();
  const writer = createWriter(open, readOnly, (work) => { for (const listener of listeners) listener(work); });
  return {
    perform: writer.perform,
    onWork: (listener) => {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    structure: () => writer.between(() => checkStructure(open, true)),
    reclaim: () => writer.between(() => giveBack(open)),
    close: async () => {
      await writer.idle();
      open.close();
      if (!readOnly) leaveSum(file);
      lock?.close();
    },
  };
};
