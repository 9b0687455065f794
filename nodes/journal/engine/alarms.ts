// What a delivery's state sets off beside the queue: an alarm while somebody in need waits for a person, and the hand-off of a bad end.
import type { DeliveryState } from '../port.ts';
import { insert, run, type Store } from './store.ts';

/** States that an emergent or urgent delivery must not be left in unseen. */
const ALARMING: ReadonlySet<DeliveryState> = new Set(['UNRESOLVED', 'FAILED', 'DEAD', 'UNCONFIRMED', 'HELD']);

/** Ends that are handed to somebody else, whatever the priority. */
const HANDED_OFF: ReadonlySet<DeliveryState> = new Set(['UNRESOLVED', 'FAILED', 'DEAD', 'UNCONFIRMED']);

/** Emergent and urgent. */
export const ALARMING_RANK = 2;

export const alarmIsUp = (store: Store): void => { store.works.add('alarm'); };

/** The cause is over without anybody having said what was done. */
export const closeAlert = (store: Store, deliveryId: string): Promise<number> =>
  run(store, `UPDATE alert SET closed_at = :now, closed_code = 'PASSED' WHERE delivery_id = :deliveryId AND closed_at IS NULL`,
    { deliveryId, now: store.now });

/** Others stand in its place, because a person said so: it alarms nobody any more, and what became of it need not be told. */
export const quieten = async (store: Store, deliveryId: string): Promise<void> => {
  await closeAlert(store, deliveryId);
  await run(store, 'UPDATE delivery SET handoff_at = NULL WHERE id = :deliveryId AND handoff_at IS NOT NULL', { deliveryId });
};

interface Moved { id: string; message_id: string; rank: number }

/** A delivery has come into a state; each time it does is a cause of its own. `from` null: it begins in it. */
export const followState = async (
  store: Store, { id, message_id: messageId, rank }: Moved, from: DeliveryState | null, state: DeliveryState, code: string | null,
): Promise<void> => {
  if (from !== null && ALARMING.has(from)) await closeAlert(store, id);
  if (from !== null && HANDED_OFF.has(from)) await run(store, 'UPDATE delivery SET handoff_at = NULL WHERE id = :id', { id });
  if (HANDED_OFF.has(state)) await run(store, 'UPDATE delivery SET handoff_at = :now WHERE id = :id', { id, now: store.now });
  const alarms = rank < ALARMING_RANK && ALARMING.has(state);
  if (alarms) {
    await insert(store, 'alert', {
      id: store.newId(), message_id: messageId, delivery_id: id, cause: state, state, code, opened_at: store.now, next_at: store.now,
    });
  }
  if (alarms || HANDED_OFF.has(state)) alarmIsUp(store);
};
