// What a `direct-trust` config node is made of: anchors from text and file, sources of recipients' certificates in order.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CourierError } from '../errors.ts';
import { cached, firstOf, folderSource, serviceSource } from './certificate-store.ts';
import { readPem } from './pem.ts';
import type { CertificateSource, Der } from './types.ts';

export interface TrustStoreSettings {
  /** PEM text. */
  anchors: string;
  anchorsFile: string;
  certificateFolder: string;
  /** URL with `{address}`. */
  certificateService: string;
  /** What relative paths are relative to. */
  base: string;
}

export interface TrustStore { anchors: () => Promise<Der[]>; source: CertificateSource }

// Long enough to spare a service during a burst, short enough that a renewed certificate is seen soon.
const CACHE_MS = 30_000;

const readAnchors = async ({ anchors, anchorsFile, base }: TrustStoreSettings): Promise<Der[]> => {
  const file = anchorsFile === '' ? '' : await readFile(resolve(base, anchorsFile)).catch((cause: unknown) => {
    throw new CourierError('TRUST_INVALID', { detail: 'the anchors file cannot be read', cause });
  });
  const found = [...readPem(anchors), ...readPem(file)];
  if (found.length === 0) throw new CourierError('TRUST_INVALID', { detail: 'no anchors' });
  return found;
};

/** Anchors are read once, at the first question; a failure is not remembered. */
export const trustStore = (settings: TrustStoreSettings): TrustStore => {
  let anchors: Promise<Der[]> | undefined;
  const { certificateFolder, certificateService, base } = settings;
  const sources = [
    ...(certificateFolder === '' ? [] : [folderSource(resolve(base, certificateFolder))]),
    ...(certificateService === '' ? [] : [serviceSource(certificateService)]),
  ];
  return {
    anchors: () => {
      anchors ??= readAnchors(settings).catch((error: unknown) => {
        anchors = undefined;
        throw error;
      });
      return anchors;
    },
    source: cached(firstOf(sources), { ttlMs: CACHE_MS, now: Date.now }),
  };
};
