import { expect } from 'chai';
import type { FlowClaim, Journal } from '../../nodes/journal/port.ts';
import { ACCOUNT, type Bench, mailFor, type OpenBench, order, raw, readyMessage, recipient, result, stateOf } from './fixtures.ts';

const ENTRY = 'order-in';

/** A result of an order of its own, ready for the flow. */
const accept = async (journal: Journal, localId: string, change: Record<string, unknown> = {}): Promise<string> => {
  await journal.storeOrder(order({ Order: { LocalId: localId } }), raw(), true);
  const { messageId } = await journal.acceptResult(result({ Order: { LocalId: localId }, ...change }), { ...raw(), entry: ENTRY }, null);
  return messageId;
};

const claimed = async (journal: Journal, limit = 9): Promise<FlowClaim[]> => journal.claimFlow([ENTRY], limit);
const ids = (claims: FlowClaim[]): string[] => claims.map(({ direct }) => direct.id);

/** What a stage's fault looks like from outside. */
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: { code: string }) => error.code);

/** Work in the flow as a job. */
export const flowContract = (open: OpenBench): void => {
  describe('the flow', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    it('gets each message once, with a numbered run, by priority, at most as many as asked for', async () => {
      const routine = await accept(bench.journal, 'A1');
      const urgent = await accept(bench.journal, 'A2', { Gradings: { Urgent: true } });
      const emergent = await accept(bench.journal, 'A3', { Gradings: { Emergent: true } });
      const first = await claimed(bench.journal, 2);
      expect(ids(first)).to.deep.equal([emergent, urgent]);
      expect(first[0]).to.deep.include({ entry: ENTRY });
      expect(first[0]!.direct).to.include({ run: 1, orderLocalId: 'A3', priority: 'emergent' });
      expect(first[0]!.order.localId).to.equal('A3');
      expect(ids(await claimed(bench.journal))).to.deep.equal([routine]);
      expect(await claimed(bench.journal)).to.deep.equal([]);
    });

    it('gets what came in by one entry only there', async () => {
      const id = await accept(bench.journal, 'A1');
      expect(await bench.journal.claimFlow(['another'], 9)).to.deep.equal([]);
      expect(ids(await claimed(bench.journal))).to.deep.equal([id]);
    });

    it('gets by another entry what came in by one that is gone', async () => {
      const running = await accept(bench.journal, 'A1');
      await claimed(bench.journal);
      const waiting = await accept(bench.journal, 'A2');
      const { messageId: early } = await bench.journal.acceptResult(result({ Order: { LocalId: 'A3' } }), { ...raw(), entry: ENTRY }, null);
      await bench.journal.dropEntry(ENTRY);
      await bench.journal.releaseFlow(running, 1, false);
      await bench.journal.storeOrder(order({ Order: { LocalId: 'A3' } }), raw(), true);
      expect(ids(await bench.journal.claimFlow(['another'], 9))).to.have.members([running, waiting, early]);
    });

    it('tells of work when something can be claimed', async () => {
      const told: string[] = [];
      bench.journal.subscribeWork((work) => told.push(work));
      await accept(bench.journal, 'A1');
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      expect(told).to.include('flow');
    });

    it('has ended when each planned recipient is sealed or has an outcome', async () => {
      const id = await accept(bench.journal, 'A1');
      const [claim] = await claimed(bench.journal);
      const planned = await bench.journal.planRecipients(id, [recipient(), recipient({ address: 'two@direct.lakeside.example' })], claim!.direct.run);
      await bench.journal.enqueue(mailFor(planned[0]!.id!), claim!.direct.run);
      await bench.journal.releaseFlow(id, 1, false);
      const [again] = await claimed(bench.journal);
      expect(again!.direct.run).to.equal(2);
      const open = await bench.journal.planRecipients(id, [recipient()], 2);
      expect(open.map(({ address }) => address), 'who has a mail is not sealed again').to.deep.equal(['two@direct.lakeside.example']);
      await bench.journal.endRecipient(open[0]!.id!, 'UNRESOLVED', 'CERT_NONE', 'No certificate.', 2);
      await bench.journal.releaseFlow(id, 2, false);
      expect(await claimed(bench.journal), 'ended').to.deep.equal([]);
    });

    it('keeps writes of an emission that was overtaken out', async () => {
      const id = await accept(bench.journal, 'A1');
      await claimed(bench.journal);
      const [planned] = await bench.journal.planRecipients(id, [recipient()], 1);
      await bench.journal.releaseFlow(id, 1, false);
      await claimed(bench.journal);
      const stale = [
        bench.journal.planRecipients(id, [recipient()], 1), bench.journal.settleRecipients(id, [recipient()], 1),
        bench.journal.endRecipient(planned!.id!, 'SUPPRESSED', 'LEVEL_OFF', '', 1), bench.journal.stopMessage(id, 'ERROR', 'STAGE_FAILED', '', 1),
        bench.journal.saveReport(id, Buffer.from('x'), 1), bench.journal.enqueue(mailFor(planned!.id!), 1),
        bench.journal.saveDocument(id, { id: 'A', profile: 'p', data: Buffer.from('x'), warnings: [] }, 1),
      ];
      expect(await Promise.all(stale.map(codeOf))).to.deep.equal(Array(stale.length).fill('FLOW_OVERTAKEN'));
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('RESOLVING');
      await bench.journal.enqueue(mailFor(planned!.id!), 2);
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('QUEUED');
    });

    it('loses a message three times, then a person has to look', async () => {
      const id = await accept(bench.journal, 'A1');
      for (const run of [1, 2, 3]) {
        expect(ids(await claimed(bench.journal))).to.deep.equal([id]);
        await bench.journal.noteStages([{ messageId: id, run, stage: 'render-pdf' }]);
        await bench.journal.planRecipients(id, [recipient()], run);
        await bench.journal.releaseFlow(id, run, true);
      }
      expect(await claimed(bench.journal)).to.deep.equal([]);
      const message = (await bench.journal.message(id))!;
      expect(message).to.include({ state: 'ERROR', code: 'FLOW_LOST', lastStage: 'render-pdf', runs: 3 });
      expect(message.why).to.include('render-pdf');
      expect((await bench.journal.deliveries({ messageId: id })).map(({ state }) => state)).to.deep.equal(['HELD']);
    });

    it('is given back any number of times without harm', async () => {
      const id = await accept(bench.journal, 'A1');
      for (let run = 1; run <= 10; run += 1) {
        expect(ids(await claimed(bench.journal))).to.deep.equal([id]);
        await bench.journal.releaseFlow(id, run, false);
        await bench.journal.releaseFlow(id, run, false);
      }
      expect((await bench.journal.message(id))!.state).to.equal('RECEIVED');
    });

    it('that ended without an outcome leaves the message filtered, and its recipients told', async () => {
      const [one, two] = [await accept(bench.journal, 'A1'), await accept(bench.journal, 'A2')];
      await claimed(bench.journal);
      await bench.journal.endFlow(one, 1, 'my switch');
      const [planned] = await bench.journal.planRecipients(two, [recipient()], 1);
      await bench.journal.endFlow(two, 1, 'my switch');
      expect(await bench.journal.message(one)).to.include({ state: 'FILTERED', code: 'FLOW_ENDED', why: 'The flow ended at my switch.' });
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('HELD(FLOW_ENDED)');
      expect(await claimed(bench.journal)).to.deep.equal([]);
    });

    it('takes up again whom it seemed to have left behind', async () => {
      const id = await accept(bench.journal, 'A1');
      await claimed(bench.journal);
      const [planned] = await bench.journal.planRecipients(id, [recipient()], 1);
      await bench.journal.endFlow(id, 1, 'slow node');
      await bench.journal.enqueue(mailFor(planned!.id!), 1);
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('QUEUED');
    });

    it('takes a message back that seemed to have come to rest', async () => {
      const id = await accept(bench.journal, 'A1');
      await claimed(bench.journal);
      await bench.journal.endFlow(id, 1, 'slow node');
      const [planned] = await bench.journal.planRecipients(id, [recipient()], 1);
      expect(await bench.journal.message(id)).to.include({ state: 'ROUTED', code: null });
      await bench.journal.enqueue(mailFor(planned!.id!), 1);
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('QUEUED');
    });

    it('works on results of one order one after another, but not on a correction', async () => {
      const change = (code: string, plan: string) => ({ ResultCode: code, Gradings: { CarePlanName: plan } });
      const first = await accept(bench.journal, 'A1', change('F', 'one'));
      const addendum = await accept(bench.journal, 'A1', change('A', 'two'));
      expect(ids(await claimed(bench.journal))).to.deep.equal([first]);
      await bench.journal.planRecipients(first, [recipient()], 1);
      const correction = await accept(bench.journal, 'A1', change('C', 'three'));
      expect(ids(await claimed(bench.journal)), 'the corrected one has ended, so that both may go').to.have.members([addendum, correction]);
    });

    it('hears of messages that were in it when the process ended, which weighs little against them, but does not go on for ever', async () => {
      const id = await accept(bench.journal, 'A1');
      for (let run = 1; run <= 10; run += 1) {
        const [claim] = await claimed(bench.journal);
        expect(claim?.direct, `run ${run}`).to.include({ id, run });
        await bench.reopen();
      }
      for (const run of [11, 12]) {
        expect(ids(await claimed(bench.journal)), `run ${run}`).to.deep.equal([id]);
        await bench.journal.releaseFlow(id, run, true);
      }
      expect(await claimed(bench.journal)).to.deep.equal([]);
      expect(await bench.journal.message(id)).to.include({ state: 'ERROR', code: 'FLOW_LOST' });
    });

    it('gets a mail back that waited for a day without the HISP seeing it, and seals it under the same Message-ID', async () => {
      const { direct } = await readyMessage(bench.journal);
      await bench.journal.claimFlow([ENTRY], 1);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      const mail = mailFor(planned!.id!);
      await bench.journal.enqueue(mail);
      bench.clock.turn(25 * 3_600_000);
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('RESOLVING(RESEAL)');
      const [claim] = await bench.journal.claimFlow([ENTRY], 1);
      const [again] = await bench.journal.planRecipients(direct.id, [recipient()], claim!.direct.run);
      expect(again).to.include({ id: planned!.id, messageId: mail.messageId, state: 'RESOLVING' });
      await bench.journal.enqueue({ ...mail, raw: Buffer.from('sealed anew') }, claim!.direct.run);
      const [sent] = await bench.journal.claimDue([ACCOUNT], 1);
      expect(Buffer.from(sent!.raw).toString()).to.equal('sealed anew');
      expect(sent!.messageId).to.equal(mail.messageId);
    });

    it('never gets a mail back whose bytes the HISP may have seen', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      const retryAt = bench.clock.now() + 1;
      await bench.journal.settleAttempt(planned!.id!, claim!.attempt, { kind: 'unknown', code: 'HISP_UNKNOWN', response: '', retryAt });
      bench.clock.turn(48 * 3_600_000);
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.have.length(1);
    });
  });
};
