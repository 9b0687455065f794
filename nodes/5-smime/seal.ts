// Making a Direct message (Applicability Statement §2; RFC 8551): the whole message wrapped as message/rfc822, signed,
// encrypted. Outside stand only the headers that transport needs; the real Subject never does.
import { createHash } from 'node:crypto';
import { CourierError } from '../errors.ts';
import { base64Size, writeBase64 } from '../mail/base64.ts';
import { headerField } from '../mail/header.ts';
import { hasOnlyCrlf, toCrlf } from '../mail/line-ends.ts';
import { readMailboxes } from '../mail/mail-address.ts';
import { newBoundary, writeMail } from '../mail/message.ts';
import { headerOf, type MimeEntity, parseEntity } from '../mail/mime.ts';
import { asBuffer, inPool } from '../pool.ts';
import { writeEnvelopedData } from './cms-enveloped.ts';
import { writeSignedData } from './cms-signed.ts';
import type { Identity, SealRequest } from './types.ts';

const ENTITY_HEADER = Buffer.from('Content-Type: message/rfc822\r\n\r\n');

const OUTER_TYPE = [
  'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename=smime.p7m',
].join('\r\n');

const mandatory = (message: MimeEntity, name: string): string => {
  const value = headerOf(message, name);
  if (value === undefined || value === '') throw new CourierError('FIELD_MISSING', { path: name });
  return value;
};

/** Addresses only: a display name is nobody's business on the outside. */
const addressesOf = (message: MimeEntity, name: string): string => {
  const addresses = readMailboxes(mandatory(message, name));
  if (addresses.length === 0 || addresses.includes(null)) throw new CourierError('FIELD_INVALID', { path: name, detail: 'not an address' });
  return addresses.join(', ');
};

const outerHeaders = (message: MimeEntity): string => [
  headerField('From', addressesOf(message, 'From')),
  headerField('To', addressesOf(message, 'To')),
  headerField('Date', mandatory(message, 'Date')),
  headerField('Message-ID', mandatory(message, 'Message-ID')),
  ...['In-Reply-To', 'References'].map((name) => {
    const value = headerOf(message, name);
    return value === undefined ? '' : headerField(name, value.replace(/\s+/g, ' '));
  }),
  'MIME-Version: 1.0\r\n',
].join('');

/** multipart/signed (RFC 8551 §3.5.3.1) around the wrapped message, in pieces: the message itself is not copied. */
const signedEntity = (message: Buffer, identity: Identity, signingTime: Date): Buffer[] => {
  const digest = createHash('sha256').update(ENTITY_HEADER).update(message).digest();
  const signature = writeSignedData(digest, identity, signingTime);
  const base64 = Buffer.allocUnsafe(base64Size(signature.length));
  writeBase64(base64, 0, signature);
  const boundary = newBoundary();
  const before = 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;\r\n'
    + ` boundary="${boundary}"\r\n\r\n--${boundary}\r\n`;
  const between = `\r\n--${boundary}\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n`
    + 'Content-Disposition: attachment; filename=smime.p7s\r\n\r\n';
  return [Buffer.from(before), ENTITY_HEADER, message, Buffer.from(between), base64, Buffer.from(`\r\n--${boundary}--\r\n`)];
};

/** What is sealed, with canonical line ends. */
const canonicalMessage = (message: SealRequest['message']): Buffer => {
  if (!(message instanceof Uint8Array)) return writeMail(message);
  return hasOnlyCrlf(message) ? asBuffer(message) : toCrlf(message);
};

const seal = ({ message, identity, recipients, cipher, signingTime }: SealRequest): Buffer => {
  if (recipients.length === 0) throw new CourierError('SEAL_FAILED', { detail: 'no recipient certificates' });
  const inner = canonicalMessage(message);
  const outer = Buffer.from(`${outerHeaders(parseEntity(inner))}${OUTER_TYPE}\r\n\r\n`, 'latin1');
  const enveloped = writeEnvelopedData(signedEntity(inner, identity, signingTime), recipients, cipher);
  // Of its own memory, so that a worker can hand it over without a copy.
  const out = Buffer.allocUnsafeSlow(outer.length + base64Size(enveloped.length) + 2);
  outer.copy(out);
  out.write('\r\n', writeBase64(out, outer.length, enveloped), 'latin1');
  return out;
};

/**
 * Wraps, signs (SHA-256, detached) and encrypts a message; CRLF throughout.
 * Errors: FIELD_MISSING and FIELD_INVALID for headers that cannot stand outside, SEAL_FAILED.
 */
export const sealMail = (request: SealRequest): Buffer => {
  try {
    return seal(request);
  } catch (error) {
    throw error instanceof CourierError ? error : new CourierError('SEAL_FAILED', { cause: error });
  }
};

/** The worker's side of `sealInPool`. */
export const sealTask = (request: SealRequest): { raw: Buffer } => ({ raw: sealMail(request) });

/** `sealMail` off the main thread. */
export const sealInPool = async (request: SealRequest): Promise<Buffer> =>
  asBuffer((await inPool<SealRequest, { raw: Uint8Array }>(import.meta.url, 'sealTask', request, 2)).raw);
