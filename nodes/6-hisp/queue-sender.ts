// The sender of one journal: claims what is due, hands it to the HISP and settles under the attempt's fence; probes accounts at fault;
// settles deadlines. It sleeps until woken or until the journal's next instant.
import { setTimeout as delay } from 'node:timers/promises';
import type { Journal } from '../journal/port.ts';
import { createLineWork, type LineWork, type WorkTools } from './line-work.ts';
import { createPump, type Round } from './pump.ts';
import type { HispAccount, Transport } from './types.ts';

export interface SenderTools extends WorkTools { transportOf: (account: HispAccount) => Transport }

export interface Sender {
  /** Lets this account's queue go out; returns the way to stop that. Mails under way are finished. */
  useAccount(account: HispAccount): () => void;
  /** Something was enqueued, or may be due. */
  wake(): void;
  watch: LineWork['watch'];
  /** Claims nothing more and waits for what is under way, at most `limitMs`. What does not end by then is not settled. */
  stop(limitMs?: number): Promise<void>;
}

/** `fresh`: just deployed, perhaps because it was mended. */
interface Line { account: HispAccount; transport: Transport; underWay: number; probing: boolean; fresh: boolean }

const LONGEST_UNTIMED = 60_000;

export const createSender = (journal: Journal, tools: SenderTools): Sender => {
  const lines = new Map<HispAccount, Line>();
  const underWay = new Map<Promise<void>, Line>();
  const [stopping, givingUp] = [new AbortController(), new AbortController()];
  const works = createLineWork(journal, tools, givingUp.signal);

  const begin = (line: Line, work: Promise<void>, end: () => void): void => {
    const done = work.catch(tools.onFault).finally(() => {
      underWay.delete(done);
      end();
      pump.wake();
    });
    underWay.set(done, line);
  };

  const claimFor = async (line: Line): Promise<number> => {
    const free = line.account.connections - line.underWay;
    if (free <= 0 || stopping.signal.aborted) return 0;
    const claims = await journal.claimDue([line.account.name], free);
    for (const claim of claims) {
      line.underWay += 1;
      begin(line, works.deliver(line, claim), () => { line.underWay -= 1; });
    }
    return claims.length;
  };

  const probe = (line: Line | undefined, probes: number, at: number): void => {
    if (line === undefined || line.probing || stopping.signal.aborted) return;
    line.probing = true;
    begin(line, works.probe(line, probes, at), () => { line.probing = false; });
  };

  const named = (name: string): Line | undefined => [...lines.values()].findLast(({ account }) => account.name === name);

  const probeDue = async (): Promise<number> => {
    const due = await journal.claimProbes([...lines.values()].map(({ account }) => account.name));
    for (const { account, probes, at } of due) probe(named(account), probes, at);
    return due.length;
  };

  /** Whoever deploys an account that is at fault has perhaps mended it and does not want to wait for the next probe. */
  const probeFresh = async (): Promise<number> => {
    const fresh = [...lines.values()].filter((line) => line.fresh);
    if (fresh.length === 0) return 0;
    const known = new Map((await journal.accounts()).map((record) => [record.name, record]));
    for (const line of fresh) {
      const { fault, paused } = known.get(line.account.name) ?? {};
      if (fault && !paused) probe(line, fault.probes, tools.now());
      line.fresh = false;
    }
    return 0;
  };

  const expire = async (): Promise<number> => (await journal.expireDeadlines()).length;

  // Whatever brings a nearer deadline or probe brings a round too, so that none is due before the last round's instant.
  // A minute's patience with that, because the journal's clock may be another one.
  let [nextInstant, lastTimed] = [0, -Infinity];
  const timed = (): (() => Promise<number>)[] => {
    if (tools.now() < nextInstant && performance.now() - lastTimed < LONGEST_UNTIMED) return [];
    lastTimed = performance.now();
    return [expire, probeDue];
  };

  const round = async (): Promise<Round> => {
    const faults: unknown[] = [];
    let found = 0;
    // What cannot be had for one account must not keep the others.
    const steps = [...timed(), probeFresh, ...[...lines.values()].map((line) => async () => await claimFor(line))];
    for (const step of steps) await step().then((count) => { found += count; }, (fault: unknown) => { faults.push(fault); });
    if (faults.length > 0) throw faults[0];
    // A line that is full is woken by the mail it finishes, not by the clock.
    const free = [...lines.values()].filter((line) => line.underWay < line.account.connections);
    const next = await journal.nextWake(free.map(({ account }) => account.name));
    nextInstant = next ?? Infinity;
    return { next, worked: found > 0 };
  };
  const pump = createPump({ round, now: tools.now, random: tools.random, onFault: tools.onFault });

  return {
    useAccount(account) {
      const line: Line = { account, transport: tools.transportOf(account), underWay: 0, probing: false, fresh: true };
      lines.set(account, line);
      pump.wake();
      return () => {
        lines.delete(account);
        line.transport.close();
      };
    },
    wake: pump.wake,
    watch: works.watch,
    async stop(limitMs = 10_000) {
      stopping.abort();
      const ended = pump.stop().then(async () => await Promise.allSettled(underWay.keys()));
      await Promise.race([ended, delay(limitMs, undefined, { ref: false })]);
      // What is still under way has no outcome: its journal will say of it what it says of a process that died.
      givingUp.abort();
      for (const { transport } of [...lines.values(), ...underWay.values()]) transport.close(true);
    },
  };
};
