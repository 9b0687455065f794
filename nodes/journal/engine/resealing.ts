// A mail that waited long without the HISP ever seeing it goes back to the flow, which looks at the recipient's certificate again.
// The Message-ID stays. Bytes that the HISP may have seen never change.
import { afterStale } from '../states.ts';
import { applyStep, type DeliveryRow, factsOf } from './deliveries.ts';
import { intoFlow, messageRow } from './messages.ts';
import { run, type Store } from './store.ts';

const DAY = 24 * 3_600_000;

export const isStale = (row: Pick<DeliveryRow, 'seen' | 'unknown_outcome' | 'sealed_at'>, now: number): boolean =>
  row.seen === 0 && row.unknown_outcome === 0 && row.sealed_at !== null && now - row.sealed_at > DAY;

export const sendBack = async (store: Store, row: DeliveryRow): Promise<void> => {
  await applyStep(store, row, afterStale(factsOf(row)));
  await run(store, `UPDATE message SET state = 'ROUTED', code = NULL, why = NULL, ended_at = NULL WHERE id = :id`, { id: row.message_id });
  const message = await messageRow(store, row.message_id);
  if (message !== undefined && message.flow !== 'waiting') await intoFlow(store, message);
};
