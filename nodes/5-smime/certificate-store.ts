// Where recipients' certificates come from: a folder, an HTTP service, several of them in order. DNS and LDAP discovery
// (Applicability Statement §5) are further sources of the same kind.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CourierError } from '../errors.ts';
import { readPem } from './pem.ts';
import type { CertificateSource, Der } from './types.ts';

// Narrower than RFC 5322: what may become a file name on any system. Others have no address-bound file.
const SAFE_LOCAL = /^[a-z0-9_][a-z0-9_+=-]*(\.[a-z0-9_+=-]+)*$/;
const SAFE_DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;

const unavailable = (detail: string, cause?: unknown): CourierError =>
  new CourierError('CERT_UNAVAILABLE', { detail, ...(cause !== undefined && { cause }) });

const split = (address: string): { local: string; domain: string } => {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, Math.max(at, 0)).toLowerCase(), domain: address.slice(at + 1).toLowerCase() };
};

/** `<address>.pem`, else `<domain>.pem`; names that could leave the folder are none. */
export const fileNamesFor = (address: string): string[] => {
  const { local, domain } = split(address);
  if (!SAFE_DOMAIN.test(domain) || domain.length > 253) return [];
  return [...(SAFE_LOCAL.test(local) && local.length <= 64 ? [`${local}@${domain}.pem`] : []), `${domain}.pem`];
};

const readIfThere = async (folder: string, name: string): Promise<Der[] | null> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unavailable('the certificate folder cannot be read', error);
    return null;
  }
  return readPem(bytes);
};

/**
 * Files of a folder, named after the address (preferred) or the domain in lower case, each with one or more PEM certificates.
 * Errors: TRUST_INVALID (no such folder, a file that holds no certificate), CERT_UNAVAILABLE.
 */
export const folderSource = (folder: string): CertificateSource => ({
  async find(address) {
    for (const name of fileNamesFor(address)) {
      const found = await readIfThere(folder, name);
      if (found !== null) return found;
    }
    const isFolder = await stat(folder).then((stats) => stats.isDirectory(), () => false);
    if (!isFolder) throw new CourierError('TRUST_INVALID', { detail: 'no such certificate folder' });
    return [];
  },
});

export interface ServiceOptions { timeoutMs?: number; maxBytes?: number; fetch?: typeof globalThis.fetch }

const readLimited = async (response: Response, maxBytes: number): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    if ((length += piece.length) > maxBytes) throw unavailable('the answer is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

/**
 * A service that answers GET of a URL with `{address}` in it: 200 with PEM, 404 for none.
 * Errors: CERT_UNAVAILABLE for every other answer, a time-out or no answer; TRUST_INVALID for an unreadable certificate.
 */
export const serviceSource = (
  template: string, { timeoutMs = 5000, maxBytes = 65_536, fetch = globalThis.fetch }: ServiceOptions = {},
): CertificateSource => ({
  async find(address) {
    const url = template.replaceAll('{address}', encodeURIComponent(address.toLowerCase()));
    try {
      const headers = { accept: 'application/x-pem-file, */*' };
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error', headers });
      if (response.status === 404) {
        await response.body?.cancel();
        return [];
      }
      if (response.status !== 200) throw unavailable(`the certificate service answered ${response.status}`);
      return readPem(await readLimited(response, maxBytes));
    } catch (error) {
      throw error instanceof CourierError ? error : unavailable('the certificate service cannot be reached', error);
    }
  },
});

/** The first source that has any certificate decides, fit or not: a bad certificate is never passed over for one found later. */
export const firstOf = (sources: CertificateSource[]): CertificateSource => ({
  async find(address) {
    for (const source of sources) {
      const found = await source.find(address);
      if (found.length > 0) return found;
    }
    return [];
  },
});

export interface CacheOptions { ttlMs: number; now: () => number; size?: number }

/** Remembers what was found for `ttlMs`; nothing found and faults are asked again. Questions at the same time share one answer. */
export const cached = (source: CertificateSource, { ttlMs, now, size = 1000 }: CacheOptions): CertificateSource => {
  const entries = new Map<string, { until: number; found: Promise<Der[]> }>();
  return {
    find(address) {
      const key = address.toLowerCase();
      const known = entries.get(key);
      if (known !== undefined && known.until > now()) return known.found;
      const entry = { until: now() + ttlMs, found: source.find(key) };
      const forget = (): void => {
        if (entries.get(key) === entry) entries.delete(key);
      };
      entry.found.then((found) => found.length === 0 && forget(), forget);
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > size) entries.delete(entries.keys().next().value!);
      return entry.found;
    },
  };
};
