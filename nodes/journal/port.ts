// The journal's port: what the rooms ask of the durable store. Drivers (SQLite here) pass one contract suite.
// Every method that writes resolves only after its transaction is committed with fsync.
// All instants are epoch milliseconds (UTC); all ids are opaque strings.
import type { DirectIdentity, Level, Recipient } from '../0-order/message.ts';
import type { Priority, Result, StoredOrder, Order, Warning } from '../0-order/model.ts';

export type MessageState = 'RECEIVED' | 'HELD' | 'FILTERED' | 'ERROR' | 'ROUTED' | 'DONE' | 'DONE_WITH_PROBLEMS';

export type DeliveryState =
  | 'RESOLVING' | 'UNRESOLVED' | 'SUPPRESSED' | 'QUEUED' | 'SENDING' | 'SENT'
  | 'PROCESSED' | 'DELIVERED' | 'UNCONFIRMED' | 'FAILED' | 'DEAD' | 'HELD' | 'CANCELLED';

/** Bytes as they came, SSN fields already blanked. `name` is a file name or other handle without patient data. */
export interface RawInput { bytes: Uint8Array; name?: string; source: string }

/** What became of an order. `HELD`: kept, joined to nothing. */
export interface OrderOutcome {
  inputId: string;
  outcome: 'stored' | 'changed' | 'cancelled' | 'replay' | 'held' | 'rejected';
  code?: string;
  path?: string;
  /** Results that waited for this order and may go on now. */
  released: ReadyMessage[];
}

/** A message that the flow may work on: emit it on *result ready*. */
export interface ReadyMessage { direct: Omit<DirectIdentity, 'journal'>; order: StoredOrder; result: Result }

export interface ResultOutcome {
  inputId: string;
  messageId: string;
  /** `ready` under the id of an earlier message: that one was held or waiting, came again, and can be joined now. */
  outcome: 'ready' | 'waiting' | 'held' | 'replay';
  code?: string;
  why?: string;
  ready?: ReadyMessage;
}

export interface ResendOutcome { inputId: string; outcome: 'ready' | 'rejected'; code?: string; ready?: ReadyMessage }

/** A sealed mail on its way into the queue. */
export interface QueuedMail {
  deliveryId: string;
  account: string;
  /** Id of the flow node whose outputs tell of this delivery. */
  node: string;
  from: string;
  to: string;
  /** With angle brackets, unique for ever. */
  messageId: string;
  raw: Uint8Array;
  /** How long after acceptance notifications may take, in ms. */
  deadlineMs: number;
  evidence: { signer: string; recipientCertificates: string[]; anchor: string };
  warnings: Warning[];
}

/** What the sender gets when it claims: `attempt` is the fence that its settle must show. */
export interface ClaimedDelivery {
  deliveryId: string; attempt: number; account: string; from: string; to: string; messageId: string; raw: Uint8Array;
}

export type AttemptOutcome =
  | { kind: 'accepted'; response: string }
  | { kind: 'refused'; code: string; response: string }
  | { kind: 'temporary'; code: string; response: string; retryAt: number | null }
  /** The link was lost after the final dot: sent again with the same bytes; a notice proves acceptance. */
  | { kind: 'unknown'; code: string; response: string; retryAt: number | null };

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
}

export interface NoticeOutcome { outcome: 'applied' | 'duplicate' | 'unmatched' | 'late'; change?: DeliveryChange }

/** One change of a delivery's state, told to every subscriber after commit. */
export interface DeliveryChange {
  deliveryId: string; messageId: string; node: string | null; state: DeliveryState; code: string | null; at: number;
  recipient: string | null; orderLocalId: string; organization: string; site: string; mailMessageId: string | null;
  priority: Priority;
  resendOf: string | null;
  /** True when this change is the acceptance that a fee is due for. */
  chargeable: boolean;
}

/** A delivery with everything a person may ask about it. */
export interface DeliveryRecord {
  id: string; messageId: string; orderLocalId: string; organization: string; site: string;
  level: Level; alsoFrom: Level[]; recipient: string | null; npi: string | null; source: string; why: string;
  finalDelivery: boolean; state: DeliveryState; code: string | null;
  history: { state: DeliveryState; at: number; code?: string }[];
  attempts: { number: number; at: number; code: string | null; response: string }[];
  /** Notifications that counted for this delivery, in order of arrival. */
  notices: { at: number; kind: DeliveryNotice['kind']; event: DeliveryNotice['event']; detail: string }[];
  warnings: Warning[];
  mailMessageId: string | null; account: string | null; from: string | null;
  evidence: QueuedMail['evidence'] | null;
  acceptedAt: number | null; deadlineAt: number | null; nextAttemptAt: number | null; lateSuccess: boolean;
  fee: { amount: string; currency: string } | null;
}

export interface MessageRecord {
  id: string; inputId: string; inputName: string | null; orderLocalId: string; organization: string | null; site: string;
  state: MessageState; code: string | null; why: string | null; priority: Priority; resendOf: string | null; receivedAt: number;
  events: { at: number; stage: string; outcome: string; code?: string }[];
}

export interface InputRecord {
  id: string; name: string | null; source: string; receivedAt: number; kind: 'order' | 'result' | 'resend' | 'unreadable';
  outcome: string; code: string | null; path: string | null; text: string | null; orderLocalId: string | null;
}

export interface InputRejection { code: string; path?: string; text: string; kind: InputRecord['kind']; orderLocalId?: string }

/** `sequence` grows with each event. */
export interface ChargeableEvent {
  deliveryId: string; kind: 'delivery' | 'resend'; sequence: number; at: number; organization: string; site: string; account: string | null;
}

/** Money as decimal strings. One line per (delivery, kind); writing it again changes nothing. */
export interface LedgerLine {
  deliveryId: string; kind: 'delivery' | 'resend'; organization: string; site: string; at: number; ratedAt: number;
  amount: string; currency: string;
}

export interface DocumentRecord { id: string; profile: string; data: Uint8Array; warnings: Warning[] }

export interface Journal {
  // -- order in
  /** NW, XO, CA. `organizationKnown` false: kept as HELD `ORGANIZATION_UNKNOWN`. */
  storeOrder(order: Order, raw: RawInput, organizationKnown: boolean): Promise<OrderOutcome>;
  /** Joins within `boundTo` (a ClientGuid) or, when null, over all organizations; see design of the join in 0-order/join.ts. */
  acceptResult(result: Result, raw: RawInput, boundTo: string | null): Promise<ResultOutcome>;
  /** `ResendResult`: a new message for the order's latest result. */
  resendResult(order: Order, raw: RawInput): Promise<ResendOutcome>;
  /** Keeps what could not be read. */
  rejectInput(raw: RawInput, rejection: InputRejection): Promise<{ inputId: string }>;

  /** A joined message as it was told on *result ready*; null while it is joined to nothing. */
  readyMessage(messageId: string): Promise<ReadyMessage | null>;

  // -- the flow
  /** Records the plan once; later calls return the first plan's recipients (idempotent per message). */
  planRecipients(messageId: string, recipients: Recipient[]): Promise<Recipient[]>;
  /** After look-up: updates planned recipients by id; planned ones that are missing were merged and go. */
  settleRecipients(messageId: string, recipients: Recipient[]): Promise<void>;
  /** A recipient that gets no mail: UNRESOLVED or SUPPRESSED, with code and why. */
  endRecipient(deliveryId: string, state: 'UNRESOLVED' | 'SUPPRESSED', code: string, why: string): Promise<void>;
  /** HELD or ERROR; deliveries still RESOLVING become HELD with the same code. Past routing, with nothing RESOLVING, it is only recorded. */
  stopMessage(messageId: string, state: 'HELD' | 'ERROR', code: string, why: string): Promise<void>;
  recordStage(messageId: string, stage: string, outcome: string, code?: string): Promise<void>;
  /** The document of a message (or of the message that it resends), by profile. */
  document(messageId: string, profile: string): Promise<DocumentRecord | null>;
  /** The newest of them, whatever its profile. */
  latestDocument(messageId: string): Promise<DocumentRecord | null>;
  /** First writer wins; returns what is stored. */
  saveDocument(messageId: string, document: DocumentRecord): Promise<DocumentRecord>;
  /** Keeps the report, for people and for the demo's output. */
  saveReport(messageId: string, pdf: Uint8Array): Promise<void>;

  // -- the queue
  enqueue(mail: QueuedMail): Promise<DeliveryChange | null>;
  /** Claims due deliveries of these accounts: state SENDING, attempt counted. */
  claimDue(accounts: string[], limit: number): Promise<ClaimedDelivery[]>;
  /** When the next queued delivery is due or the next deadline falls, whichever is first; null when nothing waits. */
  nextWake(accounts: string[]): Promise<number | null>;
  /** Null when another attempt has overtaken this one. */
  settleAttempt(deliveryId: string, attempt: number, outcome: AttemptOutcome): Promise<DeliveryChange | null>;
  applyNotice(notice: DeliveryNotice): Promise<NoticeOutcome>;
  /** Settles deliveries whose notification deadline has passed. */
  expireDeadlines(): Promise<DeliveryChange[]>;

  // -- fees
  /** Oldest first; `after` is the last sequence seen, so that an event without a price holds up no other. */
  unrated(limit: number, after?: number): Promise<ChargeableEvent[]>;
  /** Returns the lines that were new. A line without its event is not written. */
  appendLedger(lines: LedgerLine[]): Promise<LedgerLine[]>;

  // -- reading
  delivery(id: string): Promise<DeliveryRecord | null>;
  deliveries(filter?: { messageId?: string; state?: DeliveryState }): Promise<DeliveryRecord[]>;
  message(id: string): Promise<MessageRecord | null>;
  messages(filter?: { state?: MessageState; orderLocalId?: string }): Promise<MessageRecord[]>;
  inputs(filter?: { outcome?: string }): Promise<InputRecord[]>;
  ledger(): Promise<LedgerLine[]>;
  counts(): Promise<{ messages: Record<string, number>; deliveries: Record<string, number>; unrated: number }>;
  mail(deliveryId: string): Promise<Uint8Array | null>;
  report(messageId: string): Promise<Uint8Array | null>;
  rawInput(inputId: string): Promise<Uint8Array | null>;

  /** Called after each commit that changed a delivery; returns the way to stop. */
  subscribe(listener: (change: DeliveryChange) => void): () => void;
  /** What `openJournal` shares is given back, once per user. */
  close(): Promise<void>;
}
