// Two instances share one journal on PostgreSQL; one is killed with work in hand, the other finishes it.
import { expect } from 'chai';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { describePostgres } from '../support/postgres.ts';
import { startBalancer } from './balancer.ts';
import { examsOf } from './cases.ts';
import { postgres } from './drivers.ts';
import { judgeAlone } from './judge.ts';
import { createLives } from './lives.ts';
import { freePort, openPlace, type Place } from './place.ts';
import type { PointName } from './points.ts';
import { ROOT } from './product.ts';
import { type Ended, untilRest } from './run-once.ts';
import { startSender } from './sender.ts';
import { fallOf } from './windows.ts';

/** The heartbeat of a claim, and how long the other instance may take from its end on. */
const LEASE_MS = 10_000;
const FINISHED_WITHIN_MS = 30_000;
const PATIENCE_MS = 75_000;
const POUR_MS = 250;
const KINDS = ['address', 'npi', 'address', 'rendered', 'site and address', 'urgent', 'organization', 'address', 'greylisted', 'correction'];

interface Story { ended: Ended; deadAt: number; restAt: number }

/** The same place, seen by an instance that listens for notifications elsewhere. */
const seenBy = (place: Place, notifyPort: number): Place =>
  ({ ...place, environment: { ...place.environment, DIRECT_NOTIFY_PORT: String(notifyPort) } });

const tell = async (url: string, folder: string, shared: string, point: PointName): Promise<Story> => {
  const place = await openPlace({ folder, pki: join(shared, 'pki'), shared, root: ROOT });
  const { journal, remove } = await postgres(url).make(folder);
  const [one, other, noticesOfOne, noticesOfOther] = [await freePort(ROOT), await freePort(ROOT), await freePort(ROOT), await freePort(ROOT)];
  const balancer = await startBalancer(place.notifyPort, [noticesOfOne, noticesOfOther]);
  const exams = examsOf(11, Array.from({ length: 300 }, (_, index) => KINDS[index % KINDS.length]!));
  const urls = [one, other].map((port) => `http://127.0.0.1:${port}/`);
  const sender = startSender(urls, exams);
  try {
    const begun = Date.now();
    const common = { journal, onAnswer: sender.onAnswer };
    const survivor = await createLives({ place: seenBy(place, noticesOfOther), name: 'survivor', port: other, ...common }).settle();
    // As long as both live, so that each has its share.
    const pour = setInterval(() => { sender.allow(1); }, POUR_MS);
    const killed = createLives({ place: seenBy(place, noticesOfOne), name: 'killed', port: one, aimWithinMs: PATIENCE_MS, ...common });
    const death = await killed.live({ kind: 'point', point, skip: 1 }).finally(() => { clearInterval(pour); });
    await sender.finish();
    const settled = await untilRest(survivor, 0, PATIENCE_MS);
    const restAt = Date.now();
    const taken = place.taken();
    const ended: Ended = {
      outcome: await survivor.outcome(), taken, acknowledged: sender.acknowledged, falls: [fallOf(death, taken)], settled,
      seconds: { kills: (death.at - begun) / 1000, rest: (restAt - death.at) / 1000 },
    };
    await survivor.kill();
    return { ended, deadAt: death.at, restAt };
  } finally {
    sender.stop();
    balancer.stop();
    await place.stop();
    await remove();
  }
};

await describePostgres('two instances on one journal', (url) => {
  let shared: string;
  before(() => { shared = temporaryFolder(); });
  after(removeTemporaryFolders);

  const finishes = async (point: PointName, hasInHand: (fall: Ended['falls'][number]) => unknown[]): Promise<void> => {
    const { ended, deadAt, restAt } = await tell(url, join(shared, point.replace(/\W+/g, '-')), shared, point);
    const [fall] = ended.falls;
    expect(fall!.hit, 'the instance was killed at the point').to.equal(true);
    expect(hasInHand(fall!), 'what it had in hand').to.not.be.empty;
    expect(new Set(ended.acknowledged.map(({ url: port }) => port)).size, 'instances that took inputs').to.equal(2);
    expect(judgeAlone(ended)).to.deep.equal([]);
    const { messages, deliveries } = ended.outcome;
    const results = ended.acknowledged.filter(({ name }) => !name.endsWith('order')).map(({ name }) => name);
    expect(new Set(messages.map(({ inputName }) => inputName))).to.deep.equal(new Set(results));
    expect(messages.filter(({ state, code }) => state !== 'DONE' && code !== 'SUPERSEDED')).to.deep.equal([]);
    expect(deliveries.filter(({ state }) => !['DELIVERED', 'PROCESSED', 'SUPPRESSED'].includes(state))).to.deep.equal([]);
    expect(restAt - deadAt, 'from the end of the lease on').to.be.below(LEASE_MS + FINISHED_WITHIN_MS);
  };

  it('one is killed inside the flow: the other finishes all of it', async function () {
    this.timeout(180_000);
    await finishes('document kept', ({ inFlow }) => inFlow);
  });

  it('one is killed while it sends: the other finishes all of it', async function () {
    this.timeout(180_000);
    await finishes('answered, not settled', ({ sending }) => sending);
  });
});
