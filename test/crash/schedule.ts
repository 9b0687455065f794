// When the process is killed: at random instants, and at named points so that the narrow windows are met too.
import { type PointName, POINTS, type Window, WINDOWS } from './points.ts';
import type { Chance } from './random.ts';

export type Kill =
  /** `afterMs` since the process was forked, or since its flows run. */
  | { kind: 'instant'; since: 'fork' | 'ready'; afterMs: number }
  /** At the moment at which the sender has the answer to an input: what it answers for must be on disk. */
  | { kind: 'answer'; skip: number }
  | { kind: 'point'; point: PointName; skip: number };

export interface KillPlan {
  kills: number;
  /** Of them, how many are aimed at each window, and at points outside of all. */
  perWindow: number;
  elsewhere: number;
}

/** A twentieth and a bit of all kills for each window: 12 of 200. */
export const planOf = (kills: number): KillPlan =>
  ({ kills, perWindow: Math.max(1, Math.ceil(kills * 0.06)), elsewhere: Math.floor(kills * 0.05) });

/** Longest life after the flows run, in ms, and the part of the kills that fall into the start. */
const LIFE_MS = 1500;
const START_MS = 700;
const SHARE = { start: 0.12, answer: 0.1 };
const SKIP = 3;

const namesIn = (window: Window | 'elsewhere'): PointName[] => Object.keys(POINTS).filter((name) => POINTS[name]!.window === window);

const aimed = (luck: Chance, window: Window | 'elsewhere', count: number): Kill[] => {
  const names = luck.shuffled(namesIn(window));
  return Array.from({ length: count }, (_, index) => ({ kind: 'point', point: names[index % names.length]!, skip: luck.below(SKIP) }));
};

const atInstant = (luck: Chance): Kill => {
  const share = luck.next();
  if (share < SHARE.start) return { kind: 'instant', since: 'fork', afterMs: luck.below(START_MS) };
  if (share < SHARE.start + SHARE.answer) return { kind: 'answer', skip: luck.below(2 * SKIP) };
  return { kind: 'instant', since: 'ready', afterMs: luck.below(LIFE_MS) };
};

export const scheduleFor = (luck: Chance, { kills, perWindow, elsewhere }: KillPlan): Kill[] => {
  const atPoints = [...WINDOWS.flatMap((window) => aimed(luck, window, perWindow)), ...aimed(luck, 'elsewhere', elsewhere)].slice(0, kills);
  return luck.shuffled([...atPoints, ...Array.from({ length: kills - atPoints.length }, () => atInstant(luck))]);
};
