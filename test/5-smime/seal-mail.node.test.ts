import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import type { CourierMessage, Recipient } from '../../nodes/0-order/message.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { thumbprintOf } from '../../nodes/5-smime/certificate.ts';
import identityConfig, { type IdentityNode } from '../../nodes/5-smime/identity-config.ts';
import { isEnveloped } from '../../nodes/5-smime/plain-mail.ts';
import { openMail } from '../../nodes/5-smime/open.ts';
import sealMail from '../../nodes/5-smime/seal-mail.ts';
import trustConfig from '../../nodes/5-smime/trust-config.ts';
import accountConfig from '../../nodes/6-hisp/account-config.ts';
import { closePool } from '../../nodes/pool.ts';
import { around, collect, helper, journalNode, send, startServer, stopServer } from '../1-route/running-flow.ts';
import { makeCertificate } from '../support/pki.ts';
import { CLINIC } from '../support/samples.ts';
import { authority, clinic, openRequest, practice, SENDER } from './scene.ts';

const recipient = (address: string): Recipient => ({
  id: `id-${address.split('@')[0]}`, level: 'order', alsoFrom: [], address, npi: null, source: 'route:2', why: 'The table names it.', finalDelivery: true, state: 'RESOLVING', code: null, warnings: [],
});

const p12Of = (): string => {
  const { pki, pkcs12, asn1 } = forge;
  const structure = pkcs12.toPkcs12Asn1(pki.privateKeyFromPem(clinic.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()), [pki.certificateFromPem(clinic.pem)], 'secret', { algorithm: '3des' });
  return Buffer.from(asn1.toDer(structure).getBytes(), 'latin1').toString('base64');
};
const site = makeCertificate({ authority, dns: 'clinic.example' });
const credentials = {
  identity: { p12: p12Of(), passphrase: 'secret' },
  other: { certificate: Buffer.from(site.pem).toString('base64'), key: Buffer.from(site.keyPem).toString('base64') },
};

describe('the S/MIME node', () => {
  let folder: string;
  const ended: unknown[][] = [];
  const journal = { deliveries: async () => [], message: async () => null, latestDocument: async () => null, endRecipient: async (...call: unknown[]) => { ended.push(call); }, stopMessage: async () => undefined } as unknown as Journal;

  const start = async (settings: object = {}): Promise<{ sealed: CourierMessage[]; refused: CourierMessage[] }> => {
    const flow = [
      ...around('seal'),
      { id: 'journal', type: 'direct-journal' },
      { id: 'identity', type: 'direct-identity', name: 'clinic', format: 'p12' },
      { id: 'other', type: 'direct-identity', name: 'site', format: 'pem' },
      { id: 'trust', type: 'direct-trust', name: '', anchors: authority.pem, anchorsFile: '', certificateFolder: folder, certificateService: '' },
      { id: 'a-edge', type: 'direct-hisp-account', name: 'edge', host: 'hisp.example', sealing: 'hisp' },
      { id: 'a-plain', type: 'direct-hisp-account', name: 'plain', host: 'hisp.example' },
      { id: 'seal', type: 'direct-seal-mail', z: 'tab', x: 0, y: 0, name: '', identity: 'identity', trust: 'trust', subject: 'Exam result', attachPdf: false, cipher: 'aes-256-cbc', wires: [['sealed'], ['refused']], ...settings },
      { id: 'sealed', type: 'helper', z: 'tab', x: 0, y: 0 }, { id: 'refused', type: 'helper', z: 'tab', x: 0, y: 0 },
    ];
    await (helper.load as (nodes: unknown[], flow: object[], credentials: object) => Promise<void>)([sealMail, identityConfig, trustConfig, accountConfig, journalNode(() => journal)], flow, credentials);
    return { sealed: collect('sealed'), refused: collect('refused') };
  };
  const message = (change: Partial<CourierMessage> = {}): CourierMessage => ({
    payload: 'mine', direct: { id: 'm1', journal: 'journal', orderLocalId: 'ORD1001', organization: CLINIC, site: 'SITE01', priority: 'routine' },
    organization: { clientGuid: CLINIC, name: 'Lakeside Eye Clinic', sender: SENDER, phone: '555 0100' },
    cda: { id: 'A', data: Buffer.from('<ClinicalDocument/>'), profile: 'us', warnings: [] },
    recipients: [recipient('dr.lee@lakeside.example'), recipient('dr.nobody@nowhere.example'), recipient('dr.ana@lakeside.example')], ...change,
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seal-'));
    await writeFile(join(folder, 'lakeside.example.pem'), practice.pem);
    await startServer();
  });
  beforeEach(() => { ended.length = 0; });
  afterEach(() => helper.unload());
  after(async () => {
    await stopServer();
    await closePool();
    await rm(folder, { recursive: true });
  });

  it('sends one message per recipient, the refused ones by the second output and into the journal', async () => {
    const { sealed, refused } = await start();
    expect(await send('seal', message())).to.equal(undefined);
    expect(sealed.map((each) => [each.payload, each.recipient!.address, each.mail!.messageId, 'recipients' in each])).to.have.deep.members([
      ['mine', 'dr.lee@lakeside.example', '<id-dr.lee@clinic.example>', false],
      ['mine', 'dr.ana@lakeside.example', '<id-dr.ana@clinic.example>', false],
    ]);
    expect(refused.map(({ recipients }) => recipients!.map(({ address, code }) => [address, code]))).to.deep.equal([[['dr.nobody@nowhere.example', 'CERT_NONE']]]);
    expect(ended.map((call) => call.slice(0, 3))).to.deep.equal([['id-dr.nobody', 'UNRESOLVED', 'CERT_NONE']]);
    expect(openMail(sealed[0]!.mail!.raw, openRequest()).verdict).to.equal('accept');
  });

  it('signs with the identity that the organization names, else with its own', async () => {
    const { sealed } = await start();
    const one = { recipients: [recipient('dr.lee@lakeside.example')] };
    await send('seal', message(one));
    await send('seal', message({ ...one, organization: { ...message().organization!, identity: 'site' } }));
    const signers = sealed.map(({ mail }) => mail!.evidence.signer);
    const [own, named] = await Promise.all(['identity', 'other'].map(async (id) => (await helper.getNode<IdentityNode>(id).open()).certificate));
    expect(signers).to.deep.equal([own, named].map((der) => thumbprintOf(der!)));
    const fault = await send('seal', message({ ...one, organization: { ...message().organization!, identity: 'unheard of' } }));
    expect(fault?.code).to.equal('SENDER_UNKNOWN');
  });

  it('passes the mail through for the account that the organization names, else for its own, when that HISP seals', async () => {
    const one = { recipients: [recipient('dr.lee@lakeside.example')] };
    const named = (account: string): Partial<CourierMessage> => ({ ...one, organization: { ...message().organization!, account } });
    const bySealing = async (settings: object, ...messages: Partial<CourierMessage>[]): Promise<unknown[]> => {
      const { sealed } = await start(settings);
      for (const each of messages) await send('seal', message(each));
      await helper.unload();
      return sealed.map(({ mail }) => [mail!.evidence.sealedBy, isEnveloped(mail!.raw)]);
    };
    const [ours, theirs] = [[undefined, true], ['hisp', false]];
    expect(await bySealing({ account: 'a-edge', identity: '' }, one)).to.deep.equal([theirs]);
    expect(await bySealing({ account: 'a-edge' }, one, named('plain'), named('unheard of'))).to.deep.equal([theirs, ours, ours]);
    expect(await bySealing({ account: 'a-plain' }, one, named('edge'))).to.deep.equal([ours, theirs]);
    expect(await bySealing({}, one), 'a flow from before').to.deep.equal([ours]);
  });

  it('refuses whom the preflight refuses, with or without a journal; without a trust nobody', async () => {
    const { sealed, refused } = await start({ account: 'a-edge' });
    await send('seal', message());
    expect(sealed.map(({ recipient: to }) => to!.address)).to.deep.equal(['dr.lee@lakeside.example', 'dr.ana@lakeside.example']);
    expect(refused[0]!.recipients!.map(({ code }) => code)).to.deep.equal(['CERT_NONE']);
    expect(ended.map((call) => call.slice(0, 3))).to.deep.equal([['id-dr.nobody', 'UNRESOLVED', 'CERT_NONE']]);
    await helper.unload();
    const { sealed: all } = await start({ account: 'a-edge', trust: '' });
    await send('seal', message());
    expect(all).to.have.length(3);
  });

  it('tells Catch what is missing: trust, identity, a property of the message', async () => {
    await start({ trust: '' });
    expect((await send('seal', message()))?.code).to.equal('TRUST_INVALID');
    await helper.unload();
    await start({ identity: '' });
    expect((await send('seal', message()))?.code).to.equal('SENDER_UNKNOWN');
    const { cda: _none, ...without } = message();
    expect((await send('seal', without))?.code).to.equal('MESSAGE_INCOMPLETE');
  });

  it('refuses an identity whose passphrase is wrong', async () => {
    credentials.identity.passphrase = 'wrong';
    try {
      const { sealed } = await start();
      expect((await send('seal', message()))?.code).to.equal('IDENTITY_INVALID');
      expect(sealed).to.deep.equal([]);
    } finally {
      credentials.identity.passphrase = 'secret';
    }
  });
});
