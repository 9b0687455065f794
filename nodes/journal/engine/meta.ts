// `meta`: what the journal remembers about itself, one text per name.
import { first, insert, type Store } from './store.ts';

export interface MetaRow { name: string; value: string }

export const metaOf = async (store: Store, name: string): Promise<string | undefined> =>
  (await first<{ value: string }>(store, 'SELECT value FROM meta WHERE name = :name', { name }))?.value;

/** In place of what stood under this name. */
export const setMeta = (store: Store, name: string, value: string): Promise<number> =>
  insert(store, 'meta', { name, value }, 'ON CONFLICT (name) DO UPDATE SET value = excluded.value');
