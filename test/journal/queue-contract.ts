import { expect } from 'chai';
import type { DeliveryChange } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, DEADLINE, mailFor, type OpenBench, queued, raw, readyMessage, recipient, resend, result, sent, stateOf } from './fixtures.ts';

const temporary = (retryAt: number | null) => ({ kind: 'temporary', code: 'HISP_DEFERRED', response: '451 4.7.1 later', retryAt }) as const;
const unknown = (retryAt: number | null) => ({ kind: 'unknown', code: 'HISP_UNKNOWN', response: '', retryAt }) as const;

/** Recipient plans and the queue, up to acceptance. */
export const queueContract = (open: OpenBench): void => void describe('the way to the HISP', () => {
  let bench: Bench;
  beforeEach(async () => { bench = await open(); });
  afterEach(() => bench.end());
  const claim = async () => (await bench.journal.claimDue([ACCOUNT], 10))[0]!;

  describe('recipients', () => {
    it('the first plan holds: a second one changes nothing', async () => {
      const { direct } = await readyMessage(bench.journal);
      const first = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ level: 'site', state: 'SUPPRESSED', code: 'LEVEL_OFF' })]);
      const second = await bench.journal.planRecipients(direct.id, [recipient({ address: 'else@direct.hillside.example' })]);
      expect(second).to.deep.equal(first);
      expect(new Set(first.map(({ id }) => id)).size).to.equal(2);
      expect(first[1]).to.include({ state: 'SUPPRESSED', code: 'LEVEL_OFF' });
      expect((await bench.journal.message(direct.id))!.state).to.equal('ROUTED');
      expect((await bench.journal.deliveries({ messageId: direct.id })).map(({ state }) => state)).to.deep.equal(['RESOLVING', 'SUPPRESSED']);
    });

    it('look-up settles: found, unresolved, merged', async () => {
      const { direct } = await readyMessage(bench.journal);
      const planned = await bench.journal.planRecipients(direct.id, [
        recipient(), recipient({ level: 'site', address: null, npi: '2990000012' }), recipient({ level: 'organization', address: null, npi: '2990000020' })]);
      await bench.journal.settleRecipients(direct.id, [
        { ...planned[0]!, alsoFrom: ['site'], why: 'Found twice.' }, { ...planned[2]!, state: 'UNRESOLVED', code: 'NPI_NOT_FOUND', why: 'Not listed.' }]);
      const settled = await bench.journal.deliveries({ messageId: direct.id });
      expect(settled.map(({ id }) => id)).to.deep.equal([planned[0]!.id, planned[2]!.id]);
      expect(settled[0]).to.deep.include({ alsoFrom: ['site'], why: 'Found twice.', state: 'RESOLVING' });
      expect(settled[1]).to.include({ state: 'UNRESOLVED', code: 'NPI_NOT_FOUND', why: 'Not listed.', npi: '2990000020' });
      expect(settled[1]!.history.map(({ state, code }) => [state, code])).to.deep.equal([['RESOLVING', undefined], ['UNRESOLVED', 'NPI_NOT_FOUND']]);
      expect(await bench.journal.planRecipients(direct.id, [])).to.have.length(2);
      expect((await bench.journal.message(direct.id))!.events.map(({ stage }) => stage)).to.deep.equal(['merge']);
    });

    it('a message whose recipients all end without a mail is done, with or without problems', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ state: 'SUPPRESSED', code: 'LEVEL_OFF' })]);
      await bench.journal.endRecipient(planned!.id!, 'UNRESOLVED', 'CERT_NONE', 'No certificate was found.');
      expect((await bench.journal.delivery(planned!.id!))!).to.include({ state: 'UNRESOLVED', code: 'CERT_NONE', why: 'No certificate was found.' });
      expect((await bench.journal.message(direct.id))!.state).to.equal('DONE_WITH_PROBLEMS');
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'C' }), raw(), null);
      await bench.journal.planRecipients(ready!.direct.id, [recipient({ state: 'SUPPRESSED', code: 'LEVEL_OFF' })]);
      expect((await bench.journal.message(ready!.direct.id))!.state).to.equal('DONE');
    });

    it('a stopped message keeps its code, holds what was still resolving and lets the rest go', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [one, two] = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'two@direct.lakeside.example' })]);
      await bench.journal.enqueue(mailFor(one!.id!));
      await bench.journal.stopMessage(direct.id, 'ERROR', 'SEAL_FAILED', 'seal-mail: failed');
      expect(await stateOf(bench.journal, one!.id!)).to.equal('QUEUED');
      expect(await stateOf(bench.journal, two!.id!)).to.equal('HELD(SEAL_FAILED)');
      expect((await bench.journal.message(direct.id))!).to.include({ state: 'ERROR', code: 'SEAL_FAILED', why: 'seal-mail: failed' });
      const { attempt } = await claim();
      await bench.journal.settleAttempt(one!.id!, attempt, { kind: 'refused', code: 'HISP_REFUSED', response: '550' });
      expect((await bench.journal.message(direct.id))!.state).to.equal('ERROR');
      expect(await bench.journal.enqueue(mailFor(two!.id!))).to.equal(null);
    });

    it('a message without a recipient can be held and run again', async () => {
      const { direct } = await readyMessage(bench.journal);
      await bench.journal.stopMessage(direct.id, 'HELD', 'NO_ROUTE', 'Nobody.');
      expect((await bench.journal.message(direct.id))!).to.include({ state: 'HELD', code: 'NO_ROUTE' });
      await bench.journal.planRecipients(direct.id, [recipient()]);
      expect((await bench.journal.message(direct.id))!).to.include({ state: 'ROUTED', code: null });
    });

    it('a fault after every mail is on its way is recorded and stops nothing', async () => {
      const { messageId } = await sent(bench.journal);
      await bench.journal.stopMessage(messageId, 'ERROR', 'STAGE_FAILED', 'a later node');
      const message = (await bench.journal.message(messageId))!;
      expect(message.state).to.equal('ROUTED');
      expect(message.events.at(-1)).to.include({ stage: 'stop', outcome: 'ERROR', code: 'STAGE_FAILED' });
    });

    it('a message that is joined to no order gets no recipients', async () => {
      const { messageId } = await bench.journal.acceptResult(result(), raw(), null);
      const fault = await bench.journal.planRecipients(messageId, [recipient()]).then(() => null, (error: Error) => error);
      expect(fault).to.have.property('code', 'JOURNAL_FAILED');
      expect(await bench.journal.deliveries()).to.deep.equal([]);
    });

    it('the first document of a profile and the first report stay', async () => {
      const { direct } = await readyMessage(bench.journal);
      const document = (id: string, profile: string) => ({ id, profile, data: Buffer.from(id), warnings: [{ code: 'CDA_NO_PATIENT_ID', text: 't' }] });
      await bench.journal.saveDocument(direct.id, document('ONE', 'a'));
      const kept = await bench.journal.saveDocument(direct.id, document('TWO', 'a'));
      await bench.journal.saveDocument(direct.id, document('THREE', 'b'));
      expect({ ...kept, data: Buffer.from(kept.data).toString() }).to.deep.equal({ ...document('ONE', 'a'), data: 'ONE' });
      expect((await bench.journal.latestDocument(direct.id))?.id).to.equal('THREE');
      expect(await bench.journal.document(direct.id, 'c')).to.equal(null);
      await bench.journal.saveReport(direct.id, Buffer.from('first'));
      await bench.journal.saveReport(direct.id, Buffer.from('second'));
      expect(Buffer.from((await bench.journal.report(direct.id))!).toString()).to.equal('first');
    });
  });

  describe('queue', () => {
    it('a delivery is queued once, with its exact bytes', async () => {
      const { deliveryId } = await queued(bench.journal);
      expect(await bench.journal.enqueue(mailFor(deliveryId, { raw: Buffer.from('other'), messageId: '<other@x.example>' }))).to.equal(null);
      const claimed = await claim();
      expect({ ...claimed, raw: Buffer.from(claimed.raw).toString() }).to.deep.equal({
        deliveryId, attempt: 1, account: ACCOUNT, from: 'results@direct.courier.example', to: 'pcp@direct.lakeside.example',
        messageId: `<${deliveryId}@direct.courier.example>`, raw: `sealed ${deliveryId}`, tries: 1, ageFrom: bench.clock.now(), claimedAt: bench.clock.now() });
      expect(Buffer.from((await bench.journal.mail(deliveryId))!).toString()).to.equal(`sealed ${deliveryId}`);
    });

    it('a mail for somebody else than the delivery\'s recipient is refused', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      const fault = await bench.journal.enqueue(mailFor(planned!.id!, { to: 'else@direct.lakeside.example' })).then(() => null, (error: Error) => error);
      expect(fault).to.have.property('code', 'RECIPIENT_MISMATCH');
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('RESOLVING');
    });

    it('a mail that cannot be read waits for a person, and keeps no other', async () => {
      const { direct } = await readyMessage(bench.journal);
      const two = { address: 'two@direct.lakeside.example' };
      const planned = await bench.journal.planRecipients(direct.id, [recipient(), recipient(two)]);
      await bench.journal.enqueue(mailFor(planned[0]!.id!));
      await bench.journal.enqueue(mailFor(planned[1]!.id!, { to: two.address }));
      await bench.tamper(`DELETE FROM content WHERE id = (SELECT mail FROM delivery WHERE id = '${planned[0]!.id!}')`);
      expect((await bench.journal.claimDue([ACCOUNT], 9)).map(({ deliveryId }) => deliveryId)).to.deep.equal([planned[1]!.id]);
      expect(await stateOf(bench.journal, planned[0]!.id!)).to.equal('HELD(CONTENT_DAMAGED)');
    });

    it('emergent goes before urgent before routine, then the older first, for the accounts asked for', async () => {
      const ids: Record<string, string> = {};
      for (const [plan, gradings] of Object.entries({ routine: {}, second: {}, urgent: { Urgent: true }, emergent: { Emergent: true } })) {
        const { direct } = await readyMessage(bench.journal, { Gradings: { ...gradings, CarePlanName: plan, GradedTime: new Date(bench.clock.now()).toISOString() } });
        // Each to somebody else: what goes to one address keeps its order.
        const address = `${plan}@direct.lakeside.example`;
        const [planned] = await bench.journal.planRecipients(direct.id, [recipient({ address })]);
        await bench.journal.enqueue(mailFor(planned!.id!, { account: plan === 'second' ? 'other' : ACCOUNT, to: address }));
        ids[planned!.id!] = plan;
        bench.clock.turn(1);
      }
      expect((await bench.journal.claimDue([ACCOUNT], 2)).map(({ deliveryId }) => ids[deliveryId])).to.deep.equal(['emergent', 'urgent']);
      expect((await bench.journal.claimDue([ACCOUNT, 'other'], 9)).map(({ deliveryId }) => ids[deliveryId])).to.deep.equal(['routine', 'second']);
      expect(await bench.journal.claimDue([ACCOUNT, 'other'], 9)).to.deep.equal([]);
    });

    it('acceptance starts the clock, is chargeable once and is told', async () => {
      const changes: DeliveryChange[] = [];
      const stop = bench.journal.subscribe((change) => changes.push(change));
      const { deliveryId, messageId } = await sent(bench.journal);
      stop();
      const delivery = (await bench.journal.delivery(deliveryId))!;
      expect(delivery).to.include({ state: 'SENT', acceptedAt: bench.clock.now(), deadlineAt: bench.clock.now() + DEADLINE, account: ACCOUNT });
      expect(delivery.attempts).to.deep.equal([{ number: 1, at: bench.clock.now(), code: null, response: '250 2.0.0 queued' }]);
      expect(await bench.journal.unrated(10)).to.deep.equal([
        { deliveryId, kind: 'delivery', sequence: 1, at: bench.clock.now(), organization: delivery.organization, site: 'SITE01', account: ACCOUNT }]);
      expect(changes.map(({ state, chargeable, node }) => [state, chargeable, node])).to.deep.equal([
        ['RESOLVING', false, null], ['QUEUED', false, 'n1'], ['SENDING', false, 'n1'], ['SENT', true, 'n1']]);
      expect(changes.at(-1)).to.include({ deliveryId, messageId, recipient: 'pcp@direct.lakeside.example', orderLocalId: 'ORD1001', mailMessageId: delivery.mailMessageId });
      expect(await bench.journal.settleAttempt(deliveryId, 1, accepted)).to.equal(null);
      expect(await bench.journal.unrated(10)).to.have.length(1);
    });

    it('a temporary refusal waits for its time and counts its attempts', async () => {
      const { deliveryId } = await queued(bench.journal);
      const later = bench.clock.now() + 5_000;
      const change = await bench.journal.settleAttempt(deliveryId, (await claim()).attempt, temporary(later));
      expect(change).to.include({ state: 'QUEUED', code: 'HISP_DEFERRED', chargeable: false });
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(later);
      expect(await bench.journal.nextWake(['other'])).to.equal(null);
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      bench.clock.turn(5_000);
      expect((await claim()).attempt).to.equal(2);
      expect(await bench.journal.unrated(10)).to.deep.equal([]);
    });

    it('refused for good is FAILED, exhausted is DEAD, neither is charged', async () => {
      const { deliveryId, messageId } = await queued(bench.journal);
      const response = `550\r\n5.1.1 ${'x'.repeat(600)}`;
      await bench.journal.settleAttempt(deliveryId, (await claim()).attempt, { kind: 'refused', code: 'HISP_REFUSED', response });
      expect(await stateOf(bench.journal, deliveryId)).to.equal('FAILED(HISP_REFUSED)');
      const [attempt] = (await bench.journal.delivery(deliveryId))!.attempts;
      expect(attempt!.response).to.match(/^550 5\.1\.1 x+$/).and.have.length(500);
      expect((await bench.journal.message(messageId))!.state).to.equal('DONE_WITH_PROBLEMS');
      const { ready } = await bench.journal.resendResult(resend(), raw());
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      await bench.journal.settleAttempt(planned!.id!, (await claim()).attempt, temporary(null));
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('DEAD(ATTEMPTS_EXHAUSTED)');
      expect(await bench.journal.unrated(10)).to.deep.equal([]);
    });

    it('an attempt that was overtaken settles nothing', async () => {
      const { deliveryId } = await queued(bench.journal);
      const first = await claim();
      await bench.journal.settleAttempt(deliveryId, first.attempt, unknown(bench.clock.now()));
      const second = await claim();
      expect(second.attempt).to.equal(2);
      expect(Buffer.from(second.raw)).to.deep.equal(Buffer.from(first.raw));
      expect(await bench.journal.settleAttempt(deliveryId, first.attempt, { kind: 'refused', code: 'HISP_REFUSED', response: '550' })).to.equal(null);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('SENDING');
      expect(await bench.journal.settleAttempt(deliveryId, second.attempt, accepted)).to.include({ state: 'SENT' });
    });
  });
});
