import { expect } from 'chai';
import fc from 'fast-check';
import { createSender, type Sender } from '../../nodes/6-hisp/queue-sender.ts';
import { sealingFault } from '../../nodes/6-hisp/sealing.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import { submitMail } from '../../nodes/6-hisp/submission.ts';
import type { HispAccount } from '../../nodes/6-hisp/types.ts';
import { isEnveloped, writeInPool } from '../../nodes/5-smime/plain-mail.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import { closePool } from '../../nodes/pool.ts';
import { message, sealRequest, signedMultipart, wrapped } from '../5-smime/scene.ts';
import { writeSignedData } from '../../nodes/5-smime/cms-signed.ts';
import { enveloped } from '../support/enveloped.ts';
import { makeAuthority } from '../support/pki.ts';
import { freshJournal, inState, plan, queued, removeJournals } from './deliveries.ts';
import { account, startServer, stopAll, type Taken, USER } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';
const MARK = 'Testpatient';
const PLAIN = Buffer.from(`From: ${USER}\r\nTo: ${TO}\r\nMessage-ID: <p@direct.clinic.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n${MARK}\r\n`);
const SEALED = sealMail(sealRequest());
const edge = (change: Partial<HispAccount> = {}): HispAccount => account({ sealing: 'hisp', ...change });

describe('telling a sealed mail from a plain one', () => {
  const opaque = (type: string): Buffer => Buffer.concat([
    Buffer.from(`From: ${USER}\r\nContent-Type: application/pkcs7-mime; smime-type=${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n`),
    Buffer.from(writeSignedData(Buffer.alloc(32), sealRequest().identity, new Date()).toString('base64')),
  ]);

  it('a mail that we seal is sealed; a message and one that is only signed are plain, whatever they are called', () => {
    expect(isEnveloped(SEALED)).to.equal(true);
    expect(isEnveloped(enveloped())).to.equal(true);
    for (const raw of [message, PLAIN, signedMultipart(wrapped), opaque('signed-data'), opaque('enveloped-data'), Buffer.alloc(0)]) {
      expect(isEnveloped(raw)).to.equal(false);
    }
  });

  it('knows enveloped data in binary, with a length in any form, and under other names of its type', () => {
    const der = Buffer.from('3082010006092a864886f70d010703a0820000', 'hex');
    const head = 'Content-Type: application/x-pkcs7-mime\n\n';
    expect(isEnveloped(Buffer.concat([Buffer.from(head), der]))).to.equal(true);
    expect(isEnveloped(Buffer.from(`Content-Type: application/octet-stream; name=smime.p7m\r\n\r\n${der.toString('base64')}`))).to.equal(true);
    expect(isEnveloped(Buffer.concat([Buffer.from('Content-Type: text/plain\n\n'), der])), 'an attachment is not the mail').to.equal(false);
  });

  it('property: whatever the bytes, it never throws, and for each account exactly one of two reasons is left out', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.string().map((text) => Buffer.from(`Content-Type: application/pkcs7-mime\r\n${text}`))), (bytes) => {
      const faults = [sealingFault(account(), bytes), sealingFault(edge(), bytes)];
      expect(faults.filter((fault) => fault === null)).to.have.length(1);
      expect(faults[0]).to.be.oneOf([null, 'PLAINTEXT_REFUSED']);
      expect(faults[1]).to.be.oneOf([null, 'ALREADY_SEALED']);
    }));
  });
});

describe('what may go over an account', () => {
  const senders: Sender[] = [];
  const start = (journal: Awaited<ReturnType<typeof freshJournal>>['journal']): Sender => {
    const made = createSender(journal, { transportOf: smtpTransport, now: Date.now, random: Math.random, onFault: () => undefined });
    senders.push(made);
    return made;
  };
  afterEach(async () => {
    await Promise.all(senders.splice(0).map(async (made) => { await made.stop(500); }));
    await stopAll();
    await removeJournals();
  });
  after(closePool);

  it('nothing is queued where mail and account do not fit', async () => {
    const queue: unknown[] = [];
    const submit = async (chosen: HispAccount, raw: Buffer): Promise<string> => {
      const mail = { deliveryId: 'd1', from: USER, to: TO, messageId: '<d1@x.example>', finalDelivery: true, raw, evidence: { signer: '', recipientCertificates: [], anchor: '' }, warnings: [] };
      const tools = { journal: { enqueue: async (queuedMail: unknown) => { queue.push(queuedMail); return null; } }, book: { find: () => undefined }, chosen, node: 'n' };
      return await submitMail({ mail }, tools).then(() => 'queued', (fault: { code: string }) => fault.code);
    };
    expect(await submit(account(), PLAIN)).to.equal('PLAINTEXT_REFUSED');
    expect(await submit(edge(), SEALED)).to.equal('ALREADY_SEALED');
    expect(queue).to.deep.equal([]);
    expect(await submit(account(), SEALED)).to.equal('queued');
    expect(await submit(edge(), PLAIN)).to.equal('queued');
  });

  it('an account that has become another one meanwhile: HELD with the code, and nothing leaves', async () => {
    const taken: Taken[] = [];
    const server = await startServer({}, taken);
    const { journal } = await freshJournal();
    const [plain, sealed] = [await plan(journal, TO), await plan(journal, 'dr.ana@direct.lakeside.example')];
    await journal.enqueue(queued(plain, { raw: PLAIN, account: 'was edge' }));
    await journal.enqueue(queued(sealed, { raw: SEALED, account: 'is edge' }));
    const made = start(journal);
    made.useAccount(account({ name: 'was edge', port: server.port }));
    made.useAccount(edge({ name: 'is edge', port: server.port }));
    expect((await inState(journal, plain.deliveryId, 'HELD')).code).to.equal('PLAINTEXT_REFUSED');
    expect((await inState(journal, sealed.deliveryId, 'HELD')).code).to.equal('ALREADY_SEALED');
    expect([taken, server.connections()]).to.deep.equal([[], 0]);
    expect(await journal.unrated(10)).to.deep.equal([]);
  });

  it('a plain mail goes over verified TLS to an account whose HISP seals', async () => {
    const taken: Taken[] = [];
    const { port } = await startServer({}, taken);
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned, { raw: PLAIN }));
    start(journal).useAccount(edge({ port }));
    await inState(journal, planned.deliveryId, 'SENT');
    expect(taken.map(({ raw }) => raw.equals(PLAIN))).to.deep.equal([true]);
  });

  it('not a byte of a plain mail leaves where TLS is missing or its certificate does not hold', async () => {
    const heard: string[] = [];
    const listening = { onMailFrom: (_address: unknown, _session: unknown, callback: () => void) => { heard.push('MAIL'); callback(); } };
    const places: [string, object, Partial<HispAccount>][] = [
      ['no STARTTLS', { disabledCommands: ['STARTTLS'], allowInsecureAuth: true, authOptional: true }, {}],
      ['an unknown authority', {}, { authorities: makeAuthority('Somebody else').pem }],
      ['another name', {}, { serverName: 'hisp.example' }],
      ['an unknown authority from the start', { secure: true }, { security: 'implicit', authorities: makeAuthority('Somebody else').pem }],
    ];
    for (const [place, options, change] of places) {
      const taken: Taken[] = [];
      const { port } = await startServer({ ...options, ...listening } as never, taken);
      const { journal } = await freshJournal();
      const planned = await plan(journal, TO);
      await journal.enqueue(queued(planned, { raw: PLAIN }));
      const made = start(journal);
      made.useAccount(edge({ port, ...change }));
      const fault = await new Promise<string>((resolve) => {
        const stop = made.watch(() => { void journal.accounts().then(([record]) => { if (record?.fault) { stop(); resolve(record.fault.code); } }); });
      });
      expect([place, fault, taken, heard]).to.deep.equal([place, 'HISP_TLS', [], []]);
      expect((await journal.delivery(planned.deliveryId))!.state).to.equal('QUEUED');
    }
  });

  it('a worker writes the same mail as the main thread would', async () => {
    const mail = { from: USER, to: TO, subject: 'Exam result', date: new Date(0), messageId: '<d@x.example>', parts: [{ contentType: 'text/plain; charset=utf-8', body: 'ä' }] };
    expect((await writeInPool(mail)).toString()).to.include('=C3=A4').and.to.match(/^From: /).and.not.match(/[^\r]\n/);
  });
});
