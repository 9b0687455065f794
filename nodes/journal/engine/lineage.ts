// Documents as versions of one another: what a correction replaces, and what an addendum is appended to.
import { CourierError } from '../../errors.ts';
import type { DocumentLineage } from '../port.ts';
import { mayReplace, olderVersions, replaces } from './corrections.ts';
import { type MessageRow, messageRow, resultOf, rootOf } from './messages.ts';
import { first, type Store, unlessDamaged } from './store.ts';

interface SentDocument { id: string; set_id: string | null; version: number | null }

/** The document of a message that somebody has or may have, itself or by a resend; which one a mail holds is part of its evidence. */
const sentDocument = (store: Store, root: string, profile: string): Promise<SentDocument | undefined> => first(store, `
  SELECT d.id, d.set_id, d.version FROM document d WHERE d.message_id = :root AND EXISTS (
    SELECT 1 FROM message m JOIN delivery x ON x.message_id = m.id WHERE (m.id = :root OR m.resend_of = :root)
      AND (x.accepted_at IS NOT NULL OR x.unknown_outcome = 1 OR x.state = 'SENDING')
      AND (coalesce(x.evidence, '') NOT LIKE '%"document":%' OR x.evidence LIKE '%' || d.id || '%'))
  ORDER BY CASE WHEN d.profile = :profile THEN 0 ELSE 1 END, d.seq DESC LIMIT 1`, { root, profile });

/** Earlier versions of what the message says, newest first; null where it stands for itself. */
const predecessors = async (store: Store, row: MessageRow): Promise<MessageRow[] | null> => {
  const { order_id: orderId, seq, test, result_code: code, link_of: linkOf } = row;
  const result = orderId === null ? null : await unlessDamaged(() => resultOf(store, row));
  if (orderId === null || result === null) return null;
  const joined = { order_id: orderId, seq, test };
  // A copy made by a person takes the place of what it was made from.
  if (code !== 'A' && linkOf === null && !await mayReplace(store, joined, result)) return null;
  const older = await olderVersions(store, joined, result);
  if (code !== 'A' && linkOf === null && !replaces(result, older)) return null;
  return older.filter((one) => one.resend_of === null).reverse();
};

const nextVersion = async (store: Store, setId: string): Promise<number> =>
  1 + (await first<{ last: number }>(store, 'SELECT coalesce(max(version), 0) AS last FROM document WHERE set_id = :setId', { setId }))!.last;

export const documentLineage = async (store: Store, messageId: string, profile: string): Promise<DocumentLineage> => {
  const asked = await messageRow(store, messageId);
  const row = asked && await messageRow(store, rootOf(asked));
  if (row === undefined) throw new CourierError('JOURNAL_FAILED', { detail: `no message ${messageId}` });
  const alone: DocumentLineage = { setId: store.newId().toUpperCase(), versionNumber: 1 };
  for (const older of await predecessors(store, row) ?? []) {
    const parent = await sentDocument(store, older.id, profile);
    if (parent === undefined) continue;
    const { id, set_id: setId, version } = parent;
    const type = row.result_code === 'A' ? 'APND' : 'RPLC';
    // A document from before there were sets is named by its id alone.
    const related = { type, id, ...(setId !== null && version !== null && { setId, versionNumber: version }) } as const;
    if (type === 'APND' || setId === null) return { ...alone, related };
    return { setId, versionNumber: await nextVersion(store, setId), related };
  }
  return alone;
};
