import { expect } from 'chai';
import { createServer } from 'node:net';
import { openMail } from '../../nodes/5-smime/open.ts';
import { domainsOf, startBeat, startSource } from '../../nodes/6-hisp/notification-source.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { freshJournal, inState, plan, type Planned, queued, removeJournals, until } from './deliveries.ts';

describe('a source of notifications', () => {
  let journal: Journal;
  const told: unknown[] = [];
  const tell = (fault: unknown): void => { told.push(fault); };
  /** A delivery whose deadline has passed. */
  const overdue = async (): Promise<Planned> => {
    const planned = await plan(journal, 'dr.lee@direct.lakeside.example');
    await journal.enqueue(queued(planned, { deadlineMs: 1 }));
    const [claim] = await journal.claimDue(['test'], 1);
    await journal.settleAttempt(planned.deliveryId, claim!.attempt, { kind: 'accepted', response: '250' });
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    return planned;
  };
  const expired = async ({ deliveryId }: Planned): Promise<boolean> => {
    await journal.expireDeadlines();
    return (await journal.delivery(deliveryId))!.state === 'UNCONFIRMED';
  };

  beforeEach(async () => { ({ journal } = await freshJournal()); });
  afterEach(async () => {
    told.splice(0);
    await removeJournals();
  });

  it('serves the domains of its entries, be they addresses or domains', () => {
    expect(domainsOf([' Direct.Clinic.example', 'results@direct.clinic.example', 'a@b.example', '', ' '])).to.deep.equal(['direct.clinic.example', 'b.example']);
    expect(domainsOf([''])).to.deep.equal([]);
  });

  it('is down while what arrives could not be opened; that is told once, and once when it is over', async () => {
    let opens = true;
    const stop = startBeat({
      journal, source: 'r', domains: [''], everyMs: 20, tell,
      ready: async () => { if (!opens) throw new Error('no identity'); },
    });
    await until(async () => await expired(await overdue()));
    opens = false;
    await until(async () => told.length === 1);
    const standing = await until(async () => {
      const planned = await overdue();
      return !await expired(planned) && planned;
    });
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect(told.map((fault) => (fault as Error | null)?.message)).to.deep.equal(['no identity']);
    opens = true;
    await until(async () => told.length === 2);
    expect(told[1]).to.equal(null);
    await until(async () => await expired(standing));
    await stop(false);
  });

  it('is down when it stops, and no more when it is removed', async () => {
    const beat = (): ((removed: boolean) => Promise<void>) => startBeat({ journal, source: 'r', domains: [], ready: async () => undefined, tell, everyMs: 20 });
    const first = beat();
    await until(async () => await expired(await overdue()));
    await first(false);
    const waiting = await overdue();
    expect(await expired(waiting)).to.equal(false);
    await beat()(true);
    await inState(journal, waiting.deliveryId, 'SENT');
    await until(async () => await expired(waiting));
  });

  it('that cannot listen is down, from its first start on', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => { blocker.listen(0, '127.0.0.1', resolve); });
    const failed = await startSource({
      journal, source: 'r', host: '203.0.113.1', port: (blocker.address() as { port: number }).port, domains: [], trust: async () => ({ keys: [], anchors: [] }),
      open: async (raw, request) => openMail(raw, request), now: () => new Date(), onReception: () => undefined, onFault: tell, tell,
    }).catch((fault: unknown) => fault);
    blocker.close();
    expect(failed).to.have.property('code', 'RECEIVER_FAILED');
    expect(await expired(await overdue())).to.equal(false);
  });

  it('that the journal cannot be told of stops all the same', async () => {
    const deaf = { ...journal, sourceUp: async () => { throw new Error('unreachable'); }, sourceDown: async () => { throw new Error('unreachable'); } };
    const stop = startBeat({ journal: deaf, source: 'r', domains: [], ready: async () => undefined, tell, everyMs: 20 });
    await until(async () => told.length === 1);
    await stop(false);
  });
});
