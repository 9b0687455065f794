import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';
import { isCourierError } from '../../nodes/errors.ts';
import { credentialFile } from '../../nodes/5-smime/credential.ts';
import { readIdentity, readOpenKeys } from '../../nodes/5-smime/identity.ts';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import { authority, clinic, hasOpenssl, practice, type Workshop, workshop } from './scene.ts';

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isCourierError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
};
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('an identity', () => {
  const middle = makeAuthority('Middle CA', { authority });
  const under = makeCertificate({ authority: middle, dns: 'clinic.example' });

  it('is read from PEM: the certificate of the key first, the chain without its root', () => {
    const identity = readIdentity({ certificate: authority.pem + middle.pem + under.pem, key: under.keyPem });
    expect(same(identity.certificate, under.certificate)).to.equal(true);
    expect(identity.chain.map((der) => same(der, middle.certificate))).to.deep.equal([true]);
    expect(identity.privateKey.equals(under.privateKey)).to.equal(true);
  });

  it('is read from an encrypted PEM key with its passphrase', () => {
    const key = clinic.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
    expect(readIdentity({ certificate: clinic.pem, key, passphrase: 'secret' }).privateKey.equals(clinic.privateKey)).to.equal(true);
    expect(code(() => readIdentity({ certificate: clinic.pem, key, passphrase: 'wrong' }))).to.equal('IDENTITY_INVALID');
    expect(code(() => readIdentity({ certificate: clinic.pem, key }))).to.equal('IDENTITY_INVALID');
  });

  it('is refused when key and certificate do not belong together, or one is missing or broken', () => {
    for (const [certificate, key] of [[clinic.pem, practice.keyPem], ['', clinic.keyPem], [clinic.pem, ''], [clinic.pem.replace('MII', 'MIJ'), clinic.keyPem], ['junk', 'junk']] as const) {
      expect(code(() => readIdentity({ certificate, key }))).to.equal('IDENTITY_INVALID');
    }
    expect(code(() => readIdentity({ p12: Buffer.from('junk') }))).to.equal('IDENTITY_INVALID');
  });

  it('is read from a PKCS#12 file that node-forge made', () => {
    const { pki, pkcs12, asn1 } = forge;
    const p12 = pkcs12.toPkcs12Asn1(pki.privateKeyFromPem(clinic.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()), [pki.certificateFromPem(clinic.pem)], 'secret', { algorithm: '3des' });
    const file = Buffer.from(asn1.toDer(p12).getBytes(), 'latin1');
    expect(same(readIdentity({ p12: file, passphrase: 'secret' }).certificate, clinic.certificate)).to.equal(true);
    expect(code(() => readIdentity({ p12: file, passphrase: 'wrong' }))).to.equal('IDENTITY_INVALID');
    expect(code(() => readIdentity({ p12: file }))).to.equal('IDENTITY_INVALID');
  });

  it('stands in a credential as base64, or as PEM with its line ends written out', () => {
    expect(credentialFile(Buffer.from('file').toString('base64')).toString()).to.equal('file');
    expect(readIdentity({ certificate: credentialFile(clinic.pem), key: credentialFile(clinic.keyPem.replaceAll('\n', '\\n')) }).chain).to.deep.equal([]);
  });

  it('as a key to open with: PEM with certificate, or a bare key', () => {
    expect(readOpenKeys(Buffer.from(practice.keyPem + clinic.pem + practice.pem))[0]!.certificate).to.satisfy((der: Uint8Array) => same(der, practice.certificate));
    expect(readOpenKeys(Buffer.from(practice.keyPem))[0]).not.to.have.property('certificate');
    expect(readOpenKeys(practice.privateKey.export({ type: 'pkcs8', format: 'der' }))).to.have.length(1);
    expect(code(() => readOpenKeys(Buffer.from(practice.pem)))).to.equal('IDENTITY_INVALID');
    expect(code(() => readOpenKeys(Buffer.from('junk')))).to.equal('IDENTITY_INVALID');
  });

  describe('from PKCS#12 files that openssl made', () => {
    let shop: Workshop;
    before(function () {
      if (!hasOpenssl) this.skip();
      shop = workshop();
      const elliptic = makeCertificate({ authority, dns: 'clinic.example', keyType: 'ec', usage: ['digitalSignature'] });
      shop.write('ec.pem', elliptic.pem);
      shop.write('ec.key', elliptic.keyPem);
      shop.write('under.pem', under.pem);
      shop.write('under.key', under.keyPem);
      shop.write('chain.pem', middle.pem + authority.pem);
    });
    after(() => shop?.remove());

    const ways: [string, string, string[]][] = [
      ['modern (PBES2, AES-256)', 'clinic', []],
      ['old (3DES)', 'clinic', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
      ['with its chain', 'under', ['-certfile', 'chain.pem']],
      ['with an elliptic key', 'ec', []],
    ];
    for (const [what, name, options] of ways) {
      it(`${what} (needs openssl)`, () => {
        shop.run('pkcs12', '-export', '-in', `${name}.pem`, '-inkey', `${name}.key`, '-out', 'id.p12', '-passout', 'pass:secret', ...options);
        const p12 = readFileSync(join(shop.folder, 'id.p12'));
        const identity = readIdentity({ p12, passphrase: 'secret' });
        expect(same(identity.certificate, shop.run('x509', '-in', `${name}.pem`, '-outform', 'DER'))).to.equal(true);
        expect(identity.chain).to.have.length(name === 'under' ? 1 : 0);
        expect(readOpenKeys(p12, 'secret')[0]!.certificate).not.to.equal(undefined);
        expect(code(() => readIdentity({ p12, passphrase: 'wrong' }))).to.equal('IDENTITY_INVALID');
      });
    }
  });
});
