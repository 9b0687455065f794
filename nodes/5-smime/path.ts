// Certification paths, RFC 5280 §6.1: from a certificate over intermediates to an anchor, every signature verified
// cryptographically. Names only say where to look: an authority that copies another's name gets nowhere.
import { FIT_CURVES, MINIMUM_RSA_BITS } from './algorithms.ts';
import { type Certificate, isSelfIssued, readCertificate } from './certificate.ts';
import { signatureSchemeOf } from './signature-scheme.ts';
import type { Der } from './types.ts';

export interface PathQuestion { anchors: Der[]; intermediates: Der[]; now: Date }

/** The anchor that the path ends at, or null; `explanation` says what each step showed, in words. */
export interface PathVerdict { anchor: Certificate | null; explanation: string[] }

// More certificates between leaf and anchor than this, or more signatures tried, and somebody is playing games.
const LIMITS = { intermediates: 5, signatures: 64 };

interface Search {
  anchors: Certificate[];
  intermediates: Certificate[];
  now: Date;
  signatures: number;
  notes: Set<string>;
}

const readable = (ders: Der[]): Certificate[] => ders.flatMap((der) => {
  try {
    return [readCertificate(der)];
  } catch {
    return [];
  }
});

const strongSignature = (certificate: Certificate): boolean => {
  try {
    signatureSchemeOf(certificate.signatureAlgorithm, null);
    return true;
  } catch {
    return false;
  }
};

/** Why this authority may not have issued anything below it, or null. `below`: intermediates between it and the leaf. */
const objection = (authority: Certificate, below: number, now: Date): string | null => {
  const { basicConstraints, keyUsage, notBefore, notAfter, unknownCritical, publicKey } = authority;
  if (!basicConstraints?.ca) return 'is not a certificate authority';
  const { pathLength } = basicConstraints;
  if (pathLength !== null && below > pathLength) return `allows ${pathLength} authorities below it, the path has ${below}`;
  if (keyUsage !== null && !keyUsage.has('keyCertSign')) return 'may not sign certificates (keyUsage)';
  if (now < notBefore || now > notAfter) return 'is outside its validity';
  if (unknownCritical.length > 0) return `has a critical extension that is not understood (${unknownCritical[0]})`;
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength === undefined ? !FIT_CURVES.has(namedCurve ?? '') : modulusLength < MINIMUM_RSA_BITS) return 'has a key that is too weak';
  return null;
};

const signedBy = (certificate: Certificate, authority: Certificate, search: Search): boolean => {
  if ((search.signatures += 1) > LIMITS.signatures) return false;
  try {
    return certificate.x509.verify(authority.publicKey);
  } catch {
    return false;
  }
};

/** Authorities that bear the issuer's name and whose key verifies the signature. */
const issuersAmong = (candidates: Certificate[], certificate: Certificate, below: number, search: Search): Certificate[] =>
  candidates.filter((authority) => {
    if (!authority.subject.equals(certificate.issuer)) return false;
    const why = objection(authority, below, search.now);
    if (why !== null) {
      search.notes.add(`${authority.subjectText} ${why}.`);
      return false;
    }
    if (signedBy(certificate, authority, search)) return true;
    search.notes.add(`${authority.subjectText} bears the issuer's name, but its key did not sign ${certificate.subjectText}.`);
    return false;
  });

/** Depth first: anchors before intermediates. `path` runs from the leaf upwards. */
const climb = (path: Certificate[], search: Search): { path: Certificate[]; anchor: Certificate } | null => {
  const top = path.at(-1)!;
  if (!strongSignature(top)) {
    search.notes.add(`${top.subjectText} is signed with an algorithm that Direct forbids.`);
    return null;
  }
  // Self-issued intermediates do not count towards pathLenConstraint (RFC 5280 §4.2.1.9).
  const below = path.slice(1).filter((each) => !isSelfIssued(each)).length;
  const [anchor] = issuersAmong(search.anchors, top, below, search);
  if (anchor !== undefined) return { path, anchor };
  if (path.length > LIMITS.intermediates) {
    search.notes.add('The path is longer than allowed.');
    return null;
  }
  const unused = search.intermediates.filter((each) => !path.some(({ thumbprint }) => thumbprint === each.thumbprint));
  for (const authority of issuersAmong(unused, top, below, search)) {
    const found = climb([...path, authority], search);
    if (found !== null) return found;
  }
  return null;
};

/** Finds a path to one of the anchors; an anchor must be a certificate authority itself. Never throws. */
export const findPath = (leaf: Certificate, { anchors, intermediates, now }: PathQuestion): PathVerdict => {
  if (leaf.unknownCritical.length > 0) {
    return { anchor: null, explanation: [`The certificate has a critical extension that is not understood (${leaf.unknownCritical[0]}).`] };
  }
  const search: Search = { anchors: readable(anchors), intermediates: readable(intermediates), now, signatures: 0, notes: new Set() };
  const found = climb([leaf], search);
  if (found === null) {
    const missing = search.notes.size === 0 ? [`No anchor or intermediate bears the name of the issuer: ${leaf.issuerText}.`] : [];
    return { anchor: null, explanation: [...search.notes, ...missing, `No path to any of ${anchors.length} anchors.`] };
  }
  const steps = found.path.slice(1).map(({ subjectText }) => `Issued by ${subjectText}, signature verified.`);
  return { anchor: found.anchor, explanation: [...steps, `Ends at the anchor ${found.anchor.subjectText}, signature verified.`] };
};
