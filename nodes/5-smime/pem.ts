// Certificates from files: PEM bundles (RFC 7468) or one DER certificate.
import { CourierError } from '../errors.ts';
import { readCertificate } from './certificate.ts';
import type { Der } from './types.ts';

const BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]*?)-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const SEQUENCE = 0x30;

const checked = (der: Buffer, position: number): Der => {
  try {
    readCertificate(der);
    return der;
  } catch (error) {
    throw new CourierError('TRUST_INVALID', { detail: `certificate ${position}`, cause: error });
  }
};

/** Every certificate of a PEM text (other blocks and text between are passed over) or of a DER file. Errors: TRUST_INVALID. */
export const readPem = (file: string | Uint8Array): Der[] => {
  const bytes = Buffer.from(file);
  if (bytes[0] === SEQUENCE) return [checked(bytes, 1)];
  return [...bytes.toString('latin1').matchAll(BLOCK)].map(([, base64 = ''], index) => checked(Buffer.from(base64, 'base64'), index + 1));
};
