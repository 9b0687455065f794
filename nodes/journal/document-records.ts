// What the journal keeps of the documents of a message.
import type { Warning } from '../0-order/model.ts';

/** Stage of the event that names the profile of a message's own document, recorded where there are further ones for certain domains. */
export const OWN_DOCUMENT = 'document';

/** `setId` and `versionNumber` are absent in documents made before there were sets, and without a journal. */
export interface DocumentRecord { id: string; profile: string; data: Uint8Array; warnings: Warning[]; setId?: string; versionNumber?: number }

/**
 * Which version of what a new document is. `related`: the document that it replaces (RPLC: of the same set), or to which it is appended
 * (APND: in a set of its own); one from before there were sets has its id only. Ids are UUIDs in upper case.
 */
export interface DocumentLineage {
  setId: string;
  versionNumber: number;
  related?: { type: 'RPLC' | 'APND'; id: string; setId?: string; versionNumber?: number };
}
