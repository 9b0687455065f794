import { expect } from 'chai';
import type { DeliveryRecord, Journal, RerunRequest, Stage } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, cancel, mailFor, notice, type OpenBench, order, queued, raw, readyMessage, recipient, resend, result, sent, stateOf } from './fixtures.ts';

const BY = { actor: 'ops', reason: 'mended' } as const;
const TWO = 'two@direct.lakeside.example';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'none', ({ code, path }: { code: string; path?: string }) => path === undefined ? code : `${code} ${path}`);

const document = (id: string) => ({ id, profile: 'p', data: Buffer.from(id), warnings: [] });
const labels = (rows: DeliveryRecord[]): string[] => rows.map(({ recipient: to, npi, state, code }) => `${to ?? npi} ${state}${code === null ? '' : `(${code})`}`);

/** Messages that are run again. */
export const rerunContract = (open: OpenBench): void => {
  describe('running again', () => {
    let bench: Bench;
    let journal: Journal;
    beforeEach(async () => {
      bench = await open();
      journal = bench.journal;
    });
    afterEach(() => bench.end());
    const rerun = (messageId: string, from: Stage, only?: string[]) => journal.rerun({ ...BY, messageId, from, ...(only !== undefined && { only }) });
    const deliveries = async (messageId: string) => labels(await journal.deliveries({ messageId }));
    const settle = async (deliveryId: string) => {
      const claim = (await journal.claimDue([ACCOUNT], 9)).find((claimed) => claimed.deliveryId === deliveryId)!;
      await journal.settleAttempt(deliveryId, claim.attempt, accepted);
    };
    /** Plans two recipients and stops before anything is sealed. */
    const stopped = async () => {
      const { direct: { id } } = await readyMessage(journal);
      const [flow] = await journal.claimFlow([''], 1);
      const planned = await journal.planRecipients(id, [recipient(), recipient({ address: TWO })], flow!.direct.run);
      await journal.stopMessage(id, 'ERROR', 'PDF_FAILED', 'no font', flow!.direct.run);
      return { id, one: planned[0]!.id!, two: planned[1]!.id! };
    };
    /** Two recipients, both accepted by the HISP, with documents. */
    const done = async () => {
      const { direct: { id } } = await readyMessage(journal);
      const planned = await journal.planRecipients(id, [recipient(), recipient({ address: TWO })]);
      await journal.saveReport(id, Buffer.from('report'));
      await journal.saveDocument(id, document('D1'));
      await journal.enqueue(mailFor(planned[0]!.id!));
      await journal.enqueue(mailFor(planned[1]!.id!, { to: TWO }));
      for (const claim of await journal.claimDue([ACCOUNT], 9)) await journal.settleAttempt(claim.deliveryId, claim.attempt, accepted);
      return { id, one: planned[0]!.id!, two: planned[1]!.id! };
    };

    describe('a message of which nothing was sealed is run again itself', () => {
      it('held before it had a plan: from the beginning, with the order as it is now', async () => {
        const { direct: { id } } = await readyMessage(journal);
        const [flow] = await journal.claimFlow([''], 1);
        await journal.stopMessage(id, 'HELD', 'NO_ROUTE', 'Nobody.', flow!.direct.run);
        expect(await journal.claimFlow([''], 1)).to.deep.equal([]);
        await journal.storeOrder(order({ OrderControlCode: 'XO', Patient: { Name: { First: 'Zoë', Last: 'Changed' } } }), raw(), true);
        expect(await rerun(id, 'resolve-route')).to.deep.equal({ messageId: id, linked: false });
        const [again] = await journal.claimFlow([''], 1);
        expect(again!.direct).to.include({ id, run: 2 });
        expect(again!.order.patient.name.family).to.equal('Changed');
        expect((await journal.message(id))!).to.include({ state: 'RECEIVED', code: null, why: null, link: null });
        expect(await journal.planRecipients(id, [recipient()], 2)).to.have.length(1);
      });

      it('held recipients are resolved again under their ids, after the stage that failed', async () => {
        const { id, one, two } = await stopped();
        expect(await deliveries(id)).to.deep.equal([`pcp@direct.lakeside.example HELD(PDF_FAILED)`, `${TWO} HELD(PDF_FAILED)`]);
        expect(await rerun(id, 'render-pdf')).to.deep.equal({ messageId: id, linked: false });
        const [flow] = await journal.claimFlow([''], 1);
        const plan = await journal.planRecipients(id, [recipient({ address: 'else@direct.lakeside.example' })], flow!.direct.run);
        expect(plan.map(({ id: delivery }) => delivery)).to.deep.equal([one, two]);
        await journal.enqueue(mailFor(one), flow!.direct.run);
        await journal.enqueue(mailFor(two, { to: TWO }), flow!.direct.run);
        await settle(one);
        expect((await journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['delivery']);
      });

      it('only chosen ones, the others stay held', async () => {
        const { id, one, two } = await stopped();
        await rerun(id, 'render-pdf', [two]);
        expect(await stateOf(journal, one)).to.equal('HELD(PDF_FAILED)');
        const plan = await journal.planRecipients(id, []);
        expect(plan.map(({ id: delivery }) => delivery)).to.deep.equal([two]);
        await journal.enqueue(mailFor(two, { to: TWO }));
        expect((await journal.message(id))!.state).to.equal('ROUTED');
        expect(await journal.claimFlow([''], 1)).to.deep.equal([]);
      });

      it('routed anew, the first plan stays to be read and decides nothing', async () => {
        const { id, one } = await stopped();
        await rerun(id, 'resolve-route');
        const plan = await journal.planRecipients(id, [recipient({ address: 'new@direct.lakeside.example' })]);
        expect(plan.map(({ address }) => address)).to.deep.equal(['new@direct.lakeside.example']);
        expect((await deliveries(id)).sort()).to.deep.equal([
          'new@direct.lakeside.example RESOLVING', 'pcp@direct.lakeside.example SUPPRESSED(REPLANNED)', `${TWO} SUPPRESSED(REPLANNED)`]);
        await journal.endRecipient(plan[0]!.id!, 'UNRESOLVED', 'CERT_NONE', 'x');
        expect((await journal.message(id))!.state).to.equal('DONE_WITH_PROBLEMS');
        expect(await codeOf(rerun(id, 'render-pdf', [one]))).to.equal('ACTION_UNFIT');
      });

      it('routed anew to nobody, it is as if it had no plan', async () => {
        const { id } = await stopped();
        await rerun(id, 'resolve-route');
        expect(await journal.planRecipients(id, [])).to.deep.equal([]);
        await journal.stopMessage(id, 'HELD', 'NO_ROUTE', 'Nobody.');
        expect((await journal.message(id))!).to.include({ state: 'HELD', code: 'NO_ROUTE' });
        expect(await rerun(id, 'resolve-route')).to.deep.equal({ messageId: id, linked: false });
        expect(await journal.planRecipients(id, [recipient()])).to.have.length(1);
      });

      it('routed anew for chosen ones: those who were not chosen get nothing, by NPI as by address', async () => {
        const { direct: { id } } = await readyMessage(journal);
        const planned = await journal.planRecipients(id, [recipient(), recipient({ address: null, npi: '2990000012' }), recipient({ address: TWO })]);
        await journal.stopMessage(id, 'ERROR', 'PDF_FAILED', 'x');
        await rerun(id, 'resolve-route', [planned[1]!.id!, planned[2]!.id!]);
        const plan = await journal.planRecipients(id, [
          recipient(), recipient({ address: null, npi: '2990000012' }), recipient({ address: TWO.toUpperCase() }), recipient({ address: 'new@direct.lakeside.example' })]);
        expect(plan.map(({ state, code }) => `${state} ${code ?? ''}`.trim()))
          .to.deep.equal(['SUPPRESSED NOT_CHOSEN', 'RESOLVING', 'RESOLVING', 'SUPPRESSED NOT_CHOSEN']);
      });

      it('who had ended stays ended; another stands in their place, and the message counts that one', async () => {
        const { direct: { id } } = await readyMessage(journal);
        const planned = await journal.planRecipients(id, [recipient(), recipient({ address: null, npi: '2990000012' })]);
        await journal.settleRecipients(id, [planned[0]!, { ...planned[1]!, state: 'UNRESOLVED', code: 'NPI_NOT_FOUND', why: 'Not listed.' }]);
        await journal.stopMessage(id, 'ERROR', 'PDF_FAILED', 'x');
        await rerun(id, 'lookup-npi');
        const plan = await journal.planRecipients(id, []);
        expect(plan.map(({ npi, state }) => [npi, state])).to.deep.equal([[null, 'RESOLVING'], ['2990000012', 'RESOLVING']]);
        expect(plan[1]!.id).to.not.equal(planned[1]!.id);
        expect(await stateOf(journal, planned[1]!.id!)).to.equal('UNRESOLVED(NPI_NOT_FOUND)');
        await journal.settleRecipients(id, [plan[0]!, { ...plan[1]!, address: TWO }]);
        await journal.endRecipient(plan[0]!.id!, 'SUPPRESSED', 'LEVEL_OFF', 'x');
        await journal.endRecipient(plan[1]!.id!, 'SUPPRESSED', 'LEVEL_OFF', 'x');
        expect((await journal.message(id))!.state).to.equal('DONE');
      });

      it('who could not be looked up is left alone by a run from a later stage', async () => {
        const { direct: { id } } = await readyMessage(journal);
        const planned = await journal.planRecipients(id, [recipient(), recipient({ address: null, npi: '2990000012' })]);
        await journal.settleRecipients(id, [planned[0]!, { ...planned[1]!, state: 'UNRESOLVED', code: 'NPI_NOT_FOUND', why: 'Not listed.' }]);
        await journal.stopMessage(id, 'ERROR', 'PDF_FAILED', 'x');
        expect(await codeOf(rerun(id, 'render-pdf', [planned[1]!.id!]))).to.equal('RECIPIENT_NONE');
        await rerun(id, 'render-pdf');
        expect(await deliveries(id)).to.deep.equal(['pcp@direct.lakeside.example RESOLVING', '2990000012 UNRESOLVED(NPI_NOT_FOUND)']);
      });

      it('after it was lost in the flow again and again, with losses counted anew', async () => {
        const { direct: { id } } = await readyMessage(journal);
        for (let run = 1; run <= 3; run += 1) {
          await journal.claimFlow([''], 1);
          await journal.releaseFlow(id, run, true);
        }
        expect((await journal.message(id))!).to.include({ state: 'ERROR', code: 'FLOW_LOST' });
        await rerun(id, 'resolve-route');
        await journal.claimFlow([''], 1);
        await journal.releaseFlow(id, 4, true);
        expect((await journal.claimFlow([''], 1))[0]!.direct).to.include({ id, run: 5 });
      });

      it('what the flow dropped', async () => {
        const { direct: { id } } = await readyMessage(journal);
        await journal.claimFlow([''], 1);
        await journal.endFlow(id, 1, 'switch');
        expect((await journal.message(id))!.state).to.equal('FILTERED');
        expect(await rerun(id, 'resolve-route')).to.deep.equal({ messageId: id, linked: false });
        expect((await journal.claimFlow([''], 1))[0]!.direct).to.include({ id, run: 2 });
        expect(await codeOf(journal.planRecipients(id, [recipient()], 1))).to.equal('FLOW_OVERTAKEN');
      });
    });

    describe('a message that was sealed is run again as a new one', () => {
      it('linked, with its own recipients and the first documents, and changes nothing of the old', async () => {
        const { id, one, two } = await done();
        const before = await journal.deliveries({ messageId: id });
        const { messageId, linked } = await rerun(id, 'seal-mail');
        expect(linked).to.equal(true);
        expect((await journal.message(messageId))!).to.deep.include({ state: 'ROUTED', resendOf: id, link: { kind: 'rerun', of: id, ...BY } });
        const [flow] = await journal.claimFlow([''], 9);
        expect(flow!.direct).to.include({ id: messageId, resendOf: id });
        const plan = await journal.planRecipients(messageId, [recipient({ address: 'else@direct.lakeside.example' })], flow!.direct.run);
        expect(plan.map(({ address, state }) => [address, state])).to.deep.equal([['pcp@direct.lakeside.example', 'RESOLVING'], [TWO, 'RESOLVING']]);
        for (const { id: delivery } of plan) expect([one, two]).to.not.include(delivery);
        expect((await journal.document(messageId, 'p'))!.id).to.equal('D1');
        expect(await journal.deliveries({ messageId: id })).to.deep.equal(before);
        await journal.enqueue(mailFor(plan[0]!.id!), flow!.direct.run);
        await settle(plan[0]!.id!);
        expect((await journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['delivery', 'delivery', 'resend']);
      });

      it('from the document on, with the report and documents of its own', async () => {
        const { id } = await done();
        const { messageId } = await rerun(id, 'build-cda');
        expect((await journal.message(messageId))!.resendOf).to.equal(null);
        expect(Buffer.from((await journal.report(messageId))!).toString()).to.equal('report');
        expect(await journal.document(messageId, 'p')).to.equal(null);
        await journal.saveDocument(messageId, document('D2'));
        expect([(await journal.document(messageId, 'p'))!.id, (await journal.document(id, 'p'))!.id]).to.deep.equal(['D2', 'D1']);
      });

      it('from the report on, with neither', async () => {
        const { id } = await done();
        const { messageId } = await rerun(id, 'render-pdf');
        expect(await journal.report(messageId)).to.equal(null);
        expect(await journal.planRecipients(messageId, [])).to.have.length(2);
      });

      it('from the route on, for chosen ones, with the order as it is now', async () => {
        const { id, two } = await done();
        const { messageId } = await rerun(id, 'resolve-route', [two]);
        expect((await journal.message(messageId))!).to.include({ state: 'RECEIVED', resendOf: null });
        expect(await journal.deliveries({ messageId })).to.deep.equal([]);
        const plan = await journal.planRecipients(messageId, [recipient(), recipient({ address: TWO }), recipient({ address: 'new@direct.lakeside.example' })]);
        expect(plan.map(({ address, code }) => [address, code])).to.deep.equal([
          ['pcp@direct.lakeside.example', 'NOT_CHOSEN'], [TWO, null], ['new@direct.lakeside.example', 'NOT_CHOSEN']]);
        await journal.enqueue(mailFor(plan[1]!.id!, { to: TWO }));
        await settle(plan[1]!.id!);
        expect((await journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['delivery', 'delivery', 'resend']);
      });

      it('chosen ones only', async () => {
        const { id, two } = await done();
        const { messageId } = await rerun(id, 'build-cda', [two]);
        expect((await journal.planRecipients(messageId, [])).map(({ address }) => address)).to.deep.equal([TWO]);
      });

      it('what had not gone yet does not go beside it, and a first delivery is charged as one', async () => {
        const { messageId: id, deliveryId } = await queued(journal);
        await journal.saveReport(id, Buffer.from('report'));
        const { messageId } = await rerun(id, 'build-cda');
        expect(await stateOf(journal, deliveryId)).to.equal('CANCELLED(RERUN)');
        expect((await journal.message(id))!.state).to.equal('DONE_WITH_PROBLEMS');
        expect(await journal.claimDue([ACCOUNT], 9)).to.deep.equal([]);
        const [planned] = await journal.planRecipients(messageId, []);
        await journal.enqueue(mailFor(planned!.id!));
        await settle(planned!.id!);
        expect((await journal.unrated(9)).map(({ kind, deliveryId: charged }) => [kind, charged])).to.deep.equal([['delivery', planned!.id]]);
      });

      it('again and again: a resend once somebody in the chain was reached', async () => {
        const { messageId: id, deliveryId } = await sent(journal);
        await journal.saveReport(id, Buffer.from('report'));
        const second = await rerun(id, 'build-cda');
        const [planned] = await journal.planRecipients(second.messageId, []);
        await journal.endRecipient(planned!.id!, 'UNRESOLVED', 'CERT_NONE', 'x');
        await journal.saveReport(second.messageId, Buffer.from('report'));
        const third = await rerun(second.messageId, 'build-cda');
        const [last] = await journal.planRecipients(third.messageId, []);
        await journal.enqueue(mailFor(last!.id!));
        await settle(last!.id!);
        expect((await journal.unrated(9)).map(({ kind, deliveryId: charged }) => [kind, charged])).to.deep.equal([['delivery', deliveryId], ['resend', last!.id]]);
      });

      it('a resend that is run again stays a resend', async () => {
        await sent(journal);
        const { ready } = await journal.resendResult(resend(), raw());
        const [planned] = await journal.planRecipients(ready!.direct.id, [recipient({ address: TWO })]);
        await journal.enqueue(mailFor(planned!.id!, { to: TWO }));
        const { messageId } = await rerun(ready!.direct.id, 'render-pdf');
        const [again] = await journal.planRecipients(messageId, []);
        await journal.enqueue(mailFor(again!.id!, { to: TWO }));
        await settle(again!.id!);
        expect((await journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['delivery', 'resend']);
      });

      it('nobody gets it again whom a person had stopped, or who must get nothing', async () => {
        const { direct: { id } } = await readyMessage(journal);
        const planned = await journal.planRecipients(id, [
          recipient(), recipient({ address: TWO }), recipient({ address: 'off@direct.lakeside.example', state: 'SUPPRESSED', code: 'LEVEL_OFF' })]);
        await journal.enqueue(mailFor(planned[0]!.id!));
        await journal.act({ ...BY, kind: 'cancel', deliveries: { ids: [planned[1]!.id!] } });
        await settle(planned[0]!.id!);
        expect(await codeOf(rerun(id, 'render-pdf', [planned[2]!.id!]))).to.equal('ACTION_UNFIT');
        const { messageId } = await rerun(id, 'render-pdf');
        expect((await journal.planRecipients(messageId, [])).map(({ address }) => address)).to.deep.equal(['pcp@direct.lakeside.example']);
      });

      it('while something of it is being sent, it is not run again', async () => {
        const { messageId: id, deliveryId } = await queued(journal);
        const [claim] = await journal.claimDue([ACCOUNT], 1);
        expect(await codeOf(rerun(id, 'render-pdf'))).to.equal('DELIVERY_SENDING');
        await journal.settleAttempt(deliveryId, claim!.attempt, accepted);
        expect((await rerun(id, 'render-pdf')).linked).to.equal(true);
      });

      it('twice in a row, the second waits for the first', async () => {
        const { id } = await done();
        const outcomes = await Promise.all([1, 2].map(() => codeOf(rerun(id, 'seal-mail'))));
        expect(outcomes.sort()).to.deep.equal(['MESSAGE_BUSY', 'none']);
        expect(await journal.messages()).to.have.length(2);
      });

      it('a correction stops it like any other', async () => {
        const { id } = await done();
        const { messageId } = await rerun(id, 'seal-mail');
        const plan = await journal.planRecipients(messageId, []);
        await journal.enqueue(mailFor(plan[0]!.id!));
        await journal.acceptResult(result({ ResultCode: 'C', Gradings: { CarePlanName: 'corrected' } }), raw(), null);
        expect(await deliveries(messageId)).to.deep.equal([`pcp@direct.lakeside.example SUPPRESSED(SUPERSEDED)`, `${TWO} SUPPRESSED(SUPERSEDED)`]);
      });

      it('notifications find the delivery that they are for', async () => {
        const { id, one } = await done();
        const { messageId } = await rerun(id, 'seal-mail', [one]);
        const [planned] = await journal.planRecipients(messageId, []);
        await journal.enqueue(mailFor(planned!.id!));
        await settle(planned!.id!);
        for (const event of ['processed', 'dispatched'] as const) await journal.applyNotice(notice(one, event));
        expect([await stateOf(journal, one), await stateOf(journal, planned!.id!)]).to.deep.equal(['DELIVERED', 'SENT']);
      });
    });

    describe('is refused', () => {
      it('for a message in the flow or on its way into it', async () => {
        const { direct: { id } } = await readyMessage(journal);
        expect(await codeOf(rerun(id, 'resolve-route'))).to.equal('MESSAGE_BUSY');
        await journal.claimFlow([''], 1);
        expect(await codeOf(rerun(id, 'resolve-route'))).to.equal('MESSAGE_BUSY');
      });

      it('for what is unknown, joined to no order, cancelled or superseded', async () => {
        expect(await codeOf(rerun('none', 'resolve-route'))).to.equal('MESSAGE_UNKNOWN');
        const { messageId: unjoined } = await journal.acceptResult(result(), raw(), null);
        expect(await codeOf(rerun(unjoined, 'resolve-route'))).to.equal('MESSAGE_NOT_JOINED');
        await journal.storeOrder(order(), raw(), true);
        await journal.claimFlow([''], 1);
        await journal.stopMessage(unjoined, 'HELD', 'NO_ROUTE', 'x');
        await journal.storeOrder(cancel(), raw(), true);
        expect(await codeOf(rerun(unjoined, 'resolve-route'))).to.equal('ORDER_CANCELLED');
      });

      it('for an older version, once a correction has come', async () => {
        const { direct: { id } } = await readyMessage(journal);
        await journal.stopMessage(id, 'HELD', 'NO_ROUTE', 'x');
        await journal.acceptResult(result({ ResultCode: 'C', Gradings: { CarePlanName: 'corrected' } }), raw(), null);
        expect(await codeOf(rerun(id, 'resolve-route'))).to.equal('SUPERSEDED');
      });

      it('where there is nothing to take over', async () => {
        const { messageId: id } = await sent(journal);
        expect(await codeOf(rerun(id, 'seal-mail'))).to.equal('NOTHING_TO_TAKE_OVER');
        expect(await codeOf(rerun(id, 'build-cda'))).to.equal('NOTHING_TO_TAKE_OVER');
        expect(await journal.messages()).to.have.length(1);
      });

      it('where what it needs was removed after its time', async () => {
        const { id } = await done();
        const tamper = async (sql: string) => {
          await bench.tamper(sql);
          journal = bench.journal;
        };
        await tamper('UPDATE document SET content = NULL');
        expect(await codeOf(rerun(id, 'seal-mail'))).to.equal('RESEND_EXPIRED');
        await tamper('UPDATE message SET result = NULL, pruned_at = 1');
        expect(await codeOf(rerun(id, 'resolve-route'))).to.equal('RESEND_EXPIRED');
        expect(await journal.messages()).to.have.length(1);
      });

      it('for recipients of another message, and for requests that say too little', async () => {
        const { id } = await done();
        const asked = (request: unknown) => codeOf(journal.rerun({ ...BY, messageId: id, from: 'seal-mail', ...request as object } as RerunRequest));
        expect(await asked({ only: ['none'] })).to.equal('DELIVERY_UNKNOWN');
        expect(await asked({ only: [] })).to.equal('REQUEST_INVALID only');
        expect(await asked({ only: 'all' })).to.equal('REQUEST_INVALID only');
        expect(await asked({ from: 'hisp-send' })).to.equal('REQUEST_INVALID from');
        expect(await asked({ actor: '' })).to.equal('REQUEST_INVALID actor');
        expect(await asked({ reason: ' ' })).to.equal('REQUEST_INVALID reason');
        expect(await asked({ messageId: 'a\u0000' })).to.equal('REQUEST_INVALID messageId');
        expect(await journal.messages()).to.have.length(1);
      });
    });

    it('leaves an entry in the chain: from where, for whom, which message', async () => {
      const { id, two } = await done();
      const { messageId } = await rerun(id, 'seal-mail', [two]);
      expect((await journal.audit({ limit: 500 })).rows.at(-1)).to.include({ ...BY, action: 'rerun', target: id, detail: `from seal-mail, created ${messageId}, ${two}` });
    });
  });
};
