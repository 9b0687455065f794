// Unwrapping the content key: RSAES-PKCS1-v1_5 and RSAES-OAEP (RFC 8017 §7, RFC 4055 §4). Whatever goes wrong looks the
// same from outside: a null, which the caller answers as it answers a wrong key. Node gives PKCS #1 v1.5 implicit rejection.
import { constants, createHash, type KeyObject, privateDecrypt, timingSafeEqual } from 'node:crypto';
import { type Asn1, childrenOf, oidOf, TAG } from './asn1.ts';
import { algorithmName, DIGESTS, MINIMUM_RSA_BITS, OID, refusedAlgorithm } from './algorithms.ts';
import { explicit } from './signature-scheme.ts';

export type KeyTransport =
  | { kind: 'pkcs1'; name: string }
  | { kind: 'oaep'; name: string; hash: string; mask: string; label: null };

// SHA-1 is allowed here and only here: OAEP does not lean on collision resistance, and accreditation sends it.
const oaepHash = (identifier: Asn1 | undefined): string => {
  if (identifier === undefined) return 'sha1';
  const oid = oidOf(childrenOf(identifier, TAG.sequence, 'OAEP hash')[0]);
  const hash = oid === OID.sha1 ? 'sha1' : DIGESTS[oid];
  if (hash === undefined) throw refusedAlgorithm(oid);
  return hash;
};

/**
 * Whether this Node decrypts PKCS #1 v1.5, which is what HISPs use. With an OpenSSL older than 3.2, which knows no implicit
 * rejection, Node refuses (22 before 22.20, 24 before 24.5): every mail would look as if it were sealed for another key.
 */
export const unwrapsPkcs1 = (openssl = process.versions.openssl): boolean => {
  const [major = 0, minor = 0] = openssl.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 2);
};

/** What a keyEncryptionAlgorithm asks for. Parameters may be absent, empty, or with and without NULL. Errors: ALGORITHM_REFUSED. */
export const readKeyTransport = (identifier: Asn1 | undefined): KeyTransport => {
  const [type, parameters] = childrenOf(identifier, TAG.sequence, 'key encryption algorithm');
  const oid = oidOf(type);
  if (oid === OID.rsaEncryption) return { kind: 'pkcs1', name: 'RSAES-PKCS1-v1_5' };
  if (oid !== OID.rsaOaep) throw refusedAlgorithm(oid);
  const sequence = parameters?.tag === TAG.sequence ? parameters : undefined;
  const hash = oaepHash(explicit(sequence, 0));
  const mask = oaepHash(explicit(sequence, 1)?.children[1]);
  if (explicit(sequence, 2) !== undefined && explicit(sequence, 2)!.children[1]?.content !== explicit(sequence, 2)!.children[1]?.contentEnd) {
    throw refusedAlgorithm(algorithmName(oid));
  }
  return { kind: 'oaep', name: `RSAES-OAEP ${hash}/MGF1 ${mask}`, hash, mask, label: null };
};

// RFC 8017 appendix B.2.1
const maskOf = (hash: string, seed: Buffer, length: number): Buffer => {
  const blocks: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter += 1) {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(counter);
    const block = createHash(hash).update(seed).update(octets).digest();
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
};

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((octet, index) => octet ^ b[index]!));

// RFC 8017 §7.1.2 step 3; node:crypto cannot be told a mask hash other than the label hash. Every check runs, whatever the first one says.
const oaepUnpad = (encoded: Buffer, hash: string, mask: string): Buffer | null => {
  const size = createHash(hash).digest().length;
  if (encoded.length < 2 * size + 2) return null;
  const maskedSeed = encoded.subarray(1, 1 + size);
  const maskedBlock = encoded.subarray(1 + size);
  const seed = xor(maskedSeed, maskOf(mask, maskedBlock, size));
  const block = xor(maskedBlock, maskOf(mask, seed, maskedBlock.length));
  const sameLabel = timingSafeEqual(block.subarray(0, size), createHash(hash).digest());
  const separator = block.indexOf(1, size);
  const zeros = separator >= 0 && block.subarray(size, separator).every((octet) => octet === 0);
  return Number(encoded[0] === 0) & Number(sameLabel) & Number(zeros) ? block.subarray(separator + 1) : null;
};

const decrypt = (transport: KeyTransport, key: KeyObject, encrypted: Buffer): Buffer | null => {
  if (transport.kind === 'pkcs1') return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, encrypted);
  const { hash, mask } = transport;
  if (hash === mask) return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, encrypted);
  return oaepUnpad(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, encrypted), hash, mask);
};

/** The content key if it decrypts to `length` octets, else null. Errors: ALGORITHM_REFUSED for a key that is too weak. */
export const unwrapKey = (transport: KeyTransport, key: KeyObject, encrypted: Buffer, length: number): Buffer | null => {
  if (key.asymmetricKeyType !== 'rsa') return null;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MINIMUM_RSA_BITS) throw refusedAlgorithm(`RSA ${bits}`);
  try {
    const content = decrypt(transport, key, encrypted);
    return content?.length === length ? content : null;
  } catch {
    return null;
  }
};
