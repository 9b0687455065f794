// The candidates of one result on their way through the stages: each keeps its place, whatever becomes of it.
import { type DoNotSendEntry, findBlocked, whyBlocked } from '../../0-order/do-not-send.ts';
import type { Level, Recipient, RouteExplanation, SealedMail } from '../../0-order/message.ts';
import { sentence } from '../../errors.ts';
import type { CandidateExplanation, CandidateState, CertificateExplanation, LookUpExplanation } from './explanation.ts';

/** A recipient with what the stages found. `id` is its place among those that the route named. */
export interface Candidate {
  recipient: Recipient & { id: string };
  /** Once it is decided. */
  fate: { state: CandidateState; code: string | null } | null;
  /** The one that its mail goes with, when two turned out to have one address. */
  mergedInto: string | null;
  lookUp: LookUpExplanation | null;
  certificate: CertificateExplanation;
  mail: SealedMail | null;
  account: string | null;
  deadlineMs: number | null;
  fee: CandidateExplanation['fee'];
}

const NOT_ASKED: CertificateExplanation = { verdict: 'not asked', certificates: [], anchor: null };

const decided = ({ state, code }: Recipient): Candidate['fate'] => (state === 'RESOLVING' ? null : { state, code });

export const candidatesFrom = (recipients: readonly Recipient[]): Candidate[] => recipients.map((recipient, index) => ({
  recipient: { ...recipient, id: `candidate-${index}` }, fate: decided(recipient), mergedInto: null, lookUp: null, certificate: NOT_ASKED,
  mail: null, account: null, deadlineMs: null, fee: null,
}));

/** Whoever is on the do-not-send list gets nothing. */
export const withoutBlocked = (candidates: readonly Candidate[], entries: readonly DoNotSendEntry[]): Candidate[] => candidates.map((candidate) => {
  const entry = isOpen(candidate) ? findBlocked(candidate.recipient, entries) : null;
  if (entry === null) return candidate;
  return { ...candidate, recipient: { ...candidate.recipient, why: whyBlocked(entry) }, fate: { state: 'SUPPRESSED', code: 'DO_NOT_SEND' } };
});

export const isOpen = ({ fate, mergedInto }: Candidate): boolean => fate === null && mergedInto === null;

export const openOnes = (candidates: readonly Candidate[]): Candidate[] => candidates.filter(isOpen);

/** What a stage made of the open ones; whoever is missing was merged with the one of the same address. */
export const after = (
  candidates: readonly Candidate[], settled: readonly Recipient[], addressOf: (candidate: Candidate) => string | null,
): Candidate[] => {
  const byId = new Map(settled.map((recipient) => [recipient.id, recipient]));
  return candidates.map((candidate) => {
    if (!isOpen(candidate)) return candidate;
    const recipient = byId.get(candidate.recipient.id);
    if (recipient !== undefined) return { ...candidate, recipient: { ...recipient, id: candidate.recipient.id }, fate: decided(recipient) };
    const address = addressOf(candidate);
    return { ...candidate, mergedInto: settled.find((other) => other.address === address)?.id ?? '' };
  });
};

/** Everything still open ends like this: the message was stopped, and what was sealed is not kept. */
export const stopAll = (candidates: readonly Candidate[], state: CandidateState, code: string): Candidate[] =>
  candidates.map((candidate) => (isOpen(candidate) ? { ...candidate, fate: { state, code }, mail: null } : candidate));

const unusedOf = (level: Level, source: string, why: string): CandidateExplanation => ({
  level, alsoFrom: [], source, address: null, npi: null, used: false, state: null, code: null, why, finalDelivery: null, deadlineMinutes: null,
  lookUp: null, certificate: NOT_ASKED, from: null, account: null, warnings: [], fee: null,
});

const shown = (candidate: Candidate): CandidateExplanation => {
  const { recipient, fate, mergedInto, deadlineMs, lookUp, certificate, mail, account, fee } = candidate;
  const { level, alsoFrom, source, address, npi, why, finalDelivery, warnings } = recipient;
  const state = mergedInto !== null ? null : fate?.state ?? 'RESOLVING';
  const used = state === 'QUEUED' || (state === 'HELD' && mail !== null);
  return {
    level, alsoFrom, source, address, npi, used, state, code: mergedInto !== null ? 'MERGED' : fate?.code ?? null,
    why: mergedInto !== null ? `${why} ${sentence('MERGED')}` : why, finalDelivery, deadlineMinutes: deadlineMs === null ? null : deadlineMs / 60_000,
    lookUp, certificate, from: mail?.from ?? null, account, warnings, fee,
  };
};

/** In the order of the route's considerations: recipients, and between them what was considered and is none. */
export const explained = (candidates: readonly Candidate[], considered: RouteExplanation['considered']): CandidateExplanation[] => {
  const bySource = new Map(candidates.map((candidate) => [`${candidate.recipient.level} ${candidate.recipient.source}`, candidate]));
  return considered.map(({ level, source, why }) => {
    const candidate = bySource.get(`${level} ${source}`);
    return candidate === undefined ? unusedOf(level, source, why) : shown(candidate);
  });
};
