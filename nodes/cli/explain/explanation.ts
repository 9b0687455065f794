// What an explanation says: plain data, for JSON and for a person's page. It names the provider and addresses, never the patient.
import type { Level } from '../../0-order/message.ts';
import type { Priority, Warning } from '../../0-order/model.ts';
import type { RoutePolicy } from '../../0-order/organization.ts';
import type { LookUpOutcome } from '../../2-npi/directory.ts';

/** What a message or a delivery would be, with the code and the sentence that say why. */
export interface Fate<State extends string> { state: State; code: string | null; why: string | null }

/** `REJECTED`: it would not be taken in. `RECEIVED`: it would wait for its order. `ROUTED`: somebody gets it. */
export type MessageFate = Fate<'REJECTED' | 'RECEIVED' | 'HELD' | 'FILTERED' | 'ERROR' | 'ROUTED' | 'DONE' | 'DONE_WITH_PROBLEMS'>;

/** `RESOLVING`: the question ends before it is decided, because the result or a stage of the flow is missing. */
export type CandidateState = 'RESOLVING' | 'QUEUED' | 'HELD' | 'UNRESOLVED' | 'SUPPRESSED';

/** The directory's answer for an NPI; `row` is the line of the file. */
export interface LookUpExplanation { npi: string; outcome: LookUpOutcome; row: number | null; name: string | null; release: string; why: string }

/**
 * `trusted`: the mail would be encrypted to these certificates (SHA-256 thumbprints) under this anchor. `refused`: the candidate's `why` has the
 * rule that failed. `not asked`: it did not come so far. `hisp`: the account's HISP seals.
 */
export interface CertificateExplanation { verdict: 'trusted' | 'refused' | 'not asked' | 'hisp'; certificates: string[]; anchor: string | null }

export interface CandidateExplanation {
  level: Level;
  alsoFrom: Level[];
  /** Field path of the order, or `route:<line>`. */
  source: string;
  address: string | null;
  npi: string | null;
  /** Gets a mail, now or once a person lets it go. */
  used: boolean;
  /** Null: it is no recipient at all; `why` says the reason. */
  state: CandidateState | null;
  code: string | null;
  why: string;
  finalDelivery: boolean | null;
  /** How long notifications may take after acceptance; null where no HISP account is known. */
  deadlineMinutes: number | null;
  lookUp: LookUpExplanation | null;
  certificate: CertificateExplanation;
  from: string | null;
  account: string | null;
  warnings: Warning[];
  fee: { kind: string; amount: string; currency: string } | null;
}

export interface Explanation {
  message: MessageFate;
  order: string | null;
  site: string | null;
  organization: { clientGuid: string; name: string | null } | null;
  priority: Priority | null;
  policy: RoutePolicy | null;
  candidates: CandidateExplanation[];
  report: { source: string; warnings: Warning[] } | null;
  documents: { profile: string; warnings: Warning[] }[];
}
