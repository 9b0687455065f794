// Contents that nobody refers to any more.
import { UNREFERENCED } from './retention-rules.ts';
import { all, run, steadyList, type Store } from './store.ts';

/** Where a content was referred to. `type`: it is a row as it was read. */
export type Reference = { content: Uint8Array | null };

const AT_ONCE = 64;

/** Drops contents that nobody refers to any more. They are locked first: whoever is about to refer to one waits, and then keeps it anew. */
export const dropContents = async (store: Store, references: readonly Reference[]): Promise<{ contents: number; bytes: number }> => {
  const ids = [...new Map(references.flatMap(({ content }) => content === null ? [] : [[Buffer.from(content).toString('hex'), content]])).values()];
  let [contents, bytes] = [0, 0];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const { sql, values } = steadyList('content', ids.slice(from, from + AT_ONCE));
    if (store.db.dialect !== 'sqlite') await all(store, `SELECT 1 FROM content WHERE id IN ${sql} ORDER BY id FOR UPDATE`, values);
    const free = await all<{ size: number }>(store, `SELECT c.size FROM content c WHERE c.id IN ${sql} AND ${UNREFERENCED}`, values);
    if (free.length === 0) continue;
    contents += await run(store, `DELETE FROM content WHERE id IN
      (SELECT c.id FROM content c WHERE c.id IN ${sql} AND ${UNREFERENCED})`, values);
    bytes += free.reduce((sum, { size }) => sum + Number(size), 0);
  }
  return { contents, bytes };
};
