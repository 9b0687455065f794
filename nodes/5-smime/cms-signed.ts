// SignedData, RFC 5652 §5: writing it detached, reading it detached or opaque, and verifying one signer.
import { constants, createHash, sign, verify } from 'node:crypto';
import { CourierError } from '../errors.ts';
import {
  type Asn1, childrenOf, context, expectTag, malformed, octetPieces, octetsOf, oidOf, rawOf, smallIntegerOf, TAG,
} from './asn1.ts';
import { ATTRIBUTE, CONTENT, type Digest, MINIMUM_RSA_BITS, OID, refusedAlgorithm } from './algorithms.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import {
  type CertificateId, contentInfoHeader, identifies, readCertificateId, readCertificateSet, withNull, writeCertificateId,
} from './content-info.ts';
import { canonical } from './canonical-set.ts';
import { algorithm, integer, octetString, oid, sequence, setOf, time } from './der.ts';
import { digestOf, type SignatureScheme, signatureSchemeOf } from './signature-scheme.ts';
import type { Der, Identity } from './types.ts';

const LIMITS = { signers: 16, certificates: 64 };

/** A SignerInfo as received; what it claims is not verified yet. */
export interface Signer {
  id: CertificateId;
  digestAlgorithm: Asn1 | undefined;
  signedAttributes: Asn1 | null;
  signatureAlgorithm: Asn1 | undefined;
  signature: Buffer;
}

export interface SignedData {
  contentType: string;
  /** The pieces of an opaque signature's content; null when detached. */
  content: Buffer[] | null;
  certificates: Der[];
  signers: Signer[];
}

// ---- writing

const attribute = (type: string, value: Uint8Array): Buffer => sequence(oid(type), setOf([value]));

/** Detached SignedData in a ContentInfo: SHA-256, issuerAndSerialNumber, leaf and chain enclosed. `digest` is the SHA-256 of the content. */
export const writeSignedData = (digest: Uint8Array, { certificate, chain, privateKey }: Identity, signingTime: Date): Buffer => {
  const signer = readCertificate(certificate);
  const attributes = [
    attribute(ATTRIBUTE.contentType, oid(CONTENT.data)),
    attribute(ATTRIBUTE.signingTime, time(signingTime)),
    attribute(ATTRIBUTE.messageDigest, octetString(digest)),
  ];
  // RFC 5652 §5.4: signed as a SET OF, sent with the implicit tag [0].
  const signature = sign('sha256', setOf(attributes), privateKey);
  const elliptic = privateKey.asymmetricKeyType === 'ec';
  const signerInfo = sequence(
    integer(1), writeCertificateId(signer), withNull(OID.sha256), setOf(attributes, context(0)),
    // RFC 3370 §3.2: rsaEncryption, which every receiver must know.
    elliptic ? algorithm(OID.ecdsaWithSha256) : withNull(OID.rsaEncryption), octetString(signature),
  );
  const signedData = sequence(
    integer(1), setOf([withNull(OID.sha256)]), sequence(oid(CONTENT.data)), setOf([signer.der, ...chain], context(0)), setOf([signerInfo]),
  );
  return Buffer.concat([contentInfoHeader(CONTENT.signedData, signedData.length), signedData]);
};

// ---- reading

const readSigner = (info: Asn1): Signer => {
  const [version, id, digestAlgorithm, ...rest] = childrenOf(info, TAG.sequence, 'SignerInfo');
  smallIntegerOf(version, 'version');
  const signedAttributes = rest[0]?.tag === context(0) ? rest.shift()! : null;
  const [signatureAlgorithm, signature] = rest;
  return { id: readCertificateId(id), digestAlgorithm, signedAttributes, signatureAlgorithm, signature: octetsOf(signature, 'signature') };
};

const contentPieces = (encapsulated: Asn1 | undefined): Buffer[] | null => {
  if (encapsulated === undefined) return null;
  const content = expectTag(encapsulated, context(0), 'content').children[0];
  if (content?.tag !== TAG.octetString && content?.tag !== TAG.constructedOctetString) throw malformed('content: octet string expected');
  return octetPieces(content);
};

/** Reads the content of a ContentInfo of type signedData. Errors: CMS_MALFORMED. */
export const readSignedData = (content: Asn1): SignedData => {
  const [version, digests, encapsulated, ...rest] = childrenOf(content, TAG.sequence, 'SignedData');
  smallIntegerOf(version, 'version');
  expectTag(digests, TAG.set, 'digest algorithms');
  const [type, enclosed] = childrenOf(encapsulated, TAG.sequence, 'EncapsulatedContentInfo');
  const signers = childrenOf(rest.findLast(({ tag }) => tag === TAG.set), TAG.set, 'signers');
  if (signers.length > LIMITS.signers) throw malformed('too many signers');
  return {
    contentType: oidOf(type),
    content: contentPieces(enclosed),
    certificates: readCertificateSet(rest.find(({ tag }) => tag === context(0)), LIMITS.certificates),
    signers: signers.map(readSigner),
  };
};

/** The enclosed certificates that a signer may mean. */
export const candidatesFor = ({ id }: Signer, certificates: Der[]): Certificate[] => {
  const read = certificates.map(readCertificate);
  const exact = read.filter((certificate) => identifies(id, certificate));
  if (exact.length > 0 || id.kind === 'keyId') return exact;
  // Some senders write the issuer's name in another string type; the signature decides whether it was this one.
  return read.filter(({ serial }) => serial.equals(id.serial));
};

// ---- verifying

const invalid = (detail: string): CourierError => new CourierError('SIGNATURE_INVALID', { detail });

/** The one value of a signed attribute that must occur exactly once (RFC 5652 §11.1, §11.2). */
const attributeValue = (attributes: Asn1[], type: string, what: string): Asn1 => {
  const found = attributes.filter((each) => oidOf(childrenOf(each, TAG.sequence, 'attribute')[0]) === type);
  const values = found.length === 1 ? childrenOf(found[0]!.children[1], TAG.set, 'attribute values') : [];
  if (values.length !== 1) throw invalid(`${what} attribute missing or repeated`);
  return values[0]!;
};

const hashOf = (digest: Digest, pieces: Buffer[]): Buffer => {
  const hash = createHash(digest);
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

/** Without attributes the signature is over the content. Somebody's signed attributes, sent as if they were a content, are none. */
const plainContent = (pieces: Buffer[]): Buffer => {
  const content = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  if (content[0] === TAG.set) throw invalid('the content is a set of attributes');
  return content;
};

/** What was signed: the attributes, which must name the content's digest, or without attributes the content itself. */
const signedForms = (signer: Signer, digest: Digest, contentType: string, pieces: Buffer[]): Buffer[] => {
  const attributes = signer.signedAttributes;
  if (attributes === null) return [plainContent(pieces)];
  const claimedType = oidOf(attributeValue(attributes.children, ATTRIBUTE.contentType, 'contentType'));
  if (claimedType !== contentType) throw invalid('contentType attribute differs');
  const claimed = octetsOf(attributeValue(attributes.children, ATTRIBUTE.messageDigest, 'messageDigest'), 'messageDigest');
  if (!claimed.equals(hashOf(digest, pieces))) throw invalid('digest differs');
  const asSent = Buffer.from(rawOf(attributes));
  asSent[0] = TAG.set;
  // The signature is over the DER; a sender may have transmitted BER, so the DER is made anew where they differ.
  const der = canonical(attributes, TAG.set);
  return der.equals(asSent) ? [asSent] : [der, asSent];
};

const holds = ({ scheme, digest, saltLength }: SignatureScheme, signed: Buffer, signature: Buffer, { publicKey: key }: Certificate): boolean => {
  if (scheme === 'ecdsa') return key.asymmetricKeyType === 'ec' && verify(digest, signed, key, signature);
  if (scheme === 'rsa' && key.asymmetricKeyType !== 'rsa') return false;
  if (!key.asymmetricKeyType?.startsWith('rsa')) return false;
  return verify(digest, signed, scheme === 'rsa'
    ? { key, padding: constants.RSA_PKCS1_PADDING }
    : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
};

/**
 * Verifies a signer's signature over the content with the key of `certificate`; says nothing about trust.
 * Errors: SIGNATURE_INVALID, ALGORITHM_REFUSED, CMS_MALFORMED.
 */
export const verifySigner = (signer: Signer, contentType: string, pieces: Buffer[], certificate: Certificate): void => {
  const digest = digestOf(signer.digestAlgorithm);
  const scheme = signatureSchemeOf(signer.signatureAlgorithm, digest);
  if (scheme.digest !== digest) throw invalid('digest and signature algorithms disagree');
  const { modulusLength } = certificate.publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < MINIMUM_RSA_BITS) throw refusedAlgorithm(`RSA ${modulusLength}`);
  const forms = signedForms(signer, digest, contentType, pieces);
  if (!forms.some((signed) => holds(scheme, signed, signer.signature, certificate))) throw invalid('wrong signature');
};
