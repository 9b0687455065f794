import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jumpWatch } from '../../nodes/journal/clock.ts';
import { openDriver } from '../../nodes/journal/driver.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { ACCOUNT, DEADLINE, mailFor, queued, sent, stateOf, TEST_KEY } from './fixtures.ts';

const HOUR = 3_600_000;

/** A wall clock that can be set, and a tick that cannot. */
const clocks = () => {
  const state = { wall: Date.UTC(2026, 0, 6), ticks: 0 };
  return {
    now: () => state.wall,
    monotonic: () => state.ticks,
    pass: (ms: number) => { state.wall += ms; state.ticks += ms; },
    set: (ms: number) => { state.wall += ms; },
  };
};

describe('the watch over the clock', () => {
  it('tells jumps once, both ways, and follows small corrections', () => {
    const clock = clocks();
    const watch = jumpWatch(clock.now, clock.monotonic);
    clock.pass(10 * HOUR);
    expect(watch()).to.equal(0);
    clock.set(HOUR);
    expect([watch(), watch()]).to.deep.equal([HOUR, 0]);
    clock.pass(1);
    clock.set(-2 * HOUR);
    expect([watch(), watch()]).to.deep.equal([-2 * HOUR, 0]);
    for (let n = 0; n < 100; n += 1) {
      clock.set(4_000);
      expect(watch()).to.equal(0);
    }
  });
});

describe('a clock that is set an hour forth and back', () => {
  let folder: string;
  let journal: Journal;
  let clock: ReturnType<typeof clocks>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'courier-clock-'));
    clock = clocks();
    journal = await openDriver(join(folder, 'journal.sqlite'), { key: TEST_KEY, demo: true, now: clock.now, monotonic: clock.monotonic });
  });
  afterEach(async () => {
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [name, jump] of [['forth', HOUR], ['back', -HOUR]] as const) {
    it(`${name}: a retry is due when its time has passed, no sooner and no later`, async () => {
      const { deliveryId } = await queued(journal);
      const [claim] = await journal.claimDue([ACCOUNT], 1);
      await journal.settleAttempt(deliveryId, claim!.attempt, { kind: 'temporary', code: 'HISP_DEFERRED', response: '451', retryAt: clock.now() + 60_000 });
      clock.set(jump);
      expect(await journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      expect(await journal.nextWake([ACCOUNT])).to.equal(clock.now() + 60_000);
      clock.pass(60_000);
      expect(await journal.claimDue([ACCOUNT], 1)).to.have.length(1);
    });

    it(`${name}: notifications have the time that they were given`, async () => {
      const { deliveryId } = await sent(journal);
      clock.set(jump);
      clock.pass(DEADLINE - 1);
      await journal.expireDeadlines();
      expect(await stateOf(journal, deliveryId)).to.equal('SENT');
      clock.pass(1);
      await journal.expireDeadlines();
      expect(await stateOf(journal, deliveryId)).to.equal('UNCONFIRMED(NO_PROCESSED)');
    });
  }

  it('nothing is sealed anew for a day that did not pass', async () => {
    const { deliveryId } = await queued(journal);
    clock.set(30 * HOUR);
    expect((await journal.claimDue([ACCOUNT], 1)).map((claim) => claim.messageId)).to.deep.equal([mailFor(deliveryId).messageId]);
  });
});
