import { expect } from 'chai';
import type { ExpiryRequest } from '../../nodes/journal/port.ts';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';
import { accepted, ACCOUNT, type Bench, cancel, mailFor, type OpenBench, order, raw, readyMessage, recipient, resend, result } from './fixtures.ts';

const HOUR = 3_600_000;
const HOLD: ExpiryRequest = { waitMs: 24 * HOUR, standIn: null, entries: ['mine'] };
const SEND: ExpiryRequest = { ...HOLD, standIn: CLINIC };
const OTHER_PLAN = { Gradings: { CarePlanName: 'Refer' } };

/** The life of an order: one that does not come, one that changes too late, one of which two results say two things. */
export const waitingContract = (open: OpenBench): void => {
  describe('order life', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    const wait = (change: Record<string, unknown> = {}, boundTo: string | null = CLINIC): Promise<string> =>
      bench.journal.acceptResult(result(change), { ...raw(), entry: 'mine' }, boundTo).then(({ messageId }) => messageId);

    /** Called until nothing is left, as the order in node does. */
    const expire = async (request: ExpiryRequest): Promise<{ held: number; stoodIn: number }> => {
      const sum = { held: 0, stoodIn: 0 };
      for (;;) {
        const { held, stoodIn, more } = await bench.journal.expireWaiting(request);
        if (!more) return sum;
        [sum.held, sum.stoodIn] = [sum.held + held, sum.stoodIn + stoodIn];
      }
    };
    const standing = async (id: string): Promise<string> => {
      const { state, code } = (await bench.journal.message(id))!;
      return code === null ? state : `${state} ${code}`;
    };

    it('a result waits for its time and not longer, also past a restart; nodes wait for their own', async () => {
      const id = await wait();
      bench.clock.turn(24 * HOUR - 1);
      expect(await expire(HOLD)).to.deep.equal({ held: 0, stoodIn: 0 });
      await bench.reopen();
      bench.clock.turn(1);
      expect(await expire({ ...HOLD, entries: ['other'] })).to.deep.equal({ held: 0, stoodIn: 0 });
      expect(await expire(HOLD)).to.deep.equal({ held: 1, stoodIn: 0 });
      expect(await expire(HOLD)).to.deep.equal({ held: 0, stoodIn: 0 });
      expect(await standing(id)).to.equal('HELD ORDER_UNKNOWN');
      expect((await bench.journal.inputs({ outcome: 'held' }))[0]).to.include({ code: 'ORDER_UNKNOWN' });
      expect(await bench.journal.acceptResult(result(), raw(), CLINIC)).to.include({ outcome: 'replay', messageId: id });
    });

    it('what waits for a node that is gone is held by whoever is there', async () => {
      const id = await wait();
      await bench.journal.dropEntry('mine');
      bench.clock.turn(24 * HOUR);
      expect(await expire({ ...HOLD, entries: ['other'] })).to.deep.equal({ held: 1, stoodIn: 0 });
      expect(await standing(id)).to.equal('HELD ORDER_UNKNOWN');
    });

    it('many that are due are each held once, however many look for them at once', async () => {
      for (let n = 0; n < 12; n += 1) await wait({ Order: { LocalId: `ORD${n}` } });
      bench.clock.turn(25 * HOUR);
      const all = await Promise.all([expire(HOLD), expire(HOLD), expire(HOLD)]);
      expect(all.reduce((sum, { held }) => sum + held, 0)).to.equal(12);
      expect((await bench.journal.counts()).messages).to.deep.equal({ HELD: 12 });
    });

    it('one that cannot be read keeps none of the others', async () => {
      const [damaged, sound] = [await wait(), await wait({ Order: { LocalId: 'ORD2' } })];
      await bench.tamper(`UPDATE message SET result = (SELECT result FROM message WHERE id = '${sound}') || (SELECT result FROM message WHERE id = '${sound}')
        WHERE id = '${damaged}'`);
      bench.clock.turn(25 * HOUR);
      expect((await expire(HOLD)).held).to.equal(2);
      expect([await standing(damaged), await standing(sound)]).to.deep.equal(['HELD ORDER_UNKNOWN', 'HELD ORDER_UNKNOWN']);
    });

    it('an order that comes after that releases the result, unless it is about somebody else', async () => {
      const [mine, other] = [await wait(), await wait({ Patient: { Dob: '1/16/1960' } })];
      bench.clock.turn(25 * HOUR);
      await expire(HOLD);
      const { released } = await bench.journal.storeOrder(order(), raw(), true);
      expect(released.map(({ direct }) => direct.id)).to.deep.equal([mine]);
      expect([await standing(mine), await standing(other)]).to.deep.equal(['RECEIVED', 'HELD PATIENT_MISMATCH']);
      expect((await bench.journal.claimFlow(['mine'], 9)).map(({ direct }) => direct.id)).to.deep.equal([mine]);
    });

    it('by option it goes out with what it carries itself, and what comes later sends nothing again', async () => {
      const id = await wait();
      bench.clock.turn(25 * HOUR);
      expect(await expire(SEND)).to.deep.equal({ held: 0, stoodIn: 1 });
      const [claim] = await bench.journal.claimFlow(['mine'], 9);
      expect(claim!.direct).to.include({ id, organization: CLINIC, site: 'SITE01', orderLocalId: 'ORD1001' });
      const { order: stoodIn } = claim!;
      expect(stoodIn).to.deep.include({ standIn: true, site: { localId: 'SITE01' } }).and.not.have.property('primaryCareProvider');
      expect(stoodIn.patient).to.deep.equal({
        localId: 'MRN1001', name: { family: 'Testpatient', given: 'Zoë' }, birthDate: '1960-01-15', genders: [{ context: 'birth', code: 'F' }] });
      expect(stoodIn.warnings.map(({ code }) => code)).to.deep.equal(['ORDER_STOOD_IN']);
      expect((await bench.journal.message(id))!.events.map(({ code }) => code)).to.include('ORDER_STOOD_IN');
      expect((await bench.journal.storeOrder(order(), raw(), true)).released).to.deep.equal([]);
      expect(await bench.journal.acceptResult(result(), raw(), CLINIC)).to.include({ outcome: 'replay', messageId: id });
      expect((await bench.journal.messages()).map((message) => message.id)).to.deep.equal([id]);
    });

    it('where nobody can be certain whose it is, it is held all the same', async () => {
      const unbound = await wait({}, null);
      const other = await wait({ Order: { LocalId: 'ORD2' } }, OTHER_CLINIC);
      await bench.journal.storeOrder(order({ Order: { LocalId: 'ORD3' } }), raw(), false);
      const heldOrder = await wait({ Order: { LocalId: 'ORD3' } });
      bench.clock.turn(25 * HOUR);
      expect(await expire(SEND)).to.deep.equal({ held: 3, stoodIn: 0 });
      for (const id of [unbound, other, heldOrder]) expect(await standing(id)).to.equal('HELD ORDER_UNKNOWN');
    });

    it('a correction under the true order overtakes what went out under a stand-in, and reaches whoever got it', async () => {
      const id = await wait();
      bench.clock.turn(25 * HOUR);
      await expire(SEND);
      const [sent, queued] = await bench.journal.planRecipients(id, ['a', 'b'].map((name) => recipient({ level: 'site', address: `${name}@direct.site.example` })));
      for (const { id: deliveryId, address } of [sent!, queued!]) await bench.journal.enqueue(mailFor(deliveryId!, { to: address! }));
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      await bench.journal.settleAttempt(claim!.deliveryId, claim!.attempt, accepted);
      await bench.journal.storeOrder(order(), raw(), true);
      const correction = await bench.journal.acceptResult(result({ ...OTHER_PLAN, ResultCode: 'C' }), raw(), CLINIC);
      expect((await bench.journal.delivery(queued!.id!))!).to.include({ state: 'SUPPRESSED', code: 'SUPERSEDED' });
      const planned = await bench.journal.planRecipients(correction.messageId, [recipient()]);
      expect(planned.map(({ address }) => address)).to.include('a@direct.site.example').and.not.include('b@direct.site.example');
    });

    it('what went out under a stand-in is sent again on request, with the order that came', async () => {
      const id = await wait();
      bench.clock.turn(25 * HOUR);
      await expire(SEND);
      await bench.journal.endFlow(id, (await bench.journal.claimFlow(['mine'], 1))[0]!.direct.run, 'switch');
      expect(await bench.journal.resendResult(resend(), raw())).to.include({ outcome: 'rejected', code: 'ORDER_UNKNOWN' });
      await bench.journal.storeOrder(order(), raw(), true);
      const again = (await bench.journal.resendResult(resend(), raw())).ready!.direct;
      expect(again.resendOf).to.equal(id);
      expect((await bench.journal.readyMessage(again.id))!.order.primaryCareProvider?.address).to.equal('pcp@direct.lakeside.example');
      expect((await bench.journal.acceptResult(result({ ResultCode: 'R' }), raw(), CLINIC)).ready!.direct.resendOf).to.equal(id);
    });

    it('nor is the result of another person sent again for it', async () => {
      await wait({ Patient: { LocalId: 'MRN9', Name: { Last: 'Someoneelse' } } });
      bench.clock.turn(25 * HOUR);
      await expire(SEND);
      await bench.journal.storeOrder(order(), raw(), true);
      expect(await bench.journal.resendResult(resend(), raw())).to.include({ outcome: 'rejected', code: 'RESULT_UNKNOWN' });
    });

    it('a correction does not take the result of another person for an older version', async () => {
      await wait();
      bench.clock.turn(25 * HOUR);
      await expire(SEND);
      const [first] = await bench.journal.messages();
      const [sent] = await bench.journal.planRecipients(first!.id, [recipient({ level: 'site', address: 'a@direct.site.example' })]);
      await bench.journal.enqueue(mailFor(sent!.id!, { to: 'a@direct.site.example' }));
      const somebody = { Patient: { LocalId: 'MRN9', Name: { Last: 'Someoneelse' } } };
      await bench.journal.storeOrder(order(somebody), raw(), true);
      const correction = await bench.journal.acceptResult(result({ ...somebody, ResultCode: 'C' }), raw(), CLINIC);
      expect(correction.outcome).to.equal('ready');
      expect((await bench.journal.delivery(sent!.id!))!.state).to.equal('QUEUED');
      expect((await bench.journal.planRecipients(correction.messageId, [recipient()])).map(({ address }) => address)).to.deep.equal([recipient().address]);
    });

    it('a second result of the same missing order stands in the same line, and is held when it contradicts the first', async () => {
      await wait();
      bench.clock.turn(25 * HOUR);
      await expire(SEND);
      const [addendum, changed] = [await wait({ ...OTHER_PLAN, ResultCode: 'A' }), await wait(OTHER_PLAN)];
      bench.clock.turn(25 * HOUR);
      expect((await expire(SEND)).held).to.equal(0);
      expect([await standing(addendum), await standing(changed)]).to.deep.equal(['RECEIVED', 'HELD CHANGED_WITHOUT_CORRECTION']);
      // One after the other, as results of one order go.
      expect(await bench.journal.claimFlow(['mine'], 9)).to.have.length(1);
    });

    it('a change or a cancellation after the result takes nothing back, and says so on the input, too', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      const change = await bench.journal.storeOrder(order({ OrderControlCode: 'XO', Order: { State: 'GA' } }), raw(), true);
      expect(change).to.include({ outcome: 'changed', code: 'ORDER_HAS_RESULT' }).and.not.have.property('codes');
      const fixed = await bench.journal.storeOrder(order({ OrderControlCode: 'XO', Order: { EvaluationTypes: ['AMD'] } }), raw(), true);
      expect(fixed).to.deep.include({ outcome: 'changed', code: 'ORDER_FIELD_FIXED', codes: ['ORDER_FIELD_FIXED', 'ORDER_HAS_RESULT'], path: 'Order.EvaluationTypes' });
      expect(await bench.journal.storeOrder(cancel(), raw(), true)).to.include({ outcome: 'cancelled', code: 'ORDER_HAS_RESULT' });
      const told = (await bench.journal.inputs()).filter(({ kind }) => kind === 'order').slice(1);
      expect(told.map(({ code }) => code)).to.deep.equal(['ORDER_HAS_RESULT', 'ORDER_FIELD_FIXED', 'ORDER_HAS_RESULT']);
      expect(told[1]!.text).to.include('for life').and.include('takes nothing back');
      expect((await bench.journal.delivery(planned!.id!))!.state).to.equal('QUEUED');
      expect((await bench.journal.readyMessage(direct.id))!.order.state).to.equal('FL');
    });

    it('a change or a cancellation before any result says nothing of the kind', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      expect(await bench.journal.storeOrder(order({ OrderControlCode: 'XO', Order: { State: 'GA' } }), raw(), true)).to.not.have.property('code');
      expect(await bench.journal.storeOrder(cancel(), raw(), true)).to.not.have.property('code');
    });

    it('the same grading that says something else without a correction is held, joined, and in no flow', async () => {
      const { direct } = await readyMessage(bench.journal);
      const changed = await bench.journal.acceptResult(result(OTHER_PLAN), raw(), null);
      expect(changed).to.include({ outcome: 'held', code: 'CHANGED_WITHOUT_CORRECTION' }).and.not.have.property('ready');
      expect(await bench.journal.message(changed.messageId)).to.include({ state: 'HELD', organization: CLINIC });
      expect((await bench.journal.claimFlow([''], 9)).map((claim) => claim.direct.id)).to.deep.equal([direct.id]);
      expect(await bench.journal.acceptResult(result(OTHER_PLAN), raw(), null)).to.include({ outcome: 'replay', messageId: changed.messageId });
      // A resend is of what was sent, never of what a person has not let go.
      expect((await bench.journal.resendResult(resend(), raw())).ready!.direct.resendOf).to.equal(direct.id);
      expect(await bench.journal.acceptResult(result({ ...OTHER_PLAN, ResultCode: 'R' }), raw(), null)).to.include({ outcome: 'held', code: 'CHANGED_WITHOUT_CORRECTION' });
      expect((await bench.journal.acceptResult(result({ ResultCode: 'R' }), raw(), null)).ready!.direct.resendOf).to.equal(direct.id);
    });

    it('a correction sends it away', async () => {
      await readyMessage(bench.journal);
      const { messageId } = await bench.journal.acceptResult(result(OTHER_PLAN), raw(), null);
      expect(await bench.journal.acceptResult(result({ ...OTHER_PLAN, ResultCode: 'C' }), raw(), null)).to.include({ outcome: 'ready' });
      expect(await standing(messageId)).to.equal('FILTERED SUPERSEDED');
    });

    it('it is seen among results that waited for their order, too', async () => {
      const [first, second] = [await wait(), await wait(OTHER_PLAN)];
      expect((await bench.journal.storeOrder(order(), raw(), true)).released.map(({ direct }) => direct.id)).to.deep.equal([first]);
      expect(await standing(second)).to.equal('HELD CHANGED_WITHOUT_CORRECTION');
      expect((await bench.journal.inputs({ outcome: 'held' }))[0]).to.include({ code: 'CHANGED_WITHOUT_CORRECTION' });
    });

    it('it is seen beside a result that was taken in before there was such a rule', async () => {
      await readyMessage(bench.journal);
      await bench.tamper('UPDATE message SET grade_key = NULL');
      expect(await bench.journal.acceptResult(result(OTHER_PLAN), raw(), null)).to.include({ outcome: 'held', code: 'CHANGED_WITHOUT_CORRECTION' });
      expect(await bench.journal.acceptResult(result({ Gradings: { ...OTHER_PLAN.Gradings, GradedTime: '2026-01-09T00:00:00Z' } }), raw(), null)).to.include({ outcome: 'ready' });
    });

    it('a preliminary result that is not to be sent is FILTERED, and its final version goes its way', async () => {
      const { direct } = await readyMessage(bench.journal, { ResultCode: 'P' });
      const [claim] = await bench.journal.claimFlow([''], 1);
      await bench.journal.stopMessage(direct.id, 'FILTERED', 'PRELIMINARY_OFF', 'Final results only.', claim!.direct.run);
      expect(await bench.journal.message(direct.id)).to.include({ state: 'FILTERED', code: 'PRELIMINARY_OFF', why: 'Final results only.' });
      expect(await bench.journal.openFlows([{ messageId: direct.id, run: claim!.direct.run }])).to.deep.equal([]);
      // Nor by a wish to send it again, which does not tell that it is preliminary.
      expect(await bench.journal.acceptResult(result({ ResultCode: 'R' }), raw(), null)).to.include({ outcome: 'held', code: 'PRELIMINARY_OFF' });
      const { messageId } = await bench.journal.acceptResult(result(OTHER_PLAN), raw(), null);
      expect((await bench.journal.claimFlow([''], 1)).map((next) => next.direct.id)).to.deep.equal([messageId]);
      expect(await standing(direct.id)).to.equal('FILTERED PRELIMINARY_OFF');
    });

    it('what is planned is past filtering', async () => {
      const { direct } = await readyMessage(bench.journal);
      await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.stopMessage(direct.id, 'FILTERED', 'PRELIMINARY_OFF', '');
      expect(await standing(direct.id)).to.equal('ROUTED');
    });
  });
};
