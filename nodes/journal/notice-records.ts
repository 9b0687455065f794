// What the journal is told of notifications, and what it says to them.
import type { DeliveryChange } from './records.ts';

/** A notification for one recipient, already authenticated. `key` makes a repetition harmless. */
export interface DeliveryNotice {
  key: string;
  kind: 'mdn' | 'dsn';
  /** Normalised original Message-ID, without angle brackets. */
  originalMessageId: string;
  /** Lower-case address. */
  recipient: string;
  /** `dispatched` only when it carried the X-DIRECT-FINAL-DESTINATION-DELIVERY field; other positives are `other`. */
  event: 'processed' | 'dispatched' | 'failed' | 'other';
  /** Disposition or status code as received, cut and cleaned. */
  detail: string;
  raw: Uint8Array;
  /** The account whose mailbox vouches for it: it may speak only for deliveries that went over this one. Absent: signed by the recipient's side. */
  account?: string;
}

export interface NoticeOutcome { outcome: 'applied' | 'duplicate' | 'unmatched' | 'late'; change?: DeliveryChange }
