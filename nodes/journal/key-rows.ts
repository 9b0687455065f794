// The key's part of opening a journal: whether a key may open it, and what is stored about it. Nothing is ever made anew over something lost.
import { CourierError } from '../errors.ts';
import { metaOf, type MetaRow, setMeta } from './engine/meta.ts';
import { all, first, insert, keyRows, learnKeys, lockName, run, type Store } from './engine/store.ts';
import { fingerprint } from './sealed.ts';
import { type DataKeyRow, INDEX, type Vault, type WrappedKey } from './vault.ts';

export interface KeyFacts {
  meta: readonly MetaRow[];
  dataKeys: readonly WrappedKey[];
  /** Whether the journal holds anything sealed. False while it is new or comes from schema 1, which sealed nothing. */
  contents: boolean;
}

export interface KeyClaim {
  demo: boolean;
  /** The fingerprint that a person has given to say that the key is backed up. */
  backup: string | undefined;
  now: number;
}

/** `key_fingerprint`: of the key that wraps. `key_acknowledged`: of the key whose backup was acknowledged. */
const PRINT = 'key_fingerprint';
const ACKNOWLEDGED = 'key_acknowledged';

const bare = (print: string): string => print.replace(/[^0-9a-f]/gi, '').toLowerCase();

const valueOf = (meta: readonly MetaRow[], name: string): string | undefined => meta.find((row) => row.name === name)?.value;

/** A key that has no acknowledged backup yet: the row that says it has. Throws KEY_NOT_BACKED_UP. */
const acknowledged = (meta: readonly MetaRow[], print: string, { demo, backup }: KeyClaim): MetaRow[] => {
  if (demo || valueOf(meta, ACKNOWLEDGED) === print) return [];
  if (bare(backup ?? '') !== bare(print)) throw new CourierError('KEY_NOT_BACKED_UP', { detail: `fingerprint ${print}` });
  return [{ name: ACKNOWLEDGED, value: print }];
};

/**
 * The decision: what to store (`meta` rows replace those of the same name) before the journal may be used with the vault's key.
 * Throws KEY_WRONG for another journal's key, KEYS_LOST for a journal whose data keys are gone, KEY_NOT_BACKED_UP.
 */
export const admitKey = ({ meta, dataKeys, contents }: KeyFacts, claim: KeyClaim, vault: Vault): { meta: MetaRow[]; dataKeys: DataKeyRow[] } => {
  const print = vault.fingerprint();
  const wanted = valueOf(meta, PRINT);
  const isNew = dataKeys.length === 0 && wanted === undefined && !contents;
  if (!isNew && (wanted === undefined || !dataKeys.some(({ id }) => id === INDEX))) throw new CourierError('KEYS_LOST');
  if (!isNew && wanted !== print) throw new CourierError('KEY_WRONG', { detail: `wanted ${wanted}, given ${print}` });
  const backup = acknowledged(meta, print, claim);
  return isNew ? { meta: [{ name: PRINT, value: print }, ...backup], dataKeys: vault.firstKeys(claim.now) } : { meta: backup, dataKeys: [] };
};

/** Something that was sealed, as far as tables tell. Those of schema 1 have other names by now. */
const holdsContents = async (store: Store): Promise<boolean> => {
  for (const table of ['input', 'orders', 'message']) if (await first(store, `SELECT 1 FROM ${table} LIMIT 1`) !== undefined) return true;
  return false;
};

/**
 * In the transaction that opens a journal, before anything is read or sealed; two processes that make one journal come one after the
 * other. May be called again when the transaction is; the vault is of no use when that fails for good. Throws like `admitKey`, and
 * CONTENT_DAMAGED.
 */
export const openKeys = async (store: Store, claim: Omit<KeyClaim, 'now'>): Promise<void> => {
  store.vault.forget();
  await lockName(store, 'key');
  const meta = await all<MetaRow>(store, `SELECT name, value FROM meta WHERE name IN ('${PRINT}', '${ACKNOWLEDGED}')`);
  const dataKeys = await keyRows(store);
  const made = admitKey({ meta, dataKeys, contents: await holdsContents(store) }, { ...claim, now: store.now }, store.vault);
  for (const { name, value } of made.meta) await setMeta(store, name, value);
  for (const row of made.dataKeys) await insert(store, 'data_key', row);
  try {
    store.vault.learn([...dataKeys, ...made.dataKeys]);
  } catch (cause) {
    // The key is the right one by its fingerprint, so that the row must be wrong.
    if (cause instanceof CourierError && cause.code === 'KEY_WRONG') throw new CourierError('CONTENT_DAMAGED', { detail: 'data keys', cause });
    throw cause;
  }
};

/**
 * In a transaction of its own, before others that seal: gives the day of `at` its key. The rows it returns are to be learned after the
 * commit. Throws KEY_WRONG when the journal's key was changed elsewhere, so that nothing is ever wrapped by a key that is no longer the
 * journal's.
 */
export const storeDayKey = async (store: Store, at = store.now): Promise<DataKeyRow[]> => {
  if (store.vault.keyForDay(at) === null) return [];
  await lockName(store, 'key');
  await learnKeys(store);
  const row = store.vault.keyForDay(at);
  if (row === null) return [];
  const wanted = await metaOf(store, PRINT);
  if (wanted !== store.vault.fingerprint()) throw new CourierError('KEY_WRONG', { detail: `wanted ${wanted}, given ${store.vault.fingerprint()}` });
  await insert(store, 'data_key', row, 'ON CONFLICT DO NOTHING');
  return [row];
};

/**
 * Wraps the data keys by another key; contents stay as they are. The rows it returns are to be learned after the commit. Its backup is
 * asked for when the journal is opened with it. Throws KEY_INVALID.
 */
export const changeKey = async (store: Store, newKey: Uint8Array): Promise<WrappedKey[]> => {
  await lockName(store, 'key');
  const rows = store.vault.rewrap(await keyRows(store), newKey);
  for (const { id, wrapped } of rows) await run(store, 'UPDATE data_key SET wrapped = :wrapped WHERE id = :id', { id, wrapped });
  await setMeta(store, PRINT, fingerprint(newKey));
  return rows;
};
