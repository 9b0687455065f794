// Now and then, and at its start, the order in node looks for results whose order has not come in time.
import { asCourierError, type CourierError } from '../errors.ts';
import type { Journal } from '../journal/port.ts';

export const WAIT_HOURS = 24;

const HOUR = 3_600_000;
const MINUTE = 60_000;
const LEAST_PAUSE = 1_000;

/** For ever is not offered: a result that waits unseen would be lost. What is no number above 0 is the default; decimals are fine. */
export const waitMsOf = (hours: unknown): number => {
  const given = Number(hours);
  return (Number.isFinite(given) && given > 0 ? given : WAIT_HOURS) * HOUR;
};

export interface ExpiryTools {
  open: () => Promise<Pick<Journal, 'expireWaiting'>>;
  /** Id of the order in node. */
  entry: string;
  waitMs: number;
  /** The ClientGuid whose results go to site and organization without an order; null: they are held. Asked each time. */
  standIn: () => string | null;
  /** Undefined: it works again. */
  onFault?: (fault: CourierError | undefined) => void;
}

/** Returns the way to stop; what is under way is waited for. */
export const startExpiry = ({ open, entry, waitMs, standIn, onFault = () => undefined }: ExpiryTools): (() => Promise<void>) => {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  const once = async (): Promise<void> => {
    const journal = await open();
    for (let more = true; more && !stopped;) ({ more } = await journal.expireWaiting({ waitMs, standIn: standIn(), entries: [entry] }));
  };
  const look = (): void => {
    const failed = (error: unknown): void => { if (!stopped) onFault(asCourierError(error, 'JOURNAL_FAILED')); };
    working = once().then(() => onFault(undefined), failed).then(() => {
      if (!stopped) timer = setTimeout(look, Math.min(MINUTE, Math.max(LEAST_PAUSE, waitMs))).unref();
    });
  };
  look();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await working;
  };
};
