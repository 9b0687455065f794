// Lanes: deliveries of one order to one address go one after another, so that a later result never overtakes an earlier one.
// A stuck lane stops only itself; a correction (jumps) waits behind nothing.
import type { DeliveryState } from '../port.ts';
import type { DeliveryRow } from './deliveries.ts';
import { first, type Store } from './store.ts';

/** Emergent, urgent, routine: as the queue is gone through. */
export const RANKS = [0, 1, 2];

const IN_LANE: readonly DeliveryState[] = ['RESOLVING', 'QUEUED', 'SENDING', 'HELD'];

/** Whether what is behind it has to wait. */
export const isInLane = (state: DeliveryState): boolean => IN_LANE.includes(state);

/** Condition on a delivery `d` in the queue: nothing of its lane is before it. What is being sealed anew keeps its place. */
export const LANE_FREE = `(d.jumps = 1 OR d.lane IS NULL OR NOT EXISTS (SELECT 1 FROM delivery e
  WHERE e.lane = d.lane AND e.seq < d.seq AND e.state IN (${IN_LANE.map((state) => `'${state}'`).join(', ')})))`;

export const laneOf = (orderId: string | null, addressMark: Uint8Array): string | null =>
  orderId === null ? null : `${orderId}:${Buffer.from(addressMark.subarray(0, 12)).toString('hex')}`;

/** A delivery can be sent from `at` on: whoever sends is told. */
export const announce = async (store: Store, row: Pick<DeliveryRow, 'id' | 'account' | 'rank'>, at: number): Promise<void> => {
  store.works.add('queue');
  await store.tickets?.issue({ queue: 'send', id: row.id, account: row.account! }, at, row.rank);
};

type Next = Pick<DeliveryRow, 'id' | 'account' | 'rank'> & { next_attempt_at: number };

/** A delivery has left its lane: the next one may go. */
export const advanceLane = async (store: Store, row: Pick<DeliveryRow, 'lane'>): Promise<void> => {
  if (row.lane === null) return;
  const next = await first<Next>(store, `SELECT id, account, rank, next_attempt_at FROM delivery
    WHERE lane = :lane AND state = 'QUEUED' ORDER BY seq LIMIT 1`, { lane: row.lane });
  if (next !== undefined) await announce(store, next, next.next_attempt_at);
};
