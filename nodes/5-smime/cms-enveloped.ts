// EnvelopedData, RFC 5652 §6 with AES-CBC (RFC 3565): writing it for RSA recipients, reading it in DER or BER.
import { constants, createCipheriv, createDecipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import { isCourierError } from '../errors.ts';
import {
  type Asn1, childrenOf, context, contentOf, expectTag, malformed, octetPieces, octetsOf, oidOf, primitiveContext, smallIntegerOf, TAG,
} from './asn1.ts';
import { CONTENT, CONTENT_CIPHERS, OID, refusedAlgorithm } from './algorithms.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { type CertificateId, contentInfoHeader, identifies, readCertificateId, withNull, writeCertificateId } from './content-info.ts';
import { algorithm, header, integer, octetString, oid, sequence, setOf } from './der.ts';
import { readKeyTransport, unwrapKey } from './key-transport.ts';
import type { ContentCipher, Der, OpenKey } from './types.ts';

const LIMITS = { recipients: 200 };
const BLOCK = 16;

// ---- writing

const recipientInfo = (contentKey: Buffer, recipient: Certificate): Buffer => sequence(
  integer(0), writeCertificateId(recipient), withNull(OID.rsaEncryption),
  octetString(publicEncrypt({ key: recipient.publicKey, padding: constants.RSA_PKCS1_PADDING }, contentKey)),
);

const cipherOid = (cipher: ContentCipher): string => Object.entries(CONTENT_CIPHERS).find(([, { name }]) => name === cipher)![0];

// A cipher works at its best on pieces that stay in the processor's cache.
const PIECE = 1 << 16;

const encrypted = (plaintext: Uint8Array[], cipher: ContentCipher, key: Buffer, iv: Buffer): Buffer[] => {
  const encryptor = createCipheriv(cipher, key, iv);
  const out: Buffer[] = [];
  for (const part of plaintext) {
    for (let at = 0; at < part.length; at += PIECE) out.push(encryptor.update(part.subarray(at, at + PIECE)));
  }
  return [...out, encryptor.final()];
};

/** A ContentInfo of EnvelopedData. `plaintext` comes in pieces so that nobody has to join them first. */
export const writeEnvelopedData = (plaintext: Uint8Array[], recipients: Der[], cipher: ContentCipher): Buffer => {
  const [key, iv] = [randomBytes(CONTENT_CIPHERS[cipherOid(cipher)]!.keyLength), randomBytes(BLOCK)];
  const ciphertext = encrypted(plaintext, cipher, key, iv);
  const length = ciphertext.reduce((sum, piece) => sum + piece.length, 0);
  // The ciphertext comes last at every level, so each enclosing tag only makes the beginning grow.
  const enclose = (tag: number, before: Buffer): Buffer => Buffer.concat([header(tag, before.length + length), before]);
  const content = enclose(primitiveContext(0), Buffer.alloc(0));
  const contentInfo = enclose(TAG.sequence, Buffer.concat([oid(CONTENT.data), algorithm(cipherOid(cipher), octetString(iv)), content]));
  const infos = setOf(recipients.map((der) => recipientInfo(key, readCertificate(der))));
  const envelopedData = enclose(TAG.sequence, Buffer.concat([integer(0), infos, contentInfo]));
  return Buffer.concat([contentInfoHeader(CONTENT.envelopedData, envelopedData.length + length), envelopedData, ...ciphertext]);
};

// ---- reading

/** A KeyTransRecipientInfo, or another kind, which is only named. */
export interface RecipientInfo { id: CertificateId | null; text: string; algorithm: Asn1 | null; encryptedKey: Buffer | null }

export interface EnvelopedData { recipients: RecipientInfo[]; cipher: { name: string; keyLength: number }; iv: Buffer; ciphertext: Buffer[] }

const OTHER_KINDS: Readonly<Record<number, string>> = { 1: 'key agreement', 2: 'key encryption key', 3: 'password', 4: 'other' };

const readRecipient = (info: Asn1): RecipientInfo => {
  if (info.tag !== TAG.sequence) {
    return { id: null, text: OTHER_KINDS[info.tag & 0x1f] ?? 'unknown', algorithm: null, encryptedKey: null };
  }
  const [version, rid, algorithmId, encryptedKey] = info.children;
  smallIntegerOf(version, 'version');
  const id = readCertificateId(rid);
  return {
    id, text: id.text,
    algorithm: expectTag(algorithmId, TAG.sequence, 'key encryption algorithm'), encryptedKey: octetsOf(encryptedKey, 'encrypted key'),
  };
};

/** Reads the content of a ContentInfo of type envelopedData. Errors: CMS_MALFORMED, ALGORITHM_REFUSED. */
export const readEnvelopedData = (content: Asn1): EnvelopedData => {
  const fields = childrenOf(content, TAG.sequence, 'EnvelopedData').filter(({ tag }) => tag !== context(0) && tag !== context(1));
  const [version, infos, contentInfo] = fields;
  smallIntegerOf(version, 'version');
  const recipients = childrenOf(infos, TAG.set, 'recipients');
  if (recipients.length === 0 || recipients.length > LIMITS.recipients) throw malformed('no recipients or too many');
  const [, algorithmId, encrypted] = childrenOf(contentInfo, TAG.sequence, 'EncryptedContentInfo');
  const [type, iv] = childrenOf(algorithmId, TAG.sequence, 'content encryption algorithm');
  const cipher = CONTENT_CIPHERS[oidOf(type)];
  if (cipher === undefined) throw refusedAlgorithm(oidOf(type));
  const ivOctets = contentOf(expectTag(iv, TAG.octetString, 'initialisation vector'));
  if (ivOctets.length !== BLOCK) throw malformed('initialisation vector of wrong length');
  if (encrypted?.tag !== primitiveContext(0) && encrypted?.tag !== context(0)) throw malformed('encrypted content expected');
  return { recipients: recipients.map(readRecipient), cipher, iv: ivOctets, ciphertext: octetPieces(encrypted) };
};

const decryptContent = ({ cipher, iv, ciphertext }: EnvelopedData, key: Buffer): Buffer | null => {
  try {
    const decryptor = createDecipheriv(cipher.name, key, iv);
    return Buffer.concat([...ciphertext.map((piece) => decryptor.update(piece)), decryptor.final()]);
  } catch {
    return null;
  }
};

/** The name of an info's key transport, for people. */
export const transportName = ({ algorithm: identifier, text }: RecipientInfo): string => {
  try {
    return identifier === null ? text : readKeyTransport(identifier).name;
  } catch (error) {
    return isCourierError(error) ? error.detail ?? error.code : 'unknown';
  }
};

const mayOpen = ({ id }: RecipientInfo, { certificate }: OpenKey): boolean =>
  id !== null && (certificate === undefined || identifies(id, readCertificate(certificate)));

const openWith = (enveloped: EnvelopedData, info: RecipientInfo, key: OpenKey): Buffer | null => {
  const contentKey = unwrapKey(readKeyTransport(info.algorithm!), key.privateKey, info.encryptedKey!, enveloped.cipher.keyLength);
  return contentKey === null ? null : decryptContent(enveloped, contentKey);
};

/**
 * Every plaintext that one of the keys yields. A key with its certificate tries the infos that name it, a bare key all of them.
 * There may be none, and, with a wrong bare key and bad luck in the padding, one that is noise: the caller looks on.
 * Errors: ALGORITHM_REFUSED, after the last info, when nothing opened and a refused algorithm stood in the way.
 */
export function* decryptions(enveloped: EnvelopedData, keys: OpenKey[]): Generator<{ plaintext: Buffer; info: RecipientInfo }> {
  let refusal: unknown;
  let opened = false;
  for (const info of enveloped.recipients) {
    for (const key of keys.filter((each) => mayOpen(info, each))) {
      let plaintext: Buffer | null = null;
      try {
        plaintext = openWith(enveloped, info, key);
      } catch (error) {
        refusal = error;
      }
      opened ||= plaintext !== null;
      if (plaintext !== null) yield { plaintext, info };
    }
  }
  if (!opened && refusal !== undefined) throw refusal;
}
