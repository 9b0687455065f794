// What SignedData and EnvelopedData share: the ContentInfo around them (RFC 5652 §3) and the two ways of naming a certificate.
import {
  type Asn1, childrenOf, contentOf, context, expectTag, malformed, octetPieces, oidOf, primitiveContext, rawOf, readAsn1, TAG,
} from './asn1.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { algorithm, element, header, nullValue, oid, sequence } from './der.ts';
import { nameText } from './distinguished-name.ts';
import type { Der } from './types.ts';

/** issuerAndSerialNumber or subjectKeyIdentifier (RFC 5652 §5.3, §6.2.1). */
export type CertificateId = { kind: 'issuer'; issuer: Buffer; serial: Buffer; text: string } | { kind: 'keyId'; keyId: Buffer; text: string };

/** The content type and the content. Octets after the structure are passed over: transports add line ends. */
export const readContentInfo = (bytes: Buffer): { type: string; content: Asn1 } => {
  const [type, wrapped] = childrenOf(readAsn1(bytes, 'ignored'), TAG.sequence, 'ContentInfo');
  const oidText = oidOf(type, 'content type');
  const content = expectTag(wrapped, context(0), 'content').children[0];
  if (content === undefined) throw malformed('content expected');
  return { type: oidText, content };
};

/** The octets that open ContentInfo around a content of `length` octets. */
export const contentInfoHeader = (type: string, length: number): Buffer => {
  const wrapped = header(context(0), length);
  const id = oid(type);
  return Buffer.concat([header(TAG.sequence, id.length + wrapped.length + length), id, wrapped]);
};

const hex = (octets: Buffer): string => octets.subarray(0, 32).toString('hex').toUpperCase();

export const readCertificateId = (id: Asn1 | undefined): CertificateId => {
  if (id?.tag === primitiveContext(0) || id?.tag === context(0)) {
    const keyId = Buffer.concat(octetPieces(id));
    return { kind: 'keyId', keyId, text: `key id ${hex(keyId)}` };
  }
  const [issuer, serial] = childrenOf(id, TAG.sequence, 'issuerAndSerialNumber');
  const octets = contentOf(expectTag(serial, TAG.integer, 'serial number'));
  const name = expectTag(issuer, TAG.sequence, 'issuer');
  return { kind: 'issuer', issuer: rawOf(name), serial: octets, text: `${nameText(name)}, serial ${hex(octets)}` };
};

/** IssuerAndSerialNumber of a certificate. */
export const writeCertificateId = ({ issuer, serial }: Certificate): Buffer => sequence(issuer, element(TAG.integer, serial));

export const identifies = (id: CertificateId, certificate: Certificate): boolean =>
  id.kind === 'keyId' ? id.keyId.equals(certificate.keyId) : id.serial.equals(certificate.serial) && id.issuer.equals(certificate.issuer);

/** The certificates among an implicit CertificateSet; attribute certificates and unreadable ones are passed over (RFC 5652 §10.2.3). */
export const readCertificateSet = (set: Asn1 | undefined, limit: number): Der[] => {
  const found = (set?.children ?? []).filter(({ tag }) => tag === TAG.sequence);
  if (found.length > limit) throw malformed('too many certificates');
  return found.map(rawOf).filter((der) => {
    try {
      readCertificate(der);
      return true;
    } catch {
      return false;
    }
  });
};

/** An AlgorithmIdentifier whose parameters are NULL. */
export const withNull = (type: string): Buffer => algorithm(type, nullValue);

