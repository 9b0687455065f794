import { expect } from 'chai';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';
import { type Bench, cancel, type OpenBench, order, raw, readyMessage, result } from './fixtures.ts';

/** Results: joining, repetitions, and what is never joined. */
export const resultsContract = (open: OpenBench): void => {
  describe('results', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    const both = async (): Promise<void> => {
      await bench.journal.storeOrder(order(), raw(), true);
      await bench.journal.storeOrder(order({ ClientGuid: OTHER_CLINIC }), raw(), true);
    };

    it('a result of a stored order is ready under an id of its own, with the order and the priority', async () => {
      const { direct, order: joined } = await readyMessage(bench.journal, { Gradings: { Emergent: true } });
      expect(direct.id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(direct).to.include({ organization: CLINIC, site: 'SITE01', orderLocalId: 'ORD1001', priority: 'emergent' });
      expect(joined.patient.name.given).to.equal('Zoë');
      expect((await bench.journal.message(direct.id))!).to.include({ state: 'RECEIVED', code: null, inputName: 'input.json', resendOf: null, priority: 'emergent' });
    });

    it('the bytes of every input are kept', async () => {
      const { inputId } = await bench.journal.acceptResult(result(), raw('{"a":"ä"}'), null);
      const refused = await bench.journal.rejectInput(raw('rubbish', 'bad.json'), { code: 'INPUT_NOT_JSON', text: 'no', kind: 'unreadable', path: '$' });
      expect(Buffer.from((await bench.journal.rawInput(inputId))!).toString()).to.equal('{"a":"ä"}');
      expect(Buffer.from((await bench.journal.rawInput(refused.inputId))!).toString()).to.equal('rubbish');
      expect((await bench.journal.inputs({ outcome: 'rejected' }))[0])
        .to.include({ id: refused.inputId, name: 'bad.json', code: 'INPUT_NOT_JSON', path: '$', text: 'no', kind: 'unreadable' });
    });

    it('the same result again changes nothing and answers with the first id', async () => {
      const { direct } = await readyMessage(bench.journal);
      const again = await bench.journal.acceptResult(result({ Timestamp: '2026-03-01T00:00:00Z' }), raw(), null);
      expect(again).to.include({ outcome: 'replay', messageId: direct.id });
      expect(again).to.not.have.property('ready');
      expect(await bench.journal.messages()).to.have.length(1);
      expect((await bench.journal.inputs()).map(({ outcome }) => outcome)).to.deep.equal(['stored', 'ready', 'replay']);
    });

    it('another ResultCode, grading time or evaluation is a message of its own', async () => {
      await readyMessage(bench.journal);
      for (const change of [{ ResultCode: 'C' }, { Gradings: { GradedTime: '2026-01-07T00:00:00Z' } }, { Order: { EvaluationTypes: ['AMD'] } }]) {
        expect(await bench.journal.acceptResult(result(change), raw(), null)).to.include({ outcome: 'ready' });
      }
      expect(await bench.journal.messages()).to.have.length(4);
    });

    it('waiting and held results are not taken twice either', async () => {
      const waiting = await bench.journal.acceptResult(result(), raw(), null);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'replay', messageId: waiting.messageId });
      const other = { Order: { LocalId: 'ORD2' }, Patient: { Dob: '1/16/1960' } };
      await bench.journal.storeOrder(order({ Order: { LocalId: 'ORD2' } }), raw(), true);
      const held = await bench.journal.acceptResult(result(other), raw(), null);
      expect(held).to.include({ outcome: 'held', code: 'PATIENT_MISMATCH' });
      expect(await bench.journal.acceptResult(result(other), raw(), null)).to.include({ outcome: 'replay', messageId: held.messageId });
    });

    it('two organizations with identical numbers: unbound is ambiguous, bound goes to its own', async () => {
      await both();
      const held = await bench.journal.acceptResult(result(), raw(), null);
      expect(held).to.include({ outcome: 'held', code: 'ORDER_AMBIGUOUS' });
      expect(await bench.journal.message(held.messageId)).to.include({ state: 'HELD', code: 'ORDER_AMBIGUOUS', organization: null });
      const bound = { Gradings: { CarePlanName: 'Refer' } };
      const [ours, theirs] = [await bench.journal.acceptResult(result(bound), raw(), CLINIC), await bench.journal.acceptResult(result(bound), raw(), OTHER_CLINIC)];
      expect(ours.ready?.direct.organization).to.equal(CLINIC);
      expect(theirs.ready?.direct.organization).to.equal(OTHER_CLINIC);
      expect(ours.messageId).to.not.equal(theirs.messageId);
    });

    it('a second organization that comes later makes no repetition ambiguous, and none of its results a repetition', async () => {
      const first = result();
      await bench.journal.storeOrder(order(), raw(), true);
      const { messageId } = await bench.journal.acceptResult(first, raw(), null);
      await bench.journal.storeOrder(order({ ClientGuid: OTHER_CLINIC }), raw(), true);
      expect(await bench.journal.acceptResult(first, raw(), null)).to.include({ outcome: 'replay', messageId });
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'held', code: 'ORDER_AMBIGUOUS' });
    });

    it('an order of an unknown organization with the same numbers is not overlooked', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      await bench.journal.storeOrder(order({ ClientGuid: OTHER_CLINIC }), raw(), false);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'held', code: 'ORDER_AMBIGUOUS' });
      expect(await bench.journal.acceptResult(result(), raw(), CLINIC)).to.include({ outcome: 'ready' });
    });

    it('a result for a cancelled order is held; one that was sent before the cancellation is still a repetition', async () => {
      const { direct } = await readyMessage(bench.journal);
      await bench.journal.storeOrder(cancel(), raw(), true);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'replay', messageId: direct.id });
      expect(await bench.journal.acceptResult(result({ ResultCode: 'C' }), raw(), null)).to.include({ outcome: 'held', code: 'ORDER_CANCELLED' });
    });

    for (const boundTo of [null, CLINIC]) {
      it(`a mismatch put right with XO goes on under its first id when the result comes again (${boundTo === null ? 'unbound' : 'bound'})`, async () => {
        await bench.journal.storeOrder(order({ Patient: { Dob: '1/16/1960' } }), raw(), true);
        const held = await bench.journal.acceptResult(result(), raw(), boundTo);
        expect(held).to.include({ outcome: 'held', code: 'PATIENT_MISMATCH' });
        await bench.journal.storeOrder(order({ OrderControlCode: 'XO' }), raw(), true);
        const again = await bench.journal.acceptResult(result(), raw(), boundTo);
        expect(again).to.include({ outcome: 'ready', messageId: held.messageId });
        expect(again.ready!.direct).to.include({ id: held.messageId, organization: CLINIC });
        expect((await bench.journal.message(held.messageId))!).to.include({ state: 'RECEIVED', code: null, why: null });
        expect(await bench.journal.acceptResult(result(), raw(), boundTo)).to.include({ outcome: 'replay', messageId: held.messageId });
      });
    }

    it('ResultCode R with a known content is a resend of the first message, else a result like any other', async () => {
      const { direct } = await readyMessage(bench.journal);
      const wish = result({ ResultCode: 'R' });
      const again = await bench.journal.acceptResult(wish, raw(), null);
      expect(again.ready!.direct.resendOf).to.equal(direct.id);
      expect(await bench.journal.acceptResult(wish, raw(), null)).to.include({ outcome: 'replay', messageId: again.messageId });
      const news = await bench.journal.acceptResult(result({ ResultCode: 'R', Gradings: { CarePlanName: 'Refer' } }), raw(), null);
      expect(news.ready!.direct).to.not.have.property('resendOf');
    });

    it('500 results at once are each committed and each found', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      const outcomes = await Promise.all(Array.from({ length: 500 }, (_, index) =>
        bench.journal.acceptResult(result({ Gradings: { GradedTime: new Date(Date.UTC(2026, 0, 1) + index).toISOString() } }), raw(`{"n":${index}}`), null)));
      expect(new Set(outcomes.map(({ messageId }) => messageId)).size).to.equal(500);
      await bench.reopen();
      expect((await bench.journal.counts()).messages).to.deep.equal({ RECEIVED: 500 });
      expect(Buffer.from((await bench.journal.rawInput(outcomes[499]!.inputId))!).toString()).to.equal('{"n":499}');
    });

    it('the same result at once from many is taken once', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => bench.journal.acceptResult(result(), raw(), null)));
      expect(outcomes.filter(({ outcome }) => outcome === 'ready')).to.have.length(1);
      expect(new Set(outcomes.map(({ messageId }) => messageId)).size).to.equal(1);
    });
  });
};
