// What the journal takes and tells: plain data, without behaviour. All instants are epoch milliseconds (UTC); all ids are opaque strings.
import type { DirectIdentity, Level, Recipient } from '../0-order/message.ts';
import type { Priority, Result, StoredOrder, Warning } from '../0-order/model.ts';
import type { DeliveryNotice } from './notice-records.ts';

export * from './notice-records.ts';

export * from './document-records.ts';

export type MessageState = 'RECEIVED' | 'HELD' | 'FILTERED' | 'ERROR' | 'ROUTED' | 'DONE' | 'DONE_WITH_PROBLEMS';

export type DeliveryState =
  | 'RESOLVING' | 'UNRESOLVED' | 'SUPPRESSED' | 'QUEUED' | 'SENDING' | 'SENT'
  | 'PROCESSED' | 'DELIVERED' | 'UNCONFIRMED' | 'FAILED' | 'DEAD' | 'HELD' | 'CANCELLED';

/** The stages of the flow, in order. A message can be run again from each. */
export const STAGES = ['resolve-route', 'lookup-npi', 'render-pdf', 'build-cda', 'seal-mail'] as const;
export type Stage = typeof STAGES[number];

/** Bytes as they came, SSN fields already blanked. `name` is a file name or other handle without patient data. */
export interface RawInput {
  bytes: Uint8Array;
  name?: string;
  source: string;
  /** Id of the order in node whose *result ready* output the message leaves by; absent outside a flow. */
  entry?: string;
}

/** What became of an order. `HELD`: kept, joined to nothing. */
export interface OrderOutcome {
  inputId: string;
  outcome: 'stored' | 'changed' | 'cancelled' | 'replay' | 'held' | 'rejected';
  code?: string;
  /** All of them, where `code` is not the only one. */
  codes?: string[];
  path?: string;
  /** Results that waited for this order and may go on now; `claimFlow` hands them out. */
  released: AcceptedMessage[];
}

/** A message that is joined: its identity, which says whose it is. */
export interface AcceptedMessage { direct: Omit<DirectIdentity, 'journal'> }

/** A message that the flow may work on. */
export interface ReadyMessage extends AcceptedMessage { order: StoredOrder; result: Result }

/** A message handed to the flow: `direct.run` is the fence that every write of this emission must show. */
export interface FlowClaim extends ReadyMessage { direct: ReadyMessage['direct'] & { run: number }; entry: string }

/** Why a message is not simply one that came in. A test message is made from none. */
export interface MessageLink { kind: 'rerun' | 'edit' | 'redirect' | 'test'; of: string | null; reason: string; actor: string }

/** `only`: deliveries of the message `of`; whoever else the route names is left out. */
export interface LinkRequest extends MessageLink { kind: Exclude<MessageLink['kind'], 'test'>; of: string; only?: string[] }

export interface ResultOutcome {
  inputId: string;
  messageId: string;
  /** `ready` under the id of an earlier message: that one was held or waiting, came again, and can be joined now. */
  outcome: 'ready' | 'waiting' | 'held' | 'replay';
  code?: string;
  why?: string;
  ready?: AcceptedMessage;
}

export interface ResendOutcome { inputId: string; outcome: 'ready' | 'rejected'; code?: string; ready?: AcceptedMessage }

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
  /** The account leads nowhere real: only there may test traffic go. Absent: it is a real one. */
  simulated?: boolean;
  /** `document`: which one the mail holds; absent where it was sealed by an earlier version. `sealedBy`: the mail is plain, its HISP seals it. */
  evidence: { signer: string; recipientCertificates: string[]; anchor: string; document?: { id: string; profile: string }; sealedBy?: 'hisp' };
  warnings: Warning[];
}

/** What the sender gets when it claims: `attempt` is the fence that its settle must show. */
export interface ClaimedDelivery {
  deliveryId: string; attempt: number; account: string; from: string; to: string; messageId: string; raw: Uint8Array;
  /** Attempts that counted against the limits, this one included. */
  tries: number;
  /** Since when the delivery's age counts; pauses of its account are already taken off. */
  ageFrom: number;
  /** The journal's time of the claim: what the outcome says of the future counts from there, whatever the sender's own clock shows. */
  claimedAt: number;
  /** Test traffic: not for an account that is not simulated. */
  test?: boolean;
}

/**
 * `seen`: the HISP may have had the mail's bytes, so that they must never change again. `at`: what the sender's clock shows, where that is not
 * the journal's: the instants told count from there.
 */
export type AttemptOutcome =
  | { kind: 'accepted'; response: string }
  | { kind: 'refused'; code: string; response: string }
  /** `retryAt` null: the limits are reached, the delivery is DEAD with `reason` (default ATTEMPTS_EXHAUSTED). */
  | { kind: 'temporary'; code: string; response: string; retryAt: number | null; at?: number; seen?: boolean; reason?: string }
  /** The link was lost after the final dot: sent again with the same bytes; a notice proves acceptance. */
  | { kind: 'unknown'; code: string; response: string; retryAt: number | null; at?: number; reason?: string }
  /** A person decides: HELD with the code. `unknown`: the HISP may have accepted it. */
  | { kind: 'hold'; code: string; response: string; seen?: boolean; unknown?: boolean }
  /** The account is at fault, not the mail: back to the queue at no cost; the account is paused and one incident is open. */
  | { kind: 'account'; code: string; response: string; probeAt: number; at?: number; seen?: boolean };

/** One change of a delivery's state, told to every subscriber after commit. */
export interface DeliveryChange {
  deliveryId: string; messageId: string; node: string | null; state: DeliveryState; code: string | null; at: number;
  recipient: string | null; orderLocalId: string; organization: string; site: string; mailMessageId: string | null;
  priority: Priority;
  resendOf: string | null;
  /** True when this change is the acceptance that a fee is due for. */
  chargeable: boolean;
  test?: boolean;
}

/** A delivery with everything a person may ask about it. */
export interface DeliveryRecord {
  id: string; messageId: string; orderLocalId: string; organization: string; site: string;
  level: Level; alsoFrom: Level[]; recipient: string | null; npi: string | null; source: string; why: string;
  /** Kept back for a person once it is sealed: the code that says why. */
  hold: string | null;
  finalDelivery: boolean; state: DeliveryState; code: string | null;
  /** Of the plan, as on the wire: see `Recipient`. */
  finalDeliveryBy?: NonNullable<Recipient['finalDeliveryBy']>; deadlineMinutes?: number;
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
  link: MessageLink | null;
  /** How often it was handed to the flow, and the last stage that was entered. */
  runs: number; lastStage: string | null;
  legalHold: boolean;
  test: boolean;
  events: { at: number; stage: string; outcome: string; code?: string }[];
}

export interface InputRecord {
  id: string; name: string | null; source: string; receivedAt: number; kind: 'order' | 'result' | 'resend' | 'event' | 'unreadable';
  outcome: string; code: string | null; path: string | null; text: string | null; orderLocalId: string | null;
}

export interface InputRejection { code: string; path?: string; text: string; kind: InputRecord['kind']; orderLocalId?: string }

/** `test`: nobody's result. */
export type FeeKind = 'delivery' | 'resend' | 'test';

/** `sequence` grows with each event. */
export interface ChargeableEvent {
  deliveryId: string; kind: FeeKind; sequence: number; at: number; organization: string; site: string; account: string | null;
}

/** Money as decimal strings. One line per (delivery, kind); writing it again changes nothing. */
export interface LedgerLine {
  deliveryId: string; kind: FeeKind; organization: string; site: string; at: number; ratedAt: number;
  amount: string; currency: string;
}

/** An account as the journal knows it. `fault` and `paused` stop its queue; both are durable. */
export interface AccountRecord {
  name: string;
  paused: { at: number; by: string; reason: string } | null;
  fault: { since: number; code: string; probes: number; nextProbeAt: number } | null;
  queued: number;
}

/** One incident per fault of an account, from the first failure to the probe that succeeded. */
export interface IncidentRecord {
  id: string; account: string; code: string; openedAt: number; resolvedAt: number | null; probes: number; response: string;
}

/** Who did what, chained by hashes. `target` and `detail` hold ids and codes only. */
export interface AuditEntry { seq: number; at: number; actor: string; action: string; target: string; reason: string; detail: string; hash: string }
