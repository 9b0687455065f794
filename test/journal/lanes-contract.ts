import { expect } from 'chai';
import type { Journal } from '../../nodes/journal/port.ts';
import { accepted, ACCOUNT, type Bench, mailFor, notice, type OpenBench, order, raw, recipient, result, stateOf } from './fixtures.ts';

const ADDRESS = 'pcp@direct.lakeside.example';

/** A result of the one order with its mail in the queue. */
const queue = async (journal: Journal, code: string, plan: string, address = ADDRESS): Promise<{ messageId: string; deliveryId: string }> => {
  const { messageId } = await journal.acceptResult(result({ ResultCode: code, Gradings: { CarePlanName: plan } }), raw(), null);
  const planned = await journal.planRecipients(messageId, [recipient({ address })]);
  const own = planned.find((one) => one.address === address)!;
  await journal.enqueue(mailFor(own.id!, { to: address }));
  return { messageId, deliveryId: own.id! };
};

const claim = (journal: Journal) => journal.claimDue([ACCOUNT], 9);

/** Order of deliveries, and corrections, which break it. */
export const lanesContract = (open: OpenBench): void => {
  describe('lanes and corrections', () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await open();
      await bench.journal.storeOrder(order(), raw(), true);
    });
    afterEach(() => bench.end());

    it('a later result of the order waits for the earlier one to the same address, not to another', async () => {
      const first = await queue(bench.journal, 'F', 'one');
      const second = await queue(bench.journal, 'A', 'two');
      const elsewhere = await queue(bench.journal, 'A', 'three', 'other@direct.lakeside.example');
      const claims = await claim(bench.journal);
      expect(claims.map(({ deliveryId }) => deliveryId)).to.have.members([first.deliveryId, elsewhere.deliveryId]);
      const mine = claims.find(({ deliveryId }) => deliveryId === first.deliveryId)!;
      await bench.journal.settleAttempt(first.deliveryId, mine.attempt, {
        kind: 'temporary', code: 'HISP_DEFERRED', response: '451', retryAt: bench.clock.now() + 60_000 });
      expect(await claim(bench.journal), 'behind its retry').to.deep.equal([]);
      expect(await bench.journal.nextWake([ACCOUNT]), 'and nobody is woken for it').to.equal(bench.clock.now() + 60_000);
      bench.clock.turn(60_000);
      const [again] = await claim(bench.journal);
      await bench.journal.settleAttempt(first.deliveryId, again!.attempt, accepted);
      expect((await claim(bench.journal)).map(({ deliveryId }) => deliveryId)).to.deep.equal([second.deliveryId]);
    });

    it('a correction stops what was not accepted, at no fee, and goes at once', async () => {
      const first = await queue(bench.journal, 'F', 'one');
      const second = await queue(bench.journal, 'C', 'two');
      expect(await stateOf(bench.journal, first.deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
      expect((await bench.journal.message(first.messageId))!.state).to.equal('DONE');
      expect((await claim(bench.journal)).map(({ deliveryId }) => deliveryId)).to.deep.equal([second.deliveryId]);
      expect(await bench.journal.unrated(9)).to.deep.equal([]);
    });

    it('a correction does not wait for what is being sent, which goes no second time', async () => {
      const first = await queue(bench.journal, 'P', 'one');
      const [claimedFirst] = await claim(bench.journal);
      const second = await queue(bench.journal, 'F', 'two');
      expect((await claim(bench.journal)).map(({ deliveryId }) => deliveryId)).to.deep.equal([second.deliveryId]);
      await bench.journal.settleAttempt(first.deliveryId, claimedFirst!.attempt, {
        kind: 'temporary', code: 'HISP_DEFERRED', response: '451', retryAt: bench.clock.now() });
      expect(await stateOf(bench.journal, first.deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
    });

    it('what was superseded in an unknown state and turns out accepted is billed', async () => {
      const first = await queue(bench.journal, 'F', 'one');
      const [attempt] = await claim(bench.journal);
      await bench.journal.settleAttempt(first.deliveryId, attempt!.attempt, { kind: 'unknown', code: 'HISP_UNKNOWN', response: '', retryAt: bench.clock.now() });
      await queue(bench.journal, 'C', 'two');
      expect(await stateOf(bench.journal, first.deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
      await bench.journal.applyNotice(notice(first.deliveryId, 'processed'));
      expect(await stateOf(bench.journal, first.deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
      expect(await bench.journal.unrated(9)).to.have.length(1);
    });

    it('a correction goes to everyone who has or may have an older version', async () => {
      const first = await queue(bench.journal, 'F', 'one', 'before@direct.lakeside.example');
      const [attempt] = await claim(bench.journal);
      await bench.journal.settleAttempt(first.deliveryId, attempt!.attempt, accepted);
      const { messageId } = await bench.journal.acceptResult(result({ ResultCode: 'C', Gradings: { CarePlanName: 'two' } }), raw(), null);
      const planned = await bench.journal.planRecipients(messageId, [recipient()]);
      expect(planned.map(({ address, source }) => [address, source])).to.deep.equal([
        [ADDRESS, 'HealthPlan.PrimaryCareProvider.EmailAddress'], ['before@direct.lakeside.example', 'earlier version']]);
    });

    it('an addendum supersedes nothing, and a result of another evaluation neither', async () => {
      const first = await queue(bench.journal, 'F', 'one');
      await queue(bench.journal, 'A', 'two');
      await bench.journal.acceptResult(result({ ResultCode: 'C', Order: { EvaluationTypes: ['AMD'] } }), raw(), null);
      expect(await stateOf(bench.journal, first.deliveryId)).to.equal('QUEUED');
    });

    it('what is sealed anew keeps its place before a later result, and leaves it when it gets no mail', async () => {
      const first = await queue(bench.journal, 'F', 'one');
      bench.clock.turn(12 * 3_600_000);
      const second = await queue(bench.journal, 'A', 'two');
      bench.clock.turn(12 * 3_600_000 + 1_000);
      expect(await claim(bench.journal), 'the first one is a day old').to.deep.equal([]);
      expect(await claim(bench.journal), 'the second one waits for it').to.deep.equal([]);
      expect(await stateOf(bench.journal, first.deliveryId)).to.equal('RESOLVING(RESEAL)');
      const [again] = await bench.journal.claimFlow([''], 1);
      await bench.journal.endRecipient(first.deliveryId, 'UNRESOLVED', 'CERT_NONE', 'No certificate.', again!.direct.run);
      expect((await claim(bench.journal)).map(({ deliveryId }) => deliveryId)).to.deep.equal([second.deliveryId]);
    });

    it('an older version that can be joined only after its correction goes nowhere', async () => {
      const early = result({ ResultCode: 'P' });
      const misread = { ...early, patient: { ...early.patient, birthDate: '1950-01-01' } };
      const held = await bench.journal.acceptResult(misread, raw(), null);
      expect(held.outcome).to.equal('held');
      await queue(bench.journal, 'C', 'one');
      const { patient, ...change } = order({ OrderControlCode: 'XO' });
      await bench.journal.storeOrder({ ...change, patient: { ...patient!, birthDate: '1950-01-01' } }, raw(), true);
      await bench.journal.acceptResult(misread, raw(), null);
      expect(await bench.journal.message(held.messageId)).to.include({ state: 'FILTERED', code: 'SUPERSEDED' });
      expect((await bench.journal.claimFlow([''], 9)).map(({ direct }) => direct.id)).to.not.include(held.messageId);
    });

    it('a correction ends an older version that is still in the flow', async () => {
      const { messageId } = await bench.journal.acceptResult(result({ ResultCode: 'P' }), { ...raw(), entry: 'in' }, null);
      await bench.journal.claimFlow(['in'], 1);
      await bench.journal.acceptResult(result({ ResultCode: 'F' }), { ...raw(), entry: 'in' }, null);
      expect(await bench.journal.message(messageId)).to.include({ state: 'FILTERED', code: 'SUPERSEDED' });
      const fault = await bench.journal.planRecipients(messageId, [recipient()], 1).then(() => null, (error: Error) => error);
      expect(fault).to.have.property('code', 'FLOW_OVERTAKEN');
    });
  });
};
