// What was made of a message. The first writer wins, and a resend shares the documents of the message that it sends again.
import type { DocumentRecord } from '../port.ts';
import { rootOf } from './messages.ts';
import { requireMessage } from './recipients.ts';
import { first, insert, keep, kept, parsed, run, type Store } from './store.ts';

/** A null profile means the newest of all. */
const stored = (store: Store, root: string, profile: string | null): DocumentRecord | null => {
  const row = first<{ id: string; profile: string; content: Uint8Array; warnings: string }>(store, `SELECT id, profile, content, warnings
    FROM document WHERE message_id = :root AND (:profile IS NULL OR profile = :profile) ORDER BY rowid DESC LIMIT 1`, { root, profile });
  return row === undefined ? null : { id: row.id, profile: row.profile, data: kept(store, row.content)!, warnings: parsed(row.warnings) };
};

export const document = (store: Store, messageId: string, profile: string): DocumentRecord | null =>
  stored(store, rootOf(requireMessage(store, messageId)), profile);

export const latestDocument = (store: Store, messageId: string): DocumentRecord | null =>
  stored(store, rootOf(requireMessage(store, messageId)), null);

/** Null: what was given is kept, and whoever gave it need not get it back. */
export const saveDocument = (store: Store, messageId: string, { id, profile, data, warnings }: DocumentRecord): DocumentRecord | null => {
  const root = rootOf(requireMessage(store, messageId));
  const earlier = stored(store, root, profile);
  if (earlier !== null) return earlier;
  insert(store, 'document', { message_id: root, profile, id, content: keep(store, data), warnings: JSON.stringify(warnings) });
  return null;
};

/** Like the document that holds it, the report stays the first one. */
export const saveReport = (store: Store, messageId: string, pdf: Uint8Array): void => {
  const root = rootOf(requireMessage(store, messageId));
  run(store, 'UPDATE message SET report = :report WHERE id = :root AND report IS NULL', { root, report: keep(store, pdf) });
};

export const report = (store: Store, messageId: string): Uint8Array | null =>
  kept(store, first<{ report: Uint8Array | null }>(store,
    'SELECT r.report FROM message m JOIN message r ON r.id = coalesce(m.resend_of, m.id) WHERE m.id = :messageId', { messageId })?.report);
