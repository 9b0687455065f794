// Chargeable events and the ledger: append-only, one line per delivery and kind.
import type { ChargeableEvent, LedgerLine } from '../port.ts';
import { all, insert, run, type Store } from './store.ts';

export const unrated = (store: Store, limit: number, after = 0): Promise<ChargeableEvent[]> =>
  all(store, `SELECT delivery_id AS "deliveryId", kind, seq AS sequence, at, organization, site, account FROM chargeable
    WHERE rated = 0 AND seq > :after ORDER BY seq LIMIT :limit`, { limit, after });

/** A line is written only for an event that happened, and only once: what stands in the ledger is never changed. */
const append = async (store: Store, line: LedgerLine): Promise<boolean> => {
  const { deliveryId, kind } = line;
  const due = await run(store, 'UPDATE chargeable SET rated = 1 WHERE delivery_id = :deliveryId AND kind = :kind AND rated = 0',
    { deliveryId, kind });
  if (due === 0) return false;
  await insert(store, 'ledger', {
    delivery_id: deliveryId, kind, organization: line.organization, site: line.site, at: line.at, rated_at: line.ratedAt,
    amount: line.amount, currency: line.currency,
  });
  return true;
};

export const appendLedger = async (store: Store, lines: LedgerLine[]): Promise<LedgerLine[]> => {
  const written: LedgerLine[] = [];
  for (const line of lines) if (await append(store, line)) written.push(line);
  return written;
};

export const ledger = (store: Store): Promise<LedgerLine[]> => all(store, `SELECT delivery_id AS "deliveryId", kind, organization, site, at,
  rated_at AS "ratedAt", amount, currency FROM ledger ORDER BY seq`);
