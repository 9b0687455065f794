import { expect } from 'chai';
import fc from 'fast-check';
import { isCourierError } from '../../nodes/errors.ts';
import { base64Size, wrapBase64 } from '../../nodes/mail/base64.ts';
import { type Mail, writeMail, writeMessageId } from '../../nodes/mail/message.ts';
import { contentType, decodedBody, fileNameOf, headerOf, headersOf, parseEntity, partsOf } from '../../nodes/mail/mime.ts';
import { encodeQuotedPrintable } from '../../nodes/mail/transfer-encoding.ts';

const mail = (change: Partial<Mail> = {}): Mail => ({
  from: 'results@direct.clinic.example', to: 'dr.lee@direct.lakeside.example', subject: 'Exam result', date: new Date('2026-01-06T14:15:00Z'),
  messageId: '<d1@direct.clinic.example>', parts: [{ contentType: 'text/plain; charset=utf-8', body: 'Hello' }], ...change,
});

const code = (change: Partial<Mail>): string => {
  try {
    writeMail(mail(change));
  } catch (error) {
    return isCourierError(error) ? error.code : `thrown ${String(error)}`;
  }
  return 'nothing thrown';
};

/** The rules of RFC 5322 §2.1.1 and RFC 5751 §3.1 that everything we write must keep. */
const lawful = (raw: Buffer): boolean => {
  const text = raw.toString('latin1');
  return !/[^\r]\n|^\n|\r[^\n]|\r$/.test(text) && text.split('\r\n').every((line) => line.length <= 998) && !/[^\t\r\n\u0020-\u007e]/.test(text);
};

describe('mail writer', () => {
  it('writes a message whose headers and parts read back', () => {
    const document = Buffer.from('<ClinicalDocument/>'.repeat(50));
    const raw = writeMail(mail({
      headers: { 'In-Reply-To': '<x@y.example>' },
      parts: [
        { contentType: 'text/plain; charset=utf-8', body: 'Zażółć gęślą jaźń = 100 %\nsecond line  \n' },
        { contentType: 'text/xml; charset=utf-8', fileName: 'exam-result.xml', body: document },
      ],
    }));
    const read = parseEntity(raw);
    expect(lawful(raw)).to.equal(true);
    expect(headerOf(read, 'date')).to.equal('Tue, 06 Jan 2026 14:15:00 +0000');
    expect(headerOf(read, 'message-id')).to.equal('<d1@direct.clinic.example>');
    expect(headerOf(read, 'in-reply-to')).to.equal('<x@y.example>');
    expect(contentType(read).type).to.equal('multipart/mixed');
    const [text, attachment] = partsOf(read);
    expect(decodedBody(text!).toString()).to.equal('Zażółć gęślą jaźń = 100 %\r\nsecond line  ');
    expect(contentType(attachment!)).to.deep.equal({ type: 'text/xml', parameters: { charset: 'utf-8', name: 'exam-result.xml' } });
    expect(fileNameOf(attachment!)).to.equal('exam-result.xml');
    expect(decodedBody(attachment!).equals(document)).to.equal(true);
  });

  it('writes a single part without a multipart around it, and another multipart when asked', () => {
    expect(contentType(parseEntity(writeMail(mail()))).type).to.equal('text/plain');
    const report = parseEntity(writeMail(mail({ multipart: 'multipart/report; report-type=disposition-notification' })));
    expect(contentType(report).parameters).to.include({ 'report-type': 'disposition-notification' });
    expect(partsOf(report)).to.have.length(1);
  });

  it('refuses every way of starting another header line', () => {
    const injected = 'a@b.example\r\nBcc: evil@b.example';
    expect(code({ from: injected })).to.equal('FIELD_INVALID');
    expect(code({ to: injected })).to.equal('FIELD_INVALID');
    expect(code({ to: ['ok@b.example', 'x@b.example, evil@b.example'] })).to.equal('FIELD_INVALID');
    expect(code({ subject: 'Exam\nresult' })).to.equal('FIELD_INVALID');
    expect(code({ subject: 'Exam\u0000result' })).to.equal('FIELD_INVALID');
    expect(code({ messageId: '<a@b.example>\r\nX: y' })).to.equal('FIELD_INVALID');
    expect(code({ messageId: 'a@b.example' })).to.equal('FIELD_INVALID');
    expect(code({ headers: { 'X-A\r\nBcc': 'y' } })).to.equal('FIELD_INVALID');
    expect(code({ headers: { 'X-A': 'y\r\n\r\nbody' } })).to.equal('FIELD_INVALID');
    expect(code({ headers: { from: 'other@b.example' } })).to.equal('FIELD_INVALID');
    expect(code({ parts: [{ contentType: 'text/xml\r\nX: y', body: '' }] })).to.equal('FIELD_INVALID');
    expect(code({ parts: [{ contentType: 'text/xml', fileName: 'a\r\nX: y', body: '' }] })).to.equal('FIELD_INVALID');
    expect(code({ date: new Date('never') })).to.equal('FIELD_INVALID');
    expect(code({ parts: [] })).to.equal('FIELD_INVALID');
    expect(() => writeMessageId('a>', 'b.example')).to.throw();
    expect(writeMessageId('8f0c', 'b.example')).to.equal('<8f0c@b.example>');
  });

  it('encodes a subject outside ASCII and folds long headers below 998 characters', () => {
    const raw = writeMail(mail({ subject: 'Résultat d\'examen – '.repeat(20), headers: { References: '<a@b.example> '.repeat(90).trim() } }));
    expect(lawful(raw)).to.equal(true);
    const words = headerOf(parseEntity(raw), 'subject')!.split(/\s+/).map((word) => Buffer.from(/=\?UTF-8\?B\?(.*)\?=/.exec(word)![1]!, 'base64').toString());
    expect(words.join('')).to.equal('Résultat d\'examen – '.repeat(20));
    expect(headersOf(parseEntity(raw), 'references')[0]!.split(/\s+/)).to.have.length(90);
    expect(code({ headers: { 'X-Long': 'x'.repeat(1200) } })).to.equal('FIELD_INVALID');
  });

  it('any text and any bytes make a round trip', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 400 }), (text, bytes) => {
      const raw = writeMail(mail({ parts: [{ contentType: 'text/plain; charset=utf-8', body: text }, { contentType: 'application/octet-stream', body: bytes }] }));
      const [first, second] = partsOf(parseEntity(raw));
      const lines = text.replace(/\r\n|\r|\n/g, '\r\n').replace(/\r\n$/, '');
      expect(lawful(raw)).to.equal(true);
      expect(decodedBody(first!).toString()).to.equal(lines);
      expect(Buffer.compare(decodedBody(second!), bytes)).to.equal(0);
    }), { numRuns: 200 });
  });

  it('keeps quoted-printable lines within 76 characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      for (const line of encodeQuotedPrintable(text).split('\r\n')) expect(line.length).to.be.at.most(76);
    }), { numRuns: 40 });
  });
});

describe('base64 writer', () => {
  it('equals the plain encoder with line ends put in, for every length around its run and line sizes', () => {
    for (const length of [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 29183, 29184, 29185, 100_000]) {
      const bytes = Buffer.alloc(length, length % 251);
      const expected = bytes.toString('base64').replace(/(.{76})(?=.)/g, '$1\r\n');
      expect(wrapBase64(bytes).toString()).to.equal(expected);
      expect(base64Size(length)).to.equal(expected.length);
    }
  });
});
