// What the sender does with one delivery or one account at a time: hands over, probes, and settles what it learnt.
import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimedDelivery, Journal } from '../journal/port.ts';
import { type Suspects, tryDelivery } from './attempt.ts';
import { backOff } from './back-off.ts';
import { attemptOutcome, nextProbe, type PolicyTools } from './policy.ts';
import { FAULT_PAUSE } from './pump.ts';
import { sealingFault } from './sealing.ts';
import type { HispAccount, Transport, TransportOutcome } from './types.ts';

export interface WorkTools extends PolicyTools {
  /** Told of each journal error; the sender goes on by itself. */
  onFault: (fault: unknown) => void;
}

interface Line { account: HispAccount; transport: Transport }

/** What was learnt must not be lost to a passing fault of the journal: tried until stored, or until `signal`. */
const persist = async (store: () => Promise<unknown>, tools: WorkTools, signal: AbortSignal): Promise<void> => {
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      await store();
      return;
    } catch (fault) {
      tools.onFault(fault);
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

/** The journal's clock from a moment on: another machine may keep it. What was set meanwhile, here or there, the journal makes up for. */
const clockFrom = (claimedAt: number): (() => number) => {
  const since = performance.now();
  return () => claimedAt + Math.round(performance.now() - since);
};

export interface LineWork {
  deliver(line: Line, claim: ClaimedDelivery): Promise<void>;
  /** `probes`: how many there were; `at`: the journal's time. */
  probe(line: Line, probes: number, at: number): Promise<void>;
  /** Told when an account was found at fault or works again; returns the way to stop that. */
  watch(listener: () => void): () => void;
}

/** Once `given` up, nothing more is settled. */
export const createLineWork = (journal: Pick<Journal, 'settleAttempt' | 'settleProbe'>, tools: WorkTools, given: AbortSignal): LineWork => {
  const suspects: Suspects = new Set();
  const watchers = new Set<() => void>();
  const news = (): void => { for (const watcher of watchers) watcher(); };

  const settle = async (claim: ClaimedDelivery, outcome: TransportOutcome, account: HispAccount, now: () => number): Promise<void> => {
    const settled = attemptOutcome(outcome, claim, account, { now, random: tools.random });
    const told = 'retryAt' in settled || 'probeAt' in settled ? { ...settled, at: now() } : settled;
    if (settled.kind !== 'account' && !('retryAt' in settled && settled.retryAt !== null)) suspects.delete(claim.deliveryId);
    await persist(async () => await journal.settleAttempt(claim.deliveryId, claim.attempt, told), tools, given);
    if (settled.kind === 'account') news();
  };

  /** The account may be another one than when the mail was queued: then nothing leaves, and a person decides. */
  const withhold = async (claim: ClaimedDelivery, code: string): Promise<void> => {
    suspects.delete(claim.deliveryId);
    const outcome = { kind: 'hold', code, response: '' } as const;
    await persist(async () => await journal.settleAttempt(claim.deliveryId, claim.attempt, outcome), tools, given);
  };

  return {
    async deliver({ account, transport }, claim) {
      const unfit = sealingFault(account, claim.raw) ?? (claim.test === true && !account.simulated ? 'TEST_TRAFFIC' : null);
      if (unfit !== null) return await withhold(claim, unfit);
      const now = clockFrom(claim.claimedAt);
      const outcome = await tryDelivery(transport, claim, suspects);
      if (outcome.kind === 'accepted') letGo(claim.raw);
      await settle(claim, outcome, account, now);
    },
    async probe({ account, transport }, probes, at) {
      const now = clockFrom(at);
      const outcome = await transport.probe();
      const settled = outcome.ok ? outcome : { ...outcome, probeAt: nextProbe(probes, account, { now, random: tools.random }), at: now() };
      await persist(async () => { await journal.settleProbe(account.name, settled); }, tools, given);
      news();
    },
    watch(listener) {
      watchers.add(listener);
      return () => { watchers.delete(listener); };
    },
  };
};

