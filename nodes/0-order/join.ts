// The join of a result to its order: pure decisions, which the journal takes inside its transaction.
import { patientKey } from './folding.ts';
import type { Result, StoredOrder } from './model.ts';

export { patientKey, type PatientKey } from './folding.ts';
export { contentKey, gradeKey, orderKey, replayKey } from './replay.ts';
export { standInFor } from './stand-in.ts';
export { applyChange, asStored, isComplete, missingForNew } from './order-change.ts';

export type Agreement = { ok: true } | { ok: false; why: string };

/** Whether order and result speak of one person. `why` names what differs, never the values. */
export const agree = (ordered: StoredOrder['patient'], resulted: Result['patient']): Agreement => {
  const [a, b] = [patientKey(ordered), patientKey(resulted)];
  const differing = [
    a.localId !== b.localId && 'patient id',
    a.birthDate !== b.birthDate && 'birth date',
    a.family !== b.family && 'family name',
  ].filter((part) => part !== false);
  return differing.length === 0 ? { ok: true } : { ok: false, why: `The ${differing.join(' and the ')} of result and order differ.` };
};

/** `held`: the order's organization is unknown; it takes part, because leaving it out could hide an ambiguity. */
export interface Candidate { order: StoredOrder; state: 'open' | 'cancelled' | 'held' }

export type JoinDecision =
  | { outcome: 'ready'; order: StoredOrder }
  | { outcome: 'waiting' }
  | { outcome: 'held'; code: 'ORDER_AMBIGUOUS' | 'PATIENT_MISMATCH' | 'ORDER_CANCELLED'; why: string };

/**
 * Decides about the stored orders that have the result's site and order number, within the bound organization or over all.
 * A result carries no ClientGuid, so several are never chosen between, not even by patient.
 */
export const decideJoin = (candidates: readonly Candidate[], result: Result): JoinDecision => {
  const [only, ...others] = candidates;
  if (only === undefined) return { outcome: 'waiting' };
  if (others.length > 0) {
    return { outcome: 'held', code: 'ORDER_AMBIGUOUS', why: `${candidates.length} stored orders have this site and order number.` };
  }
  if (only.state === 'held') return { outcome: 'waiting' };
  if (only.state === 'cancelled') return { outcome: 'held', code: 'ORDER_CANCELLED', why: 'The order of this result was cancelled.' };
  const agreement = agree(only.order.patient, result.patient);
  return agreement.ok ? { outcome: 'ready', order: only.order } : { outcome: 'held', code: 'PATIENT_MISMATCH', why: agreement.why };
};
