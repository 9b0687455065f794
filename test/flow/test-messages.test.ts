// Test messages and test traffic through the shipped flow, a real Node-RED and the simulated network.
import { expect } from 'chai';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { extractText, getDocumentProxy } from 'unpdf';
import { openMail } from '../../nodes/5-smime/open.ts';
import type { Action, DeliveryRecord } from '../../nodes/journal/port.ts';
import { leafParts } from '../../nodes/mail/leaf-parts.ts';
import { headerOf, parseEntity } from '../../nodes/mail/mime.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { CLINIC, irisOrder, irisResult } from '../support/samples.ts';

const TO = 'desk@good.lakeside.sim.example';
const BY = { actor: 'Pat Ops', reason: 'new practice' } as const;

const opened = async (lab: TestLab, to: string): Promise<Buffer> => {
  const { raw } = lab.network.received.find((mail) => mail.to === to)!;
  const holder = (await lab.network.certificateFor(to))!;
  const anchors = [new X509Certificate(lab.network.authorityPem).raw];
  return openMail(raw, { keys: [{ privateKey: createPrivateKey(holder.keyPem) }], anchors, now: new Date() }).message!;
};

const ended = (lab: TestLab, messageId: string): Promise<DeliveryRecord> => lab.until('the delivery to end', async (journal) => {
  const [delivery] = await journal.deliveries({ messageId });
  return delivery !== undefined && !['RESOLVING', 'QUEUED', 'SENDING', 'SENT'].includes(delivery.state) && delivery;
});

describe('a test message', function () {
  this.timeout(60_000);
  let lab: TestLab;
  let messageId: string;
  let message: Buffer;
  before(async () => {
    // A real account, as far as the engine knows.
    lab = await startTestLab((flows) => setOn(setOn(flows, 'direct-hisp-account', { simulated: false }), 'direct-render-pdf', { mode: 'pass' }));
    messageId = (await lab.journal.act({ kind: 'test', organization: CLINIC, site: 'SITE01', address: TO, ...BY } as Action)).created!;
    await ended(lab, messageId);
    message = await opened(lab, TO);
  });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  it('is delivered over the real account, and its notifications tell how it ended', async () => {
    expect(await lab.journal.testResults()).to.have.length(1);
    expect((await lab.journal.testResults())[0]).to.include({ messageId, organization: CLINIC, site: 'SITE01', address: TO, state: 'DELIVERED', ...BY });
    expect((await lab.journal.message(messageId))!).to.include({ state: 'DONE', test: true });
  });

  it('is marked TEST in subject and text, in the document\'s title and on every page of the report', async () => {
    expect(headerOf(parseEntity(message), 'subject')).to.match(/^TEST: /);
    const parts = leafParts(message);
    expect(parts.find(({ contentType }) => contentType === 'text/plain')!.body.toString()).to.match(/^TEST MESSAGE\./);
    const xml = parts.find(({ contentType }) => contentType === 'text/xml')!.body.toString();
    expect(xml).to.match(/<title>TEST: Diabetic Retinal Exam Report<\/title>/).and.match(/<family>TEST<\/family>/);
    const pdf = Buffer.from(/<text[^>]*>([^<]+)<\/text>\s*<\/nonXMLBody>/.exec(xml)![1]!, 'base64');
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: false });
    for (const page of text) expect(page).to.include('TEST');
    expect(text[0]).to.match(/TEST: Diabetic Retinal Exam Report/).and.match(/TEST MESSAGE/).and.not.match(/UNGRADABLE/);
  });

  it('costs nothing, under a kind of its own', async () => {
    await lab.until('the fee', async (journal) => (await journal.counts()).unrated === 0 && (await journal.ledger()).length === 1);
    expect((await lab.journal.ledger())[0]).to.include({ kind: 'test', amount: '0.00', organization: CLINIC });
  });

  it('of an address that cannot be reached says so', async () => {
    const { created } = await lab.journal.act({ kind: 'test', organization: CLINIC, address: 'desk@refuse.sim.example', ...BY } as Action);
    expect(await ended(lab, created!)).to.include({ state: 'FAILED', code: 'HISP_REFUSED' });
  });

  it('of an organization that nobody knows is held', async () => {
    const { created } = await lab.journal.act({ kind: 'test', organization: CLINIC.replace('aa', 'cc'), address: TO, ...BY } as Action);
    await lab.until('the hold', async (journal) => (await journal.message(created!))!.code === 'ORGANIZATION_UNKNOWN');
    expect((await lab.journal.testResults())[0]).to.include({ state: 'HELD', code: 'ORGANIZATION_UNKNOWN' });
  });

  it('test traffic is held where the account is a real one, and goes where it is simulated', async () => {
    await lab.engine.deploy(setOn(await lab.engine.flows(), 'direct-render-pdf', { mode: 'render' }));
    await lab.post('order.json', irisOrder({ Order: { LocalId: 'T1' }, Test: true, HealthPlan: { PrimaryCareProvider: { EmailAddress: TO } } }));
    await lab.post('result.json', irisResult({ Order: { LocalId: 'T1' } }));
    const held = await lab.delivery('T1');
    await lab.until('the hold', async (journal) => (await journal.delivery(held.id))!.code === 'TEST_TRAFFIC');
    expect(lab.network.received.filter(({ to }) => to === TO)).to.have.length(1);
    await lab.engine.deploy(setOn(await lab.engine.flows(), 'direct-hisp-account', { simulated: true }));
    await lab.journal.rerun({ messageId: held.messageId, from: 'seal-mail', ...BY });
    await lab.until('the delivery', async (journal) => (await journal.delivery(held.id))!.state === 'DELIVERED');
  });
});
