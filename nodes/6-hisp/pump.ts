// A loop that sleeps: one round at a time, another at once when something happened meanwhile, else at the instant that the round named.
import { backOff } from './back-off.ts';

export interface PumpTools {
  /** Resolves to the instant (epoch ms) of the next round; null: only when woken. */
  round: () => Promise<number | null>;
  now: () => number;
  random: () => number;
  onFault: (fault: unknown) => void;
}

export interface Pump { wake(): void; stop(): void }

// How long a round that failed is left alone.
export const FAULT_PAUSE = { first: 500, max: 30_000 };
const LONGEST_TIMER = 2 ** 31 - 1;

export const createPump = ({ round, now, random, onFault }: PumpTools): Pump => {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let stopped = false;
  let failures = 0;

  const sleepUntil = (instant: number | null): void => {
    clearTimeout(timer);
    if (instant === null || stopped) return;
    timer = setTimeout(wake, Math.min(Math.max(instant - now(), 1), LONGEST_TIMER)).unref();
  };

  const run = async (): Promise<void> => {
    do {
      again = false;
      try {
        sleepUntil(await round());
        failures = 0;
      } catch (fault) {
        onFault(fault);
        failures += 1;
        again = false;
        sleepUntil(now() + backOff(failures, FAULT_PAUSE, random));
      }
    } while (again && !stopped);
  };

  const wake = (): void => {
    again = true;
    if (running || stopped) return;
    running = true;
    void run().finally(() => { running = false; });
  };

  return {
    wake,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
