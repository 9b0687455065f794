// Delivery rows: read as facts, moved by the steps of the state machine, their message kept in line, the change told.
import type { Priority } from '../../0-order/model.ts';
import type { DeliveryChange, DeliveryState, MessageState } from '../port.ts';
import { type DeliveryFacts, isTerminal, messageStateOf, type Step } from '../states.ts';
import { all, first, insert, run, type Store } from './store.ts';

/** The columns that the queue works on; those of the last line come from the message. */
export interface DeliveryRow {
  id: string; message_id: string; address: string | null; final_delivery: number; state: DeliveryState; code: string | null;
  account: string | null; node: string | null; mail_message_id: string | null; deadline_ms: number; attempt: number; next_attempt_at: number | null;
  unknown_outcome: number; accepted_at: number | null; deadline_at: number | null; processed_at: number | null; dispatched_at: number | null;
  failed_at: number | null; late_success: number; warnings: string;
  organization: string; site: string; order_local_id: string; priority: Priority; resend_of: string | null;
}

export const DELIVERY = `
  SELECT d.*, m.organization, m.site, m.order_local_id, m.priority, m.resend_of
  FROM delivery d JOIN message m ON m.id = d.message_id`;

export const deliveryRow = (store: Store, id: string): DeliveryRow | undefined => first(store, `${DELIVERY} WHERE d.id = :id`, { id });

export const factsOf = (row: DeliveryRow): DeliveryFacts => ({
  state: row.state, code: row.code, finalDelivery: row.final_delivery === 1, deadlineMs: row.deadline_ms,
  unknownOutcome: row.unknown_outcome === 1, nextAttemptAt: row.next_attempt_at, acceptedAt: row.accepted_at, deadlineAt: row.deadline_at,
  processedAt: row.processed_at, dispatchedAt: row.dispatched_at, failedAt: row.failed_at, lateSuccess: row.late_success === 1,
});

export const stateStep = (row: DeliveryRow, state: DeliveryState, code: string | null = null): Step =>
  ({ facts: { ...factsOf(row), state, code, nextAttemptAt: null }, trail: [{ state, code }], accepted: false });

const changeOf = (store: Store, row: DeliveryRow, state: DeliveryState, code: string | null, chargeable: boolean): DeliveryChange => ({
  deliveryId: row.id, messageId: row.message_id, node: row.node, state, code, at: store.now, recipient: row.address,
  orderLocalId: row.order_local_id, organization: row.organization, site: row.site, priority: row.priority, resendOf: row.resend_of, chargeable,
  mailMessageId: row.mail_message_id === null ? null : `<${row.mail_message_id}>`,
});

/** A routed message is done when its deliveries are; HELD and ERROR wait for a person. */
export const settleMessage = (store: Store, messageId: string): void => {
  const states = all<{ state: DeliveryState }>(store, 'SELECT state FROM delivery WHERE message_id = :messageId', { messageId });
  const state: MessageState = messageStateOf(states.map((row) => row.state));
  run(store, `UPDATE message SET state = :state, code = NULL, why = NULL
    WHERE id = :messageId AND state IN ('ROUTED', 'DONE', 'DONE_WITH_PROBLEMS') AND state <> :state`, { messageId, state });
};

/** The event that a fee is due for: once per delivery, whatever happens later. */
const charge = (store: Store, row: DeliveryRow): void => {
  const { id, organization, site, account } = row;
  run(store, `INSERT INTO chargeable (delivery_id, kind, sequence, at, organization, site, account)
    SELECT :id, :kind, coalesce(max(sequence), 0) + 1, :at, :organization, :site, :account FROM chargeable WHERE true
    ON CONFLICT (delivery_id, kind) DO NOTHING`,
  { id, kind: row.resend_of === null ? 'delivery' : 'resend', at: store.now, organization, site, account });
};

/** Tells of a state that a row already has. */
export const tell = (store: Store, row: DeliveryRow, state: DeliveryState, code: string | null, chargeable = false): DeliveryChange => {
  insert(store, 'delivery_history', { delivery_id: row.id, at: store.now, state, code });
  const change = changeOf(store, row, state, code, chargeable);
  store.changes.push(change);
  return change;
};

/** Writes a step: facts, history, fee event and message state together. Returns the last change, or null when nothing was to tell. */
export const applyStep = (store: Store, row: DeliveryRow, { facts, trail, accepted }: Step): DeliveryChange | null => {
  run(store, `UPDATE delivery SET state = :state, code = :code, next_attempt_at = :next, unknown_outcome = :unknown, accepted_at = :accepted,
    deadline_at = :deadline, processed_at = :processed, dispatched_at = :dispatched, failed_at = :failed, late_success = :late WHERE id = :id`, {
    id: row.id, state: facts.state, code: facts.code, next: facts.nextAttemptAt, unknown: Number(facts.unknownOutcome), accepted: facts.acceptedAt,
    deadline: facts.deadlineAt, processed: facts.processedAt, dispatched: facts.dispatchedAt, failed: facts.failedAt, late: Number(facts.lateSuccess),
  });
  if (accepted) charge(store, row);
  // A step's first state is the acceptance, where it holds one.
  const changes = trail.map(({ state, code }, index) => tell(store, row, state, code, accepted && index === 0));
  if (accepted && trail.length === 0) {
    const proved = changeOf(store, row, facts.state, facts.code, true);
    store.changes.push(proved);
    changes.push(proved);
  }
  if (isTerminal(facts.state) || isTerminal(row.state)) settleMessage(store, row.message_id);
  return changes.at(-1) ?? null;
};
