// What the HISP edge takes and gives.
import type { DirectIdentity } from '../0-order/message.ts';
import type { AttemptOutcome, ClaimedDelivery, DeliveryChange, DeliveryNotice, DeliveryState } from '../journal/port.ts';

/** An account at a HISP, as its config node declares it. Times in ms. */
export interface HispAccount {
  name: string;
  host: string;
  port: number;
  /** `starttls` demands the upgrade; `implicit` speaks TLS from the first byte. TLS 1.2 or better, certificate always verified. */
  security: 'starttls' | 'implicit';
  /** Log-in; empty: none. When it looks like an address it must be the sender's, unless `anyFrom`. */
  user: string;
  password: string;
  /** The log-in may send for other addresses than its own (a relay account). */
  anyFrom: boolean;
  /** PEM of certificate authorities beside the system's; undefined: the system's only. */
  authorities?: string;
  /** Name to verify the certificate against when it is not `host`. */
  serverName?: string;
  connections: number;
  /** First retry within this long; doubled each time with jitter up to `retryMaxMs`. */
  retryFirstMs: number;
  retryMaxMs: number;
  maxAttempts: number;
  /** How long after acceptance notifications may take. */
  deadlineMs: number;
}

/** A way to hand a mail to a HISP. `send` never throws: each fault is an outcome (retryAt is filled by the sender's policy). */
export interface Transport {
  send(delivery: Pick<ClaimedDelivery, 'from' | 'to' | 'raw'>): Promise<TransportOutcome>;
  /** Idle connections close at once, busy ones after their mail; with `force` these too. */
  close(force?: boolean): void;
}

export type TransportOutcome =
  | Extract<AttemptOutcome, { kind: 'accepted' } | { kind: 'refused' }>
  | Omit<Extract<AttemptOutcome, { kind: 'temporary' }>, 'retryAt'>
  | Omit<Extract<AttemptOutcome, { kind: 'unknown' }>, 'retryAt'>;

/** One recipient's part of an MDN (RFC 8098) or DSN (RFC 3464). Empty strings where the notification does not say. */
export type Notice = Pick<DeliveryNotice, 'kind' | 'originalMessageId' | 'recipient' | 'event' | 'detail'>;

/** `msg.receipt`: what became of a delivery. `at` is ISO 8601 UTC; `recipient` is the Direct address written to. */
export interface Receipt {
  deliveryId: string;
  state: DeliveryState;
  code: string | null;
  at: string;
  recipient: string | null;
  /** Message-ID of the mail, with angle brackets. */
  messageId: string | null;
}

/** A state change as the flow sees it. */
export interface ReceiptMessage { direct: DirectIdentity; receipt: Receipt }

/** How a notification that arrived was taken; `change` is what it did to a delivery. */
export interface NoticeReceipt {
  kind: Notice['kind'];
  event: Notice['event'];
  detail: string;
  recipient: string;
  originalMessageId: string;
  outcome: 'applied' | 'duplicate' | 'unmatched' | 'late' | 'unauthentic';
  code: 'NOTICE_UNMATCHED' | 'NOTICE_UNAUTHENTIC' | null;
  change?: DeliveryChange;
}
