/**
 * How long to wait before the next try, in ms: `first`, doubled with each attempt up to `max`, and of that between
 * one half and all, so that deliveries that failed together do not come back together.
 * `attempt` is the one that just failed, counted from 1; `random` gives [0, 1).
 */
export const backOff = (attempt: number, { first, max }: { first: number; max: number }, random: () => number): number => {
  const doubled = Math.min(max, first * 2 ** Math.min(Math.max(attempt, 1) - 1, 40));
  return Math.round(doubled * (1 + random()) / 2);
};
