import { expect } from 'chai';
import { ACCOUNT, type Bench, mailFor, notice, type OpenBench, order, queued, raw, readyMessage, recipient, result, sent, stateOf } from './fixtures.ts';

/** What survives, and what one request's fault does to its neighbours. */
export const restartContract = (open: OpenBench): void => {
  describe('restart', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    it('everything committed is there again', async () => {
      const { deliveryId, messageId } = await sent(bench.journal);
      await bench.journal.recordStage(messageId, 'render-pdf', 'done');
      const before = [await bench.journal.deliveries(), await bench.journal.messages(), await bench.journal.inputs(), await bench.journal.counts()];
      await bench.reopen();
      expect([await bench.journal.deliveries(), await bench.journal.messages(), await bench.journal.inputs(), await bench.journal.counts()]).to.deep.equal(before);
      expect(Buffer.from((await bench.journal.mail(deliveryId))!).toString()).to.equal(`sealed ${deliveryId}`);
      await bench.journal.applyNotice(notice(deliveryId, 'processed'));
      await bench.journal.applyNotice(notice(deliveryId, 'dispatched'));
      expect(await stateOf(bench.journal, deliveryId)).to.equal('DELIVERED');
    });

    it('what a dead process was sending is sent again with the same bytes, under the next attempt', async () => {
      const { deliveryId } = await queued(bench.journal);
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      await bench.reopen();
      const [again] = await bench.journal.claimDue([ACCOUNT], 1);
      expect(again).to.deep.equal({ ...claim!, attempt: 2, tries: 2 });
      expect((await bench.journal.delivery(deliveryId))!.history.slice(-3).map(({ state, code = null }) => [state, code]))
        .to.deep.equal([['SENDING', null], ['QUEUED', 'HISP_UNKNOWN'], ['SENDING', null]]);
      expect((await bench.journal.delivery(deliveryId))!.attempts.map(({ number, code }) => [number, code])).to.deep.equal([[1, 'HISP_UNKNOWN'], [2, null]]);
      expect(await bench.journal.settleAttempt(deliveryId, claim!.attempt, { kind: 'accepted', response: '250' })).to.equal(null);
    });

    it('a notification for what a dead process was sending proves acceptance', async () => {
      const { deliveryId } = await queued(bench.journal, { finalDelivery: false });
      await bench.journal.claimDue([ACCOUNT], 1);
      await bench.reopen();
      await bench.journal.applyNotice(notice(deliveryId, 'processed'));
      expect(await stateOf(bench.journal, deliveryId)).to.equal('PROCESSED');
      expect(await bench.journal.unrated(10)).to.have.length(1);
    });

    it('repetitions are known after a restart', async () => {
      const { direct } = await readyMessage(bench.journal);
      await bench.reopen();
      expect(await bench.journal.storeOrder(order(), raw(), true)).to.include({ outcome: 'replay' });
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'replay', messageId: direct.id });
    });

    it('a request that fails in a group is undone alone', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [one, two] = await bench.journal.planRecipients(direct.id, [recipient(), recipient()]);
      const clash = mailFor(two!.id!, { messageId: mailFor(one!.id!).messageId });
      await bench.journal.enqueue(mailFor(one!.id!));
      const outcomes = await Promise.allSettled([
        bench.journal.recordStage(direct.id, 'before', 'x'), bench.journal.enqueue(clash),
        bench.journal.recordStage('no such message', 'x', 'x'), bench.journal.recordStage(direct.id, 'after', 'x'),
      ]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).to.have.property('code', 'JOURNAL_FAILED');
      expect(await stateOf(bench.journal, two!.id!)).to.equal('RESOLVING');
      expect((await bench.journal.delivery(two!.id!))!.history).to.have.length(1);
      await bench.reopen();
      expect((await bench.journal.message(direct.id))!.events.map(({ stage }) => stage)).to.deep.equal(['before', 'after']);
      expect(await stateOf(bench.journal, one!.id!)).to.equal('QUEUED');
    });

    it('a request that fails half-way leaves nothing and tells nothing', async () => {
      const { direct } = await readyMessage(bench.journal);
      const told: string[] = [];
      bench.journal.subscribe(({ state }) => told.push(state));
      const [broken, neighbour] = await Promise.allSettled([
        bench.journal.planRecipients(direct.id, [recipient(), recipient({ source: null as never })]), bench.journal.recordStage(direct.id, 'x', 'x')]);
      expect([broken.status, neighbour.status]).to.deep.equal(['rejected', 'fulfilled']);
      expect(await bench.journal.deliveries()).to.deep.equal([]);
      expect(told).to.deep.equal([]);
      expect(await bench.journal.planRecipients(direct.id, [recipient()])).to.have.length(1);
    });

    it('bytes that the caller goes on using are neither taken away nor changed', async () => {
      const bytes = Buffer.from('shared by every wire');
      const window = bytes.subarray(0, 6);
      const { inputId } = await bench.journal.rejectInput({ bytes: window, source: 'test' }, { code: 'INPUT_NOT_JSON', text: '', kind: 'unreadable' });
      expect(bytes.toString()).to.equal('shared by every wire');
      expect(Buffer.from((await bench.journal.rawInput(inputId))!).toString()).to.equal('shared');
    });

    it('a message that went on after it had come to rest, or after a fault, is handed out again when the process dies', async () => {
      for (const [day, rest] of [
        (id: string) => bench.journal.endFlow(id, 1, 'delay'),
        (id: string) => bench.journal.stopMessage(id, 'ERROR', 'STAGE_FAILED', '', 1),
      ].entries()) {
        const { direct } = await readyMessage(bench.journal, { Gradings: { GradedTime: `2026-01-1${day}T00:00:00Z` } });
        await bench.journal.claimFlow([''], 1);
        await rest(direct.id);
        await bench.journal.planRecipients(direct.id, [recipient()], 1);
        expect(await bench.journal.openFlows([{ messageId: direct.id, run: 1 }]), 'back in the flow').to.deep.equal([direct.id]);
        await bench.reopen();
        const [again] = await bench.journal.claimFlow([''], 1);
        expect(again!.direct).to.include({ id: direct.id, run: 2 });
        const [planned] = await bench.journal.planRecipients(direct.id, [], 2);
        await bench.journal.enqueue(mailFor(planned!.id!), 2);
      }
    });

    it('a message that was stopped has ended with the last of its deliveries', async () => {
      const { direct } = await readyMessage(bench.journal);
      const plan = [recipient({ finalDelivery: false }), recipient({ address: 'b@direct.lakeside.example' })];
      const [one, two] = await bench.journal.planRecipients(direct.id, plan);
      await bench.journal.enqueue(mailFor(one!.id!));
      await bench.journal.stopMessage(direct.id, 'ERROR', 'STAGE_FAILED', '');
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      await bench.journal.settleAttempt(one!.id!, claim!.attempt, { kind: 'accepted', response: '250' });
      await bench.journal.act({ kind: 'cancel', deliveries: { ids: [two!.id!] }, actor: 'Pat', reason: 'not wanted' });
      expect((await bench.journal.message(direct.id))!.state).to.equal('ERROR');
      await bench.journal.applyNotice(notice(one!.id!, 'processed'));
      expect((await bench.journal.message(direct.id))!.state).to.equal('DONE_WITH_PROBLEMS');
    });

    it('a closed journal refuses', async () => {
      const { journal } = bench;
      await journal.close();
      expect(await journal.counts().then(() => null, (error: Error) => error)).to.have.property('code', 'JOURNAL_FAILED');
    });

    it('a listener that fails keeps the change from nobody', async () => {
      const warned: string[] = [];
      const listen = (warning: Error): void => { warned.push(warning.message); };
      process.on('warning', listen);
      const told: string[] = [];
      bench.journal.subscribe(() => { throw new RangeError('MRN1001'); });
      bench.journal.subscribe(({ state }) => told.push(state));
      await queued(bench.journal);
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', listen);
      expect(told).to.deep.equal(['RESOLVING', 'QUEUED']);
      expect(warned.join()).to.include('RangeError').and.not.include('MRN1001');
    });
  });
};
