import { expect } from 'chai';
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto';
import { unwrapsPkcs1 } from '../../nodes/5-smime/key-transport.ts';

describe('key transport and the Node it runs on', () => {
  it('knows which OpenSSL lets Node decrypt PKCS #1 v1.5', () => {
    for (const [openssl, fit] of [['3.0.17', false], ['3.1.4', false], ['3.2.0', true], ['3.5.2+quic', true], ['4.0.0', true], ['1.1.1w', false]] as const) {
      expect(unwrapsPkcs1(openssl), openssl).to.equal(fit);
    }
  });

  it('says of this Node what this Node does', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const padding = constants.RSA_PKCS1_PADDING;
    const wrapped = publicEncrypt({ key: publicKey, padding }, Buffer.from('key'));
    const unwrap = (): string => privateDecrypt({ key: privateKey, padding }, wrapped).toString();
    if (unwrapsPkcs1()) expect(unwrap()).to.equal('key');
    else expect(unwrap).to.throw();
  });
});
