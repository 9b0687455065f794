// Attempts: each a row with its time, code and the HISP's words; ended by its answer, or by the end of the process that made it.
import { afterCrash } from '../states.ts';
import { applyStep, DELIVERY, type DeliveryRow, factsOf } from './deliveries.ts';
import { announce } from './lanes.ts';
import { all, run, sealed, type Store } from './store.ts';

/** Server texts come from outside: cut, and without control characters. */
export const clean = (response: string): string => response.replace(/\p{Cc}+/gu, ' ').trim().slice(0, 500);

export const endAttempt = async (
  store: Store, deliveryId: string, attempt: number, kind: string, code: string | null, response: string,
): Promise<void> => {
  await run(store, `UPDATE attempt SET ended_at = :now, outcome = :kind, code = :code, response = :response
    WHERE delivery_id = :deliveryId AND number = :attempt AND ended_at IS NULL`,
  { deliveryId, attempt, kind, code, response: sealed(store, 'attempt', clean(response)), now: store.now });
};

const GONE = 'The sending process ended before the answer came.';

/** Whoever was sending it is gone: it goes again with the same bytes, unless a correction has overtaken it. */
export const crashed = async (store: Store, row: DeliveryRow): Promise<void> => {
  await endAttempt(store, row.id, row.attempt, 'unknown', 'HISP_UNKNOWN', GONE);
  await run(store, 'UPDATE delivery SET seen = 1, ticket = NULL WHERE id = :id', { id: row.id });
  const step = afterCrash(factsOf(row), store.now);
  await applyStep(store, row, step);
  if (step.facts.state === 'QUEUED') await announce(store, row, store.now);
};

/** At opening, where one process owns the journal: what the one before was sending goes again with the same bytes. */
export const recoverSending = async (store: Store): Promise<void> => {
  for (const row of await all<DeliveryRow>(store, `${DELIVERY} WHERE d.state = 'SENDING'`)) {
    await crashed(store, row);
  }
};

