// X.509 certificates (RFC 5280) read from their DER: what trust decisions rest on is taken from the extension octets themselves.
// node:crypto's X509Certificate contributes the public key and verifies signatures.
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import {
  type Asn1, bitsOf, childrenOf, contentOf, context, expectTag, malformed, octetsOf, oidOf, primitiveContext, rawOf, readAsn1,
  smallIntegerOf, TAG, timeOf,
} from './asn1.ts';
import { nameText } from './distinguished-name.ts';
import type { Der } from './types.ts';

// RFC 5280 §4.2.1.3, in bit order.
const KEY_USAGES = [
  'digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement',
  'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly',
] as const;
export type KeyUsage = typeof KEY_USAGES[number];

const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14', keyUsage: '2.5.29.15', subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32', extendedKeyUsage: '2.5.29.37',
} as const;

export interface Certificate {
  der: Buffer;
  /** Upper-case hex SHA-256 of the DER. */
  thumbprint: string;
  x509: X509Certificate;
  publicKey: KeyObject;
  /** The serial number's content octets. */
  serial: Buffer;
  /** Raw DER names, for comparison. */
  issuer: Buffer;
  subject: Buffer;
  issuerText: string;
  subjectText: string;
  notBefore: Date;
  notAfter: Date;
  /** Object identifier of the algorithm that the certificate is signed with, and its whole AlgorithmIdentifier. */
  signatureAlgorithm: Asn1;
  /** subjectAltName rfc822Name and dNSName as written. */
  addresses: string[];
  domains: string[];
  /** null: no keyUsage extension, nothing excluded. */
  keyUsage: ReadonlySet<KeyUsage> | null;
  basicConstraints: { ca: boolean; pathLength: number | null } | null;
  /** The subjectKeyIdentifier, or the SHA-1 of the public key that stands for it (RFC 5280 §4.2.1.2 method 1). */
  keyId: Buffer;
  /** Critical extensions that are not understood here; such a certificate must be refused (RFC 5280 §4.2). */
  unknownCritical: string[];
}

type Extensions = Map<string, { critical: boolean; value: Buffer }>;

const readExtensions = (wrapped: Asn1 | undefined): Extensions => {
  const found: Extensions = new Map();
  if (wrapped === undefined) return found;
  for (const extension of childrenOf(wrapped.children[0], TAG.sequence, 'extensions')) {
    const [id, ...rest] = childrenOf(extension, TAG.sequence, 'extension');
    const critical = rest[0]?.tag === TAG.boolean && contentOf(rest[0])[0] !== 0;
    const oid = oidOf(id);
    if (found.has(oid)) throw malformed('an extension twice');
    found.set(oid, { critical, value: octetsOf(rest.at(-1), 'extension value') });
  }
  return found;
};

// RFC 5280 §4.2.1.6: rfc822Name [1], dNSName [2].
const altNames = (value: Buffer | undefined, number: number): string[] =>
  value === undefined ? [] : childrenOf(readAsn1(value), TAG.sequence, 'subjectAltName')
    .filter(({ tag }) => tag === primitiveContext(number)).map((name) => contentOf(name).toString('latin1'));

const readKeyUsage = (value: Buffer | undefined): ReadonlySet<KeyUsage> | null => {
  if (value === undefined) return null;
  const { octets } = bitsOf(readAsn1(value), 'keyUsage');
  return new Set(KEY_USAGES.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
};

const readBasicConstraints = (value: Buffer | undefined): Certificate['basicConstraints'] => {
  if (value === undefined) return null;
  const fields = childrenOf(readAsn1(value), TAG.sequence, 'basicConstraints');
  const ca = fields[0]?.tag === TAG.boolean && contentOf(fields[0])[0] === 0xff;
  const limit = fields.find(({ tag }) => tag === TAG.integer);
  return { ca, pathLength: limit === undefined ? null : smallIntegerOf(limit, 'pathLenConstraint') };
};

const readKeyId = (value: Buffer | undefined, publicKeyInfo: Asn1): Buffer =>
  value === undefined
    ? createHash('sha1').update(bitsOf(publicKeyInfo.children[1], 'public key').octets).digest()
    : octetsOf(readAsn1(value), 'subjectKeyIdentifier');

const understood: ReadonlySet<string> = new Set(Object.values(EXTENSION));

const read = (der: Buffer): Certificate => {
  const [tbs, signatureAlgorithm] = childrenOf(readAsn1(der), TAG.sequence, 'certificate');
  const fields = childrenOf(tbs, TAG.sequence, 'tbsCertificate');
  if (fields[0]?.tag === context(0)) fields.shift();
  const [serial, , issuer, validity, subject, publicKeyInfo, ...optional] = fields;
  const [notBefore, notAfter] = childrenOf(validity, TAG.sequence, 'validity');
  const extensions = readExtensions(optional.find(({ tag }) => tag === context(3)));
  const x509 = new X509Certificate(der);
  const valueOf = (oid: string): Buffer | undefined => extensions.get(oid)?.value;
  return {
    der,
    thumbprint: thumbprintOf(der),
    x509,
    publicKey: x509.publicKey,
    serial: contentOf(expectTag(serial, TAG.integer, 'serial number')),
    issuer: rawOf(expectTag(issuer, TAG.sequence, 'issuer')),
    subject: rawOf(expectTag(subject, TAG.sequence, 'subject')),
    issuerText: nameText(issuer!),
    subjectText: nameText(subject!),
    notBefore: timeOf(notBefore, 'notBefore'),
    notAfter: timeOf(notAfter, 'notAfter'),
    signatureAlgorithm: expectTag(signatureAlgorithm, TAG.sequence, 'signature algorithm'),
    addresses: altNames(valueOf(EXTENSION.subjectAltName), 1),
    domains: altNames(valueOf(EXTENSION.subjectAltName), 2),
    keyUsage: readKeyUsage(valueOf(EXTENSION.keyUsage)),
    basicConstraints: readBasicConstraints(valueOf(EXTENSION.basicConstraints)),
    keyId: readKeyId(valueOf(EXTENSION.subjectKeyIdentifier), expectTag(publicKeyInfo, TAG.sequence, 'public key')),
    unknownCritical: [...extensions].filter(([oid, { critical }]) => critical && !understood.has(oid)).map(([oid]) => oid),
  };
};

// The same few certificates come with every message, to a worker as new octets each time: each is parsed once.
const KEPT = { certificates: 200, bytes: 8192 };
const known = new Map<string, Certificate>();

const remember = (content: string, certificate: Certificate): void => {
  if (content.length > KEPT.bytes) return;
  if (known.size >= KEPT.certificates) known.clear();
  known.set(content, certificate);
};

/** Reads a certificate. Errors: CMS_MALFORMED. */
export const readCertificate = (der: Der): Certificate => {
  const content = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');
  const before = known.get(content);
  if (before !== undefined) return before;
  let certificate: Certificate;
  try {
    // A copy: what is kept must not change or stay alive with the mail that it came in.
    certificate = read(Buffer.from(der));
  } catch (error) {
    throw (error as { code?: string }).code === 'CMS_MALFORMED' ? error : malformed('certificate cannot be read');
  }
  remember(content, certificate);
  return certificate;
};

/** Upper-case hex SHA-256. */
export const thumbprintOf = (der: Der): string => createHash('sha256').update(der).digest('hex').toUpperCase();

export const isSelfIssued = ({ issuer, subject }: Certificate): boolean => issuer.equals(subject);
