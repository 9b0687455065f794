// What was made of a message. The first writer wins, and a resend shares the documents of the message that it sends again.
import type { DocumentRecord } from '../port.ts';
import { requireMessage, requireRun } from './fence.ts';
import { rootOf } from './messages.ts';
import { first, insert, keep, kept, parsed, run, type Store } from './store.ts';

interface DocumentRow { id: string; profile: string; content: Uint8Array | null; warnings: string; set_id: string | null; version: number | null }

/** A null profile means the newest of all. */
const stored = async (store: Store, root: string, profile: string | null): Promise<DocumentRecord | null> => {
  const row = await first<DocumentRow>(store, `SELECT id, profile, content, warnings, set_id, version
    FROM document WHERE message_id = :root AND (CAST(:profile AS TEXT) IS NULL OR profile = :profile) ORDER BY seq DESC LIMIT 1`, { root, profile });
  const data = await kept(store, row?.content);
  if (row === undefined || data === null) return null;
  const { id, set_id: setId, version } = row;
  const ofSet = setId !== null && version !== null ? { setId, versionNumber: version } : {};
  return { id, profile: row.profile, data, warnings: parsed(row.warnings), ...ofSet };
};

export const document = async (store: Store, messageId: string, profile: string): Promise<DocumentRecord | null> =>
  stored(store, rootOf(await requireMessage(store, messageId)), profile);

export const latestDocument = async (store: Store, messageId: string): Promise<DocumentRecord | null> =>
  stored(store, rootOf(await requireMessage(store, messageId)), null);

/** Null: what was given is kept, and whoever gave it need not get it back. */
export const saveDocument = async (
  store: Store, messageId: string, { id, profile, data, warnings, setId, versionNumber }: DocumentRecord, runNumber?: number,
): Promise<DocumentRecord | null> => {
  const root = rootOf(await requireRun(store, messageId, runNumber));
  const earlier = await stored(store, root, profile);
  if (earlier !== null) return earlier;
  await insert(store, 'document', {
    message_id: root, profile, id, content: await keep(store, data), warnings: JSON.stringify(warnings),
    set_id: setId ?? null, version: versionNumber ?? null,
  });
  return null;
};

/** Like the document that holds it, the report stays the first one. */
export const saveReport = async (store: Store, messageId: string, pdf: Uint8Array, runNumber?: number): Promise<void> => {
  const root = rootOf(await requireRun(store, messageId, runNumber));
  if (await first(store, 'SELECT 1 FROM message WHERE id = :root AND report IS NOT NULL', { root }) !== undefined) return;
  await run(store, 'UPDATE message SET report = :report WHERE id = :root AND report IS NULL', { root, report: await keep(store, pdf) });
};

export const report = async (store: Store, messageId: string): Promise<Uint8Array | null> =>
  kept(store, (await first<{ report: Uint8Array | null }>(store,
    'SELECT r.report FROM message m JOIN message r ON r.id = coalesce(m.resend_of, m.id) WHERE m.id = :messageId', { messageId }))?.report);
