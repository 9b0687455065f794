// The whole test on one driver: the same exams undisturbed and with kills, judged and told.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Exam, examsFor } from './cases.ts';
import type { Driver } from './drivers.ts';
import { type Breach, judge } from './judge.ts';
import { openPlace } from './place.ts';
import { type Window, WINDOWS } from './points.ts';
import { chance } from './random.ts';
import { type Ended, runOnce } from './run-once.ts';
import { type Kill, type KillPlan, scheduleFor } from './schedule.ts';

/** `leastPerWindow`: how many kills must fall into each window, or the test has not tested enough. */
export interface Load { seed: number; exams: Exam[]; kills: Kill[]; leastPerWindow: number }

export interface ScenarioOptions extends Load {
  driver: Driver;
  /** The built product, and the one that is killed, if that is another. */
  root: string;
  killed?: string;
  /** Both runs at once. */
  together: boolean;
  patienceMs: number;
  folder: string;
  /** For certificates and compiled code; outlives the scenario. */
  shared: string;
  progress(text: string): void;
}

export interface Report {
  driver: string; seed: number; kills: number; missed: number; windows: Record<Window, number>;
  inputs: number; postedAgain: number; mails: number; copies: number; cutOff: number; ledger: number;
  seconds: { undisturbed: number; kills: number; rest: number };
  breaches: Breach[];
}

/** `pace`: exams per kill, about. */
export const loadFor = (seed: number, plan: KillPlan, pace: number): Load => ({
  seed, exams: examsFor(seed, Math.ceil(plan.kills * pace)), kills: scheduleFor(chance(seed), plan), leastPerWindow: Math.min(plan.perWindow, 10),
});

const figures = (calm: Ended, { falls, taken, acknowledged, outcome, seconds }: Ended): Omit<Report, 'driver' | 'seed' | 'breaches'> => ({
  kills: falls.length, missed: falls.filter(({ hit }) => !hit).length,
  windows: Object.fromEntries(WINDOWS.map((window) => [window, falls.filter(({ windows }) => windows.includes(window)).length])) as Report['windows'],
  inputs: acknowledged.length, postedAgain: acknowledged.filter(({ posts }) => posts > 1).length,
  mails: new Set(taken.map(({ messageId }) => messageId)).size, copies: taken.length,
  cutOff: falls.reduce((sum, { sending }) => sum + sending.length, 0), ledger: outcome.ledger.length,
  seconds: { undisturbed: calm.seconds.rest, ...seconds },
});

const unmet = ({ windows }: Pick<Report, 'windows'>, least: number): Breach[] => WINDOWS
  .filter((window) => windows[window] < least)
  .map((window) => ({ rule: 'every window', what: `only ${windows[window]} kills fell ${window}` }));

const runBoth = async (options: ScenarioOptions): Promise<[Ended, Ended]> => {
  const { driver, root, killed = root, kills, exams, shared, patienceMs, progress, together } = options;
  const run = async (name: string, its: Kill[], product: string): Promise<Ended> => {
    const place = await openPlace({ folder: join(options.folder, name), pki: join(shared, 'pki', name), shared, root: product });
    const { journal, remove } = await driver.make(join(place.folder, 'node-red'));
    try {
      return await runOnce({ place, name: 'node-red', exams, kills: its, journal, patienceMs, progress: (text) => progress(`${name}: ${text}`) });
    } finally {
      await place.stop();
      await remove();
    }
  };
  if (!together) return [await run('undisturbed', [], root), await run('with kills', kills, killed)];
  const runs = [run('undisturbed', [], root), run('with kills', kills, killed)] as const;
  // Where one fails the other is waited for too: it has processes.
  await Promise.allSettled(runs);
  return await Promise.all(runs);
};

/** The folder stays when a promise was broken. */
export const runScenario = async (options: ScenarioOptions): Promise<Report> => {
  const { driver, seed, folder, exams, leastPerWindow } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [calm, disturbed] = await runBoth(options);
  const told = figures(calm, disturbed);
  const breaches = [...judge(exams, calm, disturbed), ...unmet(told, leastPerWindow)];
  writeFileSync(join(folder, 'ended.json'), JSON.stringify({ exams, calm, disturbed }, null, 1));
  if (breaches.length === 0) rmSync(folder, { recursive: true, force: true });
  return { driver: driver.name, seed, ...told, breaches };
};
