// Which algorithms Direct allows (Applicability Statement 1.3 §2.6–2.8; RFC 5754, 8017, 3565, 5753) and their object identifiers.
import { CourierError } from '../errors.ts';

export type Digest = 'sha256' | 'sha384' | 'sha512';

/** RFC 5652, 5083: content types. */
export const CONTENT = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
} as const;

/** RFC 5652 §11: attributes. */
export const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const;

export const OID = {
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsaOaep: '1.2.840.113549.1.1.7',
  mgf1: '1.2.840.113549.1.1.8',
  rsaPss: '1.2.840.113549.1.1.10',
  ecPublicKey: '1.2.840.10045.2.1',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** SHA-256 and better; what is missing here is refused. */
export const DIGESTS: Readonly<Record<string, Digest>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Signature algorithms that name their digest, of messages and of certificates. */
export const SIGNATURES: Readonly<Record<string, { scheme: 'rsa' | 'ecdsa'; digest: Digest }>> = {
  '1.2.840.113549.1.1.11': { scheme: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { scheme: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { scheme: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { scheme: 'ecdsa', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { scheme: 'ecdsa', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { scheme: 'ecdsa', digest: 'sha512' },
};

/** Content encryption that is written and read: name for node:crypto, key length in octets. */
export const CONTENT_CIPHERS: Readonly<Record<string, { name: string; keyLength: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyLength: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyLength: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyLength: 32 },
};

/** What refused algorithms are called, so that the refusal can name them. */
const KNOWN: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.5': 'MD5', '1.3.14.3.2.26': 'SHA-1', '2.16.840.1.101.3.4.2.4': 'SHA-224',
  '1.2.840.113549.1.1.4': 'MD5 with RSA', '1.2.840.113549.1.1.5': 'SHA-1 with RSA', '1.2.840.10045.4.1': 'ECDSA with SHA-1',
  '1.2.840.113549.3.7': 'Triple DES', '1.2.840.113549.3.2': 'RC2', '1.3.14.3.2.7': 'DES',
  '2.16.840.1.101.3.4.1.6': 'AES-128-GCM', '2.16.840.1.101.3.4.1.46': 'AES-256-GCM',
};

export const algorithmName = (oid: string): string =>
  KNOWN[oid] ?? CONTENT_CIPHERS[oid]?.name ?? DIGESTS[oid] ?? oid;

export const refusedAlgorithm = (oid: string): CourierError => new CourierError('ALGORITHM_REFUSED', { detail: algorithmName(oid) });

/** RSA of 2048 bits or more, elliptic curves of 256 bits or more (AS 1.3 §2.8). */
export const MINIMUM_RSA_BITS = 2048;
export const FIT_CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
