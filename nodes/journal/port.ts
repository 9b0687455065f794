// The journal's port: what the rooms ask of the durable store. Both drivers (SQLite, PostgreSQL) pass one contract suite.
// Every method that writes resolves only after its transaction is committed with fsync.
import type { Recipient } from '../0-order/message.ts';
import type { Order, OrderEvent, Result } from '../0-order/model.ts';
import type { AlertClaim, AlertRecord, BlockedRecord, HandoffClaim, TestResult } from './alarm-records.ts';
import type { EventOutcome, ExpiryOutcome, ExpiryRequest } from './order-records.ts';
import type {
  AccountRecord, AttemptOutcome, ChargeableEvent, ClaimedDelivery, DeliveryChange, DeliveryNotice, DeliveryRecord, DeliveryState, DocumentLineage,
  DocumentRecord, FlowClaim, IncidentRecord, InputRecord, InputRejection, LedgerLine, LinkRequest, MessageRecord, MessageState, NoticeOutcome,
  OrderOutcome, QueuedMail, RawInput, ReadyMessage, ResendOutcome, ResultOutcome,
} from './records.ts';
import type {
  Action, ActionOutcome, AuditPage, AuditQuery, FindPage, FindQuery, JournalStats, PruneOutcome, PruneRequest, RerunOutcome, RerunRequest,
  VerifyOutcome,
  VerifyRequest,
} from './requests.ts';

export * from './alarm-records.ts';
export * from './order-records.ts';
export * from './records.ts';
export * from './requests.ts';

/** What a commit made possible: messages for the flow; deliveries, probes and deadlines for the sender; alerts and hand-offs to be told. */
export type Work = 'flow' | 'queue' | 'alarm';

export interface Journal {
  // -- order in
  /** NW, XO, CA. `organizationKnown` false: kept as HELD `ORGANIZATION_UNKNOWN`. */
  storeOrder(order: Order, raw: RawInput, organizationKnown: boolean): Promise<OrderOutcome>;
  /**
   * Joins within `boundTo` (a ClientGuid) or, when null, over all organizations; see design of the join in 0-order/join.ts.
   * With `link` it is a person's re-run or edited copy: never a replay, always a message of its own.
   */
  acceptResult(result: Result, raw: RawInput, boundTo: string | null, link?: LinkRequest): Promise<ResultOutcome>;
  /** `ResendResult`: a new message for the order's latest result. */
  resendResult(order: Order, raw: RawInput): Promise<ResendOutcome>;
  /** An event of IRIS. `boundTo` as for results: whose orders it speaks of, or null. */
  acceptEvent(event: OrderEvent, raw: RawInput, boundTo: string | null): Promise<EventOutcome>;
  /** Results whose order did not come in time: HELD `ORDER_UNKNOWN`, or ready with an order that stands in for it. */
  expireWaiting(request: ExpiryRequest): Promise<ExpiryOutcome>;
  /** Keeps what could not be read. */
  rejectInput(raw: RawInput, rejection: InputRejection): Promise<{ inputId: string }>;
  /** A joined message as the flow gets it; null while it is joined to nothing. */
  readyMessage(messageId: string): Promise<ReadyMessage | null>;

  // -- the flow. `run` is the fence: writes of an emission that was overtaken throw FLOW_OVERTAKEN and change nothing.
  /** Hands out messages that wait for the flow, of these entries, by priority; later results of an order after the earlier ones. */
  claimFlow(entries: string[], limit: number): Promise<FlowClaim[]>;
  /** Which of these emissions are still in the flow: neither ended nor overtaken. */
  openFlows(emissions: { messageId: string; run: number }[]): Promise<string[]>;
  /** Remembers the last stage of messages in the flow; for people only. */
  noteStages(notes: { messageId: string; run: number; stage: string }[]): Promise<void>;
  /** Lets a message be handed out again. `lost`: it vanished in the flow; after three such losses it becomes ERROR `FLOW_LOST`. */
  releaseFlow(messageId: string, run: number, lost: boolean): Promise<void>;
  /**
   * The message came to rest without an outcome: FILTERED `FLOW_ENDED`, or, once it is planned, its recipients without a mail HELD with that
   * code. What still comes of this emission takes them up again.
   */
  endFlow(messageId: string, run: number, lastNode: string): Promise<void>;
  /** An order in node is gone for good: what waits for it leaves by any other one. */
  dropEntry(entry: string): Promise<void>;
  /** Records the plan once; later calls return it, without the recipients that have their mail already. */
  planRecipients(messageId: string, recipients: Recipient[], run?: number): Promise<Recipient[]>;
  /** After look-up: updates planned recipients by id; planned ones that are missing were merged and go. */
  settleRecipients(messageId: string, recipients: Recipient[], run?: number): Promise<void>;
  /** A recipient that gets no mail: UNRESOLVED or SUPPRESSED, with code and why. */
  endRecipient(deliveryId: string, state: 'UNRESOLVED' | 'SUPPRESSED', code: string, why: string, run?: number): Promise<void>;
  /**
   * HELD or ERROR; deliveries still RESOLVING become HELD with the same code. Past routing, with nothing RESOLVING, it is only recorded.
   * FILTERED: stored and not to be sent; only before it is planned.
   */
  stopMessage(messageId: string, state: 'HELD' | 'ERROR' | 'FILTERED', code: string, why: string, run?: number): Promise<void>;
  recordStage(messageId: string, stage: string, outcome: string, code?: string): Promise<void>;
  /** The document of a message (or of the message that it resends), by profile. */
  document(messageId: string, profile: string): Promise<DocumentRecord | null>;
  /** The newest of them, whatever its profile. */
  latestDocument(messageId: string): Promise<DocumentRecord | null>;
  /**
   * What a new document of the message is a version of: a correction (or a final one after a preliminary one) replaces the newest earlier
   * document that somebody has or may have, of the same profile where there is one; an addendum is appended to it.
   */
  documentLineage(messageId: string, profile: string): Promise<DocumentLineage>;
  /** First writer wins; returns what is stored. */
  saveDocument(messageId: string, document: DocumentRecord, run?: number): Promise<DocumentRecord>;
  /** Keeps the report, for people, for the demo's output and for a flow that runs again. First writer wins. */
  saveReport(messageId: string, pdf: Uint8Array, run?: number): Promise<void>;

  // -- the queue
  /** Null when the delivery has its mail already, or is to get none. */
  enqueue(mail: QueuedMail, run?: number): Promise<DeliveryChange | null>;
  /** Claims due deliveries of these accounts (not of paused ones): state SENDING, attempt counted. Stuck lanes stop only themselves. */
  claimDue(accounts: string[], limit: number): Promise<ClaimedDelivery[]>;
  /** When the next claimable delivery is due, the next deadline falls or an account is to be probed, whichever is first; null: nothing waits. */
  nextWake(accounts: string[]): Promise<number | null>;
  /** Null when another attempt has overtaken this one. */
  settleAttempt(deliveryId: string, attempt: number, outcome: AttemptOutcome): Promise<DeliveryChange | null>;
  applyNotice(notice: DeliveryNotice): Promise<NoticeOutcome>;
  /** Settles deliveries whose notification deadline has passed while their source of notifications was up. */
  expireDeadlines(): Promise<DeliveryChange[]>;
  /** Faulty accounts among these whose probe is due; each is handed to one process, which settles within a minute. `at`: the journal's time. */
  claimProbes(accounts: string[]): Promise<{ account: string; probes: number; at: number }[]>;
  /** `ok`: the incident is resolved and the queue goes on, ages adjusted. Else the next probe is due at `probeAt`. */
  settleProbe(account: string, outcome: { ok: true } | { ok: false; code: string; response: string; probeAt: number; at?: number }): Promise<void>;
  /**
   * A source of notifications is up; `domains` of senders it serves, empty: all. With `account` it serves the deliveries over that account, and
   * no other source does. After a gap the clocks of its deliveries are moved by the gap.
   */
  sourceUp(source: string, domains: string[], account?: string): Promise<void>;
  /** Clocks stand still from now on. `removed`: the source is no more; clocks run on without it. */
  sourceDown(source: string, removed: boolean): Promise<void>;

  // -- alarms. A delivery's own node tells of it; what has no node, or one that is not among the others either, is told by any.
  // A claim that is not settled within a minute lapses.
  /** Hands out alerts that are due, each to one process. */
  claimAlerts(node: string, otherNodes: string[], limit: number): Promise<AlertClaim>;
  /** They have been told; each is due again after `repeatMs`, until a person acknowledges it or its cause has passed. */
  settleAlerts(alertIds: string[], repeatMs: number): Promise<void>;
  /** Hands out deliveries that ended badly, each once. `unconfirmed`: those, too; else they are never told. */
  claimHandoffs(node: string, otherNodes: string[], unconfirmed: boolean, limit: number): Promise<HandoffClaim>;
  settleHandoffs(deliveryIds: string[]): Promise<void>;

  // -- fees
  /** Oldest first; `after` is the last sequence seen, so that an event without a price holds up no other. */
  unrated(limit: number, after?: number): Promise<ChargeableEvent[]>;
  /** Returns the lines that were new. A line without its event is not written. */
  appendLedger(lines: LedgerLine[]): Promise<LedgerLine[]>;

  // -- people
  act(action: Action): Promise<ActionOutcome>;
  rerun(request: RerunRequest): Promise<RerunOutcome>;
  find(query: FindQuery): Promise<FindPage>;
  stats(): Promise<JournalStats>;
  accounts(): Promise<AccountRecord[]>;
  incidents(filter?: { account?: string; open?: boolean }): Promise<IncidentRecord[]>;
  /** Newest first, at most 500. Without `all` those that are open. */
  alerts(filter?: { all?: boolean }): Promise<AlertRecord[]>;
  /** The do-not-send list; with `all` also what was removed from it. */
  blocked(filter?: { all?: boolean }): Promise<BlockedRecord[]>;
  /** The latest test message of each organization, site and address, newest first. */
  testResults(): Promise<TestResult[]>;
  audit(query?: AuditQuery): Promise<AuditPage>;
  prune(request: PruneRequest): Promise<PruneOutcome>;
  verify(request?: VerifyRequest): Promise<VerifyOutcome>;
  /** `newKey`: 32 bytes. The data keys are wrapped anew; contents stay as they are. */
  rotateKey(newKey: Uint8Array, actor: string, reason?: string): Promise<{ fingerprint: string }>;

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

  /** Called after each commit of this process that changed a delivery; returns the way to stop. */
  subscribe(listener: (change: DeliveryChange) => void): () => void;
  /** Called after each commit, here or in another instance, that made work; returns the way to stop. */
  subscribeWork(listener: (work: Work) => void): () => void;
  /** What `openJournal` shares is given back, once per user. */
  close(): Promise<void>;
}
