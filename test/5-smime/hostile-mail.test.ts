import { expect } from 'chai';
import { createHash, verify } from 'node:crypto';
import fc from 'fast-check';
import { CODES } from '../../nodes/errors.ts';
import { openMail } from '../../nodes/5-smime/open.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import { CONTENT } from '../../nodes/5-smime/algorithms.ts';
import { rawOf } from '../../nodes/5-smime/asn1.ts';
import { readCertificate } from '../../nodes/5-smime/certificate.ts';
import { readSignedData, verifySigner, writeSignedData } from '../../nodes/5-smime/cms-signed.ts';
import { readContentInfo } from '../../nodes/5-smime/content-info.ts';
import type { OpenedMail } from '../../nodes/5-smime/types.ts';
import { clinic, base64, envelope, identityOf, message, openRequest, OUTER, practice, sealRequest, signedMultipart, wrapped } from './scene.ts';

const good = sealMail(sealRequest());
const start = good.indexOf('\r\n\r\n') + 4;
const structure = Buffer.from(good.subarray(start).toString(), 'base64');
const again = (der: Uint8Array): Buffer => Buffer.concat([good.subarray(0, start), Buffer.from(`${base64(der)}\r\n`)]);
const bare = { keys: [{ privateKey: practice.privateKey }] };

/** A coded refusal with nothing in it, or the very message that was signed. */
const harmless = (opened: OpenedMail, from: Buffer): void => {
  if (opened.verdict === 'accept') {
    expect(opened.message!.equals(message), 'another message was accepted').to.equal(true);
    return;
  }
  expect(opened.message).to.equal(null);
  expect(opened.code, from.toString('base64').slice(0, 80)).to.be.oneOf(Object.keys(CODES));
};

describe('hostile mail', () => {
  it('one octet changed anywhere in the structure: never another message, never an exception', () => {
    for (let at = 0; at < structure.length; at += at < 700 || at > structure.length - 40 ? 1 : 61) {
      const changed = Buffer.from(structure);
      changed[at]! ^= 1 + (at % 255);
      for (const request of [openRequest(), openRequest(bare)]) harmless(openMail(again(changed), request), changed);
    }
  });

  it('one octet changed anywhere in the signed entity: the same', () => {
    const entity = signedMultipart(wrapped);
    const accepted: number[] = [];
    for (let at = 0; at < entity.length; at += at < 300 || at > entity.length - 2800 ? 7 : 61) {
      const changed = Buffer.from(entity);
      changed[at]! ^= 1 + (at % 100);
      const opened = openMail(envelope(changed), openRequest());
      harmless(opened, changed);
      const inContent = at > entity.indexOf('message/rfc822') && at < entity.indexOf('\r\n--s\r\nContent-Type: application/pkcs7-signature');
      if (inContent && opened.verdict === 'accept') accepted.push(at);
    }
    expect(accepted).to.deep.equal([]);
  });

  it('cut anywhere: the same', () => {
    for (let length = 0; length < good.length; length += 97) harmless(openMail(good.subarray(0, length), openRequest()), good.subarray(0, length));
  });

  it('another signed part under the signature: SIGNATURE_INVALID', () => {
    const other = Buffer.from(wrapped.toString().replace('A result', 'No result'));
    expect(openMail(envelope(signedMultipart(other, wrapped)), openRequest()).code).to.equal('SIGNATURE_INVALID');
  });

  it('somebody\'s signed attributes passed off as a signed content: SIGNATURE_INVALID', () => {
    const p7s = writeSignedData(createHash('sha256').update(wrapped).digest(), identityOf(clinic), new Date());
    const [signer] = readSignedData(readContentInfo(p7s).content).signers;
    const content = Buffer.from(rawOf(signer!.signedAttributes!));
    content[0] = 0x31;
    // The signature does hold over these octets: without the rule they would be taken for content.
    expect(verify('sha256', content, clinic.publicKey, signer!.signature)).to.equal(true);
    expect(() => verifySigner({ ...signer!, signedAttributes: null }, CONTENT.data, [content], readCertificate(clinic.certificate))).to.throw(/attributes/);
  });

  it('junk, nesting and multiplicity: a code, quickly', () => {
    const nest = (depth: number): Buffer => Buffer.concat(Array.from({ length: depth }, () => Buffer.from([0x30, 0x80])));
    const junk = [Buffer.alloc(0), Buffer.alloc(5_000_000, 'MIAG'), Buffer.alloc(1_000_000), again(nest(100_000)), again(Buffer.alloc(3_000_000, Buffer.from([0x24, 0x80]))),
      Buffer.concat([Buffer.from(OUTER), Buffer.from('Content-Type: application/pkcs7-mime\r\n\r\n'), Buffer.alloc(2_000_000, '\r\n')])];
    for (const raw of junk) {
      const started = Date.now();
      harmless(openMail(raw, openRequest(bare)), raw);
      expect(Date.now() - started).to.be.below(1500);
    }
  });

  it('random bytes and random changes of a good mail: a code or the message, nothing thrown', () => {
    const change = fc.record({ at: fc.nat(structure.length - 1), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const changed = changes.reduce((bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]), structure);
      harmless(openMail(again(changed), openRequest(bare)), changed);
    }), { numRuns: 300 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      harmless(openMail(bytes, openRequest()), Buffer.from(bytes));
      harmless(openMail(again(bytes), openRequest()), Buffer.from(bytes));
      harmless(openMail(envelope(Buffer.from(bytes)), openRequest()), Buffer.from(bytes));
    }), { numRuns: 150 });
  });
});
