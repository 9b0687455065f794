// The one writer: owns the database, takes requests, commits them in groups and answers only after the commit.
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { asCourierError, type Code, CourierError, isCourierError } from '../../errors.ts';
import { OPERATIONS } from './operations.ts';
import { recoverSending } from './queue.ts';
import { migrate } from './schema.ts';
import type { Store } from './store.ts';
import { type Fault, type Greeting, ownBuffers, type Reply, type Request } from './wire.ts';

/** Requests per commit: enough to share an fsync, few enough to answer soon. */
const GROUP = 128;

/** SQLite's primary result code for a file that another connection holds. */
const SQLITE_BUSY = 5;

/** A process that is just ending gets this long to let go of the file, in ms. */
const LOCK_WAIT = 1_500;

const resultCode = (error: unknown): number | undefined => (error as { errcode?: number } | null)?.errcode;

/** SQLite's message may quote values, its code cannot. */
const coded = (error: unknown): CourierError => {
  if (isCourierError(error)) return error;
  const code: Code = (resultCode(error) ?? 0) % 256 === SQLITE_BUSY ? 'JOURNAL_LOCKED' : 'JOURNAL_FAILED';
  const number = resultCode(error);
  return new CourierError(code, { ...(number !== undefined && { detail: `SQLite ${number}` }), cause: error });
};

const faultOf = (error: unknown): Fault => {
  const { code, path, detail, cause } = asCourierError(coded(error));
  return { code, path, detail: detail ?? (cause instanceof Error ? cause.name : undefined) };
};

const open = (file: string, now: number): Store => {
  const db = new DatabaseSync(file, { timeout: LOCK_WAIT, enableForeignKeyConstraints: true });
  // Exclusive: a second process would take what this one is sending for left behind by a dead one.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;');
  migrate(db);
  const store: Store = { db, statements: new Map(), now, newId: randomUUID, changes: [] };
  db.exec('BEGIN IMMEDIATE');
  recoverSending(store);
  db.exec('COMMIT');
  return store;
};

interface Answer { reply: Reply; moved: ArrayBuffer[] }

const perform = (store: Store, { id, method, input, now }: Request): Answer => {
  store.now = now;
  store.changes = [];
  store.db.exec('SAVEPOINT request');
  try {
    const operation = OPERATIONS[method as keyof typeof OPERATIONS] as (store: Store, ...input: unknown[]) => unknown;
    const output = operation(store, ...input);
    store.db.exec('RELEASE request');
    return { reply: { id, output, changes: store.changes }, moved: ownBuffers(output) };
  } catch (error) {
    // Some faults (a full disk) end the whole transaction: then nobody's request is kept.
    if (!store.db.isTransaction) throw error;
    store.db.exec('ROLLBACK TO request; RELEASE request');
    return { reply: { id, fault: faultOf(error) }, moved: [] };
  }
};

/** One transaction for many requests. A request that fails is undone alone; a commit that fails fails them all. */
const commit = (store: Store, requests: Request[]): Answer[] => {
  try {
    store.db.exec('BEGIN IMMEDIATE');
    const answers = requests.map((request) => perform(store, request));
    store.db.exec('COMMIT');
    return answers;
  } catch (error) {
    if (store.db.isTransaction) store.db.exec('ROLLBACK');
    return requests.map(({ id }) => ({ reply: { id, fault: faultOf(error) }, moved: [] }));
  }
};

const serve = (port: MessagePort, store: Store): void => {
  const waiting: Request[] = [];
  let scheduled = false;

  const close = (id: number): void => {
    store.db.close();
    port.postMessage({ id, output: undefined, changes: [] } satisfies Reply);
    port.close();
  };

  const flush = (): void => {
    scheduled = false;
    const closing = waiting.findIndex(({ method }) => method === 'close');
    const group = waiting.splice(0, Math.min(GROUP, closing < 0 ? GROUP : closing));
    for (const { reply, moved } of group.length === 0 ? [] : commit(store, group)) port.postMessage(reply, moved);
    const [next] = waiting;
    if (next?.method === 'close') close(next.id);
    else if (next !== undefined) schedule();
  };

  // After the port has handed over all that has arrived: while one group is being synced the next one gathers.
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  port.on('message', (request: Request) => {
    waiting.push(request);
    schedule();
  });
};

const { file, now } = workerData as { file: string; now: number };
const port = parentPort!;
try {
  const store = open(file, now);
  port.postMessage({ opened: true } satisfies Greeting);
  serve(port, store);
} catch (error) {
  port.postMessage({ fault: faultOf(error) } satisfies Greeting);
  port.close();
}
