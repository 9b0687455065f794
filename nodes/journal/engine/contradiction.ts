// A result that says something else than an earlier one of the same grading without being a correction: which of the two holds, nobody knows.
import { gradeKey } from '../../0-order/join.ts';
import type { Result } from '../../0-order/model.ts';
import { ofOrder } from './alike.ts';
import { contentMark, gradeMark, type MessageRow, patientMark, resultOf } from './messages.ts';
import { all, type Store, unlessDamaged } from './store.ts';

export const CHANGED = 'CHANGED_WITHOUT_CORRECTION';

export const CHANGED_WHY = 'An earlier result of this order has the same evaluation, code and grading time, but says something else.';

/** Nothing of it has reached anybody, and nothing will. */
const CAME_TO_NOTHING = `(state = 'FILTERED' AND planned_at IS NULL AND coalesce(code, '') <> 'SUPERSEDED')`;

/**
 * Whether an earlier message of the order, below `before`, contradicts it. Corrections and addenda say themselves that they differ, and
 * a wish to send again is none of this.
 */
export const contradicts = async (store: Store, orderId: string, result: Result, before = Number.MAX_SAFE_INTEGER): Promise<boolean> => {
  const key = gradeKey(result);
  if (key === null) return false;
  const { sql, values } = ofOrder(orderId, patientMark(store, result.patient.localId));
  const rows = await all<MessageRow & { grade_key: Uint8Array | null }>(store, `SELECT * FROM message WHERE ${sql} AND seq < :before
    AND result_code = :code AND resend_of IS NULL AND content_key <> :content AND (grade_key = :key OR grade_key IS NULL)
    AND NOT ${CAME_TO_NOTHING}`, {
    ...values, before, code: result.resultCode, key: gradeMark(store, key), content: contentMark(store, result),
  });
  for (const row of rows) {
    if (row.grade_key !== null) return true;
    // Taken in before there was such a key.
    const earlier = await unlessDamaged(() => resultOf(store, row));
    if (earlier !== null && gradeKey(earlier) === key) return true;
  }
  return false;
};
