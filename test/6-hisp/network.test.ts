import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { openMail } from '../../nodes/5-smime/open.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import type { Identity } from '../../nodes/5-smime/types.ts';
import { createSender, type Sender } from '../../nodes/6-hisp/queue-sender.ts';
import { writeMdn } from '../../nodes/6-hisp/notification-write.ts';
import { type Network, startNetwork } from '../../nodes/6-hisp/simulator/network.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import { type Receiver, startReceiver } from '../../nodes/6-hisp/receiver.ts';
import type { Reception } from '../../nodes/6-hisp/reception.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { freshJournal, inState, plan, type Planned, queued, removeJournals, states, until } from './deliveries.ts';
import { account, PASSWORD, USER } from './servers.ts';

const der = (pem: string): Buffer => new X509Certificate(pem).raw;
const OPTIONS = 'Disposition-Notification-Options: X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true';

const hasOpenssl = (): boolean => {
  try { execFileSync('openssl', ['version'], { stdio: 'ignore' }); return true; } catch { return false; }
};

/** A message before sealing. */
const message = (planned: Planned, asked: boolean, change: { to?: string } = {}): Buffer => Buffer.from([
  `From: ${USER}`, `To: ${change.to ?? planned.to}`, 'Date: Tue, 06 Jan 2026 14:15:00 +0000', `Message-ID: <${planned.deliveryId}@direct.clinic.example>`,
  'Subject: Exam result', 'MIME-Version: 1.0', ...(asked ? [OPTIONS, `Disposition-Notification-To: ${USER}`] : []), 'Content-Type: text/plain', '', 'body', '',
].join('\r\n'));

describe('the simulated HISP network, end to end', () => {
  let folder: string;
  let network: Network;
  let identity: Identity;
  let journal: Journal;
  let sender: Sender;
  let receiver: Receiver;
  const receptions: Reception[] = [];
  const faults: unknown[] = [];

  const listen = async (port = 0): Promise<Receiver> => await startReceiver({
    host: '127.0.0.1', port, domains: ['direct.clinic.example'], journal, now: () => new Date(),
    open: async (raw, request) => openMail(raw, request),
    trust: async () => ({ keys: [{ privateKey: identity.privateKey, certificate: identity.certificate }], anchors: [der(network.authorityPem)] }),
    onReception: (reception) => receptions.push(reception), onFault: (fault) => faults.push(fault),
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'direct-network-'));
    network = await startNetwork({ folder, user: USER, password: PASSWORD });
    const { certificatePem, keyPem } = await network.senderIdentity('direct.clinic.example');
    identity = { certificate: der(certificatePem), chain: [], privateKey: createPrivateKey(keyPem) };
  });

  beforeEach(async () => {
    ({ journal } = await freshJournal());
    receiver = await listen();
    network.notifyTo(receiver.port);
    sender = createSender(journal, { transportOf: smtpTransport, now: Date.now, random: Math.random, onFault: (fault) => faults.push(fault) });
    sender.useAccount(account({ port: network.smtpPort, authorities: network.authorityPem }));
  });

  afterEach(async () => {
    await sender.stop(500);
    await receiver.stop();
    await removeJournals();
    receptions.splice(0);
    expect(faults.splice(0)).to.deep.equal([]);
  });

  after(async () => {
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const sealFor = async (address: string, content: Buffer): Promise<Buffer> => sealMail({
    message: content, identity, recipients: [der((await network.certificateFor(address))!.certificatePem)], cipher: 'aes-256-cbc', signingTime: new Date(),
  });

  const send = async (to: string, { asked = true, deadlineMs = 60_000 } = {}): Promise<Planned & { raw: Buffer }> => {
    const planned = await plan(journal, to, asked);
    // What refuse. answers comes before DATA, so any certificate serves to seal for it.
    const raw = await sealFor(to, message(planned, asked));
    await journal.enqueue(queued(planned, { raw, deadlineMs }));
    sender.wake();
    return { ...planned, raw };
  };

  it('good: processed and dispatched make DELIVERED, and the network got the very bytes', async () => {
    const sent = await send('dr.lee@good.lakeside.sim.example');
    const record = await inState(journal, sent.deliveryId, 'DELIVERED');
    expect(states(record)).to.deep.equal(['RESOLVING', 'QUEUED', 'SENDING', 'SENT', 'DELIVERED']);
    const received = network.received.find(({ messageId }) => messageId === `${sent.deliveryId}@direct.clinic.example`)!;
    expect(received.raw.equals(sent.raw)).to.equal(true);
    expect(await journal.unrated(10)).to.have.length(1);
    await until(async () => receptions.length === 2);
    expect(receptions.map((reception) => reception.kind === 'notification' && reception.receipts.map(({ event, outcome }) => `${event} ${outcome}`)))
      .to.deep.equal([['processed applied'], ['dispatched applied']]);
  });

  it('good without being asked: processed alone makes PROCESSED', async () => {
    const sent = await send('dr.lee@good.lakeside.sim.example', { asked: false });
    await inState(journal, sent.deliveryId, 'PROCESSED');
  });

  it('processed: UNCONFIRMED (NOT_DISPATCHED) at the deadline when final delivery was asked', async () => {
    const sent = await send('dr.lee@processed.sim.example', { deadlineMs: 700 });
    expect(await inState(journal, sent.deliveryId, 'UNCONFIRMED')).to.deep.include({ code: 'NOT_DISPATCHED' });
  });

  it('silent: UNCONFIRMED (NO_PROCESSED) at the deadline', async () => {
    const sent = await send('dr.lee@silent.sim.example', { deadlineMs: 300 });
    expect(await inState(journal, sent.deliveryId, 'UNCONFIRMED')).to.deep.include({ code: 'NO_PROCESSED' });
  });

  it('bounce: accepted and charged, then FAILED by a DSN', async () => {
    const sent = await send('dr.lee@bounce.sim.example');
    const record = await inState(journal, sent.deliveryId, 'FAILED');
    expect(record.code).to.equal('DSN_FAILED');
    expect(states(record)).to.include('SENT');
    expect(await journal.unrated(10)).to.have.length(1);
    await until(async () => receptions.length === 1);
    const [reception] = receptions;
    expect(reception?.kind === 'notification' && reception.receipts[0]!.detail).to.match(/^failed 5\.1\.1/);
  });

  it('refuse: FAILED before acceptance, without a fee', async () => {
    const sent = await send('dr.lee@refuse.sim.example');
    const record = await inState(journal, sent.deliveryId, 'FAILED');
    expect(record).to.deep.include({ code: 'HISP_REFUSED' });
    expect(record.attempts[0]!.response).to.match(/^550 5\.1\.1/);
    expect(await journal.unrated(10)).to.deep.equal([]);
  });

  it('greylist: 451 at the first attempt of a mail, then as good', async () => {
    const sent = await send('dr.lee@greylist.sim.example');
    const record = await inState(journal, sent.deliveryId, 'DELIVERED');
    expect(record.attempts.map(({ code, response }) => [code, response.slice(0, 9)])).to.deep.equal([['HISP_DEFERRED', '451 4.7.1'], [null, '250 2.0.0']]);
    expect(await journal.unrated(10)).to.have.length(1);
  });

  it('refuses addresses that it does not host, and wrong passwords', async () => {
    const over = smtpTransport(account({ port: network.smtpPort, authorities: network.authorityPem }));
    expect(await over.send({ from: USER, to: 'a@elsewhere.example', raw: Buffer.from('a: b\r\n\r\n') })).to.deep.include({ kind: 'refused' });
    over.close();
    const wrong = smtpTransport(account({ port: network.smtpPort, authorities: network.authorityPem, password: 'wrong' }));
    expect(await wrong.send({ from: USER, to: 'a@good.sim.example', raw: Buffer.from('a: b\r\n\r\n') })).to.deep.include({ code: 'HISP_LOGIN' });
  });

  it('answers nothing to a mail that is not sealed, is for somebody else inside, or was changed on its way', async () => {
    const over = smtpTransport(account({ port: network.smtpPort, authorities: network.authorityPem }));
    const to = 'dr.lee@good.lakeside.sim.example';
    const planned = { messageId: '', deliveryId: 'x', to };
    const sealed = await sealFor(to, message(planned, true));
    const changed = Buffer.from(sealed);
    changed[sealed.length - 300] = changed[sealed.length - 300] === 65 ? 66 : 65;
    const before = network.count();
    for (const raw of [message(planned, true), await sealFor(to, message(planned, true, { to: 'dr.poe@good.lakeside.sim.example' })), changed]) {
      expect((await over.send({ from: USER, to, raw })).kind).to.equal('accepted');
    }
    over.close();
    expect(network.count()).to.equal(before + 3);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect(receptions).to.deep.equal([]);
  });

  describe('notifications that should change nothing', () => {
    /** An MDN as a domain of the network would send it, signed by `signer`'s domain. */
    const notify = async (sent: Planned, change: { signer?: string; from?: string; recipient?: string; id?: string } = {}): Promise<Buffer> => {
      const { signer = sent.to, recipient = sent.to, id = sent.deliveryId } = change;
      const { from = signer } = change;
      const holder = (await network.certificateFor(signer))!;
      const mdn = writeMdn({
        from, to: USER, messageId: `<${Math.random()}@sim.example>`, originalMessageId: `<${id}@direct.clinic.example>`, finalRecipient: recipient,
        date: new Date(), reporter: 'sim.example', disposition: 'processed',
      });
      return sealMail({
        message: mdn, identity: { certificate: der(holder.certificatePem), chain: [], privateKey: createPrivateKey(holder.keyPem) },
        recipients: [identity.certificate], cipher: 'aes-256-cbc', signingTime: new Date(),
      });
    };
    const bring = async (raw: Buffer): Promise<string> => {
      const line = createTransport({ host: '127.0.0.1', port: receiver.port, ignoreTLS: true });
      const { response } = await line.sendMail({ envelope: { from: '', to: [USER] }, raw });
      return response;
    };
    const silent = async (): Promise<Planned> => {
      const sent = await send('dr.lee@silent.sim.example', { asked: false });
      await inState(journal, sent.deliveryId, 'SENT');
      return sent;
    };
    const last = async (count = 1): Promise<Reception> => { await until(async () => receptions.length === count); return receptions.at(-1)!; };

    it('signed by another domain: kept, told, without effect', async () => {
      const sent = await silent();
      await bring(await notify(sent, { signer: 'evil@good.other.sim.example' }));
      const reception = await last();
      expect(reception.kind === 'notification' && reception.receipts[0]).to.deep.include({ outcome: 'unauthentic', code: 'NOTICE_UNAUTHENTIC' });
      expect((await journal.delivery(sent.deliveryId))!.state).to.equal('SENT');
      expect((await journal.inputs()).map(({ code, source }) => [code, source])).to.deep.include(['NOTICE_UNAUTHENTIC', 'hisp-receive']);
    });

    it('the same one again, though sealed anew', async () => {
      const sent = await silent();
      await bring(await notify(sent));
      await inState(journal, sent.deliveryId, 'PROCESSED');
      const before = await journal.delivery(sent.deliveryId);
      await bring(await notify(sent));
      const reception = await last(2);
      expect(reception.kind === 'notification' && reception.receipts[0]!.outcome).to.equal('duplicate');
      expect(await journal.delivery(sent.deliveryId)).to.deep.equal(before);
    });

    it('about an unknown mail, or another recipient of a known one', async () => {
      const sent = await silent();
      await bring(await notify(sent, { id: 'unknown' }));
      await bring(await notify(sent, { signer: 'dr.poe@silent.sim.example', recipient: 'dr.poe@silent.sim.example' }));
      await last(2);
      for (const reception of receptions) {
        expect(reception.kind === 'notification' && reception.receipts[0]).to.deep.include({ outcome: 'unmatched', code: 'NOTICE_UNMATCHED' });
      }
      expect((await journal.delivery(sent.deliveryId))!.state).to.equal('SENT');
    });

    it('under an authority that nobody trusts, in clear text, or ordinary mail: answered, kept and handed on whole', async () => {
      const sent = await silent();
      const untrusted = await notify(sent, { signer: 'a@untrusted.sim.example', from: 'a@untrusted.sim.example' });
      const plain = Buffer.from('From: a@b.example\r\nMessage-ID: <p@b.example>\r\nSubject: hello\r\n\r\nhello\r\n');
      const holder = (await network.certificateFor('dr.lee@good.lakeside.sim.example'))!;
      const ordinary = sealMail({
        message: Buffer.from(['From: dr.lee@good.lakeside.sim.example', `To: ${USER}`, 'Date: Tue, 06 Jan 2026 14:15:00 +0000',
          'Message-ID: <o@x.example>', 'MIME-Version: 1.0', 'Content-Type: text/plain', '', 'hi', ''].join('\r\n')),
        identity: { certificate: der(holder.certificatePem), chain: [], privateKey: createPrivateKey(holder.keyPem) },
        recipients: [identity.certificate], cipher: 'aes-256-cbc', signingTime: new Date(),
      });
      for (const raw of [untrusted, plain, ordinary]) expect(await bring(raw)).to.match(/^250/);
      await last(3);
      expect(receptions.map((reception) => reception.kind === 'other' && [reception.opened.verdict, reception.opened.code])).to.deep.equal([
        ['reject', 'CERT_UNTRUSTED'], ['reject', 'NOT_ENCRYPTED'], ['accept', null]]);
      const [first] = receptions;
      expect(first!.kind === 'other' && first!.raw.equals(untrusted)).to.equal(true);
      const kept = (await journal.inputs()).filter(({ source }) => source === 'hisp-receive');
      expect(kept.map(({ code }) => code)).to.have.members(['CERT_UNTRUSTED', 'NOT_ENCRYPTED', 'NOT_A_NOTIFICATION']);
      expect(Buffer.from((await journal.rawInput(kept[0]!.id))!).length).to.be.greaterThan(0);
      expect((await journal.delivery(sent.deliveryId))!.state).to.equal('SENT');
    });

    it('are answered with 451 while the journal cannot store, and come again', async () => {
      const sent = await silent();
      await receiver.stop();
      let broken = 1;
      const whole = journal;
      const failing: Journal = {
        ...journal,
        applyNotice: async (notice) => {
          if (broken-- > 0) throw new Error('disk full');
          return await whole.applyNotice(notice);
        },
      };
      journal = failing;
      receiver = await listen();
      journal = whole;
      const raw = await notify(sent);
      const refused: { responseCode?: number } = await bring(raw).then(() => ({}), (fault: { responseCode: number }) => fault);
      expect(refused.responseCode).to.equal(451);
      expect(faults.splice(0)).to.have.length(1);
      expect((await journal.delivery(sent.deliveryId))!.state).to.equal('SENT');
      expect(await bring(raw)).to.match(/^250/);
      await inState(journal, sent.deliveryId, 'PROCESSED');
    });
  });

  it('the network waits for a listener that is not there yet', async () => {
    const { port } = receiver;
    await receiver.stop();
    const sent = await send('dr.lee@good.lakeside.sim.example');
    await inState(journal, sent.deliveryId, 'SENT');
    receiver = await listen(port);
    await inState(journal, sent.deliveryId, 'DELIVERED');
  });

  it('the listener takes mail for its domains only, waits for a port that is being freed, and says when it cannot listen', async () => {
    const line = createTransport({ host: '127.0.0.1', port: receiver.port, ignoreTLS: true });
    const refused = await line.sendMail({ envelope: { from: '', to: ['a@other.example'] }, raw: 'a: b\r\n\r\n' }).catch((fault: Error) => fault);
    expect(refused).to.have.property('responseCode', 550);
    const blocker = createServer();
    await new Promise<void>((resolve) => { blocker.listen(0, '127.0.0.1', resolve); });
    const { port } = blocker.address() as { port: number };
    setTimeout(() => blocker.close(), 400);
    const late = await listen(port);
    expect(late.port).to.equal(port);
    await late.stop();
    const impossible = await startReceiver({
      host: '203.0.113.1', port: 0, domains: [], journal, now: () => new Date(), open: async (raw, request) => openMail(raw, request),
      trust: async () => ({ keys: [], anchors: [] }), onReception: () => undefined, onFault: () => undefined,
    }).catch((fault: Error) => fault);
    expect(impossible).to.have.property('code', 'RECEIVER_FAILED');
  });

  it('publishes certificates over HTTP, and none where there is none', async () => {
    const ask = async (address: string): Promise<Response> => await fetch(network.certificateUrl.replace('{address}', encodeURIComponent(address)));
    const good = await ask('Dr.Lee@good.lakeside.sim.example');
    expect(good.status).to.equal(200);
    expect(new X509Certificate(await good.text()).subjectAltName).to.equal('DNS:good.lakeside.sim.example');
    for (const address of ['a@nocert.sim.example', 'a@elsewhere.example', '../../ca', '%']) expect((await ask(address)).status, address).to.equal(404);
    expect((await fetch(`http://127.0.0.1:${network.servicePort}/`)).status).to.equal(404);
  });

  it('its notifications open and verify with openssl (needs openssl)', async function () {
    if (!hasOpenssl()) return this.skip();
    const taken: Buffer[] = [];
    await receiver.stop();
    receiver = await startReceiver({
      host: '127.0.0.1', port: 0, domains: [], journal, now: () => new Date(),
      open: async (raw, request) => { taken.push(raw); return openMail(raw, request); },
      trust: async () => ({ keys: [{ privateKey: identity.privateKey }], anchors: [der(network.authorityPem)] }),
      onReception: () => undefined, onFault: (fault) => faults.push(fault),
    });
    network.notifyTo(receiver.port);
    const sent = await send('dr.lee@good.lakeside.sim.example');
    await inState(journal, sent.deliveryId, 'DELIVERED');
    const path = (name: string): string => join(folder, name);
    await writeFile(path('mdn.eml'), taken[0]!);
    await writeFile(path('me.key'), identity.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    execFileSync('openssl', ['cms', '-decrypt', '-in', path('mdn.eml'), '-inkey', path('me.key'), '-out', path('signed.eml')]);
    const verify = ['cms', '-verify', '-in', path('signed.eml'), '-CAfile', path('ca.pem'), '-purpose', 'any'];
    const inner = execFileSync('openssl', verify, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    expect(inner).to.include('message/rfc822').and.include('Disposition: automatic-action/MDN-sent-automatically; processed').and.include(sent.deliveryId);
  });

  it('runs as a process of its own, tells its ports and ends with its parent', async () => {
    const main = new URL('../../nodes/6-hisp/simulator/main.ts', import.meta.url).href;
    const program = `import { runNetwork } from ${JSON.stringify(main)}; process.exitCode = await runNetwork(['--folder', ${JSON.stringify(folder)}]);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => { child.stdout.once('data', (chunk: Buffer) => { resolve(chunk.toString()); }); });
    const { smtpPort, certificateUrl, password } = JSON.parse(line) as { smtpPort: number; certificateUrl: string; password: string };
    expect((await fetch(certificateUrl.replace('{address}', 'a@good.lakeside.sim.example'))).status).to.equal(200);
    const over = smtpTransport(account({ port: smtpPort, user: 'courier', password, authorities: network.authorityPem }));
    expect(await over.send({ from: USER, to: 'a@refuse.sim.example', raw: Buffer.from('a: b\r\n\r\n') })).to.deep.include({ kind: 'refused' });
    over.close();
    const ended = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
    child.stdin.end();
    expect(await ended).to.equal(0);
  });
});
