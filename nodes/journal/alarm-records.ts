// What the journal tells of alerts, hand-offs, the do-not-send list and test messages. Instants are epoch milliseconds (UTC).
import type { BlockKind } from '../0-order/do-not-send.ts';
import type { Priority } from '../0-order/model.ts';
import type { DeliveryState, MessageState } from './records.ts';

/** Whose message an alert or hand-off is about. */
interface About {
  messageId: string; orderLocalId: string; organization: string | null; site: string; priority: Priority; resendOf: string | null; test: boolean;
  mailMessageId: string | null;
}

/** One cause of alarm. `deliveryId` and `recipient` are null where a whole message stands still. `count`: how often it was told. */
export interface AlertRecord extends About {
  id: string; deliveryId: string | null; state: DeliveryState | MessageState; code: string | null; since: number; count: number;
  /** Null once it is closed. */
  nextAt: number | null;
  recipient: string | null;
  /** `ACKNOWLEDGED` by a person, or `PASSED` by itself. */
  closed: { at: number; code: 'ACKNOWLEDGED' | 'PASSED'; actor: string | null; reason: string | null } | null;
}

/** `nextAt`: when there is something to tell next; null: nothing is open. */
export interface AlertClaim { alerts: AlertRecord[]; nextAt: number | null }

/** A delivery that ended badly, for whoever takes it from here. `fax`: of the provider whom the order names. `report`: there is one. */
export interface HandoffRecord extends About {
  deliveryId: string; state: 'FAILED' | 'DEAD' | 'UNRESOLVED' | 'UNCONFIRMED'; code: string | null; at: number;
  recipient: string | null; npi: string | null; fax: string | null; report: boolean;
}

export interface HandoffClaim { handoffs: HandoffRecord[]; nextAt: number | null }

/** An entry of the do-not-send list. */
export interface BlockedRecord {
  id: string; kind: BlockKind; value: string; at: number; actor: string; reason: string;
  removed: { at: number; actor: string; reason: string } | null;
}

/** How the latest test message to an address ended, or how it stands. */
export interface TestResult {
  organization: string; site: string; address: string; messageId: string; deliveryId: string | null; state: DeliveryState | MessageState;
  code: string | null; at: number; actor: string; reason: string;
}
