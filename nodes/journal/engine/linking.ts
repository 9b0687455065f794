// A message made from another one because a person wants it sent again: linked to it, while what was there stays as it is.
import type { Recipient } from '../../0-order/message.ts';
import { CourierError } from '../../errors.ts';
import { type MessageLink, type Stage, STAGES } from '../port.ts';
import { afterCancel } from '../states.ts';
import { quieten } from './alarms.ts';
import { applyStep, type DeliveryRow, detailsOf, factsOf } from './deliveries.ts';
import { settleMessage } from './message-state.ts';
import { intoFlow, type MessageRow, messageRow, rootOf } from './messages.ts';
import { insertRecipient } from './recipients.ts';
import { readyOf } from './results.ts';
import { first, lock, run, type Store } from './store.ts';

/** Whom the new message goes to: in place of which delivery. */
export interface Successor<Row = DeliveryRow> { of: Row; recipient: Recipient }

export interface Linking {
  link: MessageLink;
  /** Everything before this stage is taken over. */
  from: Stage;
  /** Null: the route is resolved anew. */
  successors: Successor[] | null;
  /** With a route resolved anew: marks of those who may get it. */
  onlyThese: string[] | null;
}

export const isUpTo = (from: Stage, stage: Stage): boolean => STAGES.indexOf(from) <= STAGES.indexOf(stage);

/** The message that is to be run again, locked. Throws MESSAGE_UNKNOWN. */
export const lockMessage = async (store: Store, id: string): Promise<MessageRow> => {
  await lock(store, 'message', id);
  const row = await messageRow(store, id);
  if (row === undefined) throw new CourierError('MESSAGE_UNKNOWN', { detail: id });
  return row;
};

export const isInFlow = ({ flow }: MessageRow): boolean => flow === 'waiting' || flow === 'running';

/** The recipient of a delivery, as the flow gets it again. */
export const recipientOf = async (store: Store, row: DeliveryRow): Promise<Recipient> =>
  ({
    level: row.level, ...await detailsOf(store, row), finalDelivery: row.final_delivery === 1, state: 'RESOLVING', code: null,
    ...(row.hold_code !== null && { hold: row.hold_code }),
  });

interface OrderState { state: string; version: number }

/** Throws MESSAGE_NOT_JOINED, ORDER_CANCELLED. */
export const requireOrder = async (store: Store, message: MessageRow): Promise<OrderState> => {
  const order = await first<OrderState>(store, 'SELECT state, version FROM orders WHERE id = :id', { id: message.order_id });
  if (message.order_id === null || order === undefined) throw new CourierError('MESSAGE_NOT_JOINED', { detail: message.id });
  if (order.state === 'cancelled') throw new CourierError('ORDER_CANCELLED', { detail: message.id });
  return order;
};

/** Whether there is what the stages before `from` had made. Throws NOTHING_TO_TAKE_OVER, or RESEND_EXPIRED when it was removed after its time. */
const requireMade = async (store: Store, message: MessageRow, from: Stage): Promise<void> => {
  if (from !== 'build-cda' && from !== 'seal-mail') return;
  const made = from === 'seal-mail'
    ? await first<{ content: Uint8Array | null }>(store, `SELECT content FROM document WHERE message_id = :root
      ORDER BY CASE WHEN content IS NULL THEN 1 ELSE 0 END LIMIT 1`, { root: rootOf(message) })
    : await first<{ content: Uint8Array | null }>(store, 'SELECT report AS content FROM message WHERE id = :root', { root: rootOf(message) });
  if (made?.content != null) return;
  if (made !== undefined && (from === 'seal-mail' || message.pruned_at !== null)) throw new CourierError('RESEND_EXPIRED', { detail: message.id });
  throw new CourierError('NOTHING_TO_TAKE_OVER', { detail: `${message.id}, ${from}` });
};

const COPIED = `input_id, organization, bound_to, site, order_local_id, order_id, result, result_pdf, result_code, patient_mark, transaction_mark,
  content_key, grade_key, priority, rank, entry, jumps, test`;

/** Never a replay of anything, so that it has no replay key. */
const copy = async (store: Store, message: MessageRow, version: number, { link, from, successors, onlyThese }: Linking): Promise<string> => {
  const id = store.newId();
  await run(store, `INSERT INTO message (id, received_at, order_version, resend_of, report, state, planned_at,
      link_kind, link_of, link_reason, link_actor, only_these, ${COPIED})
    SELECT CAST(:id AS TEXT), CAST(:now AS BIGINT), CAST(:version AS BIGINT), CAST(:resendOf AS TEXT),
      CASE WHEN CAST(:report AS BIGINT) = 1 THEN (SELECT r.report FROM message r WHERE r.id = :root) END, CAST(:state AS TEXT),
      CAST(:plannedAt AS BIGINT), CAST(:kind AS TEXT), CAST(:of AS TEXT), CAST(:reason AS TEXT), CAST(:actor AS TEXT), CAST(:onlyThese AS TEXT),
      ${COPIED} FROM message WHERE id = :of`, {
    id, now: store.now, version, resendOf: from === 'seal-mail' ? rootOf(message) : null, report: Number(from === 'build-cda'), root: rootOf(message),
    state: successors === null ? 'RECEIVED' : 'ROUTED', plannedAt: successors === null ? null : store.now,
    kind: link.kind, of: message.id, reason: link.reason, actor: link.actor, onlyThese: onlyThese === null ? null : JSON.stringify(onlyThese),
  });
  return id;
};

/** Cancels what has not gone yet: with a code, because something else takes its place. */
export const giveUp = async (store: Store, row: DeliveryRow, code?: string): Promise<void> => {
  const step = afterCancel(factsOf(row), code);
  if (step.trail.length === 0) return;
  await applyStep(store, row, step);
};

/**
 * Makes the message and hands it to the flow; returns its id. The old message is locked by the caller and not in the flow.
 * Throws MESSAGE_NOT_JOINED, ORDER_CANCELLED, RESEND_EXPIRED, NOTHING_TO_TAKE_OVER, RECIPIENT_NONE.
 */
export const makeLinked = async (store: Store, message: MessageRow, linking: Linking): Promise<string> => {
  const order = await requireOrder(store, message);
  const version = linking.from === 'resolve-route' ? order.version : message.order_version!;
  if (await readyOf(store, { ...message, order_version: version }) === null) throw new CourierError('RESEND_EXPIRED', { detail: message.id });
  await requireMade(store, message, linking.from);
  if (linking.successors?.length === 0) throw new CourierError('RECIPIENT_NONE', { detail: message.id });
  const id = await copy(store, message, version, linking);
  const created = (await messageRow(store, id))!;
  for (const [ordinal, { of, recipient }] of (linking.successors ?? []).entries()) {
    const made = await insertRecipient(store, created, recipient, ordinal);
    await run(store, 'UPDATE delivery SET instead_of = :of WHERE id = :made', { of: of.id, made });
    await quieten(store, of.id);
  }
  const open = await first(store, `SELECT 1 FROM delivery WHERE message_id = :id AND state = 'RESOLVING'`, { id });
  // All of them are on the do-not-send list: there is nothing for the flow to do.
  if (linking.successors !== null && open === undefined) await settleMessage(store, id);
  else await intoFlow(store, created);
  return id;
};
