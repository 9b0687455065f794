// How long something takes: wall clock and CPU time of the whole process, in rounds that alternate between what is compared.

/** Milliseconds per call: median wall clock, and CPU time of all threads. */
export interface Timing { ms: number; cpuMs: number }

export type Work = (turn: number) => unknown;

interface Contestant { work: Work; walls: number[]; cpus: number[]; turn: number }

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const runRound = async (contestant: Contestant, times: number): Promise<void> => {
  const before = cpuMs();
  for (let call = 0; call < times; call += 1) {
    const start = performance.now();
    await contestant.work(contestant.turn += 1);
    contestant.walls.push(performance.now() - start);
  }
  contestant.cpus.push((cpuMs() - before) / times);
};

export interface Rounds { rounds: number; times: number; warmUp: number }

/** Other work on the machine meets all alike, because they take turns. */
export const compare = async <Name extends string>(works: Record<Name, Work>, { rounds, times, warmUp }: Rounds): Promise<Record<Name, Timing>> => {
  const contestants = Object.entries<Work>(works).map(([name, work]) => ({ name, work, walls: [], cpus: [], turn: 0 } as Contestant & { name: string }));
  for (const contestant of contestants) await runRound(contestant, warmUp);
  for (const contestant of contestants) Object.assign(contestant, { walls: [], cpus: [] });
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of contestants) await runRound(contestant, times);
  }
  return Object.fromEntries(contestants.map(({ name, walls, cpus }) => [name, { ms: median(walls), cpuMs: median(cpus) }])) as Record<Name, Timing>;
};
