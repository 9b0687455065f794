// Order rows: each with the content it has now.
import { all, type Store } from './store.ts';

export interface OrderRow {
  id: string; organization: string; site: string | null; state: 'open' | 'cancelled' | 'held'; version: number; body: string; body_key: string;
}

export const ORDER = 'SELECT o.*, v.body, v.body_key FROM orders o JOIN order_version v ON v.order_id = o.id AND v.version = o.version';

/** Orders of known organizations. Null means any organization, or any site. */
export const findOrders = (store: Store, organization: string | null, site: string | null, localId: string): OrderRow[] =>
  all<OrderRow>(store, `${ORDER} WHERE o.local_id = :localId AND (:site IS NULL OR o.site = :site)
    AND (:organization IS NULL OR o.organization = :organization) AND o.state IN ('open', 'cancelled')`, { organization, site, localId });

/** What a result might belong to. Orders of an unknown organization take part, once each: leaving them out could hide an ambiguity. */
export const findCandidates = (store: Store, organization: string | null, site: string, localId: string): OrderRow[] => {
  const held = all<OrderRow>(store, `${ORDER} WHERE o.local_id = :localId AND o.site = :site
    AND (:organization IS NULL OR o.organization = :organization) AND o.state = 'held'
    AND json_extract(v.body, '$.patient') IS NOT NULL GROUP BY o.organization`, { organization, site, localId });
  const known = findOrders(store, organization, site, localId);
  return [...known, ...held.filter((row) => !known.some((other) => other.organization === row.organization))];
};
