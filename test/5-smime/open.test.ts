import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { writeSignedData } from '../../nodes/5-smime/cms-signed.ts';
import { openMail } from '../../nodes/5-smime/open.ts';
import { sealMail } from '../../nodes/5-smime/seal.ts';
import type { OpenedMail } from '../../nodes/5-smime/types.ts';
import { encodeQuotedPrintable } from '../../nodes/mail/transfer-encoding.ts';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import {
  authority, base64, clinic, envelope, identityOf, message, openRequest, OUTER, practice, sealRequest, SENDER, signedMultipart, wrapped,
} from './scene.ts';

const good = sealMail(sealRequest());
const body = good.subarray(good.indexOf('\r\n\r\n') + 4).toString();
const outerWith = (headers: string, content: string | Buffer = body): Buffer => Buffer.concat([Buffer.from(`${OUTER}${headers}\r\n\r\n`), Buffer.from(content)]);
const open = (raw: Uint8Array): OpenedMail => openMail(raw, openRequest());

/** A refusal with this code that lets nothing out. */
const refused = (opened: OpenedMail, code: string): void => {
  expect([opened.verdict, opened.code, opened.message]).to.deep.equal(['reject', code, null]);
  expect(JSON.stringify(opened.explanation)).not.to.match(/ClinicalDocument|Exam result/);
};

describe('opening a mail', () => {
  it('gives the inner message, the signer and the recipients', () => {
    const opened = open(good);
    expect(opened).to.include({ verdict: 'accept', code: null });
    expect(opened.message!.equals(message)).to.equal(true);
    expect(opened.signer).to.include({ subject: 'CN=clinic.example', anchor: 'CN=Test HISP CA' });
    expect(opened.signer!.domains).to.deep.equal(['clinic.example']);
    expect(opened.recipients).to.have.length(1);
    expect(opened.recipients[0]).to.include({ opened: true, algorithm: 'RSAES-PKCS1-v1_5' });
    expect(opened.recipients[0]!.id).to.match(/^CN=Test HISP CA, serial [0-9A-F]+$/);
  });

  describe('takes every shape that real mail has', () => {
    const oneLine = body.replaceAll('\r\n', '');
    const der = Buffer.from(oneLine, 'base64');
    const smime = 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m';
    const shapes: [string, Buffer][] = [
      ['no smime-type', outerWith('Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64')],
      ['x-pkcs7-mime', outerWith('Content-Type: application/x-pkcs7-mime; name="x.p7m"\r\nContent-Transfer-Encoding: base64')],
      ['octet-stream named .p7m', outerWith('Content-Type: application/octet-stream; name="smime.p7m"\r\nContent-Transfer-Encoding: base64')],
      ['odd case, folding, no space', outerWith('CONTENT-TYPE:Application/PKCS7-Mime;\r\n\tSMIME-Type="enveloped-data" ;\r\n name=smime.p7m\r\ncontent-transfer-encoding:\tBASE64')],
      ['base64 in one line', outerWith(`${smime}\r\nContent-Transfer-Encoding: base64`, oneLine)],
      ['base64 with LF', outerWith(`${smime}\r\nContent-Transfer-Encoding: base64`, body.replaceAll('\r\n', '\n'))],
      ['base64 that nobody declared', outerWith(smime)],
      ['binary', outerWith(`${smime}\r\nContent-Transfer-Encoding: binary`, der)],
      ['binary with a line end after it', outerWith(`${smime}\r\nContent-Transfer-Encoding: binary`, Buffer.concat([der, Buffer.from('\r\n')]))],
      ['LF throughout', Buffer.from(good.toString().replaceAll('\r\n', '\n'))],
      ['the body part alone, without From outside', Buffer.from(`${smime}\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`)],
    ];
    for (const [what, raw] of shapes) {
      it(what, () => {
        const opened = open(raw);
        expect([opened.code, opened.message?.equals(message)], opened.explanation.join('\n')).to.deep.equal([null, true]);
      });
    }

    it('an opaque signature', () => {
      const opaque = makeOpaque(wrapped);
      expect(open(envelope(opaque)).message!.equals(message)).to.equal(true);
    });

    it('a wrapped message in base64 or quoted-printable', () => {
      for (const [encoding, content] of [['base64', base64(message)], ['quoted-printable', encodeQuotedPrintable(message.toString())]]) {
        const entity = Buffer.from(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}`);
        expect(open(envelope(signedMultipart(entity))).message!.equals(message), encoding).to.equal(true);
      }
    });

    it('an unwrapped message, with a line that says so', () => {
      const opened = open(envelope(signedMultipart(Buffer.from('Content-Type: text/plain\r\n\r\nhello\r\n'))));
      expect(opened.verdict).to.equal('accept');
      expect(opened.message!.toString()).to.match(/^From: results@clinic\.example\r\n/).and.match(/\r\n\r\nhello\r\n$/);
      expect(opened.explanation.join(' ')).to.contain('not wrapped');
    });

    it('line ends that a relay changed after signing, by verifying the canonical form', () => {
      const opened = open(envelope(signedMultipart(Buffer.from(wrapped.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'), wrapped)));
      expect(opened.message?.equals(message)).to.equal(true);
      expect(opened.explanation.join(' ')).to.contain('line ends');
    });
  });

  describe('refuses, and lets nothing out', () => {
    it('mail that is not encrypted: NOT_ENCRYPTED', () => {
      refused(open(message), 'NOT_ENCRYPTED');
      refused(open(Buffer.concat([Buffer.from(OUTER), signedMultipart(wrapped)])), 'NOT_ENCRYPTED');
      refused(open(Buffer.concat([Buffer.from(OUTER), makeOpaque(wrapped)])), 'NOT_ENCRYPTED');
    });

    it('mail that is not signed: NOT_SIGNED', () => {
      refused(open(envelope(message)), 'NOT_SIGNED');
      refused(open(envelope(envelope(wrapped))), 'NOT_SIGNED');
    });

    it('a key that it was not sealed for: CANNOT_DECRYPT, with its certificate or bare', () => {
      refused(openMail(good, openRequest({ keys: [{ privateKey: clinic.privateKey, certificate: clinic.certificate }] })), 'CANNOT_DECRYPT');
      refused(openMail(good, openRequest({ keys: [{ privateKey: clinic.privateKey }] })), 'CANNOT_DECRYPT');
      refused(openMail(good, openRequest({ keys: [] })), 'CANNOT_DECRYPT');
    });

    it('content that was changed after signing: SIGNATURE_INVALID', () => {
      refused(open(envelope(signedMultipart(Buffer.from(wrapped.toString().replace('clinic', 'clinik')), wrapped))), 'SIGNATURE_INVALID');
    });

    it('a signer who is not bound to From: SIGNER_NOT_BOUND', () => {
      refused(open(sealMail(sealRequest({ identity: identityOf(practice) }))), 'SIGNER_NOT_BOUND');
    });

    it('a signer whose certificate is expired, untrusted or unfit', () => {
      const holders = {
        CERT_EXPIRED: makeCertificate({ authority, dns: 'clinic.example', notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }),
        CERT_UNTRUSTED: makeCertificate({ authority: makeAuthority('Test HISP CA'), dns: 'clinic.example' }),
        CERT_KEY_UNFIT: makeCertificate({ authority, dns: 'clinic.example', usage: ['keyEncipherment'] }),
        ALGORITHM_REFUSED: makeCertificate({ authority, dns: 'clinic.example', bits: 1024 }),
      };
      for (const [code, holder] of Object.entries(holders)) refused(open(sealMail(sealRequest({ identity: identityOf(holder) }))), code);
    });

    it('a From outside, or a Sender, that is not the signed one: HEADERS_DIFFER', () => {
      const change = (from: string, to: string): Buffer => Buffer.from(good.toString().replace(from, to));
      refused(open(change(`From: ${SENDER}`, 'From: boss@clinic.example')), 'HEADERS_DIFFER');
      refused(open(change(`From: ${SENDER}`, `From: ${SENDER}\r\nFrom: boss@clinic.example`)), 'HEADERS_DIFFER');
      refused(open(change('Date:', 'Sender: boss@clinic.example\r\nDate:')), 'HEADERS_DIFFER');
      expect(open(change(`From: ${SENDER}`, `From: "The Clinic" <${SENDER.toUpperCase()}>`)).verdict).to.equal('accept');
    });

    it('a signed message without exactly one From address: MIME_MALFORMED', () => {
      for (const from of ['', 'From: a@clinic.example\r\nFrom: b@clinic.example\r\n', 'From: a@clinic.example, b@clinic.example\r\n']) {
        const entity = Buffer.from(`Content-Type: message/rfc822\r\n\r\n${from}Subject: x\r\n\r\nbody\r\n`);
        refused(open(envelope(signedMultipart(entity))), 'MIME_MALFORMED');
      }
    });
  });

  describe('with several signers', () => {
    const expired = makeCertificate({ authority, dns: 'clinic.example', notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') });
    const stranger = makeCertificate({ authority: makeAuthority('Nobody Knows'), dns: 'clinic.example' });

    it('one who is good suffices, in any order', () => {
      for (const holders of [[clinic, expired, stranger], [expired, clinic, stranger], [stranger, expired, clinic]]) {
        const opened = open(envelope(makeOpaque(wrapped, holders)));
        expect([opened.verdict, opened.signer?.subject, opened.signer?.anchor]).to.deep.equal(['accept', 'CN=clinic.example', 'CN=Test HISP CA']);
      }
    });

    it('none who is good: refused with the code of one of them', () => {
      refused(open(envelope(makeOpaque(wrapped, [expired, stranger]))), 'CERT_UNTRUSTED');
      refused(open(envelope(makeOpaque(wrapped, [stranger, expired]))), 'CERT_EXPIRED');
    });
  });
});

/** An opaque signature: made of detached ones by hand, content put in, signers and certificates gathered. */
function makeOpaque(content: Buffer, holders = [clinic]): Buffer {
  const asn1 = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const head = length < 0x80 ? [tag, length] : length < 0x10000 ? [tag, 0x82, length >> 8, length & 255] : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
    return Buffer.concat([Buffer.from(head), ...parts]);
  };
  const data = Buffer.from('06092a864886f70d010701', 'hex');
  const signedData = Buffer.from('06092a864886f70d010702', 'hex');
  const digest = createHash('sha256').update(content).digest();
  const structures = holders.map((holder) => writeSignedData(digest, identityOf(holder), new Date()));
  const infos = structures.map(lastSet);
  return Buffer.concat([
    Buffer.from('Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n'),
    Buffer.from(base64(asn1(0x30, signedData, asn1(0xa0, asn1(0x30,
      Buffer.from([2, 1, 1]), asn1(0x31, Buffer.from('300d06096086480165030402010500', 'hex')),
      asn1(0x30, data, asn1(0xa0, asn1(0x04, content))),
      asn1(0xa0, ...holders.map(({ certificate }) => certificate)), asn1(0x31, ...infos)))))),
  ]);
}

/** The content of the last element: the signer infos stand at the end of SignedData. */
function lastSet(structure: Buffer): Buffer {
  const marker = structure.lastIndexOf(Buffer.from('3182', 'hex'), structure.length - 260);
  for (let at = marker; at >= 0; at = structure.lastIndexOf(Buffer.from('3182', 'hex'), at - 1)) {
    if (at + 4 + structure.readUInt16BE(at + 2) === structure.length) return structure.subarray(at + 4);
  }
  throw new Error('no signer infos');
}
