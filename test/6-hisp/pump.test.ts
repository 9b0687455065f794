import { expect } from 'chai';
import { createPump, type Pump, type Round } from '../../nodes/6-hisp/pump.ts';
import { until } from './until.ts';

const pause = async (ms: number): Promise<void> => { await new Promise((resolve) => { setTimeout(resolve, ms); }); };

describe('the pump', () => {
  const pumps: Pump[] = [];
  const faults: unknown[] = [];
  const started = (round: () => Promise<Round>, change: { now?: () => number; longest?: number } = {}): Pump => {
    const made = createPump({ round, now: Date.now, random: () => 0, onFault: (fault) => faults.push(fault), ...change });
    pumps.push(made);
    made.wake();
    return made;
  };
  /** Counts rounds, each with the result given. */
  const counted = (result: () => Round, change?: { now?: () => number; longest?: number }): { count: () => number; pump: Pump } => {
    let rounds = 0;
    const pump = started(async () => { rounds += 1; return result(); }, change);
    return { count: () => rounds, pump };
  };

  afterEach(async () => {
    for (const pump of pumps.splice(0)) await pump.stop();
    faults.splice(0);
  });

  it('runs at the instant that a round named, and at once when something was done', async () => {
    let rounds = 0;
    started(async () => {
      rounds += 1;
      return rounds < 5 ? { next: Date.now(), worked: true } : { next: Date.now() + (rounds === 5 ? 100 : 60_000), worked: false };
    });
    await until(async () => rounds === 6, 2000);
  });

  it('does not go in a circle when something is due that cannot be had', async () => {
    const { count } = counted(() => ({ next: Date.now() - 1000, worked: false }));
    await pause(1000);
    // 50, 100, 200, 400 ms …
    expect(count()).to.be.within(3, 6);
  });

  it('is awake at once all the same', async () => {
    const { count, pump } = counted(() => ({ next: Date.now() - 1000, worked: false }));
    await until(async () => count() === 4, 2000);
    const before = count();
    pump.wake();
    expect(count()).to.equal(before + 1);
  });

  it('looks again from time to time though nothing waits, or only far ahead', async () => {
    for (const next of [null, Date.now() + 3_600_000]) {
      const { count } = counted(() => ({ next, worked: false }), { longest: 30 });
      await until(async () => count() > 3, 2000);
    }
  });

  it('is not put to sleep by a clock that goes back, nor driven by one that goes ahead', async () => {
    let jump = 0;
    const now = (): number => Date.now() + jump;
    const back = counted(() => ({ next: now() + (jump === 0 ? 20 : 3_600_000), worked: false }), { now, longest: 100 });
    await until(async () => back.count() > 2, 2000);
    jump = -3_600_000;
    const before = back.count();
    await until(async () => back.count() > before + 2, 2000);
    jump = 3_600_000;
    const due = Date.now();
    const ahead = counted(() => ({ next: due, worked: false }), { now });
    await pause(500);
    expect(ahead.count()).to.be.below(6);
  });

  it('leaves alone for a growing while what failed, tells of each fault, and goes on', async () => {
    let rounds = 0;
    started(async () => {
      rounds += 1;
      if (rounds < 3) throw new Error('unreachable');
      return { next: null, worked: false };
    });
    await until(async () => rounds === 3, 3000);
    expect(faults).to.have.length(2);
  });

  it('runs one round at a time, and once more when woken meanwhile', async () => {
    let [running, most, rounds] = [0, 0, 0];
    const pump = started(async () => {
      rounds += 1;
      most = Math.max(most, running += 1);
      await pause(20);
      running -= 1;
      return { next: null, worked: false };
    });
    for (let times = 0; times < 10; times += 1) pump.wake();
    await until(async () => rounds === 2, 2000);
    await pause(60);
    expect([rounds, most]).to.deep.equal([2, 1]);
  });

  it('stops when its round is over, and stays stopped', async () => {
    let [begun, ended] = [0, 0];
    const pump = started(async () => { begun += 1; await pause(50); ended += 1; return { next: Date.now(), worked: true }; });
    await pump.stop();
    pump.wake();
    await pause(30);
    expect([begun, ended]).to.deep.equal([1, 1]);
  });
});
