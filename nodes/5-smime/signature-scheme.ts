// From an AlgorithmIdentifier to how a signature is verified. RFC 5754 §3 (RSA PKCS #1 v1.5, ECDSA), RFC 4055 §3.1 (PSS).
import { type Asn1, childrenOf, context, oidOf, smallIntegerOf, TAG } from './asn1.ts';
import { type Digest, DIGESTS, OID, refusedAlgorithm, SIGNATURES } from './algorithms.ts';

export interface SignatureScheme { scheme: 'rsa' | 'pss' | 'ecdsa'; digest: Digest; saltLength?: number }

/** The digest that an AlgorithmIdentifier names. Errors: ALGORITHM_REFUSED. */
export const digestOf = (identifier: Asn1 | undefined): Digest => {
  const oid = oidOf(childrenOf(identifier, TAG.sequence, 'digest algorithm')[0]);
  const digest = DIGESTS[oid];
  if (digest === undefined) throw refusedAlgorithm(oid);
  return digest;
};

/** [n] EXPLICIT inside a parameter SEQUENCE. */
export const explicit = (sequence: Asn1 | undefined, number: number): Asn1 | undefined =>
  sequence?.children.find(({ tag }) => tag === context(number))?.children[0];

const pssScheme = (parameters: Asn1 | undefined): SignatureScheme => {
  // Absent fields mean SHA-1 (RFC 4055 §3.1), which is refused.
  const hash = explicit(parameters, 0);
  if (hash === undefined) throw refusedAlgorithm(OID.sha1);
  const digest = digestOf(hash);
  const mask = explicit(parameters, 1);
  if (mask === undefined || digestOf(mask.children[1]) !== digest) throw refusedAlgorithm(OID.mgf1);
  const salt = explicit(parameters, 2);
  return { scheme: 'pss', digest, saltLength: salt === undefined ? 20 : smallIntegerOf(salt, 'saltLength') };
};

/**
 * The scheme of a signature algorithm. `rsaEncryption` and `ecPublicKey` name no digest: the signer's digest algorithm fills in.
 * Errors: ALGORITHM_REFUSED, CMS_MALFORMED.
 */
export const signatureSchemeOf = (identifier: Asn1 | undefined, digest: Digest | null): SignatureScheme => {
  const [type, parameters] = childrenOf(identifier, TAG.sequence, 'signature algorithm');
  const oid = oidOf(type);
  if (oid === OID.rsaPss) return pssScheme(parameters);
  const named = SIGNATURES[oid];
  if (named !== undefined) return { ...named };
  if (digest !== null && oid === OID.rsaEncryption) return { scheme: 'rsa', digest };
  if (digest !== null && oid === OID.ecPublicKey) return { scheme: 'ecdsa', digest };
  throw refusedAlgorithm(oid);
};
