// For an account whose HISP seals: the finished mail as it is, written where sealing is done too; and telling a sealed mail from a plain one.
import { parseEntity } from '../mail/mime.ts';
import { decodeBase64 } from '../mail/transfer-encoding.ts';
import { type Mail, writeMail } from '../mail/message.ts';
import { asBuffer, inPool } from '../pool.ts';
import { holdsPkcs7 } from './smime-entity.ts';

/** The worker's side of `writeInPool`. */
export const writeTask = (mail: Mail): { raw: Buffer } => ({ raw: writeMail(mail) });

/** `writeMail` off the main thread. */
export const writeInPool = async (mail: Mail): Promise<Buffer> =>
  asBuffer((await inPool<Mail, { raw: Uint8Array }>(import.meta.url, 'writeTask', mail, 2)).raw);

// RFC 5652 §3, §6.1 and RFC 5083: ContentInfo is a SEQUENCE that begins with the OID of what it holds.
const ENVELOPED = [Buffer.from('06092a864886f70d010703', 'hex'), Buffer.from('060b2a864886f70d0109100117', 'hex')];
const SEQUENCE = 0x30;
/** Of a body, enough for the beginning of a ContentInfo, however its base64 is broken into lines. */
const BEGINNING = 256;

/** Where a DER or BER value begins after its tag and length. */
const valueAt = (octets: Buffer): number => {
  const length = octets[1] ?? 0;
  return length <= 0x80 ? 2 : 2 + (length & 0x7f);
};

const beginsEnveloped = (octets: Buffer): boolean => {
  const value = octets.subarray(valueAt(octets));
  return octets[0] === SEQUENCE && ENVELOPED.some((oid) => value.subarray(0, oid.length).equals(oid));
};

/**
 * Whether a mail's content is encrypted, from its bytes: its own type says so and its body begins as enveloped data does. One that is only
 * signed is not. Looks at the head and the first octets of the body; never throws. What cannot be read is taken for plain.
 */
export const isEnveloped = (raw: Buffer): boolean => {
  try {
    const entity = parseEntity(raw);
    if (!holdsPkcs7(entity)) return false;
    const beginning = entity.body.subarray(0, BEGINNING);
    return beginsEnveloped(beginning[0] === SEQUENCE ? beginning : decodeBase64(beginning));
  } catch {
    return false;
  }
};
