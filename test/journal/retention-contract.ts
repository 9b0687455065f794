import { expect } from 'chai';
import { ACCOUNT, accepted, type Bench, cancel, mailFor, notice, type OpenBench, order, raw, readyMessage, recipient, resend, result } from './fixtures.ts';
import { DAY, delivered, dryRun, handedOver, type Life, pruneAll, rateAll, started } from './keeping.ts';

/** How long everything is kept. */
export const retentionContract = (open: OpenBench): void => void describe('retention', () => {
  let bench: Bench;
  beforeEach(async () => { bench = await open(); });
  afterEach(() => bench.end());

  const exists = async ({ messageId, deliveryId, inputId, orderInputId }: Life) => ({
    mail: await bench.journal.mail(deliveryId) !== null, raw: await bench.journal.rawInput(inputId) !== null,
    rawOrder: await bench.journal.rawInput(orderInputId) !== null, report: await bench.journal.report(messageId) !== null,
    document: await bench.journal.latestDocument(messageId) !== null, ready: await bench.journal.readyMessage(messageId) !== null,
  });
  const ALL = { mail: true, raw: true, rawOrder: true, report: true, document: true, ready: true };
  const NONE = { mail: false, raw: false, rawOrder: false, report: false, document: false, ready: false };
  const resendOf = (number: string) => bench.journal.resendResult(resend({ Order: { LocalId: number } }), raw(`resend ${number}`));
  const act = (kind: 'legal-hold' | 'legal-release', messageId: string) => bench.journal.act({ kind, messageId, actor: 'eve', reason: 'case 7' });

  describe('what has ended', () => {
    it('loses mails and raw input 30 days after its last delivery ended, and not a moment before', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      bench.clock.turn(30 * DAY - 1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({});
      expect(await exists(life)).to.deep.equal(ALL);
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ mails: 1, inputs: 2, contents: 3 });
      expect(await exists(life)).to.deep.equal({ ...ALL, mail: false, raw: false, rawOrder: false });
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({});
    });

    it('loses result, report, document and demographics 180 days after, and keeps who got what when', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      const [before, message] = [await bench.journal.delivery(life.deliveryId), await bench.journal.message(life.messageId)];
      bench.clock.turn(180 * DAY - 1);
      await pruneAll(bench.journal);
      expect(await exists(life)).to.include({ report: true, document: true, ready: true });
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ results: 1, resultPdfs: 1, reports: 1, documents: 1, orders: 1, contents: 3 });
      expect(await exists(life)).to.deep.equal(NONE);
      expect(await bench.journal.delivery(life.deliveryId)).to.deep.equal(before);
      expect(await bench.journal.message(life.messageId)).to.deep.equal(message);
      expect((await bench.journal.verify()).ok).to.equal(true);
    });

    it('counts from the last delivery, not from the first', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [one, two] = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'two@direct.lakeside.example' })]);
      await bench.journal.enqueue(mailFor(one!.id!));
      await bench.journal.enqueue(mailFor(two!.id!, { to: 'two@direct.lakeside.example' }));
      for (const { deliveryId, attempt } of await bench.journal.claimDue([ACCOUNT], 5)) await bench.journal.settleAttempt(deliveryId, attempt, accepted);
      const end = async (id: string, address: string) => {
        for (const event of ['processed', 'dispatched'] as const) await bench.journal.applyNotice(notice(id, event, { recipient: address }));
      };
      await end(one!.id!, 'pcp@direct.lakeside.example');
      bench.clock.turn(20 * DAY);
      await end(two!.id!, 'two@direct.lakeside.example');
      bench.clock.turn(30 * DAY - 1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({});
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts.mails).to.equal(2);
    });

    it('cannot be sent again after that: refused with a code', async () => {
      await delivered(bench.journal, 'ORD1');
      bench.clock.turn(180 * DAY);
      await pruneAll(bench.journal);
      expect(await resendOf('ORD1')).to.include({ outcome: 'rejected', code: 'RESEND_EXPIRED' });
    });

    it('can be sent again until then, which keeps its documents until the resend has had its time, too', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      bench.clock.turn(179 * DAY);
      await pruneAll(bench.journal);
      const { ready } = await resendOf('ORD1');
      bench.clock.turn(30 * DAY);
      await pruneAll(bench.journal);
      expect(Buffer.from((await bench.journal.latestDocument(ready!.direct.id))!.data).toString()).to.equal('document ORD1');
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient({ state: 'SUPPRESSED', code: 'LEVEL_OFF' })]);
      expect(planned!.state).to.equal('SUPPRESSED');
      bench.clock.turn(180 * DAY - 1);
      await pruneAll(bench.journal);
      expect(await bench.journal.report(life.messageId)).to.not.equal(null);
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.include({ results: 2, reports: 1, documents: 1, orders: 1 });
    });

    it('counts anew when it was run again and ended anew', async () => {
      await bench.journal.storeOrder(order(), raw('order'), true);
      const { messageId } = await bench.journal.acceptResult(result(), { ...raw('result'), entry: 'in' }, null);
      const [claimed] = await bench.journal.claimFlow(['in'], 1);
      await bench.journal.endFlow(messageId, claimed!.direct.run, 'a switch');
      bench.clock.turn(31 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ inputs: 2, contents: 2 });
      bench.clock.turn(1);
      await bench.journal.rerun({ messageId, from: 'resolve-route', actor: 'a', reason: 'b' });
      const [planned] = await bench.journal.planRecipients(messageId, [recipient({ finalDelivery: false })]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      for (const { deliveryId, attempt } of await bench.journal.claimDue([ACCOUNT], 1)) await bench.journal.settleAttempt(deliveryId, attempt, accepted);
      await bench.journal.applyNotice(notice(planned!.id!, 'processed'));
      bench.clock.turn(30 * DAY - 1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({});
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ mails: 1, contents: 1 });
    });

    it('still tells a repetition from something new', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      const submitted = order({ Order: { LocalId: 'ORD1' } });
      const again = result({ Order: { LocalId: 'ORD1' }, ResultsDocument: { Content: Buffer.from('%PDF-1.4 ORD1').toString('base64') } });
      bench.clock.turn(200 * DAY);
      await pruneAll(bench.journal);
      expect(await bench.journal.storeOrder(submitted, raw('again'), true)).to.include({ outcome: 'replay' });
      expect(await bench.journal.acceptResult(again, raw('again'), null)).to.include({ outcome: 'replay', messageId: life.messageId });
      const other = result({ Order: { LocalId: 'ORD1' }, ResultCode: 'C' });
      expect(await bench.journal.acceptResult(other, raw('new'), null)).to.include({ outcome: 'held', code: 'ORDER_PRUNED' });
    });
  });

  describe('an order', () => {
    const store = (number: string) => bench.journal.storeOrder(order({ Order: { LocalId: number } }), raw(`order ${number}`), true);

    it('without a result is kept 400 days from what was last said of it', async () => {
      const { inputId } = await store('ORD1');
      bench.clock.turn(100 * DAY);
      await bench.journal.storeOrder(order({ OrderControlCode: 'XO', Order: { LocalId: 'ORD1', CPTCode: '92227' } }), raw('change'), true);
      bench.clock.turn(400 * DAY - 1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({});
      expect(await bench.journal.rawInput(inputId)).to.not.equal(null);
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ orders: 1, inputs: 2, contents: 2 });
      const { outcome, code } = await bench.journal.acceptResult(result({ Order: { LocalId: 'ORD1' } }), raw('result'), null);
      expect([outcome, code]).to.deep.equal(['held', 'ORDER_PRUNED']);
    });

    it('that was cancelled loses its demographics at once and its raw input after 30 days', async () => {
      const { inputId } = await store('ORD1');
      await bench.journal.storeOrder(cancel({ Order: { LocalId: 'ORD1' } }), raw('cancel'), true);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ orders: 1 });
      expect(await bench.journal.rawInput(inputId)).to.not.equal(null);
      bench.clock.turn(30 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ inputs: 2, contents: 2 });
    });

    it('with one result delivered and one under way stays as it is', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      const later = await bench.journal.acceptResult(result({ Order: { LocalId: 'ORD1' }, ResultCode: 'A' }), raw('later'), null);
      bench.clock.turn(500 * DAY);
      const { counts } = await pruneAll(bench.journal);
      expect(counts).to.not.have.any.keys('orders');
      expect(await bench.journal.rawInput(life.orderInputId)).to.not.equal(null);
      expect(await bench.journal.readyMessage(later.messageId)).to.not.equal(null);
      expect(await bench.journal.readyMessage(life.messageId)).to.equal(null);
    });
  });

  describe('other input', () => {
    it('goes 30 days after it came: what was refused, repeated or unreadable', async () => {
      const { inputId } = await bench.journal.rejectInput(raw('?'), { code: 'INPUT_NOT_JSON', text: 't', kind: 'unreadable' });
      await bench.journal.storeOrder(cancel({ Order: { LocalId: 'NOT-THERE' } }), raw('refused'), true);
      bench.clock.turn(30 * DAY - 1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({});
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ inputs: 2, contents: 2 });
      expect(await bench.journal.rawInput(inputId)).to.equal(null);
      expect((await bench.journal.inputs()).map(({ code }) => code)).to.deep.equal(['INPUT_NOT_JSON', 'ORDER_UNKNOWN']);
    });

    it('of a mail that was sealed anew leaves nothing of the earlier one', async () => {
      const { deliveryId } = await started(bench.journal, 'ORD1');
      const { contents } = await bench.journal.stats();
      bench.clock.turn(1.1 * DAY);
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      await bench.journal.enqueue(mailFor(deliveryId, { raw: Buffer.from('sealed anew') }));
      expect(Buffer.from((await bench.journal.mail(deliveryId))!).toString()).to.equal('sealed anew');
      expect((await bench.journal.stats()).contents).to.equal(contents);
    });

    it('that waits for somebody stays', async () => {
      const waits = await bench.journal.acceptResult(result({ Order: { LocalId: 'NOT-YET' } }), raw('waits'), null);
      await readyMessage(bench.journal);
      const held = await bench.journal.acceptResult(result({ Patient: { Dob: '1/16/1960' } }), raw('held'), null);
      expect([waits.outcome, held.outcome]).to.deep.equal(['waiting', 'held']);
      bench.clock.turn(3_000 * DAY);
      await pruneAll(bench.journal);
      for (const { inputId } of [waits, held]) expect(await bench.journal.rawInput(inputId)).to.not.equal(null);
    });

    it('content that two share stays until both are through with it', async () => {
      const one = await delivered(bench.journal, 'ORD1');
      await bench.journal.storeOrder(order({ Order: { LocalId: 'ORD2' } }), raw('order ORD2'), true);
      const two = await bench.journal.acceptResult(result({ Order: { LocalId: 'ORD2' } }), raw('result ORD1'), null);
      bench.clock.turn(30 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ mails: 1, inputs: 2, contents: 2 });
      expect(await bench.journal.rawInput(one.inputId)).to.equal(null);
      expect(Buffer.from((await bench.journal.rawInput(two.inputId))!).toString()).to.equal('result ORD1');
    });
  });

  describe('what is not through', () => {
    it('stays, in every state short of its end', async () => {
      const lives: Life[] = [];
      for (const step of ['QUEUED', 'SENDING', 'SENT', 'HELD', 'RESOLVING']) {
        const life = await started(bench.journal, `ORD-${step}`);
        lives.push(life);
        if (step === 'SENDING') await bench.journal.claimDue([ACCOUNT], 1);
        if (step === 'SENT') await handedOver(bench.journal, life);
        if (step === 'HELD') await bench.journal.act({ kind: 'hold', deliveries: { ids: [life.deliveryId] }, actor: 'a', reason: 'b' });
      }
      const open = await readyMessage(bench.journal, {});
      const [planned] = await bench.journal.planRecipients(open.direct.id, [recipient()]);
      const stopped = await bench.journal.acceptResult(result({ ResultCode: 'A' }), raw('stopped'), null);
      await bench.journal.stopMessage(stopped.messageId, 'ERROR', 'STAGE_FAILED', 'a stage');
      bench.clock.turn(4_000 * DAY);
      expect((await dryRun(bench.journal)).counts).to.have.all.keys('auditEntries');
      expect((await pruneAll(bench.journal)).counts).to.have.all.keys('auditEntries');
      for (const life of lives) expect(await exists(life)).to.deep.equal(ALL);
      expect((await bench.journal.delivery(planned!.id!))!.state).to.equal('RESOLVING');
    });

    it('under legal hold stays whole, with its order and all raw input, until it is released', async () => {
      const [life, other] = [await delivered(bench.journal, 'ORD1'), await delivered(bench.journal, 'ORD2')];
      await rateAll(bench.journal, bench.clock.now());
      await act('legal-hold', life.messageId);
      bench.clock.turn(2_557 * DAY);
      await pruneAll(bench.journal);
      expect(await exists(life)).to.deep.equal(ALL);
      expect((await bench.journal.delivery(life.deliveryId))!.fee).to.deep.equal({ amount: '0.25', currency: 'USD' });
      expect(await bench.journal.message(other.messageId)).to.equal(null);
      await act('legal-release', life.messageId);
      await pruneAll(bench.journal);
      expect(await bench.journal.message(life.messageId)).to.equal(null);
    });

    it('under legal hold keeps the documents of the message that it resends', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      const { ready } = await resendOf('ORD1');
      await bench.journal.planRecipients(ready!.direct.id, [recipient({ state: 'SUPPRESSED', code: 'LEVEL_OFF' })]);
      await act('legal-hold', ready!.direct.id);
      bench.clock.turn(3_000 * DAY);
      await pruneAll(bench.journal);
      expect(await exists(life)).to.deep.equal(ALL);
    });
  });

  describe('the record', () => {
    it('stays seven years, with its ledger line and notifications, and then goes as a whole', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      await rateAll(bench.journal, bench.clock.now());
      bench.clock.turn(2_557 * DAY - 1);
      await pruneAll(bench.journal);
      expect((await bench.journal.delivery(life.deliveryId))!.notices).to.have.length(2);
      expect(await bench.journal.ledger()).to.have.length(1);
      bench.clock.turn(1);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({
        ledgerLines: 1, noticeRecords: 2, deliveryRecords: 1, messageRecords: 1, orderRecords: 1, inputRecords: 2, contents: 2 });
      expect([await bench.journal.ledger(), await bench.journal.deliveries(), await bench.journal.messages(), await bench.journal.inputs()])
        .to.deep.equal([[], [], [], []]);
      expect(await bench.journal.stats()).to.include({ contents: 0, bytes: 0 });
    });

    it('of a delivery whose fee has no price yet stays', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      bench.clock.turn(3_000 * DAY);
      await pruneAll(bench.journal);
      expect(await bench.journal.unrated(10)).to.have.length(1);
      await rateAll(bench.journal, bench.clock.now());
      await pruneAll(bench.journal);
      expect(await bench.journal.message(life.messageId)).to.not.equal(null);
      bench.clock.turn(2_557 * DAY);
      await pruneAll(bench.journal);
      expect(await bench.journal.message(life.messageId)).to.equal(null);
    });

    it('keeps the content of a notification that fits no delivery for 30 days only', async () => {
      await bench.journal.applyNotice(notice('nobody', 'failed'));
      bench.clock.turn(30 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ strayNotices: 1, contents: 1 });
      bench.clock.turn(2_527 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.include({ noticeRecords: 1 });
    });
  });

  describe('pruning', () => {
    it('goes by its settings', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      bench.clock.turn(5 * DAY);
      await pruneAll(bench.journal, { content: 5 });
      expect(await exists(life)).to.deep.equal({ ...ALL, mail: false, raw: false, rawOrder: false });
      await pruneAll(bench.journal, { correction: 5 });
      expect(await exists(life)).to.deep.equal(NONE);
    });

    it('counts beforehand exactly what it takes, and changes nothing by counting', async () => {
      for (const number of ['ORD1', 'ORD2', 'ORD3']) await delivered(bench.journal, number);
      await started(bench.journal, 'ORD4');
      await bench.journal.storeOrder(order({ Order: { LocalId: 'ORD5' } }), raw('order ORD1'), true);
      await bench.journal.applyNotice(notice('nobody', 'failed'));
      await rateAll(bench.journal, bench.clock.now());
      for (const days of [30, 150, 220, 2_157]) {
        bench.clock.turn(days * DAY);
        const told = await dryRun(bench.journal);
        expect(await dryRun(bench.journal)).to.deep.equal(told);
        expect(Object.keys(told.counts)).to.not.deep.equal([]);
        expect(await pruneAll(bench.journal)).to.deep.equal(told);
        expect(await dryRun(bench.journal)).to.deep.equal({ counts: {}, bytes: 0, more: false });
      }
    });

    it('begins anew when an earlier run was left in the middle', async () => {
      for (const number of ['ORD1', 'ORD2', 'ORD3']) await delivered(bench.journal, number);
      bench.clock.turn(30 * DAY);
      const by = { actor: 'ops', reason: 'a test', dryRun: false, settings: { openOrders: 400, correction: 180, content: 30, ledger: 2_557 } };
      expect((await bench.journal.prune(by)).more).to.equal(true);
      await delivered(bench.journal, 'ORD4');
      bench.clock.turn(30 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.include({ mails: 1 });
    });

    it('at the moment of a resend or a new result: either is refused, or has all that it needs', async () => {
      const numbers = Array.from({ length: 24 }, (_, index) => `ORD${index}`);
      for (const number of numbers) await delivered(bench.journal, number);
      bench.clock.turn(179 * DAY);
      await pruneAll(bench.journal);
      bench.clock.turn(DAY);
      const [, ...outcomes] = await Promise.all([pruneAll(bench.journal), ...numbers.map(async (number, index) => index % 2 === 0
        ? { resent: true, ...await resendOf(number) }
        : { resent: false, ...await bench.journal.acceptResult(result({ Order: { LocalId: number }, ResultCode: 'A' }), raw(`late ${number}`), null) })]);
      for (const { outcome, code, ready, resent } of outcomes) {
        if (ready === undefined) {
          expect(code).to.equal(resent ? 'RESEND_EXPIRED' : 'ORDER_PRUNED');
          continue;
        }
        expect(outcome).to.equal('ready');
        expect(await bench.journal.readyMessage(ready.direct.id)).to.not.equal(null);
        if (resent) expect(await bench.journal.latestDocument(ready.direct.id)).to.not.equal(null);
      }
      expect((await bench.journal.verify()).ok).to.equal(true);
    });

    it('lets the traffic go on, and the traffic loses nothing', async () => {
      for (let index = 0; index < 40; index++) await delivered(bench.journal, `OLD${index}`);
      bench.clock.turn(200 * DAY);
      const lives: Life[] = [];
      const [pruned] = await Promise.all([
        pruneAll(bench.journal),
        (async () => { for (let index = 0; index < 20; index++) lives.push(await started(bench.journal, `NEW${index}`)); })(),
      ]);
      expect(pruned.counts).to.include({ mails: 40, results: 40, orders: 40 });
      expect(await bench.journal.claimDue([ACCOUNT], 50)).to.have.length(20);
      for (const life of lives) expect(await exists(life)).to.deep.equal(ALL);
      expect((await bench.journal.verify()).ok).to.equal(true);
    });
  });
});
