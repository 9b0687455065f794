// Order rows: each with the content it has now.
import type { StoredOrder } from '../../0-order/model.ts';
import { all, opened, type Store } from './store.ts';

export interface OrderRow {
  seq: number; id: string; organization: string; site: string | null; state: 'open' | 'cancelled' | 'held'; version: number;
  /** Null once it was pruned. */
  body: Uint8Array | null; body_key: Uint8Array;
}

export const ORDER = 'SELECT o.*, v.body, v.body_key FROM orders o JOIN order_version v ON v.order_id = o.id AND v.version = o.version';

export const bodyOf = (store: Store, row: { body: Uint8Array }): Promise<StoredOrder> => opened(store, 'order', row.body);

/** Orders of known organizations. Null means any organization, or any site. */
export const findOrders = (store: Store, organization: string | null, site: string | null, localId: string): Promise<OrderRow[]> =>
  all<OrderRow>(store, `${ORDER} WHERE o.local_id = :localId AND (CAST(:site AS TEXT) IS NULL OR o.site = :site)
    AND (CAST(:organization AS TEXT) IS NULL OR o.organization = :organization) AND o.state IN ('open', 'cancelled') ORDER BY o.seq`,
  { organization, site, localId });

/** What a result might belong to. Orders of an unknown organization take part, once each: leaving them out could hide an ambiguity. */
export const findCandidates = async (store: Store, organization: string | null, site: string, localId: string): Promise<OrderRow[]> => {
  const held = await all<OrderRow>(store, `${ORDER} WHERE o.local_id = :localId AND o.site = :site
    AND (CAST(:organization AS TEXT) IS NULL OR o.organization = :organization) AND o.state = 'held' AND v.has_patient = 1 ORDER BY o.seq`,
  { organization, site, localId });
  const known = await findOrders(store, organization, site, localId);
  const once = [...new Map(held.map((row) => [row.organization, row])).values()];
  return [...known, ...once.filter((row) => !known.some((other) => other.organization === row.organization))];
};
