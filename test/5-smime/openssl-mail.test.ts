import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMail } from '../../nodes/5-smime/open.ts';
import type { OpenedMail, OpenKey } from '../../nodes/5-smime/types.ts';
import { headerOf, parseEntity } from '../../nodes/mail/mime.ts';
import { makeCertificate } from '../support/pki.ts';
import { authority, clinic, hasOpenssl, message, openRequest, OUTER, practice, type Workshop, workshop, wrapped } from './scene.ts';

const elliptic = makeCertificate({ authority, dns: 'clinic.example', keyType: 'ec', usage: ['digitalSignature'] });
const weak = makeCertificate({ authority, dns: 'lakeside.example', bits: 1024 });

describe('opening mail that openssl made (needs openssl)', () => {
  let shop: Workshop;
  before(function () {
    if (!hasOpenssl) this.skip();
    shop = workshop();
    shop.write('inner.eml', wrapped);
    shop.write('ec.pem', elliptic.pem);
    shop.write('ec.key', elliptic.keyPem);
    shop.write('weak.pem', weak.pem);
  });
  after(() => shop?.remove());

  const mail = (sign: string[], encrypt: string[], entity: Uint8Array = wrapped): Buffer => {
    shop.write('entity.eml', entity);
    shop.run('cms', '-sign', '-in', 'entity.eml', '-out', 'signed.eml', '-binary', '-crlfeol', ...(sign.includes('-signer') ? [] : ['-signer', 'clinic.pem', '-inkey', 'clinic.key']), ...sign);
    const to = encrypt.includes('-recip') ? [] : ['practice.pem'];
    shop.run('cms', '-encrypt', '-in', 'signed.eml', '-out', 'mail.eml', '-binary', '-crlfeol', ...(encrypt.some((option) => /^-(aes|des|rc2|camellia)/.test(option)) ? [] : ['-aes-256-cbc']), ...encrypt, ...to);
    return Buffer.concat([Buffer.from(OUTER.replace('MIME-Version: 1.0\r\n', '')), readFileSync(join(shop.folder, 'mail.eml'))]);
  };

  const open = (raw: Buffer, keys?: OpenKey[]): OpenedMail => openMail(raw, openRequest(keys === undefined ? {} : { keys }));
  const accepts = (raw: Buffer, keys?: OpenKey[]): OpenedMail => {
    const opened = open(raw, keys);
    expect([opened.code, opened.message?.toString()], opened.explanation.join('\n')).to.deep.equal([null, message.toString()]);
    return opened;
  };

  const ways: [string, string[], string[]][] = [
    ['plainly signed and encrypted', [], []],
    ['with AES-128', [], ['-aes-128-cbc']],
    ['with AES-192', [], ['-aes-192-cbc']],
    ['in streaming BER, both layers', ['-stream'], ['-stream']],
    ['opaquely signed', ['-nodetach'], []],
    ['opaquely signed in streaming BER', ['-nodetach', '-stream'], ['-stream']],
    ['with SHA-384', ['-md', 'sha384'], []],
    ['with SHA-512', ['-md', 'sha512'], []],
    ['with RSASSA-PSS', ['-keyopt', 'rsa_padding_mode:pss'], []],
    ['with ECDSA', ['-signer', 'ec.pem', '-inkey', 'ec.key'], []],
    ['without signed attributes', ['-noattr'], []],
    ['with key identifiers in place of issuer and serial', ['-keyid'], ['-keyid']],
    ['by OAEP with SHA-1', [], ['-recip', 'practice.pem', '-keyopt', 'rsa_padding_mode:oaep']],
    ['by OAEP with SHA-256', [], ['-recip', 'practice.pem', '-keyopt', 'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256']],
    ['by OAEP with SHA-256 and mask by SHA-1', [], ['-recip', 'practice.pem', '-keyopt', 'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256', '-keyopt', 'rsa_mgf1_md:sha1']],
    ['to several recipients', [], ['-recip', 'clinic.pem', '-recip', 'practice.pem']],
  ];
  for (const [what, sign, encrypt] of ways) {
    it(what, () => {
      const raw = mail(sign, encrypt);
      // Base64 of SEQUENCE with indefinite length, the object identifier after it.
      expect(/\n\s*MIAGCSqGSIb3DQEHA/.test(raw.toString())).to.equal(encrypt.includes('-stream'));
      accepts(raw);
      accepts(raw, [{ privateKey: practice.privateKey }]);
    });
  }

  it('signed without its certificate enclosed: refused, for nobody can say who it was', () => {
    expect(open(mail(['-nocerts'], [])).code).to.equal('SIGNATURE_INVALID');
  });

  const forbidden: [string, string[], string[]][] = [
    ['a SHA-1 digest', ['-md', 'sha1'], []],
    ['Triple DES', [], ['-des3']],
  ];
  for (const [what, sign, encrypt] of forbidden) {
    it(`${what}: ALGORITHM_REFUSED`, () => {
      const opened = open(mail(sign, encrypt));
      expect([opened.code, opened.message]).to.deep.equal(['ALGORITHM_REFUSED', null]);
    });
  }

  it('encrypted to a key of 1024 bits: ALGORITHM_REFUSED', () => {
    const opened = open(mail([], ['-recip', 'weak.pem']), [{ privateKey: weak.privateKey, certificate: weak.certificate }]);
    expect(opened.code).to.equal('ALGORITHM_REFUSED');
  });

  it('authenticated encryption (GCM), which Direct does not have: ALGORITHM_REFUSED', () => {
    expect(open(mail([], ['-aes-256-gcm'])).code).to.be.oneOf(['ALGORITHM_REFUSED']);
  });

  it('a large message in streaming BER, quickly', () => {
    const large = Buffer.concat([wrapped, Buffer.from('line of a large document, over and over again\r\n'.repeat(60_000))]);
    const raw = mail(['-stream'], ['-stream'], large);
    const started = Date.now();
    const opened = open(raw);
    expect(opened.code, opened.explanation.join('\n')).to.equal(null);
    expect(headerOf(parseEntity(opened.message!), 'subject')).to.equal('Exam result of nobody');
    expect(Date.now() - started).to.be.below(2000);
  });

  it('reads clinic and practice as openssl prints them', () => {
    const opened = accepts(mail([], []));
    expect(opened.signer!.thumbprint).to.equal(shop.run('x509', '-in', 'clinic.pem', '-noout', '-fingerprint', '-sha256').toString().split('=')[1]!.trim().replaceAll(':', ''));
    expect(opened.signer!.subject).to.equal(`CN=${clinic.name}`);
    expect(opened.recipients[0]!.id).to.contain(shop.run('x509', '-in', 'practice.pem', '-noout', '-serial').toString().split('=')[1]!.trim());
  });
});
