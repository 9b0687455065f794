// May this certificate speak, or be written to, for that Direct address? Applicability Statement §1.4 and §4, RFC 5280 §6.
// Each rule looked at leaves one line, so that a person can read why. Revocation is not asked here.
import { FIT_CURVES, MINIMUM_RSA_BITS } from './algorithms.ts';
import { type Certificate, readCertificate, thumbprintOf } from './certificate.ts';
import { findPath } from './path.ts';
import type { Der, TrustQuestion, TrustVerdict } from './types.ts';

/** What one rule says: a line for people, and a code when it is broken. */
export interface Finding { line: string; code: TrustVerdict['code'] }

const day = (date: Date): string => date.toISOString().slice(0, 10);

export const checkValidity = ({ notBefore, notAfter }: Certificate, now: Date): Finding => {
  const span = `${day(notBefore)} to ${day(notAfter)}`;
  if (now < notBefore) return { line: `The certificate is not yet valid: ${span}.`, code: 'CERT_EXPIRED' };
  if (now > notAfter) return { line: `The certificate has expired: ${span}.`, code: 'CERT_EXPIRED' };
  return { line: `In date: ${span}.`, code: null };
};

/** subjectAltName only (AS §1.4, §4.1): the address itself ignoring case, or its exact domain; no wildcard, no parent domain, no subject field. */
export const checkBinding = ({ addresses, domains }: Certificate, address: string): Finding => {
  const wanted = address.toLowerCase();
  const domain = wanted.slice(wanted.lastIndexOf('@') + 1);
  if (addresses.some((name) => name.toLowerCase() === wanted)) return { line: `Bound to the address ${wanted} by subjectAltName.`, code: null };
  if (domains.some((name) => name.toLowerCase() === domain)) return { line: `Bound to the domain ${domain} by subjectAltName.`, code: null };
  const names = [...addresses, ...domains].map((name) => JSON.stringify(name.slice(0, 254))).join(', ');
  return { line: `Not bound to ${wanted}: subjectAltName holds ${names || 'neither an address nor a domain'}.`, code: 'CERT_NOT_BOUND' };
};

const keyStrength = ({ publicKey }: Certificate): { name: string; fit: boolean; rsa: boolean } => {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = publicKey;
  if (type === 'rsa' || type === 'rsa-pss') {
    return { name: `RSA ${details?.modulusLength}`, fit: (details?.modulusLength ?? 0) >= MINIMUM_RSA_BITS, rsa: type === 'rsa' };
  }
  return { name: `${type} ${details?.namedCurve ?? ''}`.trim(), fit: type === 'ec' && FIT_CURVES.has(details?.namedCurve ?? ''), rsa: false };
};

/** Strength, and keyUsage where the certificate has one (RFC 5750 §4.4.2). Encryption goes to RSA keys. */
export const checkKey = (certificate: Certificate, purpose: TrustQuestion['purpose']): Finding => {
  const { name, fit, rsa } = keyStrength(certificate);
  if (!fit) return { line: `The key is too weak or of an unfit kind: ${name}.`, code: 'CERT_KEY_UNFIT' };
  if (purpose === 'encrypt' && !rsa) return { line: `The key cannot be encrypted to: ${name}, RSA is needed.`, code: 'CERT_KEY_UNFIT' };
  const usage = certificate.keyUsage;
  if (usage === null) return { line: `Key: ${name}, no keyUsage, nothing excluded.`, code: null };
  const fitting = purpose === 'encrypt' ? ['keyEncipherment'] as const : ['digitalSignature', 'nonRepudiation'] as const;
  const found = fitting.find((bit) => usage.has(bit));
  if (found === undefined) return { line: `keyUsage (${[...usage].join(', ')}) lacks ${fitting[0]}.`, code: 'CERT_KEY_UNFIT' };
  return { line: `Key: ${name} with ${found}.`, code: null };
};

const unreadable = (der: Der): TrustVerdict => ({
  ok: false, code: 'CERT_UNTRUSTED', explanation: ['The certificate cannot be read.'], thumbprint: thumbprintOf(der), anchor: null,
});

/** Looks at every rule; the code is that of the first one broken, in the order validity, binding, key, path. Never throws. */
export const judgeCertificate = (der: Der, { address, purpose, anchors, intermediates, now }: TrustQuestion): TrustVerdict => {
  let certificate: Certificate;
  try {
    certificate = readCertificate(der);
  } catch {
    return unreadable(der);
  }
  const path = findPath(certificate, { anchors, intermediates, now });
  const findings: Finding[] = [
    checkValidity(certificate, now), checkBinding(certificate, address), checkKey(certificate, purpose),
    ...path.explanation.map((line) => ({ line, code: null })),
  ];
  const code = findings.find((finding) => finding.code !== null)?.code ?? (path.anchor === null ? 'CERT_UNTRUSTED' : null);
  return {
    ok: code === null, code, explanation: findings.map(({ line }) => line),
    thumbprint: certificate.thumbprint, anchor: path.anchor?.subjectText ?? null,
  };
};
