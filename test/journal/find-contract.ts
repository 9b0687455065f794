import { expect } from 'chai';
import type { DeliveryRecord, FindQuery, Journal, MessageRecord } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, mailFor, type OpenBench, order, raw, recipient, result } from './fixtures.ts';

const ORGANIZATIONS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const ADDRESSES = ['a@direct.lakeside.example', 'b@direct.lakeside.example', 'c@direct.lakeside.example'];
const MRNS = ['MRN-A', 'MRN-B'];

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'none', ({ code, path }: { code: string; path?: string }) => path === undefined ? code : `${code} ${path}`);

interface Made { id: string; localId: string; organization: string; mrn: string; at: number; deliveries: { id: string; address: string; account: string; sent: boolean }[] }

/** Message `index`, with one or two deliveries; some of them go out, some messages are held. */
const make = async ({ journal, clock }: Bench, index: number): Promise<Made> => {
  const [localId, organization, mrn] = [`F${Math.floor(index / 2)}`, ORGANIZATIONS[Math.floor(index / 2) % 2]!, MRNS[Math.floor(index / 2) % 2]!];
  const change = { Order: { LocalId: localId }, Patient: { LocalId: mrn } };
  await journal.storeOrder(order({ ...change, ClientGuid: organization }), raw(), true);
  const { ready } = await journal.acceptResult(result({ ...change, ResultCode: index % 2 === 0 ? 'F' : 'A', Gradings: { CarePlanName: `${index}` } }), raw(), organization);
  const made: Made = { id: ready!.direct.id, localId, organization, mrn, at: clock.now(), deliveries: [] };
  if (index % 7 === 6) {
    await journal.stopMessage(made.id, 'HELD', 'NO_ROUTE', 'Nobody.');
    return made;
  }
  const addresses = index % 3 === 0 ? [ADDRESSES[0]!, ADDRESSES[1]!] : [ADDRESSES[index % 3]!];
  const planned = await journal.planRecipients(made.id, addresses.map((address) => recipient({ address })));
  for (const [n, { id }] of planned.entries()) {
    const account = index % 5 === 0 ? 'other' : ACCOUNT;
    await journal.enqueue(mailFor(id!, { to: addresses[n]!, account }));
    made.deliveries.push({ id: id!, address: addresses[n]!, account, sent: false });
  }
  return made;
};

/** Twenty-one messages, three at a time in one instant, and half of the deliveries accepted. */
const makeAll = async (bench: Bench): Promise<Made[]> => {
  const all: Made[] = [];
  for (let index = 0; index < 21; index += 1) {
    all.push(await make(bench, index));
    if (index % 3 === 2) bench.clock.turn(1_000);
  }
  for (const claim of await bench.journal.claimDue([ACCOUNT, 'other'], 8)) {
    await bench.journal.settleAttempt(claim.deliveryId, claim.attempt, accepted);
    for (const { deliveries } of all) for (const delivery of deliveries) if (delivery.id === claim.deliveryId) delivery.sent = true;
  }
  return all;
};

const pages = async (journal: Journal, query: FindQuery): Promise<string[][]> => {
  const found: string[][] = [];
  for (let cursor: string | undefined; ;) {
    const { rows, next } = await journal.find({ ...query, ...(cursor !== undefined && { cursor }) });
    found.push(rows.map(({ id }) => id));
    if (next === null) return found;
    cursor = next;
  }
};

/** Looking things up. */
export const findContract = (open: OpenBench): void => {
  describe('finding', () => {
    let bench: Bench;
    let journal: Journal;
    let made: Made[];
    before(async () => {
      bench = await open();
      journal = bench.journal;
      made = await makeAll(bench);
    });
    after(() => bench.end());

    type Query = Omit<FindQuery, 'what'>;
    const messages = (query: Query = {}) => journal.find({ what: 'messages', ...query }).then(({ rows }) => rows.map(({ id }) => id));
    const deliveries = (query: Query = {}) => journal.find({ what: 'deliveries', ...query }).then(({ rows }) => rows.map(({ id }) => id));
    const newest = (fits: (message: Made) => boolean): string[] => made.filter(fits).map(({ id }) => id).reverse();
    const newestDeliveries = (fits: (delivery: Made['deliveries'][number], message: Made) => boolean): string[] =>
      made.flatMap((message) => message.deliveries.filter((delivery) => fits(delivery, message)).map(({ id }) => id)).reverse();

    it('messages by each thing, newest first', async () => {
      const one = made[9]!;
      expect(await messages()).to.deep.equal(newest(() => true));
      expect(await messages({ id: one.id })).to.deep.equal([one.id]);
      expect(await messages({ orderLocalId: one.localId })).to.deep.equal(newest(({ localId }) => localId === one.localId));
      expect(await messages({ organization: one.organization })).to.deep.equal(newest(({ organization }) => organization === one.organization));
      expect(await messages({ mrn: ' mrn-a ' })).to.deep.equal(newest(({ mrn }) => mrn === 'MRN-A'));
      expect(await messages({ recipient: ADDRESSES[1]!.toUpperCase() })).to.deep.equal(newest((message) => message.deliveries.some(({ address }) => address === ADDRESSES[1])));
      expect(await messages({ state: 'HELD' })).to.deep.equal(newest(({ deliveries: own }) => own.length === 0));
      expect(await messages({ account: 'other' })).to.deep.equal(newest((message) => message.deliveries.some(({ account }) => account === 'other')));
    });

    it('deliveries by each thing, newest first', async () => {
      const one = made[9]!;
      expect(await deliveries()).to.deep.equal(newestDeliveries(() => true));
      expect(await deliveries({ id: one.deliveries[0]!.id })).to.deep.equal([one.deliveries[0]!.id]);
      expect(await deliveries({ orderLocalId: one.localId })).to.deep.equal(newestDeliveries((_, { localId }) => localId === one.localId));
      expect(await deliveries({ organization: one.organization })).to.deep.equal(newestDeliveries((_, { organization }) => organization === one.organization));
      expect(await deliveries({ mrn: 'MRN-B' })).to.deep.equal(newestDeliveries((_, { mrn }) => mrn === 'MRN-B'));
      expect(await deliveries({ recipient: ADDRESSES[0]! })).to.deep.equal(newestDeliveries(({ address }) => address === ADDRESSES[0]));
      expect(await deliveries({ state: 'SENT' })).to.deep.equal(newestDeliveries(({ sent }) => sent)).and.not.have.length(0);
      expect(await deliveries({ account: 'other' })).to.deep.equal(newestDeliveries(({ account }) => account === 'other'));
    });

    it('by several things at once, all of which hold', async () => {
      const from = made[6]!.at;
      const to = made[15]!.at;
      const within = ({ at }: Made): boolean => at >= from && at < to;
      const [organization] = ORGANIZATIONS;
      expect(await messages({ from, to })).to.deep.equal(newest(within));
      expect(await messages({ from, to, organization: organization! })).to.deep.equal(newest((message) => within(message) && message.organization === organization));
      expect(await messages({ state: 'ROUTED', mrn: 'MRN-A', recipient: ADDRESSES[0]!, account: ACCOUNT, from }))
        .to.deep.equal(newest((message) => message.at >= from && message.mrn === 'MRN-A'
          && message.deliveries.some(({ address }) => address === ADDRESSES[0]) && message.deliveries.some(({ account }) => account === ACCOUNT)));
      expect(await deliveries({ state: 'QUEUED', account: ACCOUNT, organization: organization!, from, to })).to.deep.equal(newestDeliveries(
        ({ sent, account }, message) => !sent && account === ACCOUNT && message.organization === organization && within(message)));
      expect(await deliveries({ recipient: ADDRESSES[0]!, state: 'SENT', mrn: 'MRN-B' }))
        .to.deep.equal(newestDeliveries(({ address, sent }, { mrn }) => address === ADDRESSES[0] && sent && mrn === 'MRN-B'));
      expect(await messages({ id: made[0]!.id, state: 'HELD' })).to.deep.equal([]);
      expect(await messages({ from: to, to: from })).to.deep.equal([]);
      expect(await messages({ from: Number.MAX_VALUE })).to.deep.equal([]);
    });

    it('page by page, everything once, whatever the page\'s length', async () => {
      const queries: FindQuery[] = [
        { what: 'messages' }, { what: 'deliveries' }, { what: 'messages', recipient: ADDRESSES[0]! }, { what: 'messages', account: ACCOUNT },
        { what: 'deliveries', organization: ORGANIZATIONS[0]! }, { what: 'deliveries', mrn: 'MRN-A' }, { what: 'messages', state: 'ROUTED', organization: ORGANIZATIONS[1]! },
        { what: 'deliveries', state: 'QUEUED', account: ACCOUNT, from: made[3]!.at }];
      for (const query of queries) {
        const whole = (await pages(journal, query)).flat();
        expect(new Set(whole).size).to.equal(whole.length);
        for (const limit of [1, 2, 5]) {
          const found = await pages(journal, { ...query, limit });
          expect(found.flat(), JSON.stringify({ ...query, limit })).to.deep.equal(whole);
          for (const page of found) expect(page.length).to.be.at.most(limit);
        }
      }
    }).timeout(60_000);

    it('what comes in meanwhile disturbs no page that is still to come', async () => {
      const own = await open();
      const some = [];
      for (let index = 0; index < 6; index += 1) some.push((await make(own, index)).id);
      const first = await own.journal.find({ what: 'messages', limit: 3 });
      await make(own, 6);
      const second = await own.journal.find({ what: 'messages', limit: 3, cursor: first.next! });
      expect([...first.rows, ...second.rows].map(({ id }) => id)).to.deep.equal(some.reverse());
      expect(second.next).to.equal(null);
      await own.end();
    });

    it('the records are those that reading gives', async () => {
      const page = await journal.find({ what: 'deliveries', state: 'SENT', limit: 2 });
      for (const row of page.rows as DeliveryRecord[]) expect(row).to.deep.equal(await journal.delivery(row.id));
      const held = await journal.find({ what: 'messages', state: 'HELD', limit: 2 });
      expect(held.rows).to.have.length(2);
      for (const row of held.rows as MessageRecord[]) expect(row).to.deep.equal(await journal.message(row.id));
      expect((held.rows[0] as MessageRecord).events).to.have.length(1);
    });

    it('a limit is at least 1 and at most 500; 50 when none is given', async () => {
      for (const [limit, length] of [[0, 1], [-5, 1], [1.9, 1], [Number.NaN, 1], ['all', 1], [1e9, 21]] as [number, number][]) {
        expect(await messages({ limit }), String(limit)).to.have.length(length);
      }
    });

    it('a broken cursor is refused, and one of another list too', async () => {
      const { next } = await journal.find({ what: 'messages', limit: 1 });
      const at = (text: string) => Buffer.from(text).toString('base64url');
      for (const cursor of ['', 'x', '!!!', at('m1'), at('m1.2.3'), at(`m1.2' OR 1=1`), at('m-1.2'), at(`m${'9'.repeat(30)}.1`), 'm1.2', {} as string, 7 as unknown as string]) {
        expect(await codeOf(journal.find({ what: 'messages', cursor })), String(cursor)).to.equal('CURSOR_INVALID');
      }
      expect(await codeOf(journal.find({ what: 'deliveries', cursor: next! }))).to.equal('CURSOR_INVALID');
    });

    it('what cannot be looked for is refused with the part that is wrong', async () => {
      const asked = (query: unknown) => codeOf(journal.find({ what: 'messages', ...query as Query }));
      expect(await asked({ what: 'patients' })).to.equal('REQUEST_INVALID what');
      expect(await asked({ id: 'a\u0000' })).to.equal('REQUEST_INVALID id');
      expect(await asked({ orderLocalId: '' })).to.equal('REQUEST_INVALID orderLocalId');
      expect(await asked({ recipient: 'x'.repeat(301) })).to.equal('REQUEST_INVALID recipient');
      expect(await asked({ mrn: 7 })).to.equal('REQUEST_INVALID mrn');
      expect(await asked({ organization: '\ud800' })).to.equal('REQUEST_INVALID organization');
      expect(await asked({ from: '2026-01-01' })).to.equal('REQUEST_INVALID from');
      expect(await asked({ to: Number.NaN })).to.equal('REQUEST_INVALID to');
      expect(await asked({ state: 'SENT' })).to.equal('REQUEST_INVALID state');
      expect(await asked({ state: `ROUTED' --` })).to.equal('REQUEST_INVALID state');
      expect(await asked({ orderLocalId: `%' OR '1'='1` })).to.equal('none');
    });

    it('statistics count what is there', async () => {
      const stats = await journal.stats();
      const { messages: byState, deliveries: ofDeliveries, unrated } = await journal.counts();
      expect(stats).to.deep.include({ messages: byState, deliveries: ofDeliveries, unrated, incidents: 0 });
      const queued = made.filter((message) => message.deliveries.some(({ sent }) => !sent));
      expect(stats.oldestQueuedAt).to.equal(Math.min(...queued.map(({ at }) => at)));
      expect(stats.contents).to.be.above(made.flatMap((message) => message.deliveries).length);
      expect(stats.bytes).to.be.above(stats.contents);
    });

    it('an empty journal has an empty page', async () => {
      const own = await open();
      expect(await own.journal.find({ what: 'deliveries', state: 'QUEUED' })).to.deep.equal({ rows: [], next: null });
      expect(await own.journal.stats()).to.deep.equal({ messages: {}, deliveries: {}, unrated: 0, oldestQueuedAt: null, incidents: 0, contents: 0, bytes: 0 });
      await own.end();
    });
  });
};
