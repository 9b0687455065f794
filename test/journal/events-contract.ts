import { expect } from 'chai';
import type { OrderEvent } from '../../nodes/0-order/model.ts';
import type { EventOutcome } from '../../nodes/journal/port.ts';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';
import { type Bench, type OpenBench, order, raw, result } from './fixtures.ts';

const receipt = (change: Partial<OrderEvent> = {}): OrderEvent =>
  ({ type: 'OrderCreationReceipt', receipt: true, success: true, irisOrderId: '900001', orderLocalId: 'ORD1001', patientLocalId: 'MRN1001', ...change });

/** Events of IRIS: what links its numbers to ours. */
export const eventsContract = (open: OpenBench): void => {
  describe('events', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    const tell = (event: OrderEvent, boundTo: string | null = null): Promise<EventOutcome> => bench.journal.acceptEvent(event, raw('{"e":1}', 'event.json'), boundTo);

    it('a receipt links both numbers, for good; its repetition is a replay; a result that agrees goes on', async () => {
      const { inputId, outcome } = await tell(receipt());
      expect(outcome).to.equal('linked');
      expect(Buffer.from((await bench.journal.rawInput(inputId))!).toString()).to.equal('{"e":1}');
      await bench.reopen();
      expect((await tell(receipt())).outcome).to.equal('replay');
      expect((await bench.journal.inputs()).map(({ kind, outcome: fate, orderLocalId }) => [kind, fate, orderLocalId]))
        .to.deep.equal([['event', 'linked', 'ORD1001'], ['event', 'replay', 'ORD1001']]);
      await bench.journal.storeOrder(order(), raw(), true);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'ready' });
    });

    it('a receipt that says no is noted with a code, other events without one, and neither links anything', async () => {
      const refused = { type: 'OrderCreationReceipt', receipt: true, success: false, irisOrderId: '900001', orderLocalId: 'ORD7' };
      expect(await tell(refused)).to.include({ outcome: 'noted', code: 'ORDER_REFUSED_BY_IRIS' });
      expect(await tell({ ...receipt({ type: 'OrderCancelled', receipt: false }), orderLocalId: 'ORD7' })).to.deep.include({ outcome: 'noted' }).and.not.have.property('code');
      expect((await bench.journal.inputs()).map(({ code }) => code)).to.deep.equal(['ORDER_REFUSED_BY_IRIS', null]);
      await bench.journal.storeOrder(order(), raw(), true);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'ready' });
    });

    it('a result under a number that IRIS gave to another order is held, before its order comes and after', async () => {
      await tell(receipt({ orderLocalId: 'ORD7' }));
      const early = await bench.journal.acceptResult(result(), raw(), null);
      expect(early).to.include({ outcome: 'held', code: 'ORDER_LINK_CONFLICT' });
      expect((await bench.journal.storeOrder(order(), raw(), true)).released).to.deep.equal([]);
      const late = await bench.journal.acceptResult(result({ Gradings: { GradedTime: '2026-01-09T00:00:00Z' } }), raw(), CLINIC);
      expect(late).to.include({ outcome: 'held', code: 'ORDER_LINK_CONFLICT' });
      expect(await bench.journal.message(late.messageId)).to.include({ state: 'HELD', code: 'ORDER_LINK_CONFLICT' });
      expect(await bench.journal.acceptResult(result({ Order: { PatientOrderId: 5 }, ResultCode: 'C' }), raw(), null)).to.include({ outcome: 'ready' });
    });

    it('what another organization was told holds nothing up, and a number linked twice is trusted no more', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      await tell(receipt({ orderLocalId: 'ORD7' }), OTHER_CLINIC);
      expect(await bench.journal.acceptResult(result(), raw(), CLINIC)).to.include({ outcome: 'ready' });
      await tell(receipt(), CLINIC);
      await tell(receipt({ orderLocalId: 'ORD7' }), CLINIC);
      expect(await bench.journal.acceptResult(result({ ResultCode: 'C' }), raw(), CLINIC)).to.include({ outcome: 'held', code: 'ORDER_LINK_CONFLICT' });
    });

    it('a message is found by the number that IRIS gave to its order', async () => {
      await tell(receipt());
      const { messageId } = await bench.journal.acceptResult(result(), raw(), null);
      for (const orderLocalId of ['ORD1001', '900001']) {
        expect((await bench.journal.find({ what: 'messages', orderLocalId })).rows.map(({ id }) => id), orderLocalId).to.deep.equal([messageId]);
      }
      expect((await bench.journal.find({ what: 'messages', orderLocalId: '900002' })).rows).to.deep.equal([]);
    });

    it('a link goes with the input that it came in, when its time is over', async () => {
      await tell(receipt({ orderLocalId: 'ORD7' }));
      bench.clock.turn(3_000 * 86_400_000);
      const settings = { openOrders: 1, correction: 1, content: 1, ledger: 1 };
      for (let more = true; more;) ({ more } = await bench.journal.prune({ settings, dryRun: false, actor: 'test', reason: 'time is over' }));
      expect(await bench.journal.inputs()).to.deep.equal([]);
      await bench.journal.storeOrder(order(), raw(), true);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'ready' });
    });
  });
};
