// Identities (a certificate, its chain, its key) from what operators have: PKCS #12 or PEM.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CourierError } from '../errors.ts';
import { type Certificate, isSelfIssued, readCertificate } from './certificate.ts';
import { readPem } from './pem.ts';
import { readPkcs12 } from './pkcs12.ts';
import type { Der, Identity, OpenKey } from './types.ts';

export type IdentitySource =
  | { p12: Uint8Array; passphrase?: string }
  /** PEM texts (or DER); `certificate` may hold the chain, `key` may be encrypted. */
  | { certificate: string | Uint8Array; key: string | Uint8Array; passphrase?: string };

const invalid = (detail: string, cause?: unknown): CourierError =>
  new CourierError('IDENTITY_INVALID', { detail, ...(cause !== undefined && { cause }) });

const PEM = '-----BEGIN ';

/** A private key in PEM or DER (PKCS #8). Errors: IDENTITY_INVALID. */
export const readPrivateKey = (file: string | Uint8Array, passphrase?: string): KeyObject => {
  const bytes = Buffer.from(file);
  try {
    return bytes.includes(PEM)
      ? createPrivateKey({ key: bytes, format: 'pem', ...(passphrase !== undefined && { passphrase }) })
      : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8', ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    throw invalid('the private key cannot be read, or the passphrase is wrong', error);
  }
};

const belongs = (certificate: Certificate, key: KeyObject): boolean => {
  try {
    return certificate.x509.checkPrivateKey(key);
  } catch {
    return false;
  }
};

/** Puts the certificate of the key first; the rest is the chain, without self-signed roots and doubles. */
const assemble = (certificates: Der[], keys: KeyObject[]): Identity => {
  const read = certificates.map(readCertificate);
  for (const privateKey of keys) {
    const leaf = read.find((certificate) => belongs(certificate, privateKey));
    if (leaf === undefined) continue;
    if (!['rsa', 'ec'].includes(privateKey.asymmetricKeyType ?? '')) throw invalid(`${privateKey.asymmetricKeyType} keys cannot sign mail here`);
    const chain = read.filter((each) => each.thumbprint !== leaf.thumbprint && !isSelfIssued(each));
    return { certificate: leaf.der, chain: [...new Map(chain.map((each) => [each.thumbprint, each.der])).values()], privateKey };
  }
  throw invalid(keys.length === 0 ? 'no private key' : certificates.length === 0 ? 'no certificate' : 'the key does not belong to the certificate');
};

const fromPkcs12 = (file: Uint8Array, passphrase = ''): Identity => {
  let contents;
  try {
    contents = readPkcs12(file, passphrase);
  } catch (error) {
    throw invalid('the PKCS#12 file cannot be read, or the passphrase is wrong', error);
  }
  return assemble(contents.certificates, contents.keys.map((key) => readPrivateKey(key)));
};

const certificatesOf = (file: string | Uint8Array): Der[] => {
  try {
    return readPem(file);
  } catch (error) {
    throw invalid('the certificate cannot be read', error);
  }
};

/** Reads an identity and makes sure that key and certificate belong together. Errors: IDENTITY_INVALID. */
export const readIdentity = (source: IdentitySource): Identity => {
  try {
    if ('p12' in source) return fromPkcs12(source.p12, source.passphrase);
    return assemble(certificatesOf(source.certificate), [readPrivateKey(source.key, source.passphrase)]);
  } catch (error) {
    throw error instanceof CourierError && error.code === 'IDENTITY_INVALID' ? error : invalid('certificate or key cannot be read', error);
  }
};

const bareKey = (der: Buffer): KeyObject | null => {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return null;
  }
};

/**
 * The key to open mail with from one file: PKCS #12, PEM key with its certificate, or a bare key (every recipient info is tried).
 * Errors: IDENTITY_INVALID.
 */
export const readOpenKeys = (file: Uint8Array, passphrase?: string): OpenKey[] => {
  const bytes = Buffer.from(file);
  if (!bytes.includes(PEM)) {
    const bare = bareKey(bytes);
    if (bare !== null) return [{ privateKey: bare }];
    const { privateKey, certificate } = readIdentity({ p12: bytes, ...(passphrase !== undefined && { passphrase }) });
    return [{ privateKey, certificate }];
  }
  const privateKey = readPrivateKey(bytes, passphrase);
  const own = certificatesOf(bytes).filter((der) => belongs(readCertificate(der), privateKey));
  return own.length === 0 ? [{ privateKey }] : own.map((certificate) => ({ privateKey, certificate }));
};
