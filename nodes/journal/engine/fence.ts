// The fence of the flow: writes of an emission that another one has overtaken change nothing.
import { CourierError } from '../../errors.ts';
import { applyStep, DELIVERY, type DeliveryRow, stateStep } from './deliveries.ts';
import { messageRow, type MessageRow } from './messages.ts';
import { all, lock, run, type Store } from './store.ts';

/** Locks and reads. Throws JOURNAL_FAILED for a message that does not exist. */
export const requireMessage = async (store: Store, id: string): Promise<MessageRow> => {
  await lock(store, 'message', id);
  const row = await messageRow(store, id);
  if (row === undefined) throw new CourierError('JOURNAL_FAILED', { detail: `no message ${id}` });
  return row;
};

/**
 * The job goes on under the run it had. Its ticket was ended with it: it gets the name of one that nobody holds, so that the job is
 * found to be without a holder, should it not end soon, and is handed out again.
 */
export const resume = (store: Store, id: string): Promise<number> =>
  run(store, `UPDATE message SET flow = 'running', ticket = :ticket WHERE id = :id`,
    { id, ticket: store.tickets === null ? null : `${store.newId()}:0` });

const reviveUnplanned = async (store: Store, row: MessageRow): Promise<MessageRow> => {
  if (row.code !== 'FLOW_ENDED') return row;
  const { id } = row;
  await run(store, `UPDATE message SET state = 'RECEIVED', code = NULL, why = NULL, ended_at = NULL WHERE id = :id`, { id });
  await resume(store, id);
  return { ...row, state: 'RECEIVED', code: null, why: null, flow: 'running' };
};

/** Recipients that were left behind are on their way again. */
const reviveHeld = async (store: Store, row: MessageRow): Promise<MessageRow> => {
  const left = await all<DeliveryRow>(store, `${DELIVERY} WHERE d.message_id = :id AND d.state = 'HELD' AND d.code = 'FLOW_ENDED'`, { id: row.id });
  if (left.length === 0) return row;
  await resume(store, row.id);
  for (const delivery of left) await applyStep(store, delivery, stateStep(delivery, 'RESOLVING'));
  return { ...row, flow: 'running' };
};

/**
 * The same, for a write of emission `runNumber`; undefined is a caller outside the flow, whom no fence holds back.
 * A message that seemed to have come to rest and goes on all the same is taken back into the flow.
 */
export const requireRun = async (store: Store, id: string, runNumber: number | undefined): Promise<MessageRow> => {
  const row = await requireMessage(store, id);
  if (runNumber === undefined) return row;
  if (row.run !== runNumber || row.flow === 'waiting' || row.code === 'SUPERSEDED') throw new CourierError('FLOW_OVERTAKEN', { detail: id });
  if (row.flow !== 'ended') return row;
  return row.planned_at === null ? reviveUnplanned(store, row) : reviveHeld(store, row);
};
