// The lives of the Node-RED process: started, killed, started again on the same user directory and port.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Aim, ChildInput, Counts, Outcome, Question, Told } from './child.ts';
import type { JournalPlace } from './drivers.ts';
import type { Place } from './place.ts';
import { POINTS } from './points.ts';
import { type Forked, startProcess } from './processes.ts';
import type { Kill } from './schedule.ts';

/** One life that ended by a kill. `hit` false: what the kill was aimed at did not come in time, and it came all the same. */
export interface Death { life: number; kill: Kill; hit: boolean; startedAt: number; at: number; trace: string }

export interface Lives {
  deaths: Death[];
  /** Starts the process, waits for the kill and for the end. */
  live(kill: Kill): Promise<Death>;
  /** Starts the process for good. */
  settle(): Promise<Survivor>;
}

export interface Survivor {
  counts(): Promise<Counts>;
  outcome(): Promise<Outcome>;
  kill(): Promise<void>;
  ended: Promise<string>;
}

export interface LivesOptions {
  place: Place; name: string; port: number; journal: JournalPlace;
  /** Called at each acknowledgement. */
  onAnswer(listener: () => void): () => void;
  /** How long what a kill is aimed at may take to come. */
  aimWithinMs?: number;
}

const AIM_WITHIN_MS = 8_000;
const START_WITHIN_MS = 60_000;

const aimOf = (kill: Kill | null): Aim | null => kill?.kind === 'point' ? { point: POINTS[kill.point]!, skip: kill.skip } : null;

const patient = async <Value>(what: string, value: Promise<Value>, limit: number): Promise<Value> => {
  const quiet = new AbortController();
  const late = pause(limit, undefined, { signal: quiet.signal }).then(() => { throw new Error(`${what} took longer than ${limit} ms`); });
  late.catch(() => undefined);
  return await Promise.race([value, late]).finally(() => quiet.abort());
};

const within = async <Value>(limit: number, value: Promise<Value>): Promise<Value | undefined> => {
  const quiet = new AbortController();
  const late = pause(limit, undefined, { signal: quiet.signal });
  late.catch(() => undefined);
  return await Promise.race([value, late]).finally(() => quiet.abort());
};

const readiness = async (child: Forked<Told>): Promise<void> => {
  try {
    await patient('the start', child.first, START_WITHIN_MS);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${child.said()}`, { cause: error });
  }
};

/** Resolves when the process is to be killed, or has ended. False: in vain. */
const untilKill = async (child: Forked<Told>, kill: Kill, { onAnswer, aimWithinMs = AIM_WITHIN_MS }: LivesOptions): Promise<boolean> => {
  const ended = child.ended.then(() => true);
  if (kill.kind === 'instant') {
    if (kill.since === 'ready') await readiness(child);
    await within(kill.afterMs, ended);
    return true;
  }
  // The point may be passed while the flows are still starting: then there is no readiness to wait for.
  const ready = readiness(child).then(() => false);
  ready.catch(() => undefined);
  if (await Promise.race([ended, ready])) return true;
  if (kill.kind === 'point') return await within(aimWithinMs, ended) ?? false;
  let left = kill.skip;
  const answered = new Promise<true>((resolve) => {
    onAnswer(() => {
      if (left-- > 0) return;
      child.kill();
      resolve(true);
    });
  });
  return await within(aimWithinMs, answered) ?? false;
};

const survivorOf = (child: Forked<Told>): Survivor => {
  const ask = async (question: Question): Promise<Told> => await patient(question, child.ask(question), 120_000);
  return {
    ended: child.ended,
    counts: async () => {
      const told = await ask('counts');
      if (told.kind !== 'counts') throw new Error('no counts');
      return told.counts;
    },
    outcome: async () => {
      const told = await ask('outcome');
      if (told.kind !== 'outcome') throw new Error('no outcome');
      return told.outcome;
    },
    kill: async () => {
      child.kill();
      await child.ended;
    },
  };
};

export const createLives = (options: LivesOptions): Lives => {
  const { place, name, port, journal } = options;
  const deaths: Death[] = [];
  let life = 0;
  const userDir = join(place.folder, name);
  mkdirSync(userDir, { recursive: true });

  const start = (kill: Kill | null): { child: Forked<Told>; trace: string } => {
    life += 1;
    const trace = join(place.folder, `${name}-${String(life).padStart(4, '0')}.trace`);
    const input: ChildInput = { root: place.root, userDir, port, journal, trace, aim: aimOf(kill), watched: kill !== null };
    return { child: startProcess<Told>('child.ts', input, { ...place.environment, ...journal.environment }), trace };
  };

  return {
    deaths,
    live: async (kill) => {
      const startedAt = Date.now();
      const { child, trace } = start(kill);
      const hit = await untilKill(child, kill, options);
      child.kill();
      const how = await child.ended;
      // Ended by itself: that is no kill, and whatever follows would prove nothing.
      if (how !== 'SIGKILL') throw new Error(`Node-RED ended by itself (${how})\n${child.said()}`);
      const death: Death = { life, kill, hit, startedAt, at: Date.now(), trace };
      deaths.push(death);
      return death;
    },
    settle: async () => {
      const { child } = start(null);
      await readiness(child);
      return survivorOf(child);
    },
  };
};
