// Where notifications come in, and its signs of life: without them the clocks of the deliveries that it would tell of stand still.
import { setTimeout as delay } from 'node:timers/promises';
import type { Journal } from '../journal/port.ts';
import { type ReceiverOptions, startReceiver } from './receiver.ts';

type Signs = Pick<Journal, 'sourceUp' | 'sourceDown'>;

export interface BeatOptions {
  journal: Signs;
  /** Id of the node. */
  source: string;
  /** Our own domains or addresses that notifications come to; empty: any. */
  domains: string[];
  /** The account whose mailbox it is: only this source tells of deliveries over it, and of no others. */
  account?: string;
  /** Rejects while what arrives could not be opened. */
  ready: () => Promise<unknown>;
  /** Told of a fault when it begins, and null when it is over. */
  tell: (fault: unknown) => void;
  everyMs?: number;
}

/** The domains of the entries, each a domain or an address. */
export const domainsOf = (entries: readonly string[]): string[] =>
  [...new Set(entries.map((entry) => entry.slice(entry.lastIndexOf('@') + 1).trim().toLowerCase()).filter((domain) => domain !== ''))];

const EVERY_MS = 10_000;

/** Returns the way to stop, which resolves when the journal knows or could not be told. */
export const startBeat = (options: BeatOptions): ((removed: boolean) => Promise<void>) => {
  const { journal, source, domains, account, ready, tell, everyMs = EVERY_MS } = options;
  let [stopped, faulty] = [false, false];
  let beating = Promise.resolve();

  const beat = async (): Promise<void> => {
    if (stopped) return;
    try {
      await ready();
      await journal.sourceUp(source, domainsOf(domains), ...(account === undefined ? [] : [account]));
      if (faulty) tell(null);
      faulty = false;
    } catch (fault) {
      if (faulty) return;
      faulty = true;
      tell(fault);
      // What cannot be opened cannot be taken: as long as that is so, the source is down.
      await journal.sourceDown(source, false).catch(() => undefined);
    }
  };
  const next = (): void => { beating = beating.then(beat); };

  const timer = setInterval(next, everyMs).unref();
  next();
  return async (removed) => {
    stopped = true;
    clearInterval(timer);
    await beating;
    await journal.sourceDown(source, removed).catch(() => undefined);
  };
};

export interface SourceOptions extends ReceiverOptions, Pick<BeatOptions, 'source' | 'tell'> { journal: ReceiverOptions['journal'] & Signs }

export interface NotificationSource { port: number; stop(removed: boolean): Promise<void> }

// A journal that cannot be reached is not waited for: it takes a source that is silent for down anyway.
export const PATIENCE_MS = 2000;

/** Errors as startReceiver; a source that cannot listen is down. */
export const startSource = async (options: SourceOptions, signal?: AbortSignal): Promise<NotificationSource> => {
  const { journal, source, domains, trust, tell } = options;
  try {
    const receiver = await startReceiver(options, signal);
    const stopBeat = startBeat({ journal, source, domains, ready: trust, tell });
    return {
      port: receiver.port,
      async stop(removed) {
        await receiver.stop();
        await Promise.race([stopBeat(removed), delay(PATIENCE_MS, undefined, { ref: false })]);
      },
    };
  } catch (fault) {
    // Made known first, so that it can be down.
    if (signal?.aborted !== true) {
      await journal.sourceUp(source, domainsOf(domains)).then(async () => { await journal.sourceDown(source, false); }).catch(() => undefined);
    }
    throw fault;
  }
};
