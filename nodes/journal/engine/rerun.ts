// A message run again from a stage: itself where nothing of it was sealed yet, else a new one that is linked to it.
import { CourierError } from '../../errors.ts';
import { type RerunOutcome, type RerunRequest, type Stage, STAGES } from '../port.ts';
import { afterReplan, afterRerun } from '../states.ts';
import { plain, refuse, saying } from './asking.ts';
import { quieten } from './alarms.ts';
import { appendAudit } from './audit.ts';
import { marksOf } from './choice.ts';
import { applyStep, DELIVERY, type DeliveryRow, detailsOf, factsOf } from './deliveries.ts';
import { giveUp, isInFlow, isUpTo, lockMessage, makeLinked, recipientOf, requireOrder, type Successor } from './linking.ts';
import { intoFlow, type MessageRow } from './messages.ts';
import { insertRecipient } from './recipients.ts';
import { all, first, run, type Store } from './store.ts';

type Request = Required<Omit<RerunRequest, 'only'>> & { only: string[] | null };

const read = ({ messageId, from, only, actor, reason }: RerunRequest): Request => {
  if (!STAGES.includes(from)) refuse('from');
  if (only !== undefined && (!Array.isArray(only) || only.length === 0)) refuse('only');
  return {
    messageId: plain('messageId', messageId), from, only: only?.map((id) => plain('only', id)) ?? null,
    actor: saying('actor', actor), reason: saying('reason', reason),
  };
};

const requireAtRest = async (store: Store, message: MessageRow): Promise<void> => {
  if (message.order_id === null) throw new CourierError('MESSAGE_NOT_JOINED', { detail: message.id });
  if (message.code === 'SUPERSEDED') throw new CourierError('SUPERSEDED', { detail: message.id });
  const linked = await first(store, `SELECT 1 FROM message WHERE link_of = :id AND flow IN ('waiting', 'running')`, { id: message.id });
  if (isInFlow(message) || linked !== undefined) throw new CourierError('MESSAGE_BUSY', { detail: message.id });
};

/** A number below 0 says: of an earlier plan, kept to be read. */
type PlanRow = DeliveryRow & { ordinal: number };

/** Recipients of the plan that holds, as the request names them. */
const chosenOf = (rows: readonly PlanRow[], only: string[] | null): PlanRow[] => {
  // What a person stopped, or what went another way, is run again only when named. Whoever must not get it is never sent to.
  if (only === null) return rows.filter(({ state, ordinal }) => ordinal >= 0 && state !== 'SUPPRESSED' && state !== 'CANCELLED');
  return [...new Set(only)].map((id) => {
    const row = rows.find((other) => other.id === id);
    if (row === undefined) throw new CourierError('DELIVERY_UNKNOWN', { detail: id });
    if (row.state === 'SUPPRESSED' || row.ordinal < 0) throw new CourierError('ACTION_UNFIT', { detail: id });
    return row;
  });
};

/** Whether the stages from there on can find the recipient an address, if it has none. */
const canResolve = async (store: Store, row: DeliveryRow, from: Stage): Promise<boolean> => {
  const { address, npi } = await detailsOf(store, row);
  return row.state === 'UNRESOLVED' && address === null ? npi !== null && isUpTo(from, 'lookup-npi') : true;
};

const successorsOf = async (store: Store, chosen: readonly PlanRow[], from: Stage): Promise<Successor<PlanRow>[]> => {
  const successors: Successor<PlanRow>[] = [];
  for (const row of chosen) if (await canResolve(store, row, from)) successors.push({ of: row, recipient: await recipientOf(store, row) });
  return successors;
};

const setAside = async (store: Store, id: string): Promise<void> => {
  await run(store, 'UPDATE delivery SET ordinal = -1 - ordinal WHERE id = :id', { id });
  await quieten(store, id);
};

const replan = async (store: Store, message: MessageRow, rows: readonly PlanRow[], onlyThese: string[] | null): Promise<void> => {
  const { version } = await requireOrder(store, message);
  for (const row of rows.filter(({ ordinal }) => ordinal >= 0)) {
    await applyStep(store, row, afterReplan(factsOf(row)));
    await setAside(store, row.id);
  }
  await run(store, 'UPDATE message SET planned_at = NULL, order_version = :version, only_these = :onlyThese WHERE id = :id',
    { id: message.id, version, onlyThese: onlyThese === null ? null : JSON.stringify(onlyThese) });
};

/** Held ones are resolved again; one that has ended stays as it is, and another stands in its place. */
const reopen = async (store: Store, message: MessageRow, chosen: readonly PlanRow[], from: Stage): Promise<void> => {
  const successors = await successorsOf(store, chosen, from);
  if (message.planned_at !== null && successors.length === 0) throw new CourierError('RECIPIENT_NONE', { detail: message.id });
  for (const { of, recipient } of successors) {
    if (of.state === 'HELD') {
      await applyStep(store, of, afterRerun(factsOf(of)));
      continue;
    }
    const made = await insertRecipient(store, message, recipient, of.ordinal);
    await run(store, 'UPDATE delivery SET instead_of = :of WHERE id = :made', { of: of.id, made });
    await setAside(store, of.id);
  }
};

const runSame = async (store: Store, message: MessageRow, rows: readonly PlanRow[], { from, only }: Request): Promise<RerunOutcome> => {
  const chosen = chosenOf(rows, only);
  await requireOrder(store, message);
  if (from === 'resolve-route') await replan(store, message, rows, only === null ? null : await marksOf(store, chosen));
  else await reopen(store, message, chosen, from);
  await run(store, `UPDATE message SET state = CASE WHEN planned_at IS NULL THEN 'RECEIVED' ELSE 'ROUTED' END,
    code = NULL, why = NULL, ended_at = NULL WHERE id = :id`, { id: message.id });
  await intoFlow(store, message);
  return { messageId: message.id, linked: false };
};

const runLinked = async (store: Store, message: MessageRow, rows: readonly PlanRow[], request: Request): Promise<RerunOutcome> => {
  const { from, only, actor, reason } = request;
  const chosen = chosenOf(rows, only);
  const sending = chosen.find(({ state }) => state === 'SENDING');
  if (sending !== undefined) throw new CourierError('DELIVERY_SENDING', { detail: sending.id });
  const anew = from === 'resolve-route';
  const messageId = await makeLinked(store, message, {
    link: { kind: 'rerun', of: message.id, reason, actor }, from, successors: anew ? null : await successorsOf(store, chosen, from),
    onlyThese: anew && only !== null ? await marksOf(store, chosen) : null,
  });
  for (const row of chosen) await giveUp(store, row, 'RERUN');
  return { messageId, linked: true };
};

const STOPPED = ['HELD', 'ERROR', 'FILTERED'];

/**
 * Throws REQUEST_INVALID, MESSAGE_UNKNOWN, MESSAGE_NOT_JOINED, MESSAGE_BUSY, SUPERSEDED, DELIVERY_UNKNOWN, DELIVERY_SENDING, ACTION_UNFIT
 * (a recipient that must get nothing was named), and what `makeLinked` throws; nothing is changed then.
 */
export const rerun = async (store: Store, asked: RerunRequest): Promise<RerunOutcome> => {
  const request = read(asked);
  const message = await lockMessage(store, request.messageId);
  await requireAtRest(store, message);
  const rows = await all<PlanRow>(store, `${DELIVERY} WHERE d.message_id = :id ORDER BY d.ordinal`, { id: message.id });
  const same = STOPPED.includes(message.state) && rows.every(({ mail }) => mail === null);
  const outcome = await (same ? runSame : runLinked)(store, message, rows, request);
  const whom = request.only === null ? 'all recipients' : request.only.join(' ');
  const detail = `from ${request.from}, ${outcome.linked ? 'created' : 'same'} ${outcome.messageId}, ${whom}`;
  await appendAudit(store, { actor: request.actor, action: 'rerun', target: message.id, reason: request.reason, detail });
  return outcome;
};
