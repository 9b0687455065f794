// A loop that sleeps: one round at a time, another at once when something happened meanwhile, else at the instant that the round named.
// It sleeps by timers, which no change of the clock moves, and never longer than a minute: what the clock did meanwhile shows then.
import { backOff } from './back-off.ts';

/** `next`: epoch ms of the next round, null: only when woken. `worked`: the round found something to do. */
export interface Round { next: number | null; worked: boolean }

export interface PumpTools {
  round: () => Promise<Round>;
  now: () => number;
  random: () => number;
  onFault: (fault: unknown) => void;
  /** Longest sleep, in ms. */
  longest?: number;
}

export interface Pump {
  wake(): void;
  /** Resolves when the round that runs, if one does, is over. */
  stop(): Promise<void>;
}

// How long a round that failed is left alone.
export const FAULT_PAUSE = { first: 500, max: 30_000 };
// Something is due but could not be had, e.g. because another process has it: asked again, but not in a circle.
const IDLE_PAUSE = { first: 100, max: 5_000 };
const LONGEST_SLEEP = 60_000;

export const createPump = ({ round, now, random, onFault, longest = LONGEST_SLEEP }: PumpTools): Pump => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let failures = 0;
  let fruitless = 0;

  const sleep = (ms: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(wake, Math.min(Math.max(ms, 1), longest)).unref();
  };

  const rest = ({ next, worked }: Round): void => {
    const wait = next === null ? longest : next - now();
    fruitless = worked || wait > 0 ? 0 : fruitless + 1;
    sleep(fruitless > 0 ? backOff(fruitless, IDLE_PAUSE, random) : wait);
  };

  const run = async (): Promise<void> => {
    do {
      again = false;
      try {
        rest(await round());
        failures = 0;
      } catch (fault) {
        onFault(fault);
        failures += 1;
        again = false;
        sleep(backOff(failures, FAULT_PAUSE, random));
      }
    } while (again && !stopped);
  };

  const wake = (): void => {
    again = true;
    if (running || stopped) return;
    running = run().finally(() => { running = undefined; });
  };

  return {
    wake,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};
