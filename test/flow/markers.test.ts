// Where patient data does not belong: a patient made of marks, sent along every good and failing way, and looked for everywhere.
import { expect } from 'chai';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import RED from 'node-red';
import { createTransport } from 'nodemailer';
import { extractText, getDocumentProxy } from 'unpdf';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import { openMail } from '../../nodes/5-smime/open.ts';
import { writeMdn } from '../../nodes/6-hisp/notification-write.ts';
import { leafParts } from '../../nodes/mail/leaf-parts.ts';
import { parseEntity } from '../../nodes/mail/mime.ts';
import { writeMail } from '../../nodes/mail/message.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { BROKEN_TEXT, EVERYTHING, FAMILY, type Json, MARKS, pair, SABOTAGE, WAYS, WRONG } from './marks.ts';

const flowWithEars = (imageFolder: string) => (flows: FlowNode[]): FlowNode[] => [
  ...setOn(setOn(flows, 'debug', { complete: 'true', console: true }), 'direct-render-pdf', { imageFolder }).map((node) => {
    if (node.id === 'lookup-npi') return { ...node, wires: [['sabotage'], ['unresolved']] };
    const wires = node['wires'] as string[][] | undefined;
    return node.type.startsWith('direct-') && wires ? { ...node, wires: wires.map((ids) => [...ids, 'everything']) } : node;
  }),
  { id: 'sabotage', type: 'function', z: 'iris-results', func: SABOTAGE, outputs: 1, wires: [['render-pdf']] },
  { id: 'catch-each', type: 'catch', z: 'iris-results', scope: null, uncaught: false, wires: [['everything']] },
  { id: 'status-each', type: 'status', z: 'iris-results', scope: null, wires: [['everything']] },
  { id: 'everything', type: 'debug', z: 'iris-results', complete: 'true', active: true, tosidebar: true, console: true, tostatus: true, wires: [] },
];

interface Hooks { add(name: string, hook: (sent: { msg: Json; source: { node: { type: string } } }[]) => void): void; remove(name: string): void }

describe('where patient data does not belong', function () {
  this.timeout(60_000);
  let lab: TestLab;
  let userDir: string;
  const heard: Record<'log' | 'comms' | 'errors' | 'answers', string[]> = { log: [], comms: [], errors: [], answers: [] };
  const { events, hooks } = RED as unknown as { events: NodeJS.EventEmitter; hooks: Hooks };
  const say = (value: unknown): string => inspect(value, { depth: 12, maxArrayLength: 1e4, maxStringLength: 1e6, breakLength: 1e6 });
  const onComms = (said: unknown): void => { heard.comms.push(say(said)); };

  const post = async (body: unknown, name = 'input.json'): Promise<void> => {
    const { status, body: answer } = await lab.post(name, body);
    heard.answers.push(`${status} ${JSON.stringify(answer)}`);
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
    events.on('comms', onComms);
    hooks.add('onSend.markers', (sent) => {
      for (const { msg, source } of sent) if (source.node.type === 'catch') heard.errors.push(say([msg['error'], msg['_error']]));
    });
    const imageFolder = temporaryFolder();
    const handler = () => (line: unknown): void => { heard.log.push(say(line)); };
    lab = await startTestLab(flowWithEars(imageFolder), { debugMaxLength: 1e6, logging: { marks: { level: 'trace', metrics: true, audit: true, handler } } });
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
    events.off('comms', onComms);
    hooks.remove('onSend.markers');
    await lab?.stop();
    removeTemporaryFolders();
  });

  const clean = (texts: string[], atLeast: number): void => {
    expect(texts.length).to.be.at.least(atLeast);
    const around = (text: string, at: number): string => text.slice(Math.max(0, at - 300), at + 100);
    expect(texts.filter((text) => MARKS.test(text)).map((text) => around(text, text.search(MARKS))).slice(0, 5)).to.deep.equal([]);
  };

  it('went all the ways that it should have gone', async () => {
    const [messages, deliveries, inputs] = [await lab.journal.messages(), await lab.journal.deliveries(), await lab.journal.inputs()];
    const codes = new Set([...messages, ...deliveries, ...inputs].map(({ code }) => code));
    expect([...codes]).to.include.members([
      'INPUT_NOT_JSON', 'INPUT_UNKNOWN', 'FIELD_INVALID', 'DATE_INVALID', 'ORDER_CONFLICT', 'ORDER_UNKNOWN', 'ORDER_CANCELLED', 'ORGANIZATION_UNKNOWN',
      'AWAITS_ORDER', 'PATIENT_MISMATCH', 'NO_ROUTE', 'NPI_NOT_FOUND', 'ADDRESS_INVALID', 'PDF_FAILED', 'CDA_FAILED', 'CERT_NONE', 'CERT_EXPIRED',
      'CERT_UNTRUSTED', 'HISP_REFUSED', 'DSN_FAILED', 'NOTICE_UNAUTHENTIC', 'NOT_A_NOTIFICATION', 'NOT_ENCRYPTED',
    ]);
    expect(deliveries.flatMap(({ warnings }) => warnings.map(({ code }) => code))).to.include.members(['GLYPH_MISSING', 'IMAGE_MISSING', 'IMAGE_PATH_REFUSED']);
    expect(heard.log.join()).to.include('CDA_FAILED').and.include('PDF_FAILED');
    expect(deliveries.flatMap(({ notices }) => notices.map(({ detail }) => detail)).join()).to.include(FAMILY);
  });

  it('is not in a line of the log', () => { clean(heard.log, 100); });
  it('is not in what a Debug node or a status shows', () => { clean(heard.comms, 100); });
  it('is not in an error that a Catch node gets', () => { clean(heard.errors, 3); });
  it('is not in an HTTP answer', () => { clean(heard.answers, 100); });

  it('is not in what the journal tells of inputs, messages, deliveries and fees', async () => {
    const { journal } = lab;
    // What the other side said in its own words is evidence, for people who may see the delivery.
    const deliveries = (await journal.deliveries()).map((delivery) => ({ ...delivery, notices: delivery.notices.map(({ detail: _, ...notice }) => notice) }));
    clean([...(await journal.inputs()).map(({ name: _, ...input }) => input), ...await journal.messages(), ...deliveries, ...await journal.ledger()].map((each) => JSON.stringify(each)), 100);
  });

  it('is on no outside of a mail, and of what is inside only in the document', async () => {
    const texts: string[] = [];
    for (const { to, raw } of lab.network.received) {
      texts.push(raw.subarray(0, raw.indexOf('\r\n\r\n')).toString());
      const message = await opened(to, raw);
      if (message === null) continue;
      texts.push(parseEntity(message).headers.map(({ name, value }) => `${name}: ${value}`).join('\n'));
      for (const { contentType, fileName, body } of leafParts(message)) texts.push(`${contentType} ${fileName}`, ...(contentType === 'text/plain' ? [body.toString()] : []));
    }
    clean(texts, 20);
  });

  const opened = async (to: string, raw: Buffer): Promise<Buffer | null> => {
    const holder = await lab.network.certificateFor(to);
    return holder && openMail(raw, { keys: [{ privateKey: createPrivateKey(holder.keyPem) }], anchors: [new X509Certificate(lab.network.authorityPem).raw], now: new Date() }).message;
  };

  it('a social security number is in no mail and in no byte that is kept', async () => {
    const texts: string[] = [];
    for (const { to, raw } of lab.network.received) {
      const cda = leafParts((await opened(to, raw)) ?? raw).find(({ contentType }) => contentType === 'text/xml')?.body.toString();
      if (cda === undefined) continue;
      const pdf = Buffer.from(/<text[^>]*representation="B64"[^>]*>([^<]+)/.exec(cda)![1]!, 'base64');
      texts.push(cda, (await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: true })).text);
    }
    const folder = join(userDir, 'direct-courier');
    const kept = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(folder, name), 'latin1'));
    expect(existsSync(join(folder, 'journal.sqlite-wal'))).to.equal(true);
    expect(texts.filter((text) => text.includes(FAMILY)).length).to.be.at.least(4);
    expect(kept.map((text) => text.slice(Math.max(0, text.indexOf(FAMILY) - 80)).slice(0, 120)).filter((text) => text.includes(FAMILY)), 'kept in the clear')
      .to.deep.equal([]);
    expect([...texts, ...kept].filter((text) => /219-?46-?7788/.test(text)).map((text) => text.slice(Math.max(0, text.search(/219-?46-?7788/) - 60)).slice(0, 80))).to.deep.equal([]);
  });
});
