// Writing a complete message (RFC 5322, 2045, 2046): CRLF throughout, every line of 7-bit characters and at most 998 of them.
import { randomBytes } from 'node:crypto';
import { CourierError } from '../errors.ts';
import { base64Size, writeBase64 } from './base64.ts';
import { headerField, messageId, safeText, writeDate } from './header.ts';
import { encodeQuotedPrintable } from './transfer-encoding.ts';

export interface MailPart {
  /** With its parameters, `name` excepted: `text/xml; charset=utf-8`. */
  contentType: string;
  fileName?: string;
  disposition?: 'inline' | 'attachment';
  /** Bytes go as base64, a string as 7bit where it can and as quoted-printable UTF-8 where it cannot. */
  body: Uint8Array | string;
}

export interface Mail {
  /** Addresses, without display names. */
  from: string;
  to: string | string[];
  subject?: string;
  date: Date;
  /** With angle brackets. */
  messageId: string;
  /** More headers; those that the writer makes itself are refused. */
  headers?: Record<string, string>;
  /** Default `multipart/mixed`; its boundary is added. One part without it makes a single-part message. */
  multipart?: string;
  parts: MailPart[];
}

const OWN_HEADERS = new Set([
  'from', 'to', 'subject', 'date', 'message-id', 'mime-version', 'content-type', 'content-transfer-encoding', 'content-disposition',
]);

// RFC 5322 §3.4.1, the dot-atom form that Direct addresses have.
const ADDRESS = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?$/i;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(; ?[\w!#$&^.+-]+=("[^"\\\r\n]*"|[^\s";]+))*$/;

/** A chunk of the message: text that is ready, or bytes that become base64. */
type Chunk = string | { base64: Buffer };

const address = (path: string, value: string): string => {
  if (!ADDRESS.test(safeText(path, value)) || value.length > 320) throw new CourierError('FIELD_INVALID', { path, detail: 'not an address' });
  return value;
};

// RFC 2231 §4 for names outside ASCII.
const fileNameParameter = (name: string, value: string): string =>
  /^[\u0020-\u007e]*$/.test(value)
    ? `${name}="${value.replace(/(["\\])/g, '\\$1')}"`
    : `${name}*=UTF-8''${encodeURIComponent(value).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`;

const partHeaders = (part: MailPart, encoding: string): string => {
  if (!MEDIA_TYPE.test(part.contentType)) throw new CourierError('FIELD_INVALID', { path: 'Content-Type', detail: 'not a media type' });
  const name = part.fileName === undefined ? undefined : safeText('file name', part.fileName, true);
  const type = name === undefined ? part.contentType : `${part.contentType}; ${fileNameParameter('name', name)}`;
  const disposition = part.disposition ?? (name === undefined ? undefined : 'attachment');
  const shown = name === undefined ? disposition : `${disposition}; ${fileNameParameter('filename', name)}`;
  return [
    headerField('Content-Type', type),
    headerField('Content-Transfer-Encoding', encoding),
    shown === undefined ? '' : headerField('Content-Disposition', shown),
  ].join('');
};

// 7bit also asks for no trailing white space and short lines: what some relays touch does not get near them.
const isPlain = (text: string): boolean => text.split('\r\n').every((line) => /^[\t\u0020-\u007e]{0,200}$/.test(line) && !/[ \t]$/.test(line));

const partChunks = (part: MailPart): Chunk[] => {
  if (typeof part.body !== 'string') {
    const base64 = Buffer.from(part.body.buffer, part.body.byteOffset, part.body.byteLength);
    return [`${partHeaders(part, 'base64')}\r\n`, { base64 }, '\r\n'];
  }
  const text = part.body.replace(/\r\n|\r|\n/g, '\r\n').replace(/\r\n$/, '');
  const plain = isPlain(text);
  return [`${partHeaders(part, plain ? '7bit' : 'quoted-printable')}\r\n${plain ? text : encodeQuotedPrintable(text)}\r\n`];
};

const join = (chunks: Chunk[]): Buffer => {
  const size = chunks.reduce((sum, chunk) => sum + (typeof chunk === 'string' ? chunk.length : base64Size(chunk.base64.length)), 0);
  const out = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const chunk of chunks) at = typeof chunk === 'string' ? at + out.write(chunk, at, 'latin1') : writeBase64(out, at, chunk.base64);
  return out;
};

const messageHeaders = (mail: Mail): string => [
  headerField('From', address('From', mail.from)),
  headerField('To', [mail.to].flat().map((to) => address('To', to)).join(', ')),
  headerField('Date', writeDate(mail.date)),
  headerField('Message-ID', messageId(mail.messageId)),
  mail.subject === undefined ? '' : headerField('Subject', mail.subject),
  ...Object.entries(mail.headers ?? {}).map(([name, value]) => {
    if (OWN_HEADERS.has(name.toLowerCase())) throw new CourierError('FIELD_INVALID', { path: name, detail: 'written by the mail writer itself' });
    return headerField(name, value);
  }),
  headerField('MIME-Version', '1.0'),
].join('');

/** The message's bytes. Boundaries are random; everything else follows from `mail`. Errors: FIELD_INVALID naming the header. */
export const writeMail = (mail: Mail): Buffer => {
  const headers = messageHeaders(mail);
  const [only] = mail.parts;
  if (only === undefined) throw new CourierError('FIELD_INVALID', { path: 'parts', detail: 'empty' });
  if (mail.parts.length === 1 && mail.multipart === undefined) return join([headers, ...partChunks(only)]);
  const multipart = mail.multipart ?? 'multipart/mixed';
  if (!MEDIA_TYPE.test(multipart)) throw new CourierError('FIELD_INVALID', { path: 'Content-Type', detail: 'not a media type' });
  const boundary = newBoundary();
  return join([
    headers, headerField('Content-Type', `${multipart}; boundary="${boundary}"`), '\r\n',
    ...mail.parts.flatMap((part) => [`--${boundary}\r\n`, ...partChunks(part)]),
    `--${boundary}--\r\n`,
  ]);
};

/** A boundary that no encoded body can hold: `=_` occurs neither in base64 nor in quoted-printable. */
export const newBoundary = (): string => `=_${randomBytes(18).toString('hex')}`;

export { writeMessageId } from './header.ts';
