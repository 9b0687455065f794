// Finding the CMS in a MIME entity, in every shape that real mail has (RFC 8551 §3.2.2, §3.9): smime-type missing, x-pkcs7-mime,
// any file name, base64 in one line, binary, or base64 that nobody declared.
import { CourierError } from '../errors.ts';
import { toCrlf } from '../mail/line-ends.ts';
import { contentType, decodedBody, fileNameOf, type MimeEntity, parseEntity, partsOf } from '../mail/mime.ts';
import { decodeBase64 } from '../mail/transfer-encoding.ts';
import { CONTENT } from './algorithms.ts';
import { readSignedData, type SignedData } from './cms-signed.ts';
import { readContentInfo } from './content-info.ts';

const PKCS7_TYPES = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime']);
const SEQUENCE = 0x30;

export const holdsPkcs7 = (entity: MimeEntity): boolean => {
  const { type } = contentType(entity);
  return PKCS7_TYPES.has(type) || (type === 'application/octet-stream' && /\.p7[mz]$/i.test(fileNameOf(entity) ?? ''));
};

/** The CMS octets of an entity's body. */
export const cmsOctets = (entity: MimeEntity): Buffer => {
  const body = decodedBody(entity);
  return body[0] === SEQUENCE ? body : decodeBase64(entity.body);
};

/** Signed content and its signature. `forms` gives the content as received and then, where that differs, with canonical line ends. */
export interface SignedEntity {
  signedData: SignedData;
  forms: () => Generator<{ pieces: Buffer[]; canonical: boolean }>;
}

const detached = (entity: MimeEntity): SignedEntity => {
  const parts = partsOf(entity);
  const [content, signature] = parts;
  if (content === undefined || signature === undefined || parts.length > 2) {
    throw new CourierError('MIME_MALFORMED', { detail: 'multipart/signed without exactly two parts' });
  }
  const { type, content: structure } = readContentInfo(cmsOctets(signature));
  if (type !== CONTENT.signedData) throw new CourierError('NOT_SIGNED', { detail: 'the signature part holds no SignedData' });
  return {
    signedData: readSignedData(structure),
    *forms() {
      yield { pieces: [content.raw], canonical: false };
      const canonical = toCrlf(content.raw);
      if (!canonical.equals(content.raw)) yield { pieces: [canonical], canonical: true };
    },
  };
};

const opaque = (entity: MimeEntity): SignedEntity => {
  const { type, content } = readContentInfo(cmsOctets(entity));
  if (type !== CONTENT.signedData) throw new CourierError('NOT_SIGNED', { detail: 'the decrypted part holds no SignedData' });
  const signedData = readSignedData(content);
  const pieces = signedData.content;
  if (pieces === null) throw new CourierError('NOT_SIGNED', { detail: 'the signature encloses no content' });
  return {
    signedData,
    *forms() {
      yield { pieces, canonical: false };
    },
  };
};

/** The signed entity in decrypted octets. Errors: CANNOT_DECRYPT (noise), NOT_SIGNED, MIME_MALFORMED, CMS_MALFORMED. */
export const readSignedEntity = (plaintext: Buffer): SignedEntity => {
  const entity = parseEntity(plaintext);
  if (entity.headers.length === 0) throw new CourierError('CANNOT_DECRYPT', { detail: 'what was decrypted is no MIME entity' });
  if (contentType(entity).type === 'multipart/signed') return detached(entity);
  if (holdsPkcs7(entity)) return opaque(entity);
  throw new CourierError('NOT_SIGNED');
};
