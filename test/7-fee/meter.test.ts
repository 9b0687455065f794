import { expect } from 'chai';
import { createFeeMeter, type Metered, type MeteredJournal, meterFees } from '../../nodes/7-fee/meter.ts';
import { NO_PAYERS, priceListOf } from '../../nodes/7-fee/prices.ts';
import { type PriceList, rateEvents } from '../../nodes/7-fee/rate.ts';
import type { ChargeableEvent, LedgerLine } from '../../nodes/journal/port.ts';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';

const QUARTER = { amount: '0.25', currency: 'USD' };

const event = (sequence: number, change: Partial<ChargeableEvent> = {}): ChargeableEvent =>
  ({ deliveryId: `d${sequence}`, kind: 'delivery', sequence, at: 1_000 + sequence, organization: CLINIC, site: 'SITE01', account: 'hisp', ...change });

/** The journal's fee side in memory. */
const books = (events: ChargeableEvent[]): MeteredJournal & { lines: LedgerLine[] } => {
  const lines: LedgerLine[] = [];
  const isRated = ({ deliveryId }: { deliveryId: string }): boolean => lines.some((line) => line.deliveryId === deliveryId);
  return {
    lines,
    unrated: async (limit, after = 0) => events.filter((one) => one.sequence > after && !isRated(one)).slice(0, limit),
    appendLedger: async (given) => given.filter((line) => !isRated(line) && lines.push(line) > 0),
  };
};

describe('rating', () => {
  it('makes a line of each event, with organization, site and the price in force', () => {
    const { lines, unrated } = rateEvents([event(1), event(2, { kind: 'resend', site: 'SITE02' })], () => ({ amount: '1', currency: 'usd' }), 5_000);
    expect(unrated).to.deep.equal([]);
    expect(lines).to.deep.equal([
      { deliveryId: 'd1', kind: 'delivery', organization: CLINIC, site: 'SITE01', at: 1_001, ratedAt: 5_000, amount: '1.00', currency: 'USD' },
      { deliveryId: 'd2', kind: 'resend', organization: CLINIC, site: 'SITE02', at: 1_002, ratedAt: 5_000, amount: '1.00', currency: 'USD' }]);
  });

  it('leaves an event unrated whose price is missing or cannot be read', () => {
    const prices: PriceList = (organization) => (organization === CLINIC ? { amount: 'free', currency: 'USD' } : undefined);
    const { lines, unrated } = rateEvents([event(1), event(2, { organization: OTHER_CLINIC })], prices, 0);
    expect([lines.length, unrated.map(({ sequence }) => sequence)]).to.deep.equal([0, [1, 2]]);
  });

  it('a test has a price of its own, whoever sent it: nothing, unless said otherwise', () => {
    const organization = { clientGuid: CLINIC, name: 'Clinic', price: '0.30' };
    const prices = priceListOf({ find: () => organization }, QUARTER);
    const { lines } = rateEvents([event(1), event(2, { kind: 'test' })], prices, 0);
    expect(lines.map(({ kind, amount }) => [kind, amount])).to.deep.equal([['delivery', '0.30'], ['test', '0.00']]);
    expect(priceListOf(null, QUARTER, { amount: '0.05', currency: 'USD' })(CLINIC, 'SITE01', 'test')).to.deep.equal({ amount: '0.05', currency: 'USD' });
  });

  it('takes the site\'s price before the organization\'s before the meter\'s own', () => {
    const organization = { clientGuid: CLINIC, name: 'Clinic', price: '0.30', sites: { SITE02: { price: '0.10', currency: 'EUR' } } };
    const prices = priceListOf({ find: (guid) => (guid === CLINIC ? organization : undefined) }, QUARTER);
    expect(prices(CLINIC, 'SITE01')).to.deep.equal({ amount: '0.30', currency: 'USD' });
    expect(prices(CLINIC, 'SITE02')).to.deep.equal({ amount: '0.10', currency: 'EUR' });
    expect(prices(OTHER_CLINIC, 'SITE01')).to.deep.equal(QUARTER);
    expect(priceListOf(NO_PAYERS, QUARTER)(CLINIC, 'SITE01')).to.deep.equal(QUARTER);
    expect(priceListOf(null, QUARTER)(CLINIC, 'SITE01')).to.equal(undefined);
  });
});

describe('the meter', () => {
  it('works through all batches, past events without a price, and bills each once', async () => {
    const journal = books(Array.from({ length: 25 }, (_, index) => event(index + 1, index < 12 ? { organization: OTHER_CLINIC } : {})));
    const prices: PriceList = (organization) => (organization === CLINIC ? QUARTER : undefined);
    const first = await meterFees(journal, prices, () => 9, 5);
    expect([first.lines.length, first.unrated]).to.deep.equal([13, 12]);
    const second = await meterFees(journal, prices, () => 9, 5);
    expect([second.lines.length, second.unrated]).to.deep.equal([0, 12]);
    const third = await meterFees(journal, () => QUARTER, () => 9, 5);
    expect([third.lines.length, third.unrated]).to.deep.equal([12, 0]);
    expect(new Set(journal.lines.map(({ deliveryId }) => deliveryId)).size).to.equal(25);
  });

  it('shares sweeps between wakes that come together, and every wake is followed by a sweep', async () => {
    let sweeps = 0;
    const open: (() => void)[] = [];
    const told: Metered[] = [];
    const meter = createFeeMeter(() => new Promise((resolve) => {
      sweeps += 1;
      open.push(() => resolve({ lines: [], unrated: sweeps }));
    }), (metered) => told.push(metered));
    const wakes = [meter.wake(), meter.wake(), meter.wake(), meter.wake()];
    open[0]!();
    await wakes[0];
    await new Promise((resolve) => setImmediate(resolve));
    expect(sweeps).to.equal(2);
    open[1]!();
    await Promise.all(wakes);
    expect([sweeps, told.length]).to.deep.equal([2, 2]);
  });

  it('goes on after a sweep that failed', async () => {
    let sweeps = 0;
    const meter = createFeeMeter(async () => {
      sweeps += 1;
      if (sweeps === 1) throw new Error('first');
      return { lines: [], unrated: 0 };
    }, () => undefined);
    const [failed, waited] = await Promise.allSettled([meter.wake(), meter.wake()]);
    expect([failed.status, waited.status, sweeps]).to.deep.equal(['rejected', 'fulfilled', 2]);
    await meter.wake();
    expect(sweeps).to.equal(3);
  });
});
