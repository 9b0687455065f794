// Where patient data does not belong: a patient made of marks, sent along every good and failing way, and looked for everywhere.
import { expect } from 'chai';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import { writeMdn } from '../../nodes/6-hisp/notification-write.ts';
import { leafParts } from '../../nodes/mail/leaf-parts.ts';
import { parseEntity } from '../../nodes/mail/mime.ts';
import { writeMail } from '../../nodes/mail/message.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { BROKEN_TEXT, EVERYTHING, FAMILY, pair, SABOTAGE, SSN_MARK, WAYS, WRONG } from './marks.ts';
import { type Ears, expectClean, listen, withEars } from './marks-ears.ts';
import { copyOf, filesBelow, openedJournal, openedMail, textsIn } from './marks-inside.ts';

const changed = (imageFolder: string) => (flows: FlowNode[]): FlowNode[] => [
  ...withEars(setOn(flows, 'direct-render-pdf', { imageFolder })).map((node) =>
    node.id === 'lookup-npi' ? { ...node, wires: [['sabotage'], ['unresolved']] } : node),
  { id: 'sabotage', type: 'function', z: 'iris-results', func: SABOTAGE, outputs: 1, wires: [['render-pdf']] },
];

describe('where patient data does not belong', function () {
  this.timeout(60_000);
  let lab: TestLab;
  let userDir: string;
  const answers: string[] = [];
  let ears: Ears;

  const post = async (body: unknown, name = 'input.json'): Promise<void> => {
    const { status, body: answer } = await lab.post(name, body);
    answers.push(`${status} ${JSON.stringify(answer)}`);
  };

  /** Mails to the listener: notifications of a failure with a reason, of a stranger, and something else, all about the patient. */
  const notify = async (): Promise<void> => {
    const [delivery] = (await lab.journal.deliveries()).filter(({ state }) => state === 'DELIVERED');
    const holder = (await lab.network.certificateFor('good.lakeside.sim.example'))!;
    const der = (pem: string): Buffer => new X509Certificate(pem).raw;
    const identity = { certificate: der(holder.certificatePem), chain: [], privateKey: createPrivateKey(holder.keyPem) };
    const sealed = (message: Buffer): Buffer => sealMail({ message, identity, recipients: [der(process.env['DIRECT_SENDER_CERTIFICATE']!)], cipher: 'aes-256-cbc', signingTime: new Date() });
    const common = { to: delivery!.from!, date: new Date(), reporter: 'good.lakeside.sim.example', originalMessageId: delivery!.mailMessageId!, disposition: 'failed', failure: EVERYTHING } as const;
    const from = delivery!.recipient!;
    const mails = [
      sealed(writeMdn({ ...common, from, finalRecipient: from, messageId: '<n1@good.lakeside.sim.example>' })),
      sealed(writeMdn({ ...common, from, finalRecipient: 'x@good.riverside.sim.example', messageId: '<n2@good.lakeside.sim.example>' })),
      sealed(writeMdn({ ...common, from, finalRecipient: from, messageId: '<n3@good.lakeside.sim.example>', originalMessageId: '<unknown@x.example>' })),
      sealed(writeMail({ from, to: common.to, subject: EVERYTHING, date: new Date(), messageId: '<n4@good.lakeside.sim.example>', parts: [{ contentType: 'text/plain', body: EVERYTHING }] })),
      Buffer.from(`From: ${from}\r\nTo: ${common.to}\r\nSubject: ${EVERYTHING}\r\n\r\n${EVERYTHING}\r\n`),
    ];
    const line = createTransport({ host: '127.0.0.1', port: Number(process.env['DIRECT_NOTIFY_PORT']), ignoreTLS: true });
    for (const raw of mails) await line.sendMail({ envelope: { from: '', to: [common.to] }, raw });
    line.close();
  };

  before(async () => {
    ears = listen();
    lab = await startTestLab(changed(temporaryFolder()), ears.settings);
    userDir = dirname(dirname(process.env['DIRECT_ANCHORS']!));
    for (const body of [...WAYS, ...BROKEN_TEXT, ...WRONG]) await post(body);
    for (const name of [`${FAMILY}%.json`, `${FAMILY}%E0%A4%A.json`, `%22${FAMILY}%22.json`]) await post(pair(1)[1], name);
    await lab.until('every delivery to end', async (journal) => {
      const all = await journal.deliveries();
      return all.length > 15 && all.every(({ state }) => !['RESOLVING', 'QUEUED', 'SENDING', 'SENT'].includes(state));
    });
    await notify();
    // What no Catch node takes is logged.
    await lab.engine.deploy((await lab.engine.flows()).filter(({ type }) => type !== 'catch'));
    for (const n of [40, 41, 42, 43, 44]) for (const body of pair(n)) await post(body);
    await lab.until('the faults', async (journal) => (await journal.messages({ state: 'ERROR' })).length >= 6);
    await lab.until('the fees', async (journal) => (await journal.counts()).unrated === 0);
  });
  after(async () => {
    ears.stop();
    await lab?.stop();
    removeTemporaryFolders();
  });

  it('went all the ways that it should have gone', async () => {
    const [messages, deliveries, inputs] = [await lab.journal.messages(), await lab.journal.deliveries(), await lab.journal.inputs()];
    const codes = new Set([...messages, ...deliveries, ...inputs].map(({ code }) => code));
    expect([...codes]).to.include.members([
      'INPUT_NOT_JSON', 'INPUT_UNKNOWN', 'FIELD_INVALID', 'DATE_INVALID', 'ORDER_CONFLICT', 'ORDER_UNKNOWN', 'ORDER_CANCELLED', 'ORGANIZATION_UNKNOWN',
      'AWAITS_ORDER', 'PATIENT_MISMATCH', 'NO_ROUTE', 'NPI_NOT_FOUND', 'ADDRESS_INVALID', 'PDF_FAILED', 'CDA_FAILED', 'CERT_NONE', 'CERT_EXPIRED',
      'CERT_UNTRUSTED', 'HISP_REFUSED', 'DSN_FAILED', 'NOTICE_UNAUTHENTIC', 'NOT_A_NOTIFICATION', 'NOT_ENCRYPTED',
    ]);
    expect(deliveries.flatMap(({ warnings }) => warnings.map(({ code }) => code))).to.include.members(['GLYPH_MISSING', 'IMAGE_MISSING', 'IMAGE_PATH_REFUSED']);
    expect(ears.heard.log.join()).to.include('CDA_FAILED').and.include('PDF_FAILED');
    expect(deliveries.flatMap(({ notices }) => notices.map(({ detail }) => detail)).join()).to.include(FAMILY);
  });

  it('is not in a line of the log', () => { expectClean(ears.heard.log, 100); });
  it('is not in what a Debug node or a status shows', () => { expectClean(ears.heard.comms, 100); });
  it('is not in an error that a Catch node gets', () => { expectClean(ears.heard.errors, 3); });
  it('is not in an HTTP answer', () => { expectClean(answers, 100); });

  it('is not in what the journal tells of inputs, messages, deliveries and fees', async () => {
    const { journal } = lab;
    // What the other side said in its own words is evidence, for people who may see the delivery.
    const deliveries = (await journal.deliveries()).map((delivery) => ({ ...delivery, notices: delivery.notices.map(({ detail: _, ...notice }) => notice) }));
    expectClean([...(await journal.inputs()).map(({ name: _, ...input }) => input), ...await journal.messages(), ...deliveries, ...await journal.ledger()].map((each) => JSON.stringify(each)), 100);
  });

  it('is on no outside of a mail, and of what is inside only in the document', async () => {
    const texts: string[] = [];
    for (const { to, raw } of lab.network.received) {
      texts.push(raw.subarray(0, raw.indexOf('\r\n\r\n')).toString());
      const message = await openedMail(lab.network, to, raw);
      if (message === null) continue;
      texts.push(parseEntity(message).headers.map(({ name, value }) => `${name}: ${value}`).join('\n'));
      for (const { contentType, fileName, body } of leafParts(message)) texts.push(`${contentType} ${fileName}`, ...(contentType === 'text/plain' ? [body.toString()] : []));
    }
    expectClean(texts, 20);
  });

  it('a social security number is in no mail and in nothing that the journal holds, opened or not', async () => {
    const mails = await Promise.all(lab.network.received.map(async ({ to, raw }) => textsIn((await openedMail(lab.network, to, raw)) ?? raw)));
    const folder = copyOf(join(userDir, 'direct-courier'));
    const kept = filesBelow(folder).map(({ name, text }) => `${name}\n${text}`);
    const { sealed, plain } = openedJournal(join(folder, 'journal.sqlite'));
    const opened = await Promise.all(sealed.map(textsIn));
    expect(existsSync(join(folder, 'journal.sqlite-wal'))).to.equal(true);
    for (const texts of [mails, opened]) expect(texts.filter((each) => each.join().includes(FAMILY)).length).to.be.at.least(4);
    expectClean(kept, 2);
    expectClean([...mails.flat(), ...opened.flat(), ...plain], 500, SSN_MARK);
  });
});
