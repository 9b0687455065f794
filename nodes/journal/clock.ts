// Jumps of the system's clock: told from time that passed by a clock that only ever ticks.

/** Less is what time servers correct by and what a busy process is late by, in ms. */
const NOTICED = 5_000;

/**
 * Returns how far the wall clock (`now`, epoch ms) has jumped since the last call, in ms; 0: it has not. `monotonic` ticks in ms.
 * A machine that slept has jumped forward by its sleep: for whoever waits for it, time stood still.
 */
export const jumpWatch = (now: () => number, monotonic: () => number): (() => number) => {
  let offset = now() - monotonic();
  return () => {
    const jump = now() - monotonic() - offset;
    if (Math.abs(jump) < NOTICED) {
      // Small corrections are followed, so that they do not add up.
      offset += jump;
      return 0;
    }
    offset += jump;
    return Math.round(jump);
  };
};
