// Contents that nobody refers to any more.
import { UNREFERENCED } from './retention-rules.ts';
import { all, run, type Store, type Values } from './store.ts';

/** Where a content was referred to. `type`: it is a row as it was read. */
export type Reference = { content: Uint8Array | null };

const AT_ONCE = 64;

/** Drops contents that nobody refers to any more. They are locked first: whoever is about to refer to one waits, and then keeps it anew. */
export const dropContents = async (store: Store, references: readonly Reference[]): Promise<{ contents: number; bytes: number }> => {
  const ids = [...new Map(references.flatMap(({ content }) => content === null ? [] : [[Buffer.from(content).toString('hex'), content]])).values()];
  let [contents, bytes] = [0, 0];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const found = ids.slice(from, from + AT_ONCE);
    // Few different lengths make few different statements.
    const length = found.length === 1 ? 1 : found.length <= 8 ? 8 : AT_ONCE;
    const chunk = Array.from({ length }, (_, index) => found[index] ?? found[0]!);
    const slots = chunk.map((_, index) => `:content${index}`).join(', ');
    const values: Values = Object.fromEntries(chunk.map((id, index) => [`content${index}`, id]));
    if (store.db.dialect !== 'sqlite') await all(store, `SELECT 1 FROM content WHERE id IN (${slots}) ORDER BY id FOR UPDATE`, values);
    const free = await all<{ size: number }>(store, `SELECT c.size FROM content c WHERE c.id IN (${slots}) AND ${UNREFERENCED}`, values);
    if (free.length === 0) continue;
    contents += await run(store, `DELETE FROM content WHERE id IN
      (SELECT c.id FROM content c WHERE c.id IN (${slots}) AND ${UNREFERENCED})`, values);
    bytes += free.reduce((sum, { size }) => sum + Number(size), 0);
  }
  return { contents, bytes };
};
