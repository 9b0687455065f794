import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, openFile } from './fixtures.ts';
import { lifeContract } from './life-contract.ts';

/** More for whoever has the time: `LIFE_RUNS=1000`. */
const RUNS = Number(process.env.LIFE_RUNS ?? 25);

const openBench = async (): Promise<Bench> => {
  const folder = await mkdtemp(join(tmpdir(), 'courier-life-'));
  const file = join(folder, 'journal.sqlite');
  let instant = Date.UTC(2026, 0, 6);
  const clock = { now: () => instant, turn: (ms: number) => { instant += ms; } };
  const bench: Bench = {
    journal: await openFile(file, clock), clock,
    reopen: async () => {
      await bench.journal.close();
      bench.journal = await openFile(file, clock);
    },
    tamper: () => Promise.reject(new Error('not here')),
    end: async () => {
      await bench.journal.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
};

lifeContract(openBench, RUNS);
