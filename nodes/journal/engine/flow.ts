// Work in the flow as a job: handed out with a numbered run, given back when it was lost, ended when the message has come to rest.
import type { FlowClaim, ReadyMessage } from '../port.ts';
import { requireMessage } from './fence.ts';
import { announceFlow, endJob } from './message-state.ts';
import { droppedName, entryFor, messageRow, type MessageRow } from './messages.ts';
import { holdResolving, recordStage } from './recipients.ts';
import { readyOf } from './results.ts';
import { all, insert, list, lock, run, type Store, ticketId, ticketsFor, unlessDamaged } from './store.ts';

/**
 * What a loss weighs, and from which weight on a person has to look. A message whose lease ran out is the one to blame: three times. A process
 * that ended had many in hand, nearly all of them innocent, and may end again and again: thirty times, until what ends it is out of the way.
 */
const WEIGHT = { lapsed: 10, crashed: 1 };
const LIMIT = 30;

/** Nothing of the same order is in the flow before it; a correction waits for nothing. */
export const FLOW_FREE = `(m.jumps = 1 OR m.order_id IS NULL OR NOT EXISTS (SELECT 1 FROM message e
  WHERE e.order_id = m.order_id AND e.flow IN ('waiting', 'running') AND e.seq < m.seq))`;

const claimable = async (store: Store, id: string): Promise<MessageRow | undefined> =>
  (await all<MessageRow>(store, `SELECT * FROM message m WHERE m.id = :id AND m.flow = 'waiting' AND ${FLOW_FREE}`, { id }))[0];

/** What the flow gets, or the code that says why there is nothing to get: one message that cannot be read must not keep the others. */
const readable = async (store: Store, row: MessageRow): Promise<ReadyMessage | 'RESEND_EXPIRED' | 'CONTENT_DAMAGED'> =>
  await unlessDamaged(async () => await readyOf(store, row) ?? 'RESEND_EXPIRED') ?? 'CONTENT_DAMAGED';

const hand = async (store: Store, row: MessageRow, ticket: string | null): Promise<FlowClaim | null> => {
  const ready = await readable(store, row);
  if (typeof ready === 'string') {
    await recordStage(store, row.id, 'stop', 'ERROR', ready);
    await run(store, `UPDATE message SET state = 'ERROR', code = :code WHERE id = :id`, { id: row.id, code: ready });
    await holdResolving(store, row.id, ready);
    await endJob(store, row.id);
    return null;
  }
  await run(store, `UPDATE message SET flow = 'running', run = run + 1, ticket = :ticket WHERE id = :id`, { id: row.id, ticket });
  return { ...ready, direct: { ...ready.direct, run: row.run + 1 }, entry: row.entry };
};

/** Whether it may be handed out again; else it is an ERROR that a person sees and can run again. */
const countLoss = async (store: Store, row: MessageRow, how: keyof typeof WEIGHT): Promise<boolean> => {
  const losses = row.losses + WEIGHT[how];
  await run(store, 'UPDATE message SET losses = :losses WHERE id = :id', { id: row.id, losses });
  if (losses < LIMIT) return true;
  const why = `Lost in the flow, handed out ${row.run} times, last seen at ${row.last_stage ?? 'the order in node'}.`;
  await recordStage(store, row.id, 'stop', 'ERROR', 'FLOW_LOST');
  await run(store, `UPDATE message SET state = 'ERROR', code = 'FLOW_LOST', why = :why WHERE id = :id`, { id: row.id, why });
  await holdResolving(store, row.id, 'FLOW_LOST');
  await endJob(store, row.id);
  return false;
};

const fromTable = async (store: Store, entries: string[], limit: number): Promise<FlowClaim[]> => {
  const { sql, values } = list('entry', entries);
  const rows = await all<MessageRow>(store, `SELECT * FROM message m WHERE m.flow = 'waiting' AND m.entry IN ${sql} AND ${FLOW_FREE}
    ORDER BY m.rank, m.seq LIMIT :limit`, { ...values, limit });
  const claims: FlowClaim[] = [];
  for (const row of rows) {
    const claim = await hand(store, row, null);
    if (claim !== null) claims.push(claim);
  }
  return claims;
};

/** A ticket whose message is still running under it was left behind by an instance that is gone. */
const takeBack = async (store: Store, id: string, ticket: string): Promise<void> => {
  const row = await messageRow(store, id);
  if (row === undefined || row.flow !== 'running' || row.ticket === null || ticketId(row.ticket) !== ticketId(ticket)) return;
  await recordStage(store, id, 'flow', 'lost', 'FLOW_CRASHED');
  if (await countLoss(store, row, 'crashed')) await run(store, `UPDATE message SET flow = 'waiting', ticket = NULL WHERE id = :id`, { id });
};

const fromTickets = async (store: Store, entries: string[], limit: number): Promise<FlowClaim[]> => {
  const claims: FlowClaim[] = [];
  for await (const { job, ticket } of ticketsFor(store, 'flow', entries, () => limit - claims.length)) {
    await lock(store, 'message', job.id);
    await takeBack(store, job.id, ticket);
    const row = await claimable(store, job.id);
    const claim = row === undefined ? null : await hand(store, row, ticket);
    if (claim !== null) claims.push(claim);
    else await store.tickets!.settle('flow', 'entry' in job ? job.entry : '', ticket);
  }
  return claims;
};

/** What came in by no order in node (by a command, or before entries were known) leaves by any. */
export const claimFlow = (store: Store, entries: string[], limit: number): Promise<FlowClaim[]> =>
  (store.tickets === null ? fromTable : fromTickets)(store, [...new Set([...entries, ''])], limit);

export const openFlows = async (store: Store, emissions: { messageId: string; run: number }[]): Promise<string[]> => {
  const { sql, values } = list('id', emissions.map(({ messageId }) => messageId));
  const rows = await all<{ id: string; run: number }>(store, `SELECT id, run FROM message WHERE flow = 'running' AND id IN ${sql}`, values);
  const runs = new Map(rows.map((row) => [row.id, row.run]));
  return emissions.filter(({ messageId, run: number }) => runs.get(messageId) === number).map(({ messageId }) => messageId);
};

export const noteStages = async (store: Store, notes: { messageId: string; run: number; stage: string }[]): Promise<void> => {
  for (const { messageId, run: number, stage } of notes) {
    await run(store, 'UPDATE message SET last_stage = :stage WHERE id = :messageId AND run = :number', { messageId, number, stage });
  }
};

const isRunning = (row: MessageRow, runNumber: number): boolean => row.flow === 'running' && row.run === runNumber;

/** Back among the waiting. */
const wait = async (store: Store, row: MessageRow): Promise<void> => {
  const entry = await entryFor(store, row.entry);
  await run(store, `UPDATE message SET flow = 'waiting', ticket = NULL, entry = :entry WHERE id = :id`, { id: row.id, entry });
  if (row.ticket !== null) await store.tickets?.settle('flow', row.entry, row.ticket);
  await announceFlow(store, { ...row, entry });
};

export const releaseFlow = async (store: Store, messageId: string, runNumber: number, lost: boolean): Promise<void> => {
  const row = await requireMessage(store, messageId);
  if (!isRunning(row, runNumber)) return;
  if (lost) await recordStage(store, messageId, 'flow', 'lost', 'FLOW_LOST');
  if (!lost || await countLoss(store, row, 'lapsed')) await wait(store, row);
};

export const endFlow = async (store: Store, messageId: string, runNumber: number, lastNode: string): Promise<void> => {
  const row = await requireMessage(store, messageId);
  if (!isRunning(row, runNumber)) return;
  const why = `The flow ended at ${lastNode}.`;
  await recordStage(store, messageId, 'flow', 'ended', 'FLOW_ENDED');
  if (row.planned_at === null) {
    await run(store, `UPDATE message SET state = 'FILTERED', code = 'FLOW_ENDED', why = :why, ended_at = :now WHERE id = :messageId`,
      { messageId, why, now: store.now });
  } else {
    await holdResolving(store, messageId, 'FLOW_ENDED');
  }
  await endJob(store, messageId);
};

/** Noted for good: what is joined, sealed anew or run again later leaves by another one, too. */
export const dropEntry = async (store: Store, entry: string): Promise<void> => {
  await insert(store, 'meta', { name: droppedName(entry), value: String(store.now) }, 'ON CONFLICT DO NOTHING');
  const waiting = await all<MessageRow>(store, `SELECT * FROM message WHERE entry = :entry AND flow = 'waiting'`, { entry });
  await run(store, `UPDATE message SET entry = '' WHERE entry = :entry AND flow = 'waiting'`, { entry });
  for (const row of waiting) await announceFlow(store, { ...row, entry: '' });
};

/** At opening, where one process owns the journal: what was in the flow of the one before is handed out again. */
export const recoverFlow = async (store: Store): Promise<void> => {
  for (const row of await all<MessageRow>(store, `SELECT * FROM message WHERE flow = 'running'`)) {
    await recordStage(store, row.id, 'flow', 'lost', 'FLOW_CRASHED');
    if (await countLoss(store, row, 'crashed')) await wait(store, row);
  }
};
