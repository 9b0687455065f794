// What is urgent goes first, and what corrects goes before what it corrects, through the running engine.
import { expect } from 'chai';
import { readIris } from '../../nodes/0-order/iris/read.ts';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { Order, Result } from '../../nodes/0-order/model.ts';
import type { DeliveryRecord, Journal } from '../../nodes/journal/port.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { inputPair, type Json } from '../support/samples.ts';

const ACCOUNT = 'simulated HISP';
const BY = { actor: 'a test', reason: 'to fill the queue' };
const MESSAGES = 100;
const RECIPIENTS = 100;

const read = (input: unknown): { order?: Order; result?: Result } => {
  const found = readIris(input, { today: '2026-02-01', maxBytes: 1e6 });
  return found.kind === 'order' ? { order: found.order } : found.kind === 'result' ? { result: found.result } : {};
};

const recipient = (address: string): Recipient => ({
  level: 'order', alsoFrom: [], address, npi: null, source: 'HealthPlan.PrimaryCareProvider.EmailAddress', why: 'Named on the order.', finalDelivery: false,
  state: 'RESOLVING', code: null, warnings: [],
});

/** Mails of routine results straight into the queue: no order in node has them. */
const fill = async (journal: Journal, n: number): Promise<void> => {
  const [order, result] = Object.values(inputPair(20_000 + n, { address: 'x@good.mass.sim.example' }));
  const raw = { bytes: Buffer.from('{}'), source: 'test', entry: 'elsewhere' };
  await journal.storeOrder(read(order).order!, raw, true);
  const { messageId } = await journal.acceptResult(read(result).result!, raw, null);
  const planned = await journal.planRecipients(messageId, Array.from({ length: RECIPIENTS }, (_, k) => recipient(`r${n}-${k}@good.mass.sim.example`)));
  await Promise.all(planned.map(({ id, address }) => journal.enqueue({
    deliveryId: id!, account: ACCOUNT, node: 'none', from: 'results@direct.courier.example', to: address!, messageId: `<${id}@direct.courier.example>`,
    raw: Buffer.from(`Message-ID: <${id}@direct.courier.example>\r\n\r\nroutine\r\n`), deadlineMs: 3_600_000,
    evidence: { signer: '', recipientCertificates: [], anchor: '' }, warnings: [],
  })));
};

describe('overtaking', function () {
  this.timeout(180_000);
  let lab: TestLab;
  before(async () => { lab = await startTestLab((flows) => setOn(flows, 'direct-hisp-account', { retryFirst: '4' })); });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  const handIn = async (n: number, address: string, result: Json = {}): Promise<void> => {
    for (const [name, body] of Object.entries(inputPair(n, { address, result }))) await lab.post(name, body);
  };
  const bare = (messageId: string | null): string => messageId!.replace(/^<|>$/g, '');
  const counts = async (): Promise<Record<string, number>> => (await lab.journal.counts()).deliveries;

  it(`an emergent result goes before ${MESSAGES * RECIPIENTS} queued routine ones, and before routine ones that came in earlier`, async () => {
    await lab.journal.act({ kind: 'pause', account: ACCOUNT, ...BY });
    for (let n = 0; n < MESSAGES; n += 1) await fill(lab.journal, n);
    expect((await counts())['QUEUED']).to.equal(MESSAGES * RECIPIENTS);
    for (let n = 0; n < 20; n += 1) await handIn(n, `dr.${n}@good.lakeside.sim.example`);
    await lab.network.faults({ answerMs: 25 });
    await lab.journal.act({ kind: 'resume', account: ACCOUNT, ...BY });
    await lab.until('the queue to move', async () => lab.network.count() > 10);

    const before = lab.network.count();
    await handIn(900, 'dr.lee@good.lakeside.sim.example', { Gradings: { Emergent: true } });
    const emergent = await lab.until('the emergent result', async () => {
      const [found] = (await lab.journal.deliveries()).filter(({ orderLocalId, state }) => orderLocalId === 'ORD900' && state === 'DELIVERED');
      return found;
    });
    const place = before + lab.network.received.slice(-(lab.network.count() - before)).findIndex(({ messageId }) => messageId === bare(emergent.mailMessageId));
    expect((await counts())['QUEUED'], 'routine mails that still wait').to.be.greaterThan(MESSAGES * RECIPIENTS / 2);
    // What was on the wire already, and what went while the report was made: far from ten thousand.
    expect(place - before, 'mails that went between its arrival and its turn').to.be.within(0, MESSAGES * RECIPIENTS / 10);
    await lab.journal.act({ kind: 'cancel', deliveries: { filter: { account: ACCOUNT } }, ...BY });
    await lab.network.faults({ answerMs: 0 });
  });

  it('a correction goes before an original that was put off, and the original is never sent afterwards', async () => {
    const address = 'dr.care@later.lakeside.sim.example';
    const deliveries = async (): Promise<DeliveryRecord[]> => (await lab.journal.deliveries()).filter(({ orderLocalId }) => orderLocalId === 'ORD950');
    await handIn(950, address);
    const original = await lab.until('the original to be put off', async () =>
      (await deliveries()).find(({ state, attempts }) => state === 'QUEUED' && attempts.some(({ code }) => code === 'HISP_DEFERRED')));
    const [, correction] = Object.entries(inputPair(950, { address, result: { ResultCode: 'C', Gradings: { GradedTime: '2026-01-07T09:00:00+00:00' } } }))[1]!;
    await lab.post('correction.json', correction);
    const corrected = await lab.until('the correction to arrive', async () => (await deliveries()).find(({ id, state }) => id !== original.id && state === 'DELIVERED'));
    expect((await deliveries()).find(({ id }) => id === original.id)).to.include({ state: 'SUPPRESSED', code: 'SUPERSEDED', fee: null });
    // Past the time at which the original would have been tried again.
    await new Promise((resolve) => { setTimeout(resolve, 6000); });
    const received = new Set(lab.network.received.map(({ messageId }) => messageId));
    expect(received.has(bare(corrected.mailMessageId))).to.equal(true);
    expect(received.has(bare(original.mailMessageId)), 'the original').to.equal(false);
    expect((await deliveries()).find(({ id }) => id === original.id)!.attempts).to.have.length(1);
  });
});
