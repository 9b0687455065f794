// What the HISP edge takes and gives.
import type { DirectIdentity } from '../0-order/message.ts';
import type { Priority } from '../0-order/model.ts';
import type { Sealing } from '../5-smime/types.ts';
import type { Code } from '../errors.ts';
import type { ClaimedDelivery, DeliveryChange, DeliveryNotice, DeliveryState } from '../journal/port.ts';

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
  /**
   * Who signs and encrypts: `courier`, so that only sealed mail may go over it; `hisp`, so that plain mail goes over its verified TLS and the
   * notifications lie in its mailbox, already opened.
   */
  sealing: Sealing;
  /** Where the account's mail is read by IMAP, with the same log-in. */
  imap: { host: string; port: number; security: 'implicit' | 'starttls' };
  connections: number;
  /** First retry within this long; doubled each time with jitter up to `retryMaxMs`. */
  retryFirstMs: number;
  retryMaxMs: number;
  /** A delivery that was tried so often, or is this old, is given up. Faults of the account count for neither. */
  maxAttempts: number;
  maxAgeMs: number;
  /** What answers mean where that differs from the rule; the first row that fits counts. */
  answers: AnswerRow[];
  /** When the connection was lost after the whole mail was handed over. */
  unknown: 'retry' | 'hold';
  /** How an account at fault is probed: first within `probeFirstMs`, doubled up to `probeMaxMs`. */
  probeFirstMs: number;
  probeMaxMs: number;
  /** Its mails reach nobody real: test traffic may go there, and only there. */
  simulated: boolean;
  /** How long after acceptance notifications may take, per class of priority. */
  deadlines: Record<Priority, number>;
}

/** What to do about an answer: try again, give up, let a person decide, or take the mail as accepted. */
export type Answer = 'retry' | 'fail' | 'hold' | 'sent';

/** `pattern`: a reply code (`451`, `4*`), an enhanced code (`4.7.*`) or a code of ours (`HISP_UNKNOWN`); see policy.ts. */
export interface AnswerRow { pattern: string; answer: Answer }

/** A way to hand a mail to a HISP. Nothing here ever throws: each fault is an outcome. */
export interface Transport {
  send(delivery: Pick<ClaimedDelivery, 'from' | 'to' | 'raw'>): Promise<TransportOutcome>;
  /** Connects, agrees on TLS, logs in; where the log-in is a sender's address also asks whether it may send. No mail. */
  probe(): Promise<ProbeOutcome>;
  /** Idle connections close at once, busy ones after their mail; with `force` these too. */
  close(force?: boolean): void;
}

export type ProbeOutcome = { ok: true } | { ok: false; code: Code; response: string };

/**
 * What kept a mail from being accepted:
 * - `temporary`, `refused`: an answer about the recipient or the message;
 * - `unknown`: the connection was lost when the whole mail had been handed over;
 * - `account`: DNS, connection, TLS, log-in; not the mail's fault;
 * - `doubtful`: the connection was lost during the exchange, or the HISP wants nothing from this sender now. Whether that
 *   is the account's fault or this mail's, a probe tells.
 */
export interface Setback {
  kind: 'temporary' | 'refused' | 'unknown' | 'account' | 'doubtful';
  code: Code;
  /** The HISP's words, cut and cleaned, or the socket's code. */
  response: string;
  /** DATA was entered: the HISP may have had bytes of the mail, so that they must never change again. */
  seen: boolean;
  /** The whole mail had been handed over. */
  whole: boolean;
}

export type TransportOutcome = { kind: 'accepted'; response: string } | Setback;

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
