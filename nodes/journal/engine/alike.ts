// Orders that are one order: the stored one and what stood in for it while it was missing.
import { first, type Store, type Values } from './store.ts';

/** Under one number there is one open or cancelled order; what else bears it stood in, or was replaced. */
const ALIKE = `(SELECT b.id FROM orders a
  JOIN orders b ON b.local_id = a.local_id AND b.organization = a.organization AND b.site IS NOT DISTINCT FROM a.site
  WHERE a.id = :orderId AND b.state <> 'held')`;

/**
 * The condition on a message that it is of this order: joined to it, or to what stood in for it and about the same patient. A stand-in
 * was believed on a result's word alone, so that another person's result may bear its number.
 */
export const ofOrder = (orderId: string, patientMark: Uint8Array | null): { sql: string; values: Values } => ({
  sql: `(order_id IN ${ALIKE} AND (order_id = :orderId OR patient_mark = :patientMark))`,
  values: { orderId, patientMark },
});

export const hasResult = async (store: Store, orderId: string): Promise<boolean> =>
  await first(store, `SELECT 1 FROM message WHERE order_id IN ${ALIKE} LIMIT 1`, { orderId }) !== undefined;
