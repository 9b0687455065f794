// Which certificates a mail to one address is encrypted to: all usable ones, or none and why.
import { type Code, isCourierError, sentence } from '../errors.ts';
import { judgeCertificate } from './trust.ts';
import type { CertificateSource, Der, TrustVerdict } from './types.ts';

export interface TrustSettings { source: CertificateSource; anchors: Der[] }

export type CertificateChoice =
  | { certificates: Der[]; thumbprints: string[]; anchor: string; why: string }
  | { code: Code; why: string };

const refusal = (verdicts: TrustVerdict[]): CertificateChoice => {
  const code = verdicts[0]!.code!;
  const lines = verdicts.map(({ explanation }, index) => `${verdicts.length > 1 ? `Certificate ${index + 1}: ` : ''}${explanation.join(' ')}`);
  return { code, why: `${sentence(code)} ${lines.join(' ')}` };
};

// A file or an answer may hold the chain beside the leaf: authorities are for building paths, not for encrypting to.
const isAuthority = (verdict: TrustVerdict, all: TrustVerdict[]): boolean =>
  verdict.code === 'CERT_NOT_BOUND' && all.some(({ code }) => code !== 'CERT_NOT_BOUND');

/** Finds and judges; never throws: a fault of the source refuses this recipient and no other. */
export const chooseCertificates = async (address: string, { source, anchors }: TrustSettings, now: Date): Promise<CertificateChoice> => {
  let found: Der[];
  try {
    found = await source.find(address);
  } catch (error) {
    const code = isCourierError(error) ? error.code : 'CERT_UNAVAILABLE';
    return { code, why: isCourierError(error) ? error.message : sentence(code) };
  }
  if (found.length === 0) return { code: 'CERT_NONE', why: sentence('CERT_NONE') };
  const verdicts = found.map((certificate) => judgeCertificate(certificate, { address, purpose: 'encrypt', anchors, intermediates: found, now }));
  const usable = verdicts.flatMap((verdict, index) => verdict.ok ? [{ verdict, certificate: found[index]! }] : []);
  if (usable.length === 0) return refusal(verdicts.filter((verdict) => !isAuthority(verdict, verdicts)));
  const [{ verdict: first }] = usable as [typeof usable[number]];
  return {
    certificates: usable.map(({ certificate }) => certificate),
    thumbprints: usable.map(({ verdict }) => verdict.thumbprint),
    anchor: first.anchor!,
    why: first.explanation.join(' '),
  };
};
