// What the operations stand on: one transaction of one database, the vault for what must not be read, and the marks of what changed.
// SQL here is the common ground of SQLite and the PostgreSQL family: named parameters (`:name`), casts where a type cannot be inferred.
import { createHash } from 'node:crypto';
import { isCourierError } from '../../errors.ts';
import type { DeliveryChange, Work } from '../port.ts';
import type { Vault, WrappedKey } from '../vault.ts';

export type Value = string | number | null | Uint8Array;
export type Values = Record<string, Value>;

/** One open transaction. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres';
  all<Row>(sql: string, values?: Values): Promise<Row[]>;
  /** Resolves to the number of rows written. */
  run(sql: string, values?: Values): Promise<number>;
}

/** A piece of work that a job engine keeps: a message for the flow, or a delivery of an account. */
export type Job = { queue: 'flow'; id: string; entry: string } | { queue: 'send'; id: string; account: string };

/** A job that was fetched: `retries` above 0 says that whoever had it before is gone. */
export interface Ticket { job: Job; ticket: string; retries: number }

/**
 * The job engine behind several instances (pg-boss). In SQLite, which one process owns, tables alone tell what is to be done,
 * and there is none. A ticket only says "look at this row": the row decides, so that one ticket too many changes nothing.
 */
export interface Tickets {
  /** In this transaction: a ticket that can be fetched from `at` on, lower ranks first. */
  issue(job: Job, at: number, rank: number): Promise<void>;
  /** Fetches in this transaction, at most `limit`. */
  fetch(queue: 'flow' | 'send', names: string[], limit: number): Promise<Ticket[]>;
  /** Ends a fetched ticket in this transaction. False: the claim has lapsed and somebody else has the job. */
  settle(queue: 'flow' | 'send', name: string, ticket: string): Promise<boolean>;
}

export interface Store {
  db: Database;
  /** Epoch ms. */
  now: number;
  newId: () => string;
  vault: Vault;
  /** Null where tables alone are the queue. */
  tickets: Tickets | null;
  changes: DeliveryChange[];
  works: Set<Work>;
}

/** A ticket without its attempt: the same for whoever takes the job over. */
export const ticketId = (ticket: string): string => ticket.slice(0, ticket.lastIndexOf(':'));

/** Fetches of one claim: many tickets may lead to rows that are not to be looked at now, and somebody else has to have a turn too. */
const FETCHES = 32;

/** Tickets until `wanted` says 0 or no more are there: those of rows behind a stuck one must not make the others wait for another round. */
export async function* ticketsFor(store: Store, queue: 'flow' | 'send', names: string[], wanted: () => number): AsyncGenerator<Ticket> {
  for (let fetches = 0; fetches < FETCHES && wanted() > 0; fetches += 1) {
    const limit = wanted();
    const tickets = await store.tickets!.fetch(queue, names, limit);
    yield* tickets;
    if (tickets.length < limit) return;
  }
}

export const all = <Row>(store: Store, sql: string, values?: Values): Promise<Row[]> => store.db.all<Row>(sql, values);

export const first = async <Row>(store: Store, sql: string, values?: Values): Promise<Row | undefined> => (await store.db.all<Row>(sql, values))[0];

/** Resolves to the number of rows written. */
export const run = (store: Store, sql: string, values?: Values): Promise<number> => store.db.run(sql, values);

/** `INSERT` of one row whose keys are its columns; `clause` is e.g. `ON CONFLICT DO NOTHING`. */
export const insert = (store: Store, table: string, row: Values, clause = ''): Promise<number> => {
  const columns = Object.keys(row);
  return run(store, `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')}) ${clause}`, row);
};

/**
 * Takes the row for this transaction alone: others that want it wait for the commit. Operations on a message or its deliveries lock the
 * message first, so that they come one after another. SQLite has one writer anyway.
 */
export const lock = async (store: Store, table: 'message' | 'orders' | 'account', id: string): Promise<void> => {
  if (store.db.dialect === 'sqlite') return;
  await all(store, `SELECT 1 FROM ${table} WHERE ${table === 'account' ? 'name' : 'id'} = :id FOR UPDATE`, { id });
};

/** Names share this many rows: two that meet in one only wait for each other. */
const MUTEXES = 1024;

/** The row of `mutex` that stands for a name. */
export const mutexOf = (text: string): string => String(createHash('sha256').update(text).digest().readUInt16BE() % MUTEXES);

/** The same for something that may not have a row yet, e.g. an order number: a row of `mutex` stands for it. */
export const lockName = async (store: Store, text: string): Promise<void> => {
  if (store.db.dialect === 'sqlite') return;
  const name = mutexOf(text);
  await insert(store, 'mutex', { name }, 'ON CONFLICT DO NOTHING');
  await all(store, 'SELECT 1 FROM mutex WHERE name = :name FOR UPDATE', { name });
};

/** The name of an order's number: whoever joins a result to an order, resends it or prunes it goes alone. */
export const orderName = (localId: string): string => `order ${localId}`;

/** Behind a table's name: SQLite, which does not know how many rows of a kind there are, is told which index narrows most. */
export const by = (store: Store, index: string): string => store.db.dialect === 'sqlite' ? `INDEXED BY ${index}` : '';

/** Values for `IN (…)`: the placeholders and what they stand for. Empty lists become a condition that nothing fulfils. */
export const list = (name: string, values: readonly Value[]): { sql: string; values: Values } => ({
  sql: values.length === 0 ? '(NULL)' : `(${values.map((_, index) => `:${name}${index}`).join(', ')})`,
  values: Object.fromEntries(values.map((value, index) => [`${name}${index}`, value])),
});

const LENGTHS = [1, 8, 64, 512];

/** The same, with the last value repeated: lists of few different lengths make few different statements. */
export const steadyList = (name: string, values: readonly Value[]): { sql: string; values: Values } => {
  const length = LENGTHS.find((steady) => steady >= values.length) ?? values.length;
  const missing = values.length === 0 ? 0 : length - values.length;
  return list(name, [...values, ...Array.from({ length: missing }, () => values.at(-1)!)]);
};

/** Sealed for its own id: contents that were exchanged for each other do not open. */
export const contentContext = (id: Uint8Array): string => `content ${Buffer.from(id).toString('hex')}`;

/** Keeps bytes once, sealed; returns their id, which tells nothing about them without the key. */
export const keep = async (store: Store, bytes: Uint8Array): Promise<Uint8Array> => {
  const id = store.vault.mark('content', bytes);
  // Locked against pruning until what is stored here refers to it.
  const known = await first(store, `SELECT 1 FROM content WHERE id = :id${store.db.dialect === 'sqlite' ? '' : ' FOR SHARE'}`, { id });
  if (known === undefined) {
    const sealed = store.vault.seal(bytes, contentContext(id));
    await insert(store, 'content', { id, sealed, size: bytes.byteLength, kept_at: store.now }, 'ON CONFLICT DO NOTHING');
  }
  return id;
};

/** Checked when read: CONTENT_DAMAGED when it is not what was stored. Null for what was pruned. */
export const kept = async (store: Store, id: Uint8Array | null | undefined): Promise<Uint8Array | null> => {
  if (id == null) return null;
  const row = await first<{ sealed: Uint8Array }>(store, 'SELECT sealed FROM content WHERE id = :id', { id });
  return row === undefined ? null : await openBytes(store, row.sealed, contentContext(id));
};

const openBytes = async (store: Store, sealed: Uint8Array, context: string): Promise<Uint8Array> => {
  if (!store.vault.knows(sealed)) await learnKeys(store);
  return store.vault.open(sealed, context);
};

/** Another instance may have made a data key since. */
export const learnKeys = async (store: Store): Promise<void> => store.vault.learn(await keyRows(store));

export const keyRows = (store: Store): Promise<WrappedKey[]> => all<WrappedKey>(store, 'SELECT id, wrapped FROM data_key');

/** Null where a content or a sealed value cannot be read any more. Other faults say nothing about it, and are thrown. */
export const unlessDamaged = async <T>(read: () => Promise<T>): Promise<T | null> => {
  try {
    return await read();
  } catch (error) {
    if (isCourierError(error) && error.code === 'CONTENT_DAMAGED') return null;
    throw error;
  }
};

/** A value that holds patient data, sealed where it stands. `context` binds it to its column. */
export const sealed = (store: Pick<Store, 'vault'>, context: string, value: unknown): Uint8Array =>
  store.vault.seal(Buffer.from(JSON.stringify(value)), context);

export const opened = async <T>(store: Store, context: string, value: Uint8Array): Promise<T> =>
  JSON.parse(Buffer.from(await openBytes(store, value, context)).toString('utf8')) as T;

export const parsed = <T>(text: string): T => JSON.parse(text) as T;
