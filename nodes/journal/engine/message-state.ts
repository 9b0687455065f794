// The state of a message follows from its deliveries; its job in the flow ends when each of them is sealed or has an outcome.
import type { DeliveryState, MessageState } from '../port.ts';
import { messageStateOf } from '../states.ts';
import { all, first, run, type Store } from './store.ts';

/** The job of a message that waits: whoever works on its entry is told. */
export const announceFlow = async (store: Store, { id, entry, rank }: { id: string; entry: string; rank: number }): Promise<void> => {
  store.works.add('flow');
  await store.tickets?.issue({ queue: 'flow', id, entry }, store.now, rank);
};

/** The next message of the same order may go into the flow. */
export const advanceFlow = async (store: Store, orderId: string | null): Promise<void> => {
  if (orderId === null) return;
  const next = await first<{ id: string; entry: string; rank: number }>(store, `SELECT id, entry, rank FROM message
    WHERE order_id = :orderId AND flow = 'waiting' ORDER BY seq LIMIT 1`, { orderId });
  if (next !== undefined) await announceFlow(store, next);
};

interface FlowRow { order_id: string | null; flow: string; entry: string; ticket: string | null }

/** The flow has nothing more to do for this message. */
export const endJob = async (store: Store, messageId: string): Promise<void> => {
  const row = await first<FlowRow>(store, `SELECT order_id, flow, entry, ticket FROM message WHERE id = :messageId
    AND flow IN ('waiting', 'running')`, { messageId });
  if (row === undefined) return;
  await run(store, `UPDATE message SET flow = 'ended', ticket = NULL WHERE id = :messageId`, { messageId });
  if (row.ticket !== null) await store.tickets?.settle('flow', row.entry, row.ticket);
  store.works.add('flow');
  await advanceFlow(store, row.order_id);
};

/** A routed message is done when its deliveries are; HELD and ERROR wait for a person. */
export const settleMessage = async (store: Store, messageId: string): Promise<void> => {
  // Numbers below 0 belong to an earlier plan.
  const rows = await all<{ state: DeliveryState }>(store, 'SELECT state FROM delivery WHERE message_id = :messageId AND ordinal >= 0', { messageId });
  const states = rows.map((row) => row.state);
  const state: MessageState = messageStateOf(states);
  const ended = state === 'ROUTED' ? null : store.now;
  await run(store, `UPDATE message SET state = :state, code = NULL, why = NULL, ended_at = :ended
    WHERE id = :messageId AND state IN ('ROUTED', 'DONE', 'DONE_WITH_PROBLEMS') AND state <> :state`, { messageId, state, ended });
  // One that was stopped has nothing more to wait for either, once the last of its deliveries has ended.
  if (ended !== null) {
    await run(store, `UPDATE message SET state = 'DONE_WITH_PROBLEMS', ended_at = :ended
      WHERE id = :messageId AND planned_at IS NOT NULL AND state IN ('HELD', 'ERROR')`, { messageId, ended });
  }
  const { planned = null } = await first<{ planned: number | null }>(store, 'SELECT planned_at AS planned FROM message WHERE id = :messageId',
    { messageId }) ?? {};
  if (planned !== null && !states.includes('RESOLVING')) await endJob(store, messageId);
};
