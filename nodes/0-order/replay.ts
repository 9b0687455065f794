// What makes two inputs the same: keys by which a repetition is told from something new.
import { createHash } from 'node:crypto';
import { patientKey } from './folding.ts';
import type { Order, Result } from './model.ts';

/** JSON with sorted keys, so that two equal values have one text. */
const canonical = (value: unknown): string => JSON.stringify(value, (_key, inner: unknown) =>
  typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
    : inner);

const digest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

/** One instant, however its offset is written. */
const instant = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));

const content = ({ order, patient, gradings, images, cpt, test }: Result): unknown => ({
  evaluationTypes: order.evaluationTypes.map((type) => type.toLowerCase()).sort(),
  patient: patientKey(patient),
  eyes: [order.singleEyeOnly, order.missingEyeReason],
  gradings: {
    ...gradings,
    gradedTime: instant(gradings.gradedTime),
    notes: gradings.notes.map(({ date, text }) => [instant(date), text]),
    diagnoses: gradings.diagnoses.map(({ code, text }) => [code, text]).sort(),
  },
  images,
  cpt,
  test,
});

/** What a result says, whatever its ResultCode: finds the result that an `R` sends again. */
export const contentKey = (result: Result): string => digest(content(result));

/**
 * Equal for a repetition: evaluation types, ResultCode, GradedTime and clinical content. TransactionId, Timestamp, PDF bytes
 * and warnings do not count; a test is never a repetition of a real one.
 * Only for ResultCode `R`, a wish to send again, each transaction is a wish of its own.
 */
export const replayKey = (result: Result): string => digest([
  content(result),
  result.resultCode,
  result.resultCode === 'R' ? result.transactionId ?? result.timestamp : null,
]);

/**
 * Equal for results that must say the same unless one corrects the other: evaluation types, ResultCode and GradedTime. Null for
 * corrections, addenda and resends, which are expected to come beside what was said before.
 */
export const gradeKey = ({ order, resultCode, gradings, test }: Result): string | null => (resultCode === 'F' || resultCode === 'P'
  ? digest([order.evaluationTypes.map((type) => type.toLowerCase()).sort(), resultCode, instant(gradings.gradedTime),
    ...(test === true ? ['test'] : [])]) : null);

/** Equal for a repetition of an order or of a change. */
export const orderKey = ({ warnings: _ignored, ...order }: Order): string => digest(order);
