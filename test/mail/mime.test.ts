import { expect } from 'chai';
import fc from 'fast-check';
import { isCourierError } from '../../nodes/errors.ts';
import { leafParts } from '../../nodes/mail/leaf-parts.ts';
import { contentType, decodedBody, fileNameOf, headerOf, innerMessage, type MimeEntity, parseEntity, partsOf } from '../../nodes/mail/mime.ts';

const entity = (text: string): MimeEntity => parseEntity(Buffer.from(text, 'latin1'));
const typed = (value: string): ReturnType<typeof contentType> => contentType(entity(`Content-Type:${value}\r\n\r\n`));
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isCourierError(error) ? error.code : `thrown ${String(error)}`;
  }
  return 'nothing thrown';
};

describe('mime reader', () => {
  it('splits header block and body at the first blank line, CRLF or LF', () => {
    for (const end of ['\r\n', '\n']) {
      const read = entity(`From: a@b.example${end}Subject: one${end} two${end}${end}body${end}`);
      expect(headerOf(read, 'FROM')).to.equal('a@b.example');
      expect(headerOf(read, 'subject')).to.equal('one two');
      expect(read.body.toString()).to.equal(`body${end}`);
    }
  });

  it('reads an entity that starts with its blank line, one without a blank line, and an empty one', () => {
    expect(entity('\r\nbody').body.toString()).to.equal('body');
    expect(headerOf(entity('A: 1\r\nB: 2'), 'b')).to.equal('2');
    expect(entity('').headers).to.deep.equal([]);
  });

  it('reads Content-Type in every shape that mail comes in', () => {
    const smime = { type: 'application/pkcs7-mime', parameters: { 'smime-type': 'enveloped-data', name: 'smime.p7m' } };
    expect(typed('application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m')).to.deep.equal(smime);
    expect(typed(' Application/PKCS7-MIME ;SMIME-TYPE = "enveloped-data";\r\n\tNAME="smime.p7m";')).to.deep.equal(smime);
    expect(typed(' application/pkcs7-mime (a comment; with=things) ; smime-type=enveloped-data (x); name="smime.p7m"')).to.deep.equal(smime);
    expect(typed(' multipart/mixed; boundary="a \\"b\\" c"').parameters['boundary']).to.equal('a "b" c');
    expect(typed(' multipart/mixed; boundary=a=b=').parameters['boundary']).to.equal('a=b=');
    expect(typed(' multipart/mixed; boundary=x; boundary=y').parameters['boundary']).to.equal('x');
    expect(typed(' nonsense').type).to.equal('text/plain');
    expect(contentType(entity('\r\n')).type).to.equal('text/plain');
  });

  it('reads RFC 2231 file names', () => {
    expect(fileNameOf(entity('Content-Disposition: attachment; filename*=UTF-8\'\'r%C3%A9sultat.xml\r\n\r\n'))).to.equal('résultat.xml');
    expect(fileNameOf(entity('Content-Disposition: attachment; filename*0="exam-"; filename*1="result.xml"\r\n\r\n'))).to.equal('exam-result.xml');
    expect(fileNameOf(entity('Content-Type: text/xml; name=a.xml\r\n\r\n'))).to.equal('a.xml');
  });

  it('decodes base64 in one line, with LF, with junk between', () => {
    const bytes = Buffer.from('clinical document, clinical document');
    const base64 = bytes.toString('base64');
    for (const body of [base64, base64.replace(/(.{10})/g, '$1\n'), base64.replace(/(.{7})/g, '$1 \t\r\n'), `${base64}\r\n\r\n`]) {
      expect(decodedBody(entity(`Content-Transfer-Encoding: BASE64\r\n\r\n${body}`)).toString()).to.equal(bytes.toString());
    }
  });

  it('decodes quoted-printable with soft breaks, lower-case digits, stray signs and trailing white space', () => {
    const body = 'na=c3=A9v=\r\n=\ne =3D =ZZ end \t \r\nnext=';
    expect(decodedBody(entity(`Content-Transfer-Encoding: quoted-printable\r\n\r\n${body}`)).toString()).to.equal('naéve = =ZZ end\r\nnext');
  });

  it('keeps the exact octets of each part and leaves the line break before the delimiter out', () => {
    const first = 'Content-Type: text/plain\r\n\r\none \n\r\n';
    const raw = `Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n${first}\r\n--b  \r\n\r\ntwo\r\n--bc\r\n--b--\r\nepilogue --b\r\n--b\r\nno part\r\n`;
    const parts = partsOf(entity(raw));
    expect(parts.map((part) => part.raw.toString())).to.deep.equal([first, '\r\ntwo\r\n--bc']);
  });

  it('tolerates LF line ends and a missing last delimiter', () => {
    const parts = partsOf(entity('Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n'));
    expect(parts.map((part) => part.body.toString())).to.deep.equal(['one', 'two\n']);
  });

  it('opens a message/rfc822 part that was sent in base64 or quoted-printable', () => {
    const message = 'From: a@b.example\r\n\r\nbody=';
    expect(headerOf(innerMessage(entity(`Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(message).toString('base64')}`)), 'from')).to.equal('a@b.example');
    expect(innerMessage(entity('Content-Transfer-Encoding: quoted-printable\r\n\r\nFrom: a@b.example\r\n\r\nbody=3D')).body.toString()).to.equal('body=');
  });

  it('refuses what no honest mail is: no boundary, no part, bombs of depth, parts or headers', () => {
    expect(code(() => partsOf(entity('Content-Type: multipart/mixed\r\n\r\nx')))).to.equal('MIME_MALFORMED');
    expect(code(() => partsOf(entity('Content-Type: multipart/mixed; boundary=b\r\n\r\nx')))).to.equal('MIME_MALFORMED');
    expect(code(() => entity('A: b\r\n'.repeat(2000)))).to.equal('MIME_MALFORMED');
    expect(code(() => entity(`A: ${'b'.repeat(1 << 19)}`))).to.equal('MIME_MALFORMED');
    expect(code(() => partsOf(entity(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n\r\n'.repeat(3000)}`)))).to.equal('MIME_MALFORMED');
    let nested = 'x';
    for (let depth = 0; depth < 40; depth += 1) nested = `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nested}\r\n--b${depth}--`;
    const descend = (part: MimeEntity): void => partsOf(part).forEach(descend);
    expect(code(() => descend(entity(nested)))).to.equal('MIME_MALFORMED');
  });

  it('lists the leaves of a message, a broken multipart as one of them', () => {
    const raw = 'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\none\r\n--a\r\nContent-Type: multipart/mixed\r\n\r\ntwo\r\n--a--';
    expect(leafParts(Buffer.from(raw)).map(({ contentType: type, body }) => [type, body.toString()])).to.deep.equal([['text/plain', 'one'], ['multipart/mixed', 'two']]);
  });

  it('never throws anything but MIME_MALFORMED, whatever the bytes', () => {
    const pieces = fc.constantFrom('Content-Type: ', 'multipart/mixed', '; boundary=b', '"', '(', '\\', '\r\n', '\n', ' ', '--b', '--', '=', 'a*0*=', ':', 'Content-Transfer-Encoding: quoted-printable', '\0', 'é');
    fc.assert(fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { maxLength: 60 }), (texts) => {
      const outcome = code(() => {
        const read = parseEntity(Buffer.from(texts.join('')));
        decodedBody(read);
        fileNameOf(read);
        for (const part of partsOf(read)) decodedBody(part);
      });
      expect(outcome).to.be.oneOf(['nothing thrown', 'MIME_MALFORMED']);
    }), { numRuns: 500 });
  });
});
