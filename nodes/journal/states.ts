// The life of a delivery as pure functions over the facts known about it. No clock, no store: what comes in decides what comes out.
import type { AttemptOutcome, DeliveryNotice, DeliveryState, MessageState } from './port.ts';

/** What is known of one delivery. Instants are epoch ms. */
export interface DeliveryFacts {
  state: DeliveryState;
  code: string | null;
  /** Whether final delivery (a dispatched notification) was asked for. */
  finalDelivery: boolean;
  /** How long after acceptance notifications may take, in ms. */
  deadlineMs: number;
  /** Some attempt ended without an answer: the HISP may have the mail. Never taken back. */
  unknownOutcome: boolean;
  /** A correction has overtaken it while it was being sent: it goes no second time. */
  superseded: boolean;
  nextAttemptAt: number | null;
  acceptedAt: number | null;
  deadlineAt: number | null;
  processedAt: number | null;
  dispatchedAt: number | null;
  failedAt: number | null;
  lateSuccess: boolean;
}

export interface Step {
  facts: DeliveryFacts;
  /** The states passed through, in order; empty when the state stays. */
  trail: { state: DeliveryState; code: string | null }[];
  /** The HISP's acceptance became known in this step: the one moment at which a fee falls due. */
  accepted: boolean;
}

const SUCCESS: ReadonlySet<DeliveryState> = new Set(['DELIVERED', 'PROCESSED', 'SUPPRESSED']);
const TERMINAL: ReadonlySet<DeliveryState> = new Set([...SUCCESS, 'FAILED', 'UNCONFIRMED', 'CANCELLED', 'DEAD', 'UNRESOLVED']);
/** States from which a notification can still prove that the HISP took the mail, once an attempt ended without an answer. */
const PROVABLE: ReadonlySet<DeliveryState> = new Set(['QUEUED', 'HELD', 'DEAD', 'FAILED', 'CANCELLED', 'SUPPRESSED']);
/** States in which nothing is on its way to the HISP yet. */
const NOT_SENT: ReadonlySet<DeliveryState> = new Set(['RESOLVING', 'QUEUED', 'HELD']);

export const isTerminal = (state: DeliveryState): boolean => TERMINAL.has(state);

const stay = (facts: DeliveryFacts): Step => ({ facts, trail: [], accepted: false });

const move = (facts: DeliveryFacts, state: DeliveryState, code: string | null = null): Step =>
  ({ facts: { ...facts, state, code, nextAttemptAt: state === 'QUEUED' ? facts.nextAttemptAt : null }, trail: [{ state, code }], accepted: false });

const then = (first: Step, next: (facts: DeliveryFacts) => Step): Step => {
  const second = next(first.facts);
  return { facts: second.facts, trail: [...first.trail, ...second.trail], accepted: first.accepted || second.accepted };
};

/** Acceptance starts the clock. In a terminal state it is noted (and billed), the state stays. */
const accept = (facts: DeliveryFacts, now: number): Step => {
  const dated = { ...facts, acceptedAt: now, deadlineAt: now + facts.deadlineMs };
  return { ...(isTerminal(facts.state) ? stay(dated) : move(dated, 'SENT')), accepted: true };
};

/** After look-up and sealing. `hold`: a person is to look at it first, for the reason of that code. */
export const afterEnqueue = (facts: DeliveryFacts, now: number, hold: string | null = null): Step => {
  const queued = move({ ...facts, nextAttemptAt: now }, 'QUEUED');
  return hold === null ? queued : then(queued, (known) => move(known, 'HELD', hold));
};

/** Its recipient stands on the do-not-send list. What is being sent right now is past stopping, but goes no second time: claims look again. */
export const afterBlock = (facts: DeliveryFacts): Step => NOT_SENT.has(facts.state) ? move(facts, 'SUPPRESSED', 'DO_NOT_SEND') : stay(facts);

/** Back to the queue, unless a correction has overtaken it meanwhile. */
const again = (facts: DeliveryFacts, code: string | null): Step =>
  facts.superseded ? move(facts, 'SUPPRESSED', 'SUPERSEDED') : move(facts, 'QUEUED', code);

/** The sender has taken it. */
export const afterClaim = (facts: DeliveryFacts): Step => move(facts, 'SENDING');

/** The process that was sending is gone: whether the HISP has the mail is unknown, so the same bytes go again. */
export const afterCrash = (facts: DeliveryFacts, now: number): Step =>
  facts.state === 'SENDING' ? again({ ...facts, unknownOutcome: true, nextAttemptAt: now }, 'HISP_UNKNOWN') : stay(facts);

/** Sealed long ago and never shown to the HISP: it goes back to the flow, which looks at the recipient's certificate again. */
export const afterStale = (facts: DeliveryFacts): Step => facts.state === 'QUEUED' ? move(facts, 'RESOLVING', 'RESEAL') : stay(facts);

/** A correction of its result has come. What is being sent right now may still arrive, but goes no second time. */
export const afterSupersede = (facts: DeliveryFacts): Step => {
  if (NOT_SENT.has(facts.state)) return move(facts, 'SUPPRESSED', 'SUPERSEDED');
  return facts.state === 'SENDING' ? stay({ ...facts, superseded: true }) : stay(facts);
};

/** A person keeps it back. What is being sent right now cannot be kept back. */
export const afterHold = (facts: DeliveryFacts): Step => facts.state === 'QUEUED' ? move(facts, 'HELD', 'OPERATOR') : stay(facts);

/** A person lets it go, at once. Only what has its mail may go. */
export const afterRelease = (facts: DeliveryFacts, now: number): Step =>
  facts.state === 'HELD' ? again({ ...facts, nextAttemptAt: now }, null) : stay(facts);

/** Nothing more is tried. The code says so where an earlier attempt may have arrived all the same, unless something else takes its place. */
export const afterCancel = (facts: DeliveryFacts, code: string = facts.unknownOutcome ? 'HISP_UNKNOWN' : 'OPERATOR'): Step =>
  NOT_SENT.has(facts.state) ? move(facts, 'CANCELLED', code) : stay(facts);

/** Its message is run again: what was held before it had a mail is resolved again. */
export const afterRerun = (facts: DeliveryFacts): Step => facts.state === 'HELD' ? move(facts, 'RESOLVING') : stay(facts);

/** Its message is routed anew: others stand in its place. */
export const afterReplan = (facts: DeliveryFacts): Step => facts.state === 'HELD' ? move(facts, 'SUPPRESSED', 'REPLANNED') : stay(facts);

/** One attempt has ended. Only a delivery that is still SENDING moves: a notification may have been faster. */
export const afterAttempt = (facts: DeliveryFacts, outcome: AttemptOutcome, now: number): Step => {
  if (facts.state !== 'SENDING') return stay(facts);
  switch (outcome.kind) {
    case 'accepted': return accept(facts, now);
    case 'refused': return move(facts, 'FAILED', outcome.code);
    case 'temporary':
    case 'unknown': {
      const known = { ...facts, unknownOutcome: facts.unknownOutcome || outcome.kind === 'unknown', nextAttemptAt: outcome.retryAt };
      if (outcome.retryAt !== null || known.superseded) return again(known, outcome.code);
      return move(known, 'DEAD', outcome.reason ?? 'ATTEMPTS_EXHAUSTED');
    }
    case 'hold': {
      const known = { ...facts, unknownOutcome: facts.unknownOutcome || outcome.unknown === true };
      return known.superseded ? again(known, outcome.code) : move(known, 'HELD', outcome.code);
    }
    // Due at once: the account's pause keeps it back.
    case 'account': return again({ ...facts, nextAttemptAt: now }, outcome.code);
  }
};

/** A repetition is no news: the first instant stays. */
const noted = (facts: DeliveryFacts, event: DeliveryNotice['event'], now: number): DeliveryFacts => {
  switch (event) {
    case 'processed': return { ...facts, processedAt: facts.processedAt ?? now };
    case 'dispatched': return { ...facts, dispatchedAt: facts.dispatchedAt ?? now };
    case 'failed': return { ...facts, failedAt: facts.failedAt ?? now };
    case 'other': return facts;
  }
};

const confirmed = (facts: DeliveryFacts): 'PROCESSED' | 'DELIVERED' | null => {
  if (facts.processedAt === null) return null;
  if (!facts.finalDelivery) return 'PROCESSED';
  return facts.dispatchedAt === null ? null : 'DELIVERED';
};

/** Evidence read against the state: SENT ends, UNCONFIRMED may turn good, everything else keeps its state. */
const weigh = (facts: DeliveryFacts, notice: Pick<DeliveryNotice, 'kind' | 'event'>): Step => {
  const success = confirmed(facts);
  switch (facts.state) {
    case 'SENT':
      if (notice.event === 'failed') return move(facts, 'FAILED', notice.kind === 'mdn' ? 'MDN_FAILED' : 'DSN_FAILED');
      return success === null ? stay(facts) : move(facts, success);
    case 'UNCONFIRMED':
      if (success === null) return stay(facts);
      // A failure told after the deadline outweighs a positive: people go on seeing the problem.
      return facts.failedAt === null ? move({ ...facts, lateSuccess: true }, success) : stay({ ...facts, lateSuccess: true });
    case 'FAILED':
    case 'DEAD':
    case 'CANCELLED':
    case 'SUPPRESSED':
      return stay({ ...facts, lateSuccess: facts.lateSuccess || success !== null });
    default:
      return stay(facts);
  }
};

/** Whether a notification says anything about this delivery: it must have been, or may have been, handed to the HISP. */
export const noticeCounts = (facts: DeliveryFacts): boolean =>
  facts.acceptedAt !== null || facts.state === 'SENDING' || (facts.unknownOutcome && PROVABLE.has(facts.state));

/** A notification has come. One for a delivery of unknown outcome proves acceptance first, then applies. */
export const afterNotice = (facts: DeliveryFacts, notice: Pick<DeliveryNotice, 'kind' | 'event'>, now: number): Step => {
  if (!noticeCounts(facts)) return stay(facts);
  const proved = facts.acceptedAt === null ? accept(facts, now) : stay(facts);
  return then(proved, (known) => weigh(noted(known, notice.event, now), notice));
};

/** The time for notifications is over. */
export const afterDeadline = (facts: DeliveryFacts, now: number): Step => {
  if (facts.state !== 'SENT' || facts.deadlineAt === null || facts.deadlineAt > now) return stay(facts);
  return move(facts, 'UNCONFIRMED', facts.processedAt === null ? 'NO_PROCESSED' : 'NOT_DISPATCHED');
};

/** The state of a routed message, from its deliveries. HELD and ERROR of the message itself are not decided here. */
export const messageStateOf = (deliveries: DeliveryState[]): Extract<MessageState, 'ROUTED' | 'DONE' | 'DONE_WITH_PROBLEMS'> => {
  if (deliveries.length === 0 || !deliveries.every(isTerminal)) return 'ROUTED';
  return deliveries.every((state) => SUCCESS.has(state)) ? 'DONE' : 'DONE_WITH_PROBLEMS';
};
