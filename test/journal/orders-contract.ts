import { expect } from 'chai';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';
import { type Bench, cancel, type OpenBench, order, raw, recipient, readyMessage, resend, result } from './fixtures.ts';

const OTHER_PATIENT = { Patient: { LocalId: 'MRN2002' } };
const CHANGED = { HealthPlan: { PrimaryCareProvider: { EmailAddress: 'new@direct.hillside.example' } } };

/** Orders: NW, XO, CA and what they do to waiting results. */
export const ordersContract = (open: OpenBench): void => {
  describe('orders', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    const store = async (...[submitted, known = true]: [ReturnType<typeof order>, boolean?]): Promise<string> => {
      const { outcome, code } = await bench.journal.storeOrder(submitted, raw(), known);
      return code === undefined ? outcome : `${outcome} ${code}`;
    };
    const address = async (): Promise<string | undefined> => {
      const { messageId } = await bench.journal.acceptResult(result(), raw(), null);
      return (await bench.journal.readyMessage(messageId))?.order.primaryCareProvider?.address;
    };

    it('a new order is stored, the same again is a replay', async () => {
      expect(await store(order())).to.equal('stored');
      expect(await store(order())).to.equal('replay');
    });

    it('a new order with another content for the same patient changes it, and the first one repeated does not change it back', async () => {
      await store(order());
      expect(await store(order(CHANGED))).to.equal('changed');
      expect(await store(order())).to.equal('replay');
      expect(await address()).to.equal('new@direct.hillside.example');
    });

    it('a number in use for another patient is refused', async () => {
      await store(order());
      expect(await store(order(OTHER_PATIENT))).to.equal('rejected ORDER_CONFLICT');
      expect((await bench.journal.inputs({ outcome: 'rejected' }))[0]).to.include({ code: 'ORDER_CONFLICT', path: 'Patient.LocalId', orderLocalId: 'ORD1001' });
    });

    it('a change is applied, its repetition is a replay, fixed fields stay with a warning', async () => {
      await store(order());
      const change = order({ ...CHANGED, OrderControlCode: 'XO', Order: { EvaluationTypes: ['GLAUCOMA'] } });
      expect(await store(change)).to.equal('changed ORDER_FIELD_FIXED');
      expect(await store(change)).to.equal('replay');
      const { messageId } = await bench.journal.acceptResult(result(), raw(), null);
      const ready = await bench.journal.readyMessage(messageId);
      expect(ready?.order.evaluationTypes).to.deep.equal(['DR']);
      expect(ready?.order.warnings.map(({ code }) => code)).to.include('ORDER_FIELD_FIXED');
    });

    it('a change of an unknown order is stored when it says enough, else refused', async () => {
      expect(await store(order({ OrderControlCode: 'XO', Patient: undefined }))).to.equal('rejected ORDER_UNKNOWN');
      expect(await store(order({ OrderControlCode: 'XO' }))).to.equal('stored');
    });

    it('a cancelled order stays cancelled', async () => {
      await store(order());
      expect(await store(cancel())).to.equal('cancelled');
      expect(await store(cancel())).to.equal('replay');
      expect(await store(order())).to.equal('replay');
      expect(await store(order(CHANGED))).to.equal('rejected ORDER_CANCELLED');
      expect(await store(order({ ...CHANGED, OrderControlCode: 'XO' }))).to.equal('rejected ORDER_CANCELLED');
    });

    it('a cancellation needs a known order, and its site when several have the number', async () => {
      expect(await store(cancel())).to.equal('rejected ORDER_UNKNOWN');
      await store(order());
      await store(order({ Site: { LocalId: 'SITE02' } }));
      expect(await store(cancel({ Site: undefined }))).to.equal('rejected ORDER_AMBIGUOUS');
      expect(await store(cancel({ Site: { LocalId: 'SITE02' } }))).to.equal('cancelled');
      expect(await store(cancel({ ClientGuid: OTHER_CLINIC }))).to.equal('rejected ORDER_UNKNOWN');
    });

    it('an order of an unknown organization is held, repeated it is a replay, and it is stored once the organization is known', async () => {
      expect(await store(order(), false)).to.equal('held ORGANIZATION_UNKNOWN');
      expect(await store(order(), false)).to.equal('replay');
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'waiting' });
      const [held] = await bench.journal.inputs({ outcome: 'held' });
      expect(held).to.include({ kind: 'order', code: 'ORGANIZATION_UNKNOWN', name: 'input.json' });
      const { outcome, released } = await bench.journal.storeOrder(order(), raw(), true);
      expect([outcome, released.length]).to.deep.equal(['stored', 1]);
    });

    it('a waiting result is released by its order, with the bytes of its own report', async () => {
      const base64 = Buffer.from('%PDF-1.7 made up').toString('base64');
      const waiting = await bench.journal.acceptResult(result({ ResultsDocument: { Content: base64, Encoding: 'base64', Type: 'pdf' } }), raw(), null);
      expect(waiting).to.include({ outcome: 'waiting', code: 'AWAITS_ORDER' });
      expect((await bench.journal.message(waiting.messageId))!).to.include({ state: 'RECEIVED', code: 'AWAITS_ORDER', organization: null });
      const { released } = await bench.journal.storeOrder(order(), raw(), true);
      expect(released.map(({ direct }) => direct)).to.deep.equal([
        { id: waiting.messageId, orderLocalId: 'ORD1001', organization: CLINIC, site: 'SITE01', priority: 'routine' }]);
      expect((await bench.journal.readyMessage(waiting.messageId))!.result.document?.base64).to.equal(base64);
      expect((await bench.journal.message(waiting.messageId))!).to.include({ state: 'RECEIVED', code: null, organization: CLINIC });
      expect(await bench.journal.inputs({ outcome: 'waiting' })).to.deep.equal([]);
      expect((await bench.journal.readyMessage(waiting.messageId))!.direct).to.deep.equal(released[0]!.direct);
    });

    it('a result that waits for one organization is not released by an order of another', async () => {
      await bench.journal.acceptResult(result(), raw(), OTHER_CLINIC);
      expect((await bench.journal.storeOrder(order(), raw(), true)).released).to.deep.equal([]);
      expect((await bench.journal.storeOrder(order({ ClientGuid: OTHER_CLINIC }), raw(), true)).released).to.have.length(1);
    });

    it('a waiting result of another patient is held when the order comes', async () => {
      const { messageId } = await bench.journal.acceptResult(result({ Patient: { Name: { Last: 'Someoneelse' } } }), raw(), null);
      expect((await bench.journal.storeOrder(order(), raw(), true)).released).to.deep.equal([]);
      expect((await bench.journal.message(messageId))!).to.include({ state: 'HELD', code: 'PATIENT_MISMATCH' });
      expect((await bench.journal.inputs({ outcome: 'held' }))[0]).to.include({ code: 'PATIENT_MISMATCH' });
    });

    it('a resend needs an order with a joined result', async () => {
      expect(await bench.journal.resendResult(resend(), raw())).to.include({ outcome: 'rejected', code: 'ORDER_UNKNOWN' });
      await store(order());
      expect(await bench.journal.resendResult(resend(), raw())).to.include({ outcome: 'rejected', code: 'RESULT_UNKNOWN' });
      await store(cancel());
      expect(await bench.journal.resendResult(resend(), raw())).to.include({ outcome: 'rejected', code: 'ORDER_CANCELLED' });
      expect((await bench.journal.inputs()).filter(({ kind }) => kind === 'resend')).to.have.length(3);
    });

    it('a resend is a new message of the newest result with the order as it stands, linked to the first and sharing its documents', async () => {
      const { direct: first } = await readyMessage(bench.journal);
      const { ready: correction } = await bench.journal.acceptResult(result({ ResultCode: 'C' }), raw(), null);
      await bench.journal.saveDocument(correction!.direct.id, { id: 'DOC', profile: 'p', data: Buffer.from('<x/>'), warnings: [] });
      await bench.journal.saveReport(correction!.direct.id, Buffer.from('%PDF-'));
      await store(order({ ...CHANGED, OrderControlCode: 'XO' }));
      const again = await bench.journal.resendResult(resend(), raw());
      const twice = await bench.journal.resendResult(resend(), raw());
      expect(again.ready!.direct.resendOf).to.equal(correction!.direct.id);
      expect(twice.ready!.direct.resendOf).to.equal(correction!.direct.id);
      expect(new Set([first.id, correction!.direct.id, again.ready!.direct.id, twice.ready!.direct.id])).to.have.property('size', 4);
      expect((await bench.journal.readyMessage(again.ready!.direct.id))!.order.primaryCareProvider?.address).to.equal('new@direct.hillside.example');
      expect((await bench.journal.document(again.ready!.direct.id, 'p'))?.id).to.equal('DOC');
      expect(Buffer.from((await bench.journal.report(again.ready!.direct.id))!).toString()).to.equal('%PDF-');
      expect((await bench.journal.planRecipients(again.ready!.direct.id, [recipient()]))[0]!.id).to.be.a('string');
    });
  });
};
