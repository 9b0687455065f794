// Takes what has had its time, now and then, in small batches with pauses, so that the traffic never waits long.
import { setTimeout as sleep } from 'node:timers/promises';
import { asCourierError } from '../errors.ts';
import type { Journal, RetentionSettings } from './port.ts';
import { createTeller, type Tell } from './teller.ts';

/** In ms. */
export interface HousekeepingOptions {
  /** Until the first run: whoever has just started has other things to do. */
  first?: number;
  /** Between runs. */
  every?: number;
  /** Between batches. */
  pause?: number;
  /** Each fault once, after which the next run tries again; null when it is over. */
  tell?: Tell;
}

const MINUTE = 60_000;

/** How it signs in the audit chain. */
const BY = { actor: 'housekeeping', reason: 'the journal\'s retention settings' };

type Kept = Pick<Journal, 'prune'>;

/**
 * Begins when the journal is open; a promise of it must not reject. Returns the way to stop. Several may keep one journal, in one process
 * or in many: each takes what is left.
 */
export const startHousekeeping = (
  opened: Kept | Promise<Kept>, settings: RetentionSettings,
  { first = MINUTE, every = 60 * MINUTE, pause = 25, tell = () => undefined }: HousekeepingOptions = {},
): (() => void) => {
  const say = createTeller(tell);
  const stopping = new AbortController();
  const { signal } = stopping;
  const wait = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

  const once = async (journal: Kept): Promise<void> => {
    for (let more = true; more && !signal.aborted;) {
      ({ more } = await journal.prune({ ...BY, settings, dryRun: false }));
      if (more) await wait(pause);
    }
  };
  const keep = async (): Promise<void> => {
    const journal = await opened;
    await wait(first);
    while (!signal.aborted) {
      const fault = await once(journal).then(() => null, (error: unknown) => asCourierError(error, 'JOURNAL_FAILED'));
      if (!signal.aborted) say(fault);
      await wait(every);
    }
  };
  void keep();
  return () => stopping.abort();
};
