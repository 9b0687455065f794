// How many transactions run at once: the rest wait here, not in the pool, whose waiting time would look like a server that is away.
import { CourierError } from '../../errors.ts';

/** Longer than this nobody waits for a turn: the caller passes the pressure back. In ms. */
const PATIENCE = 20_000;

interface Waiting { go: () => void; fail: (error: Error) => void; timer: NodeJS.Timeout }

export interface Gate {
  pass<T>(work: () => Promise<T>): Promise<T>;
  /** All that wait now learn at once what one of them has found out. */
  fail(error: Error): void;
  /** Resolves when nobody is inside any more. */
  empty(): Promise<void>;
}

export const createGate = (limit: number, patience = PATIENCE): Gate => {
  const waiting = new Set<Waiting>();
  const watchers: (() => void)[] = [];
  let inside = 0;

  const take = (): Waiting | undefined => {
    const [next] = waiting;
    if (next !== undefined) {
      waiting.delete(next);
      clearTimeout(next.timer);
    }
    return next;
  };

  const turn = (): Promise<void> => new Promise((resolve, reject) => {
    const entry: Waiting = {
      go: resolve, fail: reject,
      timer: setTimeout(() => {
        waiting.delete(entry);
        reject(new CourierError('JOURNAL_UNREACHABLE', { detail: 'busy' }));
      }, patience),
    };
    waiting.add(entry);
  });

  const leave = (): void => {
    const next = take();
    if (next !== undefined) return next.go();
    inside -= 1;
    if (inside === 0) for (const watcher of watchers.splice(0)) watcher();
  };

  return {
    async pass(work) {
      if (inside < limit) inside += 1;
      else await turn();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    fail(error) {
      for (let next = take(); next !== undefined; next = take()) next.fail(error);
    },
    empty: () => inside === 0 ? Promise.resolve() : new Promise((resolve) => watchers.push(resolve)),
  };
};
