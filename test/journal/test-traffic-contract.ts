import { expect } from 'chai';
import type { Action, ActionOutcome } from '../../nodes/journal/port.ts';
import { CLINIC } from '../support/samples.ts';
import { ACCOUNT, accepted, type Bench, mailFor, notice, type OpenBench, order, queued, raw, readyMessage, recipient, result, stateOf } from './fixtures.ts';

const BY = { actor: 'Pat Ops', reason: 'new practice' } as const;
const TO = 'desk@direct.lakeside.example';

/** Test traffic, and test messages that people send. */
export const testTrafficContract = (open: OpenBench): void => {
  describe('tests', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const act = (action: object): Promise<ActionOutcome> => bench.journal.act({ ...BY, ...action } as Action);
    const testTo = (address = TO, more: object = {}) => act({ kind: 'test', organization: CLINIC, address, ...more });

    for (const [what, ofOrder, ofResult] of [['result', {}, { Test: true }], ['order', { Test: 'TRUE' }, {}]] as const) {
      it(`a test ${what} makes a test message, which goes to simulated accounts only`, async () => {
        await bench.journal.storeOrder(order(ofOrder), raw(), true);
        const { ready, messageId } = await bench.journal.acceptResult(result(ofResult), raw(), null);
        expect(ready!.direct.test).to.equal(true);
        expect((await bench.journal.message(messageId))!.test).to.equal(true);
        expect((await bench.journal.claimFlow([''], 9))[0]!.direct.test).to.equal(true);
        const [one, two] = await bench.journal.planRecipients(messageId, [recipient(), recipient({ address: TO })]);
        await bench.journal.enqueue(mailFor(one!.id!, { simulated: true }));
        expect(await bench.journal.enqueue(mailFor(two!.id!, { to: TO }))).to.equal(null);
        expect([await stateOf(bench.journal, one!.id!), await stateOf(bench.journal, two!.id!)]).to.deep.equal(['QUEUED', 'HELD(TEST_TRAFFIC)']);
        expect(await bench.journal.message(messageId)).to.include({ state: 'HELD', code: 'TEST_TRAFFIC' });
        expect((await act({ kind: 'release', deliveries: { ids: [two!.id!] } })).skipped).to.deep.equal([{ id: two!.id!, code: 'RERUN_NEEDED' }]);
        const [claim, ...more] = await bench.journal.claimDue([ACCOUNT], 9);
        expect([claim!.test, more]).to.deep.equal([true, []]);
        await bench.journal.settleAttempt(one!.id!, claim!.attempt, accepted);
        expect((await bench.journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['test']);
      });
    }

    it('waiting for its order, it is a test from the order or from itself', async () => {
      const { messageId } = await bench.journal.acceptResult(result(), raw(), null);
      expect((await bench.journal.message(messageId))!.test).to.equal(false);
      const { released } = await bench.journal.storeOrder(order({ Test: true }), raw(), true);
      expect(released.map(({ direct }) => [direct.id, direct.test])).to.deep.equal([[messageId, true]]);
      expect((await bench.journal.message(messageId))!.test).to.equal(true);
    });

    it('a test and a real one are never the same, and a real one is what it always was', async () => {
      const { direct } = await readyMessage(bench.journal);
      expect(direct).to.not.have.property('test');
      expect((await bench.journal.acceptResult(result({ Test: true }), raw(), null)).outcome).to.equal('ready');
      expect((await bench.journal.acceptResult(result({ Test: true }), raw(), null)).outcome).to.equal('replay');
      expect((await bench.journal.acceptResult(result({ Test: false }), raw(), null)).outcome).to.equal('replay');
    });

    it('a correction that is a test stops no real result, nor is it a version of one', async () => {
      const { deliveryId } = await queued(bench.journal);
      const { ready } = await bench.journal.acceptResult(result({ Test: true, ResultCode: 'C', Gradings: { CarePlanName: 'other' } }), raw(), null);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('QUEUED');
      expect(await bench.journal.planRecipients(ready!.direct.id, [])).to.deep.equal([]);
      expect(await bench.journal.documentLineage(ready!.direct.id, 'x')).to.deep.include({ versionNumber: 1 }).and.not.have.property('related');
    });

    it('a change makes no test of a real order, nor the other way round', async () => {
      await readyMessage(bench.journal);
      await bench.journal.storeOrder(order({ OrderControlCode: 'XO', Test: true, Patient: { Phone: '5550199' } }), raw(), true);
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'A', Gradings: { CarePlanName: 'addendum' } }), raw(), null);
      expect(ready!.direct).to.not.have.property('test');
    });

    it('what a person makes of a test is one, too', async () => {
      await bench.journal.storeOrder(order({ Test: true }), raw(), true);
      const { messageId } = await bench.journal.acceptResult(result(), raw(), null);
      const [planned] = await bench.journal.planRecipients(messageId, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!, { simulated: true }));
      const { created } = await act({ kind: 'redirect', deliveryId: planned!.id!, address: TO });
      const [other] = await bench.journal.deliveries({ messageId: created! });
      expect(await bench.journal.enqueue(mailFor(other!.id, { to: TO }))).to.equal(null);
      expect(await stateOf(bench.journal, other!.id)).to.equal('HELD(TEST_TRAFFIC)');
    });

    it('a test message goes the real way to one address, marked, with a made-up patient and a fee of its own', async () => {
      const { created } = await testTo(TO.toUpperCase(), { site: 'SITE01' });
      const [claim] = await bench.journal.claimFlow([''], 9);
      expect(claim!.direct).to.deep.include({ id: created, organization: CLINIC, site: 'SITE01', test: true });
      expect([claim!.order.patient.name.family, claim!.result.patient.name.family, claim!.order.test, claim!.result.test]).to.deep.equal(['TEST', 'TEST', true, true]);
      const plan = await bench.journal.planRecipients(created!, [recipient()], claim!.direct.run);
      expect(plan.map(({ address, source }) => [address, source])).to.deep.equal([[TO, 'test message']]);
      await bench.journal.enqueue(mailFor(plan[0]!.id!, { to: TO }), claim!.direct.run);
      const [sending] = await bench.journal.claimDue([ACCOUNT], 9);
      expect(sending).to.not.have.property('test');
      await bench.journal.settleAttempt(plan[0]!.id!, sending!.attempt, accepted);
      expect((await bench.journal.unrated(9)).map(({ kind, site }) => [kind, site])).to.deep.equal([['test', 'SITE01']]);
      expect((await bench.journal.message(created!))!.link).to.deep.equal({ kind: 'test', of: null, ...BY });
      expect(await bench.journal.testResults()).to.deep.equal([{
        organization: CLINIC, site: 'SITE01', address: TO, messageId: created, deliveryId: plan[0]!.id, state: 'SENT', code: null, at: bench.clock.now(), ...BY,
      }]);
      for (const event of ['processed', 'dispatched'] as const) await bench.journal.applyNotice(notice(plan[0]!.id!, event, { recipient: TO }));
      expect((await bench.journal.testResults())[0]!.state).to.equal('DELIVERED');
      expect((await bench.journal.audit({ limit: 500 })).rows.at(-1)).to.include({ action: 'test', target: created, ...BY });
    });

    it('no result is ever joined to the stand-in order, and nothing resends it', async () => {
      const { created } = await testTo();
      const { order: standIn } = (await bench.journal.readyMessage(created!))!;
      const { outcome } = await bench.journal.acceptResult(result({ Order: { LocalId: standIn.localId }, Site: { LocalId: standIn.site.localId } }), raw(), null);
      expect(outcome).to.equal('waiting');
    });

    it('the latest test of each address counts', async () => {
      await testTo();
      bench.clock.turn(1000);
      const { created } = await testTo();
      await testTo('two@direct.lakeside.example');
      const found = await bench.journal.testResults();
      expect(found.map(({ address }) => address)).to.deep.equal(['two@direct.lakeside.example', TO]);
      expect(found[1]!.messageId).to.equal(created);
    });

    it('the do-not-send list holds for it', async () => {
      await act({ kind: 'block', block: 'address', value: TO });
      const { created } = await testTo();
      expect(await bench.journal.message(created!)).to.include({ state: 'DONE' });
      expect(await bench.journal.claimFlow([''], 9)).to.deep.equal([]);
      expect((await bench.journal.testResults())[0]).to.include({ state: 'SUPPRESSED', code: 'DO_NOT_SEND' });
    });

    it('refuses what makes no sense with a code', async () => {
      const codeOf = (promise: Promise<unknown>) => promise.then(() => 'none', ({ code }: { code: string }) => code);
      expect(await codeOf(testTo('nobody'))).to.equal('ADDRESS_INVALID');
      expect(await codeOf(testTo(7 as never))).to.equal('ADDRESS_INVALID');
      expect(await codeOf(act({ kind: 'test', organization: 'Lakeside', address: TO }))).to.equal('REQUEST_INVALID');
      expect(await codeOf(testTo(TO, { site: '' }))).to.equal('REQUEST_INVALID');
      expect(await bench.journal.messages()).to.deep.equal([]);
    });
  });
};
