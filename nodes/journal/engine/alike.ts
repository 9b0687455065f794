// Orders that are one order: the stored one and what stood in for it while it was missing.
import { all, first, steadyList, type Store, type Values } from './store.ts';

/** Under one number there is one open or cancelled order; what else bears it stood in, or was replaced. */
const idsAlike = async (store: Store, orderId: string): Promise<string[]> => (await all<{ id: string }>(store, `SELECT b.id FROM orders a
  JOIN orders b ON b.local_id = a.local_id AND b.organization = a.organization AND b.site IS NOT DISTINCT FROM a.site
  WHERE a.id = :orderId AND b.state <> 'held'`, { orderId })).map(({ id }) => id);

/**
 * The condition on a message that it is of this order: joined to it, or to what stood in for it and about the same patient. A stand-in
 * was believed on a result's word alone, so that another person's result may bear its number.
 */
export const ofOrder = async (store: Store, orderId: string, patientMark: Uint8Array | null): Promise<{ sql: string; values: Values }> => {
  const ids = await idsAlike(store, orderId);
  if (ids.length <= 1) return { sql: 'order_id = :orderId', values: { orderId } };
  const { sql, values } = steadyList('alike', ids);
  return {
    sql: `(order_id IN ${sql} AND (order_id = :orderId OR patient_mark IS NOT DISTINCT FROM :patientMark))`,
    values: { ...values, orderId, patientMark },
  };
};

export const hasResult = async (store: Store, orderId: string): Promise<boolean> => {
  const { sql, values } = steadyList('alike', await idsAlike(store, orderId));
  return await first(store, `SELECT 1 FROM message WHERE order_id IN ${sql} LIMIT 1`, values) !== undefined;
};
