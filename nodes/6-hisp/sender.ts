// The one sender of each journal in this process. It belongs to the process, never to a node: a redeploy does not touch what is under way.
import type { Journal } from '../journal/port.ts';
import { accountBook, type AccountBook } from './account-book.ts';
import { createSender, type Sender, type SenderTools } from './queue-sender.ts';
import { smtpTransport } from './smtp-transport.ts';

const senders = new Map<Journal, Sender>();

/** Made at the first call; it serves every account of the book. */
export const senderOf = (journal: Journal, onFault: SenderTools['onFault'], book: AccountBook = accountBook): Sender => {
  const running = senders.get(journal);
  if (running) return running;
  const sender = createSender(journal, { transportOf: smtpTransport, now: Date.now, random: Math.random, onFault });
  const unfollow = book.follow(sender.useAccount);
  const unsubscribe = journal.subscribeWork((work) => { if (work === 'queue') sender.wake(); });
  const stop: Sender['stop'] = async (limitMs) => {
    senders.delete(journal);
    unsubscribe();
    await sender.stop(limitMs);
    unfollow();
  };
  const shown: Sender = { ...sender, stop };
  senders.set(journal, shown);
  drainAtSignals();
  return shown;
};

let draining: Promise<unknown> | undefined;

/** For the end of a process and for tests; before the journals are closed. */
export const stopSenders = async (limitMs?: number): Promise<void> => {
  await Promise.all([draining, ...[...senders.values()].map((sender) => sender.stop(limitMs))]);
};

/** Resolves when the mails that were under way at the end of the process are finished; at once while it goes on. */
export const drained = async (): Promise<void> => { await draining; };

/** Less than Node-RED gives a node to close. */
const DRAIN_MS = 10_000;
let listening = false;

/** From the signal on nothing more is claimed. Whoever else listens to it ends the process; where nobody does, it ends as it would without us. */
const drainAtSignals = (): void => {
  if (listening) return;
  listening = true;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      const alone = process.listenerCount(signal) === 0;
      draining ??= stopSenders(DRAIN_MS);
      if (alone) void draining.finally(() => { process.kill(process.pid, signal); });
    });
  }
};
