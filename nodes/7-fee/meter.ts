// The meter: rates what the journal says is due, batch by batch, each event once.
import type { Journal, LedgerLine } from '../journal/port.ts';
import { type PriceList, rateEvents } from './rate.ts';

export type MeteredJournal = Pick<Journal, 'unrated' | 'appendLedger'>;

export interface Metered {
  /** New ledger lines only. */
  lines: LedgerLine[];
  /** Events that nobody has set a usable price for. They are tried again at the next wake. */
  unrated: number;
}

const BATCH = 200;

export const meterFees = async (journal: MeteredJournal, priceOf: PriceList, now: () => number, batch = BATCH): Promise<Metered> => {
  const metered: Metered = { lines: [], unrated: 0 };
  for (let after = 0; ;) {
    const events = await journal.unrated(batch, after);
    const { lines, unrated } = rateEvents(events, priceOf, now());
    if (lines.length > 0) metered.lines.push(...await journal.appendLedger(lines));
    metered.unrated += unrated.length;
    if (events.length < batch) return metered;
    after = events.at(-1)!.sequence;
  }
};

export interface FeeMeter {
  /** Resolves when everything chargeable at the time of the call has been looked at. Calls that meet a running sweep share the next one. */
  wake(): Promise<void>;
}

/** `onMetered` is told once per sweep, before its wakers go on. */
export const createFeeMeter = (sweep: () => Promise<Metered>, onMetered: (metered: Metered) => void): FeeMeter => {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const start = (): Promise<void> => {
    const own = sweep().then(onMetered).finally(() => { if (running === own) running = undefined; });
    running = own;
    return own;
  };

  return {
    wake: () => {
      if (running === undefined) return start();
      next ??= running.catch(() => undefined).then(() => {
        next = undefined;
        return start();
      });
      return next;
    },
  };
};
