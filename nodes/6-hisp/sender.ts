// The sender: belongs to the process and a journal, never to a node. It claims what is due, hands it to the HISP and
// settles under the attempt's fence. It sleeps until woken or until the journal's next instant; it never polls.
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptOutcome, ClaimedDelivery, Journal } from '../journal/port.ts';
import { accountBook, type AccountBook } from './account-book.ts';
import { backOff } from './back-off.ts';
import { createPump, FAULT_PAUSE } from './pump.ts';
import { smtpTransport } from './smtp-transport.ts';
import type { HispAccount, Transport, TransportOutcome } from './types.ts';

export interface SenderTools {
  transportOf: (account: HispAccount) => Transport;
  now: () => number;
  random: () => number;
  /** Told of each journal error; the sender goes on by itself. */
  onFault: (fault: unknown) => void;
}

export interface Sender {
  /** Lets this account's queue go out; returns the way to stop that. Mails under way are finished. */
  useAccount(account: HispAccount): () => void;
  /** Something was enqueued, or may be due. */
  wake(): void;
  /** Claims nothing more and waits for what is under way, at most `limitMs`. */
  stop(limitMs?: number): Promise<void>;
}

interface Line { account: HispAccount; transport: Transport; underWay: number }

const attemptOutcome = (outcome: TransportOutcome, { attempt }: ClaimedDelivery, account: HispAccount, tools: SenderTools): AttemptOutcome => {
  if (outcome.kind === 'accepted' || outcome.kind === 'refused') return outcome;
  const pause = backOff(attempt, { first: account.retryFirstMs, max: account.retryMaxMs }, tools.random);
  return { ...outcome, retryAt: attempt >= account.maxAttempts ? null : tools.now() + pause };
};

/** An outcome that was learnt must not be lost to a passing fault of the journal: tried until stored, or until `signal`. */
const settle = async (journal: Journal, claim: ClaimedDelivery, outcome: AttemptOutcome, tools: SenderTools, signal: AbortSignal): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await journal.settleAttempt(claim.deliveryId, claim.attempt, outcome);
      return;
    } catch (fault) {
      tools.onFault(fault);
      if (signal.aborted) return;
      await delay(backOff(tries, FAULT_PAUSE, tools.random), undefined, { signal }).catch(() => undefined);
    }
  }
};

/**
 * Frees the bytes of a mail that is gone; they were read for this attempt alone. Left to the garbage collector, which knows
 * only that much is in use, mails of half a megabyte would make it look through all of Node-RED's memory every few of them.
 */
const letGo = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength === buffer.byteLength) (buffer as ArrayBuffer & { transfer(length: number): ArrayBuffer }).transfer(0);
};

export const createSender = (journal: Journal, tools: SenderTools): Sender => {
  const lines = new Map<HispAccount, Line>();
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();

  const deliver = async (line: Line, claim: ClaimedDelivery): Promise<void> => {
    line.underWay += 1;
    const outcome = await line.transport.send(claim);
    if (outcome.kind === 'accepted') letGo(claim.raw);
    await settle(journal, claim, attemptOutcome(outcome, claim, line.account, tools), tools, stopping.signal);
    line.underWay -= 1;
    pump.wake();
  };

  const claimFor = async (line: Line): Promise<void> => {
    const free = line.account.connections - line.underWay;
    if (free <= 0 || stopping.signal.aborted) return;
    for (const claim of await journal.claimDue([line.account.name], free)) {
      const work = deliver(line, claim).catch(tools.onFault);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    }
  };

  let next = 0;
  const round = async (): Promise<number | null> => {
    // Every settled attempt brings a round, so that no deadline is nearer than the last round said.
    if (tools.now() >= next) await journal.expireDeadlines();
    for (const line of lines.values()) await claimFor(line);
    // A line that is full is woken by the mail it finishes, not by the clock.
    const free = [...lines.values()].filter((line) => line.underWay < line.account.connections);
    const instant = await journal.nextWake(free.map(({ account }) => account.name));
    next = instant ?? Infinity;
    return instant;
  };
  const pump = createPump({ round, now: tools.now, random: tools.random, onFault: tools.onFault });

  return {
    useAccount(account) {
      const line: Line = { account, transport: tools.transportOf(account), underWay: 0 };
      lines.set(account, line);
      pump.wake();
      return () => {
        lines.delete(account);
        line.transport.close();
      };
    },
    wake: pump.wake,
    async stop(limitMs = 10_000) {
      stopping.abort();
      pump.stop();
      await Promise.race([Promise.allSettled(underWay), delay(limitMs, undefined, { ref: false })]);
      for (const line of lines.values()) line.transport.close(true);
    },
  };
};

const senders = new Map<Journal, Sender>();

/** The one sender of a journal in this process, made at the first call; it serves every account of the book. */
export const senderOf = (journal: Journal, onFault: SenderTools['onFault'], book: AccountBook = accountBook): Sender => {
  const running = senders.get(journal);
  if (running) return running;
  const sender = createSender(journal, { transportOf: smtpTransport, now: Date.now, random: Math.random, onFault });
  const unfollow = book.follow(sender.useAccount);
  const unsubscribe = journal.subscribe(({ state }) => { if (state === 'QUEUED') sender.wake(); });
  const stop: Sender['stop'] = async (limitMs) => {
    senders.delete(journal);
    unsubscribe();
    await sender.stop(limitMs);
    unfollow();
  };
  const shown: Sender = { ...sender, stop };
  senders.set(journal, shown);
  return shown;
};

/** For the end of a process and for tests; before the journals are closed. */
export const stopSenders = async (limitMs?: number): Promise<void> => {
  await Promise.all([...senders.values()].map((sender) => sender.stop(limitMs)));
};
