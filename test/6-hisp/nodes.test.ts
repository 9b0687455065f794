import { expect } from 'chai';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper, { type TestFlows } from 'node-red-node-test-helper';
import { createTransport } from 'nodemailer';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import identityConfig from '../../nodes/5-smime/identity-config.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import trustConfig from '../../nodes/5-smime/trust-config.ts';
import accountConfig from '../../nodes/6-hisp/account-config.ts';
import hispReceive from '../../nodes/6-hisp/hisp-receive.ts';
import hispSend from '../../nodes/6-hisp/hisp-send.ts';
import { stopSenders } from '../../nodes/6-hisp/sender.ts';
import { type Network, startNetwork } from '../../nodes/6-hisp/simulator/network.ts';
import type { NoticeReceipt, Receipt } from '../../nodes/6-hisp/types.ts';
import journalConfig from '../../nodes/journal/journal-config.ts';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { withoutPatientData } from '../../nodes/guard.ts';
import { closePool } from '../../nodes/pool.ts';
import { EVIDENCE, inState, plan, type Planned, removeJournals, until } from './deliveries.ts';
import { PASSWORD, USER } from './servers.ts';

const MODULES = [journalConfig, accountConfig, identityConfig, trustConfig, hispSend, hispReceive];
const errorsOf = (): string[] => helper.log().args.flat().filter(({ level }) => level === 20).map(({ msg }) => String((msg as Error).name ?? '') + String(msg));
const OUTPUTS = ['accepted', 'failed', 'status', 'notification', 'other', 'caught'];

describe('HISP send and HISP receive in Node-RED', () => {
  let folder: string;
  let network: Network;
  let sender: { certificatePem: string; keyPem: string };
  let journal: Journal;
  let notifyPort: number;
  const got: Record<string, (CourierMessage & { receipt?: Receipt & NoticeReceipt })[]> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'direct-nodes-'));
    network = await startNetwork({ folder: join(folder, 'pki'), user: USER, password: PASSWORD, edge: { user: 'edge', password: 'edge' } });
    sender = await network.senderIdentity('direct.clinic.example');
    await new Promise<void>((resolve) => { helper.startServer(resolve); });
  });

  after(async () => {
    await new Promise<void>((resolve) => { helper.stopServer(resolve); });
    await network.stop();
    await closePool();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
    notifyPort = (probe.address() as { port: number }).port;
    await new Promise<void>((resolve) => { probe.close(() => { resolve(); }); });
    network.notifyTo(notifyPort);
  });

  afterEach(async () => {
    await helper.unload();
    await stopSenders(500);
    await removeJournals();
    await rm(join(folder, 'journal'), { recursive: true, force: true });
  });

  const flow = (change: Record<string, object> = {}): TestFlows => [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'j', type: 'direct-journal', name: 'journal', file: join(folder, 'journal', 'journal.sqlite') },
    {
      id: 'a', type: 'direct-hisp-account', name: 'test', host: '127.0.0.1', port: String(network.smtpPort), security: 'starttls', serverName: 'localhost',
      authorities: network.authorityPem, retryFirst: '0.1', retryMax: '1', deadline: '60', ...change['a'],
    },
    { id: 'i', type: 'direct-identity', name: 'clinic', format: 'pem' },
    { id: 't', type: 'direct-trust', name: 'network', anchors: network.authorityPem, anchorsFile: '', certificateFolder: '', certificateService: '' },
    { id: 's', z: 'tab', type: 'direct-hisp-send', name: '', journal: 'j', account: 'a', wires: [['accepted'], ['failed'], ['status']], ...change['s'] },
    {
      id: 'r', z: 'tab', type: 'direct-hisp-receive', name: '', journal: 'j', identity: 'i', trust: 't',
      host: '127.0.0.1', port: String(notifyPort), domains: '', wires: [['notification'], ['other']], ...change['r'],
    },
    { id: 'c', z: 'tab', type: 'catch', scope: null, uncaught: false, wires: [['caught']] },
    ...OUTPUTS.map((id) => ({ id, z: 'tab', type: 'helper', wires: [] })),
  ] as unknown as TestFlows;

  const credentials = { a: { user: USER, password: PASSWORD }, i: { certificate: '', key: '' } };

  const load = async (change?: Record<string, object>): Promise<void> => {
    credentials.i = { certificate: sender.certificatePem, key: sender.keyPem };
    await helper.load(MODULES as never, flow(change), credentials as never);
    listen();
    journal = await openJournal(join(folder, 'journal', 'journal.sqlite'));
  };

  const listen = (): void => {
    for (const id of OUTPUTS) {
      got[id] = [];
      helper.getNode(id).on('input', (msg) => { got[id]!.push(msg as never); });
    }
  };

  const mailFor = async (planned: Planned): Promise<CourierMessage> => {
    const messageId = `<${planned.deliveryId}@direct.clinic.example>`;
    const der = (pem: string): Buffer => new X509Certificate(pem).raw;
    const raw = sealMail({
      message: Buffer.from([`From: ${USER}`, `To: ${planned.to}`, 'Date: Tue, 06 Jan 2026 14:15:00 +0000', `Message-ID: ${messageId}`, 'MIME-Version: 1.0',
        'Disposition-Notification-Options: X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true', 'Content-Type: text/plain', '', 'body', ''].join('\r\n')),
      identity: { certificate: der(sender.certificatePem), chain: [], privateKey: createPrivateKey(sender.keyPem) },
      recipients: [der((await network.certificateFor(planned.to))!.certificatePem)], cipher: 'aes-256-cbc', signingTime: new Date(),
    });
    return {
      direct: { id: planned.messageId, journal: 'j', orderLocalId: 'x', organization: 'y', site: 'SITE01', priority: 'routine' },
      mail: { deliveryId: planned.deliveryId, from: USER, to: planned.to, messageId, finalDelivery: true, raw, evidence: EVIDENCE, warnings: [] },
    };
  };

  const statesAt = (output: string): string[] => got[output]!.map(({ receipt }) => receipt!.state);

  it('a mail is accepted, told of by fresh messages, and delivered when its notifications come', async () => {
    await load();
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    const msg = await mailFor(planned);
    helper.getNode('s').receive(msg as never);
    await inState(journal, planned.deliveryId, 'DELIVERED');
    await until(async () => got['notification']!.length === 2 && statesAt('status').includes('DELIVERED'));
    expect(statesAt('accepted')).to.deep.equal(['SENT']);
    expect(statesAt('status')).to.deep.equal(['QUEUED', 'SENDING', 'DELIVERED']);
    expect(got['failed']).to.deep.equal([]);
    const [accepted] = got['accepted']!;
    expect(accepted!.direct).to.deep.include({ id: planned.messageId, journal: 'j', site: 'SITE01', priority: 'routine' });
    expect(accepted!.receipt).to.deep.include({ deliveryId: planned.deliveryId, recipient: planned.to, code: null, messageId: msg.mail!.messageId });
    expect(accepted).to.not.have.property('mail');
    expect(got['notification']!.map(({ receipt }) => [receipt!.kind, receipt!.event, receipt!.outcome]))
      .to.deep.equal([['mdn', 'processed', 'applied'], ['mdn', 'dispatched', 'applied']]);
    expect(got['caught']).to.deep.equal([]);
  });

  it('a refused recipient leaves by the second output', async () => {
    await load();
    const planned = await plan(journal, 'dr.lee@refuse.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await until(async () => got['failed']!.length === 1);
    expect(got['failed']![0]!.receipt).to.deep.include({ state: 'FAILED', code: 'HISP_REFUSED' });
    expect(got['accepted']).to.deep.equal([]);
  });

  it('a redeploy and a restart go on with what is queued, and the new node tells of it', async () => {
    await load({ a: { host: '127.0.0.1', port: '1', retryFirst: '0.2', retryMax: '0.3' } });
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await until(async () => (await journal.delivery(planned.deliveryId))!.attempts.some(({ code }) => code === 'HISP_UNREACHABLE'));
    await helper.unload();
    await load();
    await inState(journal, planned.deliveryId, 'DELIVERED');
    await until(async () => statesAt('status').includes('DELIVERED'));
    expect(statesAt('accepted')).to.deep.equal(['SENT']);
    const waiting = await plan(journal, 'dr.poe@good.lakeside.sim.example');
    const { mail } = await mailFor(waiting);
    await helper.unload();
    await stopSenders(500);
    await journal.enqueue({ ...mail!, deliveryId: waiting.deliveryId, account: 'test', node: 's', deadlineMs: 60_000 });
    await closeJournals();
    await load();
    await inState(journal, waiting.deliveryId, 'DELIVERED');
    await until(async () => got['accepted']!.length === 1);
  });

  it('faults go to Catch with their code, and nothing is queued', async () => {
    await load({ s: { account: '' } });
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    helper.getNode('s').receive({ payload: 'no mail' } as never);
    await until(async () => got['caught']!.length === 2);
    const codes = got['caught']!.map(({ error }) => (error as { code?: string; message: string }).code);
    expect(codes).to.have.members(['ACCOUNT_MISSING', 'MESSAGE_INCOMPLETE']);
    expect((await journal.delivery(planned.deliveryId))!.attempts).to.deep.equal([]);
  });

  it('other mail leaves HISP receive whole, with what opening it found', async () => {
    await load();
    const line = createTransport({ host: '127.0.0.1', port: notifyPort, ignoreTLS: true });
    const raw = Buffer.from('From: a@b.example\r\nMessage-ID: <p@b.example>\r\nSubject: hello\r\n\r\nhello\r\n');
    await until(async () => await line.sendMail({ envelope: { from: '', to: [USER] }, raw }).catch(() => null));
    await until(async () => got['other']!.length === 1);
    const [other] = got['other']!;
    expect(Buffer.from(other!.payload as Buffer).equals(raw)).to.equal(true);
    expect(other!['opened']).to.deep.include({ verdict: 'reject', code: 'NOT_ENCRYPTED' });
  });

  it('a port that is taken shows RECEIVER_FAILED and brings nothing down', async function () {
    this.timeout(10_000);
    const blocker = createServer();
    await new Promise<void>((resolve) => { blocker.listen(0, '127.0.0.1', resolve); });
    await load({ r: { port: String((blocker.address() as { port: number }).port) } });
    const shown: object[] = [];
    const receiver = helper.getNode('r') as unknown as { status: (status: object) => void };
    receiver.status = (status) => { shown.push(status); };
    await until(async () => shown.length > 0, 8000);
    expect(shown).to.deep.equal([{ fill: 'red', shape: 'ring', text: 'RECEIVER_FAILED' }]);
    blocker.close();
  });

  it('frees its port when it is closed', async () => {
    await load();
    await helper.unload();
    await load();
    const line = createTransport({ host: '127.0.0.1', port: notifyPort, ignoreTLS: true });
    const taken = await until(async () => await line.sendMail({ envelope: { from: '', to: [USER] }, raw: 'a: b\r\n\r\nx\r\n' }).catch(() => null));
    expect(taken.response).to.match(/^250/);
  });

  describe('with an account whose HISP seals', () => {
    const edge = { sealing: 'hisp', imapPort: String(0), host: 'localhost', anyFrom: true };
    const plain = async (planned: Planned): Promise<CourierMessage> => {
      const msg = await mailFor(planned);
      const raw = Buffer.from([`From: ${USER}`, `To: ${planned.to}`, `Message-ID: ${msg.mail!.messageId}`, 'MIME-Version: 1.0',
        'Disposition-Notification-Options: X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true', 'Content-Type: text/plain', '', 'body', ''].join('\r\n'));
      return { ...msg, mail: { ...msg.mail!, raw } };
    };
    const loadEdge = async (change: Record<string, object> = {}): Promise<void> => {
      const imapPort = String(network.imapPort);
      await load({ a: { ...edge, imapPort, ...change['a'] }, r: { source: 'mailbox', account: 'a', identity: '', trust: '', ...change['r'] } });
    };
    before(() => { credentials.a = { user: 'edge', password: 'edge' }; });
    after(() => { credentials.a = { user: USER, password: PASSWORD }; });

    it('plain mail goes out, its notifications come from the mailbox, and both nodes tell of it', async () => {
      await loadEdge();
      const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
      const shown = statusOf('r');
      helper.getNode('s').receive(await plain(planned) as never);
      await inState(journal, planned.deliveryId, 'DELIVERED');
      await until(async () => got['notification']!.length === 2 && shown.length > 0);
      expect(got['notification']!.map(({ receipt }) => [receipt!.event, receipt!.outcome])).to.deep.equal([['processed', 'applied'], ['dispatched', 'applied']]);
      expect(shown.at(-1)).to.deep.include({ fill: 'green', shape: 'dot' });
    });

    it('other mail leaves by the second output, and is hidden from Debug', async () => {
      await loadEdge();
      network.mailbox!.append(Buffer.from('From: a@b.example\r\nSubject: hello\r\n\r\nhello\r\n'));
      const [other] = await until(async () => got['other']!.length > 0 && got['other']!);
      expect([String(other!.payload).includes('hello'), (other as { opened?: object }).opened]).to.deep.include(true);
      expect(JSON.stringify(withoutPatientData(other as never))).to.not.include('hello');
    });

    it('mail that does not fit its account goes to Catch, and waits for a person; nothing is queued', async () => {
      const refused = async (msg: CourierMessage, planned: Planned, code: string): Promise<void> => {
        helper.getNode('s').receive(msg as never);
        await until(async () => got['caught']!.length === 1);
        expect((got['caught']![0]!.error as { code?: string }).code).to.equal(code);
        const { state, code: why, mailMessageId, attempts } = (await journal.delivery(planned.deliveryId))!;
        expect([state, why, mailMessageId, attempts]).to.deep.equal(['HELD', code, null, []]);
        await helper.unload();
      };
      await loadEdge();
      const sealed = await plan(journal, 'dr.lee@good.lakeside.sim.example');
      await refused(await mailFor(sealed), sealed, 'ALREADY_SEALED');
      await load();
      const bare = await plan(journal, 'dr.ana@good.lakeside.sim.example');
      await refused(await plain(bare), bare, 'PLAINTEXT_REFUSED');
    });

    it('without an account, with one whose HISP opens nothing, or one that cannot be reached, HISP receive says so', async () => {
      for (const [change, code] of [[{ r: { account: '' } }, 'ACCOUNT_MISSING'], [{ a: { sealing: 'courier' } }, 'FIELD_INVALID'], [{ a: { imapPort: '1' } }, 'MAILBOX_UNREACHABLE']] as const) {
        await loadEdge(change);
        await until(async () => errorsOf().some((text) => text.includes(code)), 15_000).catch(() => { throw new Error(`${code}: ${errorsOf().join()}`); });
        await helper.unload();
      }
    }).timeout(60_000);
  });

  it('an account that cannot be used says so and is not deployed', async () => {
    await load({ a: { port: 'smtp' } });
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await until(async () => got['caught']!.some(({ error }) => (error as { code?: string }).code === 'ACCOUNT_MISSING'));
  });

  const statusOf = (id: string): object[] => {
    const shown: object[] = [];
    const node = helper.getNode(id) as unknown as { status: (status: object) => void };
    node.status = (status) => { shown.push(status); };
    return shown;
  };

  it('HISP send shows an account at fault with its code, and that it works again', async () => {
    await network.faults({ login: 'refuse' });
    await load({ a: { probeFirst: '0.1', probeMax: '0.2', maxAttempts: '1' } });
    const shown = statusOf('s');
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await until(async () => shown.length > 0);
    expect(shown[0]).to.deep.include({ fill: 'red', shape: 'ring' });
    const [account] = (await journal.accounts()).filter(({ fault }) => fault !== null);
    expect(account).to.deep.include({ name: 'test', queued: 1 });
    expect(account!.fault!.code).to.equal('HISP_LOGIN');
    await network.faults({ login: 'ok' });
    await inState(journal, planned.deliveryId, 'DELIVERED');
    await until(async () => JSON.stringify(shown.at(-1)) === '{}');
    expect(got['failed']).to.deep.equal([]);
  });

  it('HISP send shows an account that somebody has paused', async () => {
    await load();
    await journal.act({ kind: 'pause', account: 'test', actor: 'test', reason: 'maintenance' });
    await helper.unload();
    await load();
    const shown = statusOf('s');
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await until(async () => shown.length > 0, 15_000);
    expect(shown[0]).to.deep.include({ fill: 'yellow', shape: 'ring' });
    expect((await journal.delivery(planned.deliveryId))!.state).to.be.oneOf(['QUEUED', 'RESOLVING']);
  }).timeout(25_000);

  it('a delivery that reached its limits leaves by the second output', async () => {
    await load({ a: { maxAttempts: '2', retryFirst: '0.05', retryMax: '0.05' } });
    await network.faults({ laterTries: 1000 });
    const planned = await plan(journal, 'dr.lee@later.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await until(async () => got['failed']!.length === 1);
    expect(got['failed']![0]!.receipt).to.deep.include({ state: 'DEAD', code: 'ATTEMPTS_EXHAUSTED', deliveryId: planned.deliveryId });
    await network.faults({ laterTries: 1 });
  });

  it('deadlines stand still while HISP receive is closed, and run on when it listens again', async () => {
    await load({ a: { deadline: '2' } });
    const planned = await plan(journal, 'dr.lee@silent.sim.example');
    helper.getNode('s').receive(await mailFor(planned) as never);
    await inState(journal, planned.deliveryId, 'SENT');
    await helper.unload();
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    expect((await journal.delivery(planned.deliveryId))!.state).to.equal('SENT');
    await load();
    expect((await journal.delivery(planned.deliveryId))!.state).to.equal('SENT');
    await inState(journal, planned.deliveryId, 'UNCONFIRMED');
  }).timeout(25_000);
});
