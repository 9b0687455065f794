import { expect } from 'chai';
import type { DeliveryChange, DeliveryNotice } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, DEADLINE, mailFor, notice, type OpenBench, queued, raw, recipient, resend, sent, stateOf } from './fixtures.ts';

type Event = DeliveryNotice['event'];

/** Notifications, deadlines, fees. */
export const noticesContract = (open: OpenBench): void => void describe('what comes back', () => {
  let bench: Bench;
  beforeEach(async () => { bench = await open(); });
  afterEach(() => bench.end());
  const tell = (deliveryId: string, event: Event, change: Partial<DeliveryNotice> = {}) => bench.journal.applyNotice(notice(deliveryId, event, change));
  const state = (deliveryId: string): Promise<string> => stateOf(bench.journal, deliveryId);

  describe('notifications', () => {
    // finalDelivery, what arrives, state, state at the deadline
    const cases: [boolean, Event[], string, string][] = [
      [false, [], 'SENT', 'UNCONFIRMED(NO_PROCESSED)'],
      [false, ['processed'], 'PROCESSED', 'PROCESSED'],
      [false, ['dispatched', 'processed'], 'PROCESSED', 'PROCESSED'],
      [false, ['failed'], 'FAILED(MDN_FAILED)', 'FAILED(MDN_FAILED)'],
      [true, [], 'SENT', 'UNCONFIRMED(NO_PROCESSED)'],
      [true, ['processed'], 'SENT', 'UNCONFIRMED(NOT_DISPATCHED)'],
      [true, ['dispatched'], 'SENT', 'UNCONFIRMED(NO_PROCESSED)'],
      [true, ['processed', 'other'], 'SENT', 'UNCONFIRMED(NOT_DISPATCHED)'],
      [true, ['processed', 'dispatched'], 'DELIVERED', 'DELIVERED'],
      [true, ['dispatched', 'processed'], 'DELIVERED', 'DELIVERED'],
      [true, ['processed', 'failed'], 'FAILED(MDN_FAILED)', 'FAILED(MDN_FAILED)'],
      [true, ['processed', 'dispatched', 'failed'], 'DELIVERED', 'DELIVERED'],
    ];
    for (const [finalDelivery, events, now, atDeadline] of cases) {
      it(`${finalDelivery ? 'asked' : 'not asked'}: ${events.join(', ') || 'nothing'} gives ${now}, at the deadline ${atDeadline}`, async () => {
        const { deliveryId } = await sent(bench.journal, { finalDelivery });
        for (const event of events) {
          const first = notice(deliveryId, event);
          expect((await bench.journal.applyNotice(first)).outcome).to.be.oneOf(['applied', 'late']);
          expect(await bench.journal.applyNotice(first)).to.deep.equal({ outcome: 'duplicate' });
          await bench.journal.applyNotice(notice(deliveryId, event));
        }
        expect(await state(deliveryId)).to.equal(now);
        bench.clock.turn(DEADLINE - 1);
        await bench.journal.expireDeadlines();
        expect(await state(deliveryId)).to.equal(now);
        bench.clock.turn(1);
        await bench.journal.expireDeadlines();
        expect(await state(deliveryId)).to.equal(atDeadline);
        expect(await bench.journal.unrated(10)).to.have.length(1);
      });
    }

    it('what only a mailbox vouches for counts for deliveries over that account alone', async () => {
      const { deliveryId } = await sent(bench.journal, { finalDelivery: false });
      expect(await tell(deliveryId, 'processed', { account: 'another' })).to.deep.equal({ outcome: 'unmatched' });
      expect(await tell(deliveryId, 'failed', { kind: 'dsn', account: '' })).to.deep.equal({ outcome: 'unmatched' });
      expect(await state(deliveryId)).to.equal('SENT');
      expect((await tell(deliveryId, 'processed', { account: ACCOUNT })).outcome).to.equal('applied');
      expect(await state(deliveryId)).to.equal('PROCESSED');
    });

    it('a bounce is FAILED(DSN_FAILED), and the message says that something went wrong', async () => {
      const { deliveryId, messageId } = await sent(bench.journal);
      const { outcome, change } = await tell(deliveryId, 'failed', { kind: 'dsn' });
      expect(outcome).to.equal('applied');
      expect(change).to.include({ state: 'FAILED', code: 'DSN_FAILED', deliveryId });
      expect((await bench.journal.message(messageId))!.state).to.equal('DONE_WITH_PROBLEMS');
    });

    it('a late positive turns UNCONFIRMED good, FAILED stays with the evidence beside it', async () => {
      const { deliveryId, messageId } = await sent(bench.journal, { finalDelivery: false });
      bench.clock.turn(DEADLINE);
      await bench.journal.expireDeadlines();
      expect((await bench.journal.message(messageId))!.state).to.equal('DONE_WITH_PROBLEMS');
      expect(await tell(deliveryId, 'processed')).to.have.property('outcome', 'late');
      expect((await bench.journal.delivery(deliveryId))!).to.include({ state: 'PROCESSED', code: null, lateSuccess: true });
      expect((await bench.journal.message(messageId))!.state).to.equal('DONE');
    });

    it('FAILED stays FAILED whatever comes', async () => {
      const { deliveryId } = await sent(bench.journal, { finalDelivery: false });
      await tell(deliveryId, 'failed');
      const { outcome, change } = await tell(deliveryId, 'processed');
      expect([outcome, change]).to.deep.equal(['late', undefined]);
      const delivery = (await bench.journal.delivery(deliveryId))!;
      expect(delivery).to.include({ state: 'FAILED', code: 'MDN_FAILED', lateSuccess: true });
      expect(delivery.notices.map(({ event }) => event)).to.deep.equal(['failed', 'processed']);
    });

    it('a notification for another id or another recipient changes nothing and is kept', async () => {
      const { deliveryId } = await sent(bench.journal);
      for (const change of [{ originalMessageId: 'unknown@x.example' }, { recipient: 'else@direct.lakeside.example' }]) {
        expect(await tell(deliveryId, 'failed', change)).to.deep.equal({ outcome: 'unmatched' });
      }
      expect(await state(deliveryId)).to.equal('SENT');
      expect(await bench.journal.applyNotice(notice(deliveryId, 'processed', { recipient: 'PCP@direct.lakeside.example', originalMessageId: `<${deliveryId}@direct.courier.example>` })))
        .to.have.property('outcome', 'applied');
    });

    it('a notification for a mail that nobody has tried to send is not believed', async () => {
      const { deliveryId } = await queued(bench.journal);
      expect(await tell(deliveryId, 'processed')).to.deep.equal({ outcome: 'unmatched' });
      expect(await state(deliveryId)).to.equal('QUEUED');
      expect(await bench.journal.unrated(10)).to.deep.equal([]);
    });

    it('a notification that overtakes the HISP\'s answer proves acceptance; the answer changes nothing more', async () => {
      const { deliveryId } = await queued(bench.journal, { finalDelivery: false });
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      const changes: DeliveryChange[] = [];
      bench.journal.subscribe((change) => changes.push(change));
      expect((await tell(deliveryId, 'processed')).change).to.include({ state: 'PROCESSED' });
      expect(changes.map(({ state: told, chargeable }) => [told, chargeable])).to.deep.equal([['SENT', true], ['PROCESSED', false]]);
      for (const outcome of [accepted, { kind: 'temporary', code: 'HISP_DEFERRED', response: '', retryAt: 1 }] as const) {
        expect(await bench.journal.settleAttempt(deliveryId, claim!.attempt, outcome)).to.equal(null);
      }
      expect(await state(deliveryId)).to.equal('PROCESSED');
      expect(await bench.journal.unrated(10)).to.have.length(1);
    });

    it('after an unknown outcome a notification stops the retries and is charged once', async () => {
      const { deliveryId } = await queued(bench.journal);
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      await bench.journal.settleAttempt(deliveryId, claim!.attempt, { kind: 'unknown', code: 'HISP_UNKNOWN', response: '', retryAt: bench.clock.now() + 1 });
      await tell(deliveryId, 'processed');
      expect(await state(deliveryId)).to.equal('SENT');
      bench.clock.turn(10);
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      await tell(deliveryId, 'dispatched');
      expect(await state(deliveryId)).to.equal('DELIVERED');
      expect(await bench.journal.unrated(10)).to.have.length(1);
    });

    it('the next wake is the next deadline when nothing is queued', async () => {
      const { deliveryId } = await sent(bench.journal);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal((await bench.journal.delivery(deliveryId))!.deadlineAt);
      await tell(deliveryId, 'failed');
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(null);
    });
  });

  describe('fees', () => {
    it('one line for each delivery, written once, kept on the delivery', async () => {
      const { deliveryId } = await sent(bench.journal);
      const [event] = await bench.journal.unrated(10);
      const { organization, site, at, kind } = event!;
      const line = { deliveryId, kind, organization, site, at, ratedAt: bench.clock.now(), amount: '0.25', currency: 'USD' };
      expect(await bench.journal.appendLedger([line])).to.deep.equal([line]);
      expect(await bench.journal.appendLedger([{ ...line, amount: '9.00' }])).to.deep.equal([]);
      expect(await bench.journal.unrated(10)).to.deep.equal([]);
      expect(await bench.journal.ledger()).to.deep.equal([line]);
      expect((await bench.journal.delivery(deliveryId))!.fee).to.deep.equal({ amount: '0.25', currency: 'USD' });
      expect((await bench.journal.counts()).unrated).to.equal(0);
    });

    it('no line is written for a delivery that nobody accepted', async () => {
      const { deliveryId } = await queued(bench.journal);
      const line = { deliveryId, kind: 'delivery', organization: 'x', site: 'y', at: 1, ratedAt: 1, amount: '0.25', currency: 'USD' } as const;
      expect(await bench.journal.appendLedger([line])).to.deep.equal([]);
      expect(await bench.journal.ledger()).to.deep.equal([]);
    });

    it('a resend is charged as such; events come in order and can be paged', async () => {
      await sent(bench.journal);
      const { ready } = await bench.journal.resendResult(resend(), raw());
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      await bench.journal.settleAttempt(planned!.id!, claim!.attempt, accepted);
      const events = await bench.journal.unrated(10);
      expect(events.map(({ kind }) => kind)).to.deep.equal(['delivery', 'resend']);
      expect(await bench.journal.unrated(1)).to.deep.equal([events[0]]);
      expect(await bench.journal.unrated(1, events[0]!.sequence)).to.deep.equal([events[1]]);
    });
  });
});
