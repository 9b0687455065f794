// Whatever comes from outside, by HTTP, by SMTP or from the certificate service: Node-RED keeps running and good results go out.
import { expect } from 'chai';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import type { Identity } from '../../nodes/5-smime/types.ts';
import { writeMdn } from '../../nodes/6-hisp/notification-write.ts';
import type { DeliveryRecord } from '../../nodes/journal/port.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import { CLINIC, inputPair } from '../support/samples.ts';
import { ANSWERS, BODIES, certificateServer, DOMAIN, GARBAGE, headers, KINDS, MAILS, MB, submit, US } from './shapes.ts';

const der = (pem: string): Buffer => new X509Certificate(pem).raw;

describe('hostile input', function () {
  this.timeout(30_000);
  let lab: TestLab;
  let service: Server;
  let count = 0;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const escaped: unknown[] = [];
  const escape = (fault: unknown): void => { escaped.push(fault); };
  const sockets: Socket[] = [];

  before(async () => {
    process.on('uncaughtExceptionMonitor', escape);
    service = certificateServer(() => process.env['DIRECT_CERTIFICATE_SERVICE']!).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const certificateService = `http://127.0.0.1:${(service.address() as AddressInfo).port}/{address}`;
    const row = { level: 'site', organization: CLINIC, site: 'HOSTILE', finalDelivery: true, enabled: true };
    const rows = Object.keys(ANSWERS).map((name) => ({ ...row, address: `${name}@${DOMAIN}` }));
    lab = await startTestLab((flows) => setOn(setOn(flows, 'direct-trust', { certificateService }), 'direct-route-table', { rows }));
    await goodPair();
  });
  after(async () => {
    process.off('uncaughtExceptionMonitor', escape);
    await lab?.stop();
    service.closeAllConnections();
    service.close();
    removeTemporaryFolders();
  });

  /** Hands in a result and waits until it has arrived, and until nothing is left to do for it. */
  const goodPair = async (setup = {}): Promise<DeliveryRecord[]> => {
    count += 1;
    for (const [name, body] of Object.entries(inputPair(count, { address: `dr.lee@${DOMAIN}`, ...setup }))) {
      expect((await lab.post(name, body)).status).to.equal(202);
    }
    return await lab.until('the delivery', async (journal) => {
      const deliveries = (await journal.deliveries()).filter(({ orderLocalId }) => orderLocalId === `ORD${count}`);
      const states = deliveries.map(({ state }) => state);
      return states.includes('DELIVERED') && states.every((state) => ['DELIVERED', 'UNRESOLVED'].includes(state)) && deliveries;
    });
  };

  beforeEach(() => { delay.enable(); delay.reset(); });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    const blocked = delay.max / 1e6;
    const since = Date.now();
    await goodPair();
    expect(Date.now() - since).to.be.below(5000);
    expect(blocked).to.be.below(1500);
    expect(process.memoryUsage().rss / MB).to.be.below(1600);
    expect(escaped).to.deep.equal([]);
  });

  const statusOf = async (body: string | Buffer, more: Record<string, string> = {}): Promise<number> => {
    const answer = await fetch(`${lab.engine.url}iris`, {
      method: 'POST', headers: { 'content-type': 'application/json', ...more }, body: typeof body === 'string' ? body : new Uint8Array(body),
      signal: AbortSignal.timeout(10_000),
    });
    await answer.text();
    return answer.status;
  };

  const socketTo = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };

  describe('by HTTP', () => {
    for (const [what, body, status] of BODIES) {
      it(`${what}: ${status}`, async () => {
        expect(await statusOf(body())).to.equal(status);
        expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
      });
    }

    it('bodies of other kinds are answered', async () => {
      for (const more of KINDS) {
        for (const body of ['{"a":1}', gzipSync(Buffer.alloc(50 * MB))]) expect(await statusOf(body, more)).to.be.oneOf([422, 500]);
      }
    });

    it('100 MB in chunks are cut off', async () => {
      const socket = await socketTo(lab.engine.port);
      socket.write('POST /iris HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MB, 'x'), Buffer.from('\r\n')]);
      for (let n = 0; n < 100 && !socket.destroyed; n += 1) {
        socket.write(chunk);
        await pause(3);
      }
      expect(socket.destroyed).to.equal(true);
    });

    it('a hundred bodies that never end', async () => {
      const begin = 'POST /iris HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"Order';
      for (let n = 0; n < 100; n += 1) (await socketTo(lab.engine.port)).write(begin);
      await goodPair();
    });
  });

  describe('by SMTP', () => {
    /** A session that was greeted: who talks before is sent away. */
    const greeted = async (): Promise<Socket> => {
      const socket = await socketTo(Number(process.env['DIRECT_NOTIFY_PORT']));
      await once(socket, 'data');
      return socket;
    };
    const stranger: Identity = { ...makeCertificate({ authority: makeAuthority('Stranger'), dns: DOMAIN }), chain: [] };
    let [theirs, other] = [stranger, stranger];
    before(async () => {
      const identityOf = async (domain: string): Promise<Identity> => {
        const holder = (await lab.network.certificateFor(domain))!;
        return { certificate: der(holder.certificatePem), chain: [], privateKey: createPrivateKey(holder.keyPem) };
      };
      [theirs, other] = [await identityOf(DOMAIN), await identityOf('good.riverside.sim.example')];
    });
    const sealed = (message: string | Buffer, identity = theirs): Buffer => {
      const recipients = [der(process.env['DIRECT_SENDER_CERTIFICATE']!)];
      return sealMail({ message: Buffer.from(message), identity, recipients, cipher: 'aes-256-cbc', signingTime: new Date() });
    };

    const bring = async (mail: string | Buffer): Promise<string> => await submit(await socketTo(Number(process.env['DIRECT_NOTIFY_PORT'])), mail);

    it('garbage, and lines without an end', async () => {
      for (const bytes of GARBAGE) (await greeted()).write(bytes);
      await goodPair();
    });

    it('two hundred sessions that stop half-way', async () => {
      const sessions = await Promise.all(Array.from({ length: 200 }, greeted));
      for (const [n, socket] of sessions.entries()) socket.write(`HELO x\r\nMAIL FROM:<>\r\n${n % 2 ? '' : `RCPT TO:<${US}>\r\nDATA\r\nSubject: x`}`);
      // The network's own connection has ended meanwhile.
      await pause(700);
      await goodPair();
    });

    it('a mail that is too large: 552', async () => { expect(await bring(Buffer.alloc(40 * MB, 'x\r\n'))).to.match(/^552 /); });

    for (const [what, mail, how] of MAILS) {
      it(`${what}, plain${how === 'sealed' ? ' and sealed' : ''}: kept`, async () => {
        expect(await bring(mail()), 'plain').to.match(/^250 /);
        if (how === 'plain') return;
        const raw = sealed(mail());
        // Sealing is the test's own work.
        delay.reset();
        expect(await bring(raw), 'sealed').to.match(/^250 /);
      });
    }

    it('a notification of a stranger, of another domain, of an unknown mail: nothing changes', async () => {
      const [delivery] = await goodPair();
      const mdn = { from: delivery!.recipient!, to: US, messageId: `<n@${DOMAIN}>`, originalMessageId: delivery!.mailMessageId!,
        finalRecipient: delivery!.recipient!, date: new Date(), reporter: DOMAIN, disposition: 'failed' } as const;
      for (const raw of [
        sealed(writeMdn(mdn), stranger), sealed(writeMdn(mdn), other), sealed(writeMdn({ ...mdn, from: 'a@good.riverside.sim.example' }), other),
        sealed(writeMdn({ ...mdn, originalMessageId: '<unknown@x.example>' })),
      ]) expect(await bring(raw)).to.match(/^250 /);
      expect((await lab.journal.delivery(delivery!.id))!.history).to.deep.equal(delivery!.history);
    });

    it('200 mails at the same time, and 20 of 10 MB', async () => {
      const mail = sealed(headers('\r\nhello'));
      const answers = await Promise.all(Array.from({ length: 200 }, () => bring(mail)));
      expect(new Set(answers)).to.deep.equal(new Set(['250 2.0.0 Ok: kept']));
      const large = Buffer.alloc(10 * MB, 'x\r\n');
      const codes = (await Promise.all(Array.from({ length: 20 }, () => bring(large)))).map((answer) => answer.slice(0, 3));
      expect(new Set(codes)).to.deep.equal(new Set(['250', '452']));
    });
  });

  it('a certificate service that answers anything: those recipients are refused with a code, the others get their mail', async () => {
    const deliveries = await goodPair({ site: 'HOSTILE' });
    expect(Object.fromEntries(deliveries.map(({ recipient, code }) => [recipient!.split('@')[0], code]))).to.deep.equal({
      'dr.lee': null, junk: 'CERT_NONE', pem: 'TRUST_INVALID', huge: 'CERT_UNAVAILABLE', slow: 'CERT_UNAVAILABLE', error: 'CERT_UNAVAILABLE',
      away: 'CERT_UNAVAILABLE', cut: 'CERT_UNAVAILABLE',
    });
  });
});
