// A made-up PKI for tests. Keys come from node:crypto, the certificate's structure from node-forge, so that neither the
// product's own reader nor its writer has a hand in what it is tested with. Everything can be made wrong on purpose.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import forge from 'node-forge';

const { asn1, pki } = forge;

export interface KeyPair { privateKey: KeyObject; publicKey: KeyObject }

export interface TestCertificate {
  certificate: Uint8Array;
  pem: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  keyPem: string;
  /** The subject's common name. */
  name: string;
}

export type KeyUsage = 'digitalSignature' | 'nonRepudiation' | 'keyEncipherment' | 'dataEncipherment' | 'keyAgreement' | 'keyCertSign' | 'cRLSign';

export interface CertificateRequest {
  /** Issuer; absent: self-signed. */
  authority?: TestCertificate;
  /** Signs with this key in place of the authority's: a forgery. */
  signWith?: KeyObject;
  /** Common name of the subject. */
  name?: string;
  dns?: string | string[];
  email?: string | string[];
  /** emailAddress in the subject, which binds nothing. */
  subjectEmail?: string;
  notBefore?: Date;
  notAfter?: Date;
  /** null: no keyUsage extension. */
  usage?: KeyUsage[] | null;
  ca?: boolean;
  /** null: no basicConstraints extension. */
  basicConstraints?: 'present' | null;
  pathLength?: number;
  keys?: KeyPair;
  keyType?: 'rsa' | 'ec';
  bits?: number;
  curve?: string;
  digest?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** null: no subjectKeyIdentifier extension. */
  keyId?: null;
  /** More extensions: OID, criticality and DER value. */
  extensions?: { id: string; critical: boolean; value: Uint8Array }[];
}

export const makeKeys = (bits = 2048): KeyPair => generateKeyPairSync('rsa', { modulusLength: bits });
export const makeEcKeys = (curve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve: curve });

const SIGNATURE_OIDS: Record<string, string> = {
  'rsa-sha1': '1.2.840.113549.1.1.5', 'rsa-sha256': '1.2.840.113549.1.1.11', 'rsa-sha384': '1.2.840.113549.1.1.12', 'rsa-sha512': '1.2.840.113549.1.1.13',
  'ec-sha1': '1.2.840.10045.4.1', 'ec-sha256': '1.2.840.10045.4.3.2', 'ec-sha384': '1.2.840.10045.4.3.3', 'ec-sha512': '1.2.840.10045.4.3.4',
};

let serial = 0x1000;

const list = (value: string | string[] | undefined): string[] => value === undefined ? [] : Array.isArray(value) ? value : [value];
const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('binary');

const keyIdentifier = (key: KeyObject): string => {
  const spki = asn1.fromDer(binary(key.export({ type: 'spki', format: 'der' })));
  const bits = (spki.value as forge.asn1.Asn1[])[1]!;
  const value = (bits as unknown as { bitStringContents?: string }).bitStringContents ?? bits.value as string;
  return createHash('sha1').update(Buffer.from(value, 'binary').subarray(1)).digest('binary');
};

const extensionsOf = (request: CertificateRequest, keys: KeyPair, issuerKey: KeyObject): object[] => {
  const altNames = [...list(request.email).map((value) => ({ type: 1, value })), ...list(request.dns).map((value) => ({ type: 2, value }))];
  const usage = request.usage === undefined
    ? request.ca ? ['keyCertSign', 'cRLSign'] : ['digitalSignature', 'keyEncipherment']
    : request.usage;
  return [
    ...(request.basicConstraints === null ? [] : [{
      name: 'basicConstraints', critical: true, cA: request.ca ?? false, ...(request.pathLength !== undefined && { pathLenConstraint: request.pathLength }),
    }]),
    ...(usage === null ? [] : [{ name: 'keyUsage', critical: true, ...Object.fromEntries(usage.map((bit) => [bit, true])) }]),
    ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName', altNames }]),
    ...(request.keyId === null ? [] : [{ id: '2.5.29.14', critical: false, value: `\x04\x14${keyIdentifier(keys.publicKey)}` }]),
    { id: '2.5.29.35', critical: false, value: `\x30\x16\x80\x14${keyIdentifier(issuerKey)}` },
    ...(request.extensions ?? []).map(({ id, critical, value }) => ({ id, critical, value: binary(value) })),
  ];
};

/** A certificate of the wished shape; by default RSA-2048, SHA-256, in date, fit to sign and encrypt. */
export const makeCertificate = (request: CertificateRequest): TestCertificate => {
  const keys = request.keys ?? (request.keyType === 'ec' ? makeEcKeys(request.curve) : makeKeys(request.bits));
  const issuerKeyPair = request.authority ?? keys;
  const signer = request.signWith ?? issuerKeyPair.privateKey;
  const name = request.name ?? list(request.dns)[0] ?? list(request.email)[0] ?? 'Nobody';
  const certificate = pki.createCertificate();
  certificate.serialNumber = `40${(serial += 1).toString(16).padStart(6, '0')}${createHash('sha1').update(name).digest('hex').slice(0, 8)}`;
  const day = 86_400_000;
  certificate.validity.notBefore = request.notBefore ?? new Date(Date.now() - day);
  certificate.validity.notAfter = request.notAfter ?? new Date(Date.now() + 365 * day);
  certificate.setSubject([
    { name: 'commonName', value: name },
    ...(request.subjectEmail === undefined ? [] : [{ name: 'emailAddress', value: request.subjectEmail }]),
  ]);
  certificate.setIssuer([{ name: 'commonName', value: request.authority?.name ?? name }]);
  certificate.setExtensions(extensionsOf(request, keys, issuerKeyPair.publicKey));
  const digest = request.digest ?? 'sha256';
  const oid = SIGNATURE_OIDS[`${signer.asymmetricKeyType}-${digest}`]!;
  certificate.signatureOid = oid;
  certificate.siginfo.algorithmOid = oid;
  // forge knows RSA only: its own key goes in as a stand-in, then the real SubjectPublicKeyInfo takes its place.
  certificate.publicKey = STAND_IN;
  const tbs = (pki as unknown as { getTBSCertificate: (of: forge.pki.Certificate) => forge.asn1.Asn1 }).getTBSCertificate(certificate);
  const fields = tbs.value as forge.asn1.Asn1[];
  fields[6] = asn1.fromDer(binary(keys.publicKey.export({ type: 'spki', format: 'der' })));
  const algorithm = asn1.fromDer(binary(Buffer.from(signer.asymmetricKeyType === 'ec'
    ? asn1.toDer(asn1.create(0, 16, true, [asn1.create(0, 6, false, asn1.oidToDer(oid).getBytes())])).getBytes()
    : asn1.toDer(asn1.create(0, 16, true, [asn1.create(0, 6, false, asn1.oidToDer(oid).getBytes()), asn1.create(0, 5, false, '')])).getBytes(), 'binary')));
  fields[2] = algorithm;
  const signature = sign(digest, Buffer.from(asn1.toDer(tbs).getBytes(), 'binary'), signer);
  const whole = asn1.create(0, 16, true, [tbs, algorithm, asn1.create(0, 3, false, `\0${binary(signature)}`)]);
  const der = Buffer.from(asn1.toDer(whole).getBytes(), 'binary');
  return {
    certificate: der, pem: toPem(der), ...keys, keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), name,
  };
};

const STAND_IN = pki.publicKeyFromPem(makeKeys(1024).publicKey.export({ type: 'spki', format: 'pem' }).toString());

/** A certificate authority: self-signed, or under another one. */
export const makeAuthority = (name: string, request: Omit<CertificateRequest, 'name'> = {}): TestCertificate =>
  makeCertificate({ ca: true, ...request, name });

export const toPem = (der: Uint8Array, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').match(/.{1,64}/g)!.join('\n')}\n-----END ${label}-----\n`;
