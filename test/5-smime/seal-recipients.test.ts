import { expect } from 'chai';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { isCourierError } from '../../nodes/errors.ts';
import { openMail } from '../../nodes/5-smime/open.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import { type SealedRecipients, sealRecipients, type SealRecipientsRequest } from '../../nodes/5-smime/seal-recipients.ts';
import { organizationAt } from '../../nodes/5-smime/sender.ts';
import type { CertificateSource, OpenedMail } from '../../nodes/5-smime/types.ts';
import { writeMail } from '../../nodes/mail/message.ts';
import { contentType, decodedBody, fileNameOf, headerOf, type MimeEntity, parseEntity, partsOf } from '../../nodes/mail/mime.ts';
import { closePool } from '../../nodes/pool.ts';
import { makeAuthority, makeCertificate, makeKeys, type TestCertificate } from '../support/pki.ts';
import { CLINIC } from '../support/samples.ts';
import { authority, clinic, identityOf, openRequest, practice, SENDER } from './scene.ts';

const keys = makeKeys();
const DAY = 86_400_000;
const PATIENT = /Testpatient|1960|MRN1001/;

const recipient = (address: string | null, change: Partial<Recipient> = {}): Recipient => ({
  id: `id-${address?.replace('@', '-at-')}`, level: 'order', alsoFrom: [], address, npi: null, source: 'HealthPlan.PrimaryCareProvider.EmailAddress', why: 'The order names it.',
  finalDelivery: true, state: 'RESOLVING', code: null, warnings: [], ...change,
});

const organization: Organization = { clientGuid: CLINIC, name: 'Lakeside Eye Clinic & Söhne', phone: '555 0100', sender: SENDER };
const cda = Buffer.from('<ClinicalDocument><family>Testpatient</family></ClinicalDocument>');

const certificates: Record<string, TestCertificate[]> = {
  'lakeside.example': [practice],
  'expired.example': [makeCertificate({ authority, keys, dns: 'expired.example', notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) })],
  'untrusted.example': [makeCertificate({ authority: makeAuthority('Other CA', { keys }), keys, dns: 'untrusted.example' })],
  'unbound.example': [practice],
  'unfit.example': [makeCertificate({ authority, keys, dns: 'unfit.example', usage: ['digitalSignature'] })],
  'two.example': [makeCertificate({ authority, keys, dns: 'two.example' }), makeCertificate({ authority, dns: 'two.example' })],
};
certificates['half.example'] = [
  makeCertificate({ authority, keys, dns: 'half.example', notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) }),
  makeCertificate({ authority, keys, dns: 'half.example' }),
];
const middle = makeAuthority('Middle CA', { authority, keys });
certificates['chain.example'] = [makeCertificate({ authority: middle, keys, dns: 'chain.example' }), middle];
certificates['late.example'] = [makeCertificate({ authority: middle, keys, dns: 'late.example', notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) }), middle];

const source: CertificateSource = {
  find: async (address) => {
    const domain = address.slice(address.indexOf('@') + 1);
    if (domain === 'down.example') throw new Error('no answer');
    return (certificates[domain] ?? []).map(({ certificate }) => certificate);
  },
};

const request = (): SealRecipientsRequest => ({
  recipients: [recipient('dr.lee@lakeside.example')], organization, identity: identityOf(clinic), trust: { source, anchors: [authority.certificate] },
  document: { id: 'A', data: cda, profile: 'us', warnings: [{ code: 'CDA_NO_PATIENT_ID', text: 'none' }] },
  pdf: { data: Buffer.from('%PDF-1.7'), source: 'rendered', warnings: [] },
  settings: { subject: 'Exam result', attachPdf: false, cipher: 'aes-256-cbc' }, now: new Date(),
});
const sealAll = (change: Partial<SealRecipientsRequest> = {}): Promise<SealedRecipients> =>
  sealRecipients({ ...request(), seal: async (each) => sealMail(each), ...change });

const codeOf = async (promise: Promise<unknown>): Promise<string> => promise.then(() => 'resolved', (error: unknown) => isCourierError(error) ? error.code : String(error));
const opened = (raw: Buffer, holder = practice): OpenedMail => openMail(raw, openRequest({ keys: [{ privateKey: holder.privateKey, certificate: holder.certificate }] }));
const inside = (raw: Buffer): MimeEntity => parseEntity(opened(raw).message!);

describe('sealing for recipients', () => {
  it('makes one mail per recipient with the document, a text that names no patient, and the request for final delivery inside', async () => {
    const { sealed, refused } = await sealAll();
    expect(refused).to.deep.equal([]);
    const { mail } = sealed[0]!;
    expect(mail).to.include({ deliveryId: 'id-dr.lee-at-lakeside.example', from: SENDER, to: 'dr.lee@lakeside.example', finalDelivery: true });
    expect(mail.warnings.map(({ code }) => code)).to.deep.equal(['CDA_NO_PATIENT_ID']);
    const message = inside(mail.raw);
    expect(headerOf(message, 'subject')).to.equal('Exam result');
    expect(headerOf(message, 'message-id')).to.equal(mail.messageId);
    expect(headerOf(message, 'disposition-notification-options')).to.equal('X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true');
    expect(headerOf(message, 'disposition-notification-to')).to.equal(SENDER);
    expect(contentType(message).type).to.equal('multipart/mixed');
    const [text, document] = partsOf(message);
    expect(decodedBody(text!).toString()).to.contain('Lakeside Eye Clinic & Söhne').and.contain('555 0100').and.not.match(PATIENT);
    expect(contentType(document!)).to.deep.equal({ type: 'text/xml', parameters: { charset: 'utf-8', name: 'exam-result.xml' } });
    expect(decodedBody(document!).equals(cda)).to.equal(true);
    expect(mail.raw.toString()).not.to.match(/Subject|Disposition-Notification|Exam/);
  });

  it('attaches the report when told to, names the contact before the phone, and asks nothing when final delivery is off', async () => {
    const { sealed } = await sealAll({
      recipients: [recipient('dr.lee@lakeside.example', { finalDelivery: false })], organization: { ...organization, contact: 'help@clinic.example' },
      settings: { subject: 'Result', attachPdf: true, cipher: 'aes-128-cbc' },
    });
    const message = inside(sealed[0]!.mail.raw);
    expect(partsOf(message).map(fileNameOf)).to.deep.equal([undefined, 'exam-result.xml', 'exam-result.pdf']);
    expect(decodedBody(partsOf(message)[0]!).toString()).to.contain('help@clinic.example').and.not.contain('555 0100');
    expect(headerOf(message, 'disposition-notification-options')).to.equal(undefined);
    expect(sealed[0]!.mail.finalDelivery).to.equal(false);
  });

  it('keeps the Message-ID of a delivery however often it is sealed, and makes a new one where there is no delivery', async () => {
    const ids = async (change: Partial<Recipient>): Promise<string[]> => Promise.all([1, 2].map(async () =>
      (await sealAll({ recipients: [recipient('dr.lee@lakeside.example', change)] })).sealed[0]!.mail.messageId));
    expect(await ids({ id: 'd-17' })).to.deep.equal(['<d-17@clinic.example>', '<d-17@clinic.example>']);
    expect(new Set(await ids({ id: 'd-17', messageId: '<d-17@earlier.example>' }))).to.deep.equal(new Set(['<d-17@earlier.example>']));
    const { id: _none, ...anonymous } = recipient('dr.lee@lakeside.example');
    const [first, second] = await Promise.all([1, 2].map(async () => (await sealAll({ recipients: [anonymous] })).sealed[0]!.mail.messageId));
    expect(first).to.match(/^<[0-9a-f-]{36}@clinic\.example>$/).and.not.equal(second);
  });

  it('refuses each unusable recipient with its code and why, and seals for the others', async () => {
    const wanted: Record<string, string> = {
      'nobody.example': 'CERT_NONE', 'expired.example': 'CERT_EXPIRED', 'untrusted.example': 'CERT_UNTRUSTED', 'unbound.example': 'CERT_NOT_BOUND',
      'unfit.example': 'CERT_KEY_UNFIT', 'late.example': 'CERT_EXPIRED', 'down.example': 'CERT_UNAVAILABLE',
    };
    const domains = ['lakeside.example', ...Object.keys(wanted), 'chain.example'];
    const { sealed, refused } = await sealAll({ recipients: [...domains.map((domain) => recipient(`dr@${domain}`)), recipient(null, { npi: '2990000012' })] });
    expect(sealed.map(({ mail }) => mail.to)).to.deep.equal(['dr@lakeside.example', 'dr@chain.example']);
    expect(Object.fromEntries(refused.map(({ address, code }) => [address?.slice(3) ?? 'none', code]))).to.deep.equal({ ...wanted, none: 'ADDRESS_INVALID' });
    for (const { state, why } of refused) {
      expect(state).to.equal('UNRESOLVED');
      expect(why).to.match(/^The order names it\. .{20,}/);
    }
    expect(refused.find(({ code }) => code === 'CERT_UNTRUSTED')!.why).to.contain('CN=Other CA');
  });

  it('gives each recipient the document that its domain wants, and refuses only whose document was never made', async () => {
    const document = { id: 'A', data: cda, profile: 'r2.1/none', warnings: [] };
    const other = { id: 'B', data: Buffer.from('<ClinicalDocument>other</ClinicalDocument>'), profile: 'r2.1/mrn', warnings: [{ code: 'CDA_LARGE', text: 'x' }] };
    const recipientDomains = [{ domain: 'chain.example', patientIdentifier: 'mrn' as const }, { domain: 'two.example', patientIdentifier: 'null' as const }];
    const { sealed, refused } = await sealAll({
      recipients: ['lakeside', 'chain', 'two'].map((name) => recipient(`dr@${name}.example`)), document, documents: { 'r2.1/mrn': other },
      organization: { ...organization, recipientDomains }, stored: async () => null,
    });
    const holders = [practice, certificates['chain.example']![0]!];
    expect(sealed.map(({ mail }, index) => decodedBody(partsOf(parseEntity(opened(mail.raw, holders[index]).message!))[1]!).toString()))
      .to.deep.equal([cda.toString(), other.data.toString()]);
    expect(sealed.map(({ mail }) => mail.warnings.map(({ code }) => code))).to.deep.equal([[], ['CDA_LARGE']]);
    expect(refused.map(({ address, code }) => [address, code])).to.deep.equal([['dr@two.example', 'DOCUMENT_MISSING']]);
  });

  it('refuses a mail that is larger than its domain takes, with size and limit; the others go', async () => {
    const big = { id: 'A', data: Buffer.alloc(300_000, 'x'), profile: 'us', warnings: [] };
    const recipients = ['lakeside', 'two'].map((name) => recipient(`dr@${name}.example`));
    const limited = (maxMegabytes: number): Promise<SealedRecipients> =>
      sealAll({ recipients, document: big, organization: { ...organization, recipientDomains: [{ domain: 'two.example', maxMegabytes }] } });
    const { sealed, refused } = await limited(0.25);
    expect(sealed.map(({ mail }) => mail.to)).to.deep.equal(['dr@lakeside.example']);
    const [{ state, code, why }] = refused as [Recipient];
    expect([state, code]).to.deep.equal(['UNRESOLVED', 'MAIL_TOO_LARGE']);
    expect(why).to.match(/^The order names it\. The sealed mail has 0\.\d MB; the limit for its domain is 0\.25 MB\.$/);
    expect((await limited(5)).refused).to.deep.equal([]);
    const exact = (await limited(5)).sealed.map(({ mail }) => mail.raw.length);
    const seal = async (): Promise<Buffer> => Buffer.alloc(250_000);
    const at = (maxMegabytes: number): Promise<SealedRecipients> =>
      sealAll({ recipients, seal, organization: { ...organization, recipientDomains: [{ domain: 'two.example', maxMegabytes }] } });
    expect(exact.every((bytes) => bytes > 300_000)).to.equal(true);
    expect([(await at(0.25)).refused.length, (await at(0.249)).refused.length], 'the limit itself fits').to.deep.equal([0, 1]);
  });

  it('hands the recipient\'s own deadline on with its mail', async () => {
    const { sealed } = await sealAll({ recipients: [recipient('dr@lakeside.example', { deadlineMinutes: 5 }), recipient('dr@lakeside.example')] });
    expect(sealed.map(({ mail }) => mail.deadlineMinutes)).to.deep.equal([5, undefined]);
  });

  it('encrypts to all usable certificates and tells which; an expired one beside a good one is left out', async () => {
    const { sealed } = await sealAll({ recipients: [recipient('dr@two.example'), recipient('dr@half.example')] });
    const [two, half] = sealed.map(({ mail }) => mail);
    expect(two!.evidence.recipientCertificates).to.have.length(2);
    for (const holder of certificates['two.example']!) expect(opened(two!.raw, holder).verdict).to.equal('accept');
    expect(half!.evidence).to.deep.include({ anchor: 'CN=Test HISP CA', signer: opened(two!.raw, certificates['two.example']![0]).signer!.thumbprint });
    expect(half!.evidence.recipientCertificates).to.have.length(1);
    expect(opened(half!.raw, certificates['half.example']![0]).code).to.equal('CANNOT_DECRYPT');
  });

  it('stops before anything is sealed when the sender is not in order', async () => {
    const expired = makeCertificate({ authority, keys, dns: 'clinic.example', notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) });
    const cannotSign = makeCertificate({ authority, keys, dns: 'clinic.example', usage: ['keyEncipherment'] });
    const { sender: _none, ...senderless } = organization;
    let sealings = 0;
    const seal = async (): Promise<Buffer> => { sealings += 1; return Buffer.alloc(0); };
    expect(await codeOf(sealAll({ seal, organization: senderless }))).to.equal('SENDER_UNKNOWN');
    expect(await codeOf(sealAll({ seal, identity: undefined }))).to.equal('SENDER_UNKNOWN');
    expect(await codeOf(sealAll({ seal, identity: identityOf(expired) }))).to.equal('SENDER_CERT_EXPIRED');
    expect(await codeOf(sealAll({ seal, identity: identityOf(practice) }))).to.equal('SENDER_MISMATCH');
    expect(await codeOf(sealAll({ seal, identity: identityOf(cannotSign) }))).to.equal('IDENTITY_INVALID');
    expect(sealings).to.equal(0);
  });

  describe('for an account whose HISP seals', () => {
    const edge = (change: Partial<SealRecipientsRequest> = {}): Promise<SealedRecipients> =>
      sealRecipients({ ...request(), sealing: 'hisp', identity: undefined, trust: undefined, write: async (mail) => writeMail(mail), ...change });
    const everybody = Object.keys(certificates).concat('none.example', 'down.example').map((domain) => recipient(`dr@${domain}`));

    it('passes the finished mail through, with no identity, and says that the HISP seals', async () => {
      const { sealed, refused } = await edge();
      expect(refused).to.deep.equal([]);
      const { mail } = sealed[0]!;
      expect(mail.evidence).to.deep.equal({ signer: '', recipientCertificates: [], anchor: '', sealedBy: 'hisp', document: { id: 'A', profile: 'us' } });
      expect(mail).to.deep.include({ from: SENDER, to: 'dr.lee@lakeside.example', finalDelivery: true, messageId: '<id-dr.lee-at-lakeside.example@clinic.example>' });
      const plain = parseEntity(mail.raw);
      const read = (name: string): string | undefined => headerOf(plain, name);
      expect([read('From'), read('To'), read('Subject'), read('Message-ID')]).to.deep.equal([SENDER, 'dr.lee@lakeside.example', 'Exam result', mail.messageId]);
      expect(read('Disposition-Notification-Options')).to.match(/FINAL-DESTINATION-DELIVERY/);
      expect(decodedBody(partsOf(plain)[1]!).equals(cda)).to.equal(true);
      expect(mail.raw.toString('latin1')).to.not.match(/[^\r]\n|\r[^\n]/);
      expect(plain.headers.map(({ value }) => value).join()).to.not.match(PATIENT);
    });

    it('looks at certificates all the same where there is a trust: the same are refused for the same reasons as when we seal', async () => {
      const { trust } = request();
      const told = ({ sealed, refused }: SealedRecipients): unknown[] =>
        [sealed.map(({ recipient: { address } }) => address), refused.map(({ address, state, code, why }) => [address, state, code, why])];
      const [ours, theirs] = [await sealAll({ recipients: everybody }), await edge({ recipients: everybody, trust })];
      expect(told(theirs)).to.deep.equal(told(ours));
      expect(theirs.refused.length).to.be.greaterThan(4);
      expect((await edge({ recipients: everybody })).sealed, 'without a trust the HISP decides').to.have.length(everybody.length);
    });

    it('a mail too large for its domain is refused as when we seal: by the size that it will have sealed', async () => {
      const document = { id: 'A', data: Buffer.alloc(900_000, 'a'), profile: 'us', warnings: [] };
      for (const maxMegabytes of [1.3, 1.6, 1.8]) {
        const small = { ...organization, recipientDomains: [{ domain: 'lakeside.example', maxMegabytes }] };
        const [ours, theirs] = [await sealAll({ document, organization: small }), await edge({ document, organization: small })];
        expect(theirs.refused.map(({ code }) => code), String(maxMegabytes)).to.deep.equal(ours.refused.map(({ code }) => code));
        expect(theirs.refused).to.have.length(maxMegabytes === 1.8 ? 0 : 1);
      }
    });

    it('still needs the sender\'s address', async () => {
      const { sender: _, ...nobody } = organization;
      for (const wrong of [nobody, { ...organization, sender: '' }, { ...organization, sender: 'not an address' }, { ...organization, sender: 'a@b.example\r\nBcc: x@y.example' }]) {
        expect(await codeOf(edge({ organization: wrong }))).to.equal('SENDER_UNKNOWN');
      }
    });

    it('never happens because something is missing: without a trust or an identity we seal nothing', async () => {
      expect(await codeOf(sealRecipients({ ...request(), trust: undefined }))).to.equal('TRUST_INVALID');
      expect(await codeOf(sealRecipients({ ...request(), identity: undefined }))).to.equal('SENDER_UNKNOWN');
    });
  });

  it('a fault while sealing for one does not stop the others', async () => {
    const { sealed, refused } = await sealAll({
      recipients: [recipient('dr@two.example'), recipient('dr.lee@lakeside.example')],
      seal: async (request) => request.recipients.length === 2 ? Promise.reject(new Error('boom')) : sealMail(request),
    });
    expect([sealed.length, refused.map(({ code }) => code)]).to.deep.equal([1, ['SEAL_FAILED']]);
  });

  it('takes sender and identity of the site where it has its own', () => {
    const sites = { SITE01: { sender: 'site@clinic.example' } };
    expect(organizationAt({ ...organization, sites }, 'SITE01').sender).to.equal('site@clinic.example');
    expect(organizationAt({ ...organization, sites }, 'OTHER').sender).to.equal(SENDER);
    expect(organizationAt(organization, undefined).sender).to.equal(SENDER);
  });

  describe('in the pool', () => {
    after(closePool);
    it('gives mails that open', async () => {
      const { sealed } = await sealRecipients(request());
      expect(opened(sealed[0]!.mail.raw).verdict).to.equal('accept');
    });
  });
});
