// What people ask of the journal: looking things up, acting on deliveries, running again, keeping house.
import type { BlockKind } from '../0-order/do-not-send.ts';
import type {
  AuditEntry, DeliveryRecord, DeliveryState, MessageRecord, MessageState, Stage,
} from './records.ts';

/** All given conditions hold together. Times are epoch ms, `to` is exclusive. Newest first. */
export interface FindQuery {
  what: 'messages' | 'deliveries';
  id?: string;
  orderLocalId?: string;
  organization?: string;
  /** A Direct address, compared without case. */
  recipient?: string;
  /** `Patient.LocalId`; found by its mark, nothing is decrypted. */
  mrn?: string;
  state?: MessageState | DeliveryState;
  account?: string;
  from?: number;
  to?: number;
  /** At most 500; 50 when absent. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
}

/** `next` null: the list is at its end. A page may hold fewer rows than its limit, even none, and have a next one: then a stretch was searched. */
export interface Page<Record> { rows: Record[]; next: string | null }
export type FindPage = Page<MessageRecord> | Page<DeliveryRecord>;

/** Which deliveries an action is for: named ones, or all that fit. */
export type DeliverySelection =
  | { ids: string[] }
  | { filter: { account?: string; orderLocalId?: string; recipient?: string; state?: DeliveryState } };

/** Who wants it, and why. */
export interface ByPerson { actor: string; reason: string }

export type Action = ByPerson & (
  | { kind: 'hold' | 'release' | 'cancel'; deliveries: DeliverySelection }
  /** The old delivery is CANCELLED `REDIRECTED`; a linked message takes the stored documents to the new address. */
  | { kind: 'redirect'; deliveryId: string; address: string }
  | { kind: 'pause' | 'resume'; account: string }
  | { kind: 'legal-hold' | 'legal-release'; messageId: string }
  /**
   * Joined anew where it was joined to nothing, `organization` (a ClientGuid) choosing between orders; then into the flow, or, once planned,
   * its HELD deliveries on their way. Over the code it was held with, where a person may decide against that.
   */
  | { kind: 'release-message'; messageId: string; organization?: string }
  /** FILTERED `CLOSED`; what of it was not accepted yet is CANCELLED. */
  | { kind: 'close-message'; messageId: string }
  /** What was done about an alert, said by its id or by what it is about: exactly one of the three. `changed`: alerts that are closed. */
  | { kind: 'acknowledge'; alertId?: string; deliveryId?: string; messageId?: string }
  /** Nothing is sent to it any more, from what waits already on. `created`: the entry's id; `changed`: deliveries that ended. */
  | { kind: 'block'; block: BlockKind; value: string }
  | { kind: 'unblock'; id: string }
  /** A made-up patient's result, marked TEST throughout, to one address over the organization's real account. `created`: the message. */
  | { kind: 'test'; organization: string; site?: string; address: string; finalDelivery?: boolean }
  /** Only written to the audit chain: somebody saw or took away content. */
  | { kind: 'viewed' | 'exported'; target: string });

/**
 * A filter takes what was there when it was asked for, in batches: what was done before a fault stays done, and stands in the audit chain.
 * `skipped`: what the action does not apply to, with the code that says why. `created`: a linked message. `overrode`: the
 * code that a message was held with and that the person decided against.
 */
export interface ActionOutcome { changed: string[]; skipped: { id: string; code: string }[]; created?: string; overrode?: string }

/** `from`: everything before that stage is taken over as it was. `only`: delivery ids; absent: all recipients. */
export interface RerunRequest extends ByPerson { messageId: string; from: Stage; only?: string[] }

/** The same message where nothing of it had been sealed, else a new one that is linked to it. */
export interface RerunOutcome { messageId: string; linked: boolean }

/** Days. */
export interface RetentionSettings {
  /** Open orders without a result. */
  openOrders: number;
  /** Demographics, canonical result, report and document, from the last terminal delivery on. */
  correction: number;
  /** Raw input and mails, from the last terminal delivery on. */
  content: number;
  /** Ledger, notifications, delivery history, audit. */
  ledger: number;
}

export const RETENTION: RetentionSettings = { openOrders: 400, correction: 180, content: 30, ledger: 2557 };

export interface PruneRequest extends ByPerson { settings: RetentionSettings; dryRun: boolean }

/** Rows that went, or would go; `bytes` is what the contents took. `more`: a batch was done, call again. */
export interface PruneOutcome { counts: Record<string, number>; bytes: number; more: boolean }

/** `auditOnly`: contents and structure are left alone. `head`: a hash of the audit chain that was noted earlier and must still be in it. */
export interface VerifyRequest { auditOnly?: boolean; head?: string }

export interface VerifyOutcome {
  ok: boolean;
  /** `head`: the hash of the newest entry, to be noted elsewhere. `headKnown`: whether the hash asked for was met. */
  audit: { entries: number; firstBroken: number | null; head?: string; headKnown?: boolean };
  contents: { checked: number; damaged: string[] };
  /** What the database's own check found; empty when sound. */
  structure: string[];
}

export interface JournalStats {
  messages: Record<string, number>; deliveries: Record<string, number>; unrated: number;
  oldestQueuedAt: number | null; incidents: number; contents: number; bytes: number;
}

export interface AuditQuery { after?: number; limit?: number }
export type AuditPage = Page<AuditEntry>;
