// From the signed entity to the message that counts: its own headers are authoritative, those outside must not contradict
// them (Applicability Statement 1.3; RFC 8551 §3.1).
import { CourierError } from '../errors.ts';
import { readMailbox } from '../mail/mail-address.ts';
import { contentType, headersOf, innerMessage, type MimeEntity, parseEntity } from '../mail/mime.ts';

export interface InnerMessage {
  message: Buffer;
  /** The one From address, in lower case. */
  from: string;
  wrapped: boolean;
}

const oneMailbox = (entity: MimeEntity, where: string): string => {
  const values = headersOf(entity, 'From');
  const from = values.length === 1 ? readMailbox(values[0]!) : null;
  if (from === null) throw new CourierError('MIME_MALFORMED', { detail: `${where} must have one From with one address` });
  return from;
};

// The legacy form: only the body is signed, so the message is the outside's headers around it.
const withOuterHeaders = (signed: MimeEntity, outer: MimeEntity): Buffer => Buffer.concat([
  Buffer.from(outer.headers.filter(({ name }) => !/^(content-.*|mime-version)$/i.test(name))
    .map(({ name, value }) => `${name}:${value}\r\n`).join('')),
  Buffer.from('MIME-Version: 1.0\r\n'), signed.raw,
]);

/** Unwraps message/rfc822, in whatever transfer encoding. Errors: MIME_MALFORMED. */
export const unwrap = (signed: Buffer, outer: MimeEntity): InnerMessage => {
  const entity = parseEntity(signed);
  if (!['message/rfc822', 'message/global'].includes(contentType(entity).type)) {
    return { message: withOuterHeaders(entity, outer), from: oneMailbox(outer, 'the mail'), wrapped: false };
  }
  const inner = innerMessage(entity);
  return { message: inner.raw, from: oneMailbox(inner, 'the signed message'), wrapped: true };
};

/** Errors: HEADERS_DIFFER when From or Sender outside name somebody else than the signed message does. */
export const agreeOutside = (outer: MimeEntity, { message, from }: InnerMessage): void => {
  const senders = headersOf(parseEntity(message), 'Sender').map(readMailbox);
  const differs = (name: string, allowed: (string | null)[]): boolean =>
    headersOf(outer, name).some((value) => !allowed.includes(readMailbox(value) ?? ''));
  if (differs('From', [from])) throw new CourierError('HEADERS_DIFFER', { path: 'From' });
  if (differs('Sender', [from, ...senders])) throw new CourierError('HEADERS_DIFFER', { path: 'Sender' });
};
