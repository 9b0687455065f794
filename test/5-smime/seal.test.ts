import { expect } from 'chai';
import { isCourierError } from '../../nodes/errors.ts';
import { sealInPool, sealMail } from '../../nodes/5-smime/seal.ts';
import { openInPool, openMail } from '../../nodes/5-smime/open.ts';
import { contentType, headerOf, headersOf, parseEntity } from '../../nodes/mail/mime.ts';
import { closePool } from '../../nodes/pool.ts';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import { authority, clinic, hasOpenssl, identityOf, message, openRequest, practice, RECIPIENT, sealRequest, SENDER, type Workshop, workshop, wrapped } from './scene.ts';

const lawful = (raw: Buffer): boolean => {
  const text = raw.toString('latin1');
  return !/[^\r]\n|\r[^\n]/.test(text) && text.endsWith('\r\n') && text.split('\r\n').every((line) => line.length <= 100) && !/[^\t\r\n\u0020-\u007e]/.test(text);
};

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isCourierError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('sealing a mail', () => {
  it('shows on the outside what transport needs and nothing else', () => {
    const raw = sealMail(sealRequest());
    const outer = parseEntity(raw);
    expect(lawful(raw)).to.equal(true);
    expect(outer.body.toString().split('\r\n').every((line) => /^[A-Za-z0-9+/]{1,76}={0,2}$/.test(line) || line === '')).to.equal(true);
    expect(outer.headers.map(({ name }) => name)).to.deep.equal([
      'From', 'To', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding', 'Content-Disposition',
    ]);
    expect(contentType(outer)).to.deep.equal({ type: 'application/pkcs7-mime', parameters: { 'smime-type': 'enveloped-data', name: 'smime.p7m' } });
    expect(headerOf(outer, 'message-id')).to.equal('<d1@clinic.example>');
  });

  it('keeps display names and the subject inside, In-Reply-To and References also outside', () => {
    const inner = `From: "Secret Person" <${SENDER}>\r\nTo: Nobody's Name <${RECIPIENT}>\r\nSubject: secret\r\nDate: Tue, 06 Jan 2026 14:15:00 +0000\r\n`
      + 'Message-ID: <m2@clinic.example>\r\nIn-Reply-To: <m1@lakeside.example>\r\nReferences: <m0@lakeside.example>\r\n\t<m1@lakeside.example>\r\nMIME-Version: 1.0\r\n\r\nbody\r\n';
    const raw = sealMail(sealRequest({ message: Buffer.from(inner) }));
    const outer = parseEntity(raw);
    expect(raw.toString()).not.to.match(/secret|Nobody/i);
    expect(headerOf(outer, 'from')).to.equal(SENDER);
    expect(headersOf(outer, 'references')).to.deep.equal(['<m0@lakeside.example> <m1@lakeside.example>']);
    expect(headerOf(outer, 'in-reply-to')).to.equal('<m1@lakeside.example>');
    expect(openMail(raw, openRequest()).message!.toString()).to.equal(inner);
  });

  it('seals for several certificates, each of which opens the mail', () => {
    const second = makeCertificate({ authority, email: RECIPIENT });
    const raw = sealMail(sealRequest({ recipients: [practice.certificate, second.certificate], cipher: 'aes-128-cbc' }));
    for (const holder of [practice, second]) {
      const opened = openMail(raw, openRequest({ keys: [{ privateKey: holder.privateKey, certificate: holder.certificate }] }));
      expect(opened.verdict).to.equal('accept');
      expect(opened.recipients.map((each) => each.opened)).to.have.members([true, false]);
    }
  });

  it('signs with an elliptic key too', () => {
    const elliptic = makeCertificate({ authority, dns: 'clinic.example', keyType: 'ec', usage: ['digitalSignature'] });
    expect(openMail(sealMail(sealRequest({ identity: identityOf(elliptic) })), openRequest()).verdict).to.equal('accept');
  });

  it('encloses the chain, so that a receiver who knows the root only can build the path', () => {
    const middle = makeAuthority('Middle CA', { authority });
    const under = makeCertificate({ authority: middle, dns: 'clinic.example' });
    expect(openMail(sealMail(sealRequest({ identity: identityOf(under, [middle.certificate]) })), openRequest()).verdict).to.equal('accept');
    expect(openMail(sealMail(sealRequest({ identity: identityOf(under) })), openRequest()).code).to.equal('CERT_UNTRUSTED');
  });

  it('makes line ends canonical before it signs', () => {
    const raw = sealMail(sealRequest({ message: Buffer.from(message.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') }));
    expect(openMail(raw, openRequest()).message!.equals(message)).to.equal(true);
  });

  it('refuses what cannot stand outside, and nobody to encrypt to', () => {
    const without = (name: string): Buffer => Buffer.from(message.toString().replace(new RegExp(`^${name}:.*\r\n`, 'm'), ''));
    for (const name of ['From', 'To', 'Date', 'Message-ID']) expect(code(() => sealMail(sealRequest({ message: without(name) }))), name).to.equal('FIELD_MISSING');
    expect(code(() => sealMail(sealRequest({ message: Buffer.from(message.toString().replace(/^To: .*/m, 'To: nobody')) })))).to.equal('FIELD_INVALID');
    expect(code(() => sealMail(sealRequest({ recipients: [] })))).to.equal('SEAL_FAILED');
    expect(code(() => sealMail(sealRequest({ recipients: [Buffer.from('junk')] })))).to.be.oneOf(['SEAL_FAILED', 'CMS_MALFORMED']);
  });

  describe('in the pool', () => {
    after(closePool);

    it('gives the same as on the main thread, and its errors keep their codes', async () => {
      const raw = await sealInPool(sealRequest());
      const opened = await openInPool(raw, openRequest());
      expect(opened.verdict).to.equal('accept');
      expect(opened.message!.equals(message)).to.equal(true);
      expect(Buffer.compare(opened.signer!.certificate, clinic.certificate)).to.equal(0);
      const failure = await sealInPool(sealRequest({ recipients: [] })).catch((error: unknown) => error);
      expect(isCourierError(failure) && failure.code).to.equal('SEAL_FAILED');
    });
  });

  describe('as openssl sees it', () => {
    let shop: Workshop;
    before(function () {
      if (!hasOpenssl) this.skip();
      shop = workshop();
    });
    after(() => shop?.remove());

    for (const cipher of ['aes-256-cbc', 'aes-128-cbc'] as const) {
      it(`${cipher}: decrypts, verifies against the authority, and gives the wrapped message back byte for byte (needs openssl)`, () => {
        shop.write('mail.eml', sealMail(sealRequest({ cipher })));
        shop.run('cms', '-decrypt', '-in', 'mail.eml', '-recip', 'practice.pem', '-inkey', 'practice.key', '-out', 'signed.eml');
        const inside = shop.run('cms', '-verify', '-in', 'signed.eml', '-CAfile', 'ca.pem');
        expect(inside.equals(wrapped)).to.equal(true);
        expect(shop.run('smime', '-verify', '-in', 'signed.eml', '-CAfile', 'ca.pem').equals(wrapped)).to.equal(true);
        expect(shop.run('cms', '-cmsout', '-print', '-in', 'mail.eml', '-noout').toString()).to.match(new RegExp(cipher)).and.match(/rsaEncryption/);
      });
    }

    it('is DER throughout (needs openssl)', () => {
      const raw = sealMail(sealRequest());
      shop.write('mail.p7m', Buffer.from(parseEntity(raw).body.toString(), 'base64'));
      shop.run('cms', '-cmsout', '-inform', 'DER', '-in', 'mail.p7m', '-outform', 'DER', '-out', 'again.p7m');
      expect(() => shop.run('asn1parse', '-inform', 'DER', '-in', 'again.p7m')).not.to.throw();
      expect(shop.run('asn1parse', '-inform', 'DER', '-in', 'mail.p7m').toString()).not.to.match(/l= *inf|:BAD /);
    });
  });
});
