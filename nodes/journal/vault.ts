// Content at rest: data keys that the journal's key wraps seal it, and keyed marks find equals without opening anything.
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { CourierError } from '../errors.ts';
import { fingerprint, idOfKey, idOfName, isSealed, IV_BYTES, seal, sealedBy, type Sealer, unseal } from './sealed.ts';

/** A data key as the journal keeps it. */
export interface WrappedKey { id: string; wrapped: Uint8Array }

/** A row of `data_key`. `type`, not `interface`: it is inserted as it is. */
export type DataKeyRow = { id: string; made_at: number; wrapped: Uint8Array };

/** All synchronous: it works in the journal's worker. */
export interface Vault {
  /** HMAC-SHA-256 under the index key; `purpose` keeps marks of different columns apart. 32 bytes. */
  mark(purpose: string, value: string | Uint8Array): Uint8Array;
  /** Under the day's data key, or the newest one while the day has none that is stored. `context` must be given again to open. */
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Bytes with a buffer of their own, which may be moved to another thread. Throws CONTENT_DAMAGED. */
  open(sealed: Uint8Array, context: string): Uint8Array;
  /** Whether the data key of this sealed value is known already. */
  knows(sealed: Uint8Array): boolean;
  /**
   * Data keys as the journal keeps them, after commit. Throws KEY_WRONG when the journal's key does not open them, CONTENT_DAMAGED when
   * one of them is broken.
   */
  learn(rows: readonly WrappedKey[]): void;
  /** Begins anew, with no data key. */
  forget(): void;
  /**
   * Null when the day (UTC) has its key, which from now on seals. Else the row to store, the same one until it is learned: nothing is
   * sealed under a key that was not, so that a transaction that fails leaves no content behind that nobody can open.
   */
  keyForDay(now: number): DataKeyRow | null;
  /** The first rows of a new journal: the index key and a data key. They too are to be learned once stored. */
  firstKeys(now: number): DataKeyRow[];
  /** The same data keys wrapped by another key. `learn` of these rows, once stored, makes it the journal's key. Throws like `learn`. */
  rewrap<Row extends WrappedKey>(rows: readonly Row[], newKey: Uint8Array): Row[];
  /** Of the journal's key. */
  fingerprint(): string;
}

export interface VaultOptions {
  /** The journal's key, 32 bytes. */
  key: Uint8Array;
  random?: (size: number) => Uint8Array;
}

/** The data key of the marks. */
export const INDEX = 'index';

export const KEY_BYTES = 32;

const damagedKey = (id: string): CourierError => new CourierError('CONTENT_DAMAGED', { detail: `data key ${id}` });

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

/** Keys that wrap data keys: the journal's, and during a rotation its successor. The index key's row tells which of them counts. */
const createWrapping = (journalKey: Uint8Array, random: (size: number) => Uint8Array) => {
  const known = new Map<string, Sealer & { print: string }>();
  const add = (key: Uint8Array): string => {
    if (key.byteLength !== KEY_BYTES) throw new CourierError('KEY_INVALID', { detail: `${key.byteLength} bytes` });
    const id = idOfKey(key);
    const name = Buffer.from(id).toString('hex');
    known.set(name, { id, key: createSecretKey(key), print: fingerprint(key) });
    return name;
  };
  let current = add(journalKey);
  const print = (): string => known.get(current)!.print;
  // A row must not be taken for another one's.
  const context = (id: string): string => `data key ${id}`;
  const wrap = (id: string, key: Uint8Array, by = current): Uint8Array => seal(known.get(by)!, key, context(id), random(IV_BYTES));

  const unwrap = ({ id, wrapped }: WrappedKey): Uint8Array => {
    if (!isSealed(wrapped)) throw damagedKey(id);
    const by = known.get(sealedBy(wrapped));
    if (by === undefined) throw new CourierError('KEY_WRONG', { detail: `given ${print()}` });
    const key = unseal(by, wrapped, context(id));
    if (key?.byteLength !== KEY_BYTES) throw damagedKey(id);
    return key;
  };
  /** True when another key counts from now on. */
  const follow = ({ wrapped }: WrappedKey): boolean => {
    const before = current;
    current = sealedBy(wrapped);
    return current !== before;
  };
  return { add, wrap, unwrap, follow, print };
};

/** Data keys by the id in what they sealed, the key of each day, and which one seals at present. */
const createDataKeys = () => {
  const keys = new Map<string, Sealer>();
  const days = new Map<string, Sealer>();
  let newest = '';
  let current: Sealer | undefined;
  return {
    add: (id: string, key: Uint8Array): void => {
      const sealer: Sealer = { id: idOfName(id), key: createSecretKey(key) };
      keys.set(Buffer.from(sealer.id).toString('hex'), sealer);
      const day = id.slice(0, 10);
      if (!days.has(day)) days.set(day, sealer);
      if (id > newest) [newest, current] = [id, sealer];
    },
    has: (id: string): boolean => keys.has(Buffer.from(idOfName(id)).toString('hex')),
    of: (sealed: Uint8Array): Sealer | undefined => isSealed(sealed) ? keys.get(sealedBy(sealed)) : undefined,
    turnTo: (day: string): boolean => {
      current = days.get(day) ?? current;
      return days.has(day);
    },
    clear: (): void => {
      keys.clear();
      days.clear();
      [newest, current] = ['', undefined];
    },
    current: (): Sealer => {
      if (current === undefined) throw new Error('The vault has learned no data key yet');
      return current;
    },
  };
};

/** Throws KEY_INVALID when the key is not 32 bytes. */
export const createVault = ({ key: journalKey, random = randomBytes }: VaultOptions): Vault => {
  const wrapping = createWrapping(journalKey, random);
  const data = createDataKeys();
  let index: KeyObject | undefined;
  let pending: DataKeyRow | undefined;

  const make = (id: string, now: number): DataKeyRow => ({ id, made_at: now, wrapped: wrapping.wrap(id, random(KEY_BYTES)) });
  const makeForDay = (now: number): DataKeyRow => make(`${dayOf(now)}-${Buffer.from(random(8)).toString('hex')}`, now);

  const learnOne = (row: WrappedKey): void => {
    if (row.id === INDEX) {
      index = createSecretKey(wrapping.unwrap(row));
      // What was made under the earlier key is not stored any more.
      if (wrapping.follow(row)) pending = undefined;
    } else if (!data.has(row.id)) data.add(row.id, wrapping.unwrap(row));
    if (row.id === pending?.id) pending = undefined;
  };

  return {
    learn: (rows) => rows.forEach(learnOne),
    forget: () => {
      data.clear();
      [index, pending] = [undefined, undefined];
    },
    keyForDay: (now) => {
      if (data.turnTo(dayOf(now))) return null;
      if (pending?.id.startsWith(dayOf(now)) !== true) pending = makeForDay(now);
      return pending;
    },
    firstKeys: (now) => [make(INDEX, now), makeForDay(now)],
    fingerprint: wrapping.print,
    knows: (sealed) => data.of(sealed) !== undefined,
    mark: (purpose, value) => {
      if (index === undefined) throw new Error('The vault has not learned the index key yet');
      return createHmac('sha256', index).update(`${purpose}\0`).update(value).digest();
    },
    seal: (plain, context) => seal(data.current(), plain, context, random(IV_BYTES)),
    open: (sealed, context) => {
      const sealer = data.of(sealed);
      const plain = sealer === undefined ? null : unseal(sealer, sealed, context);
      if (plain === null) throw new CourierError('CONTENT_DAMAGED', { detail: context });
      return plain;
    },
    rewrap: (rows, newKey) => {
      const by = wrapping.add(newKey);
      return rows.map((row) => ({ ...row, wrapped: wrapping.wrap(row.id, wrapping.unwrap(row), by) }));
    },
  };
};
