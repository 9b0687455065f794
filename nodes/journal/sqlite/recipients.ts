// The recipient plan of a message: recorded once, settled after look-up, ended where no mail goes out.
import type { Recipient } from '../../0-order/message.ts';
import { CourierError } from '../../errors.ts';
import { applyStep, DELIVERY, deliveryRow, type DeliveryRow, settleMessage, stateStep, tell } from './deliveries.ts';
import { messageRow, type MessageRow } from './messages.ts';
import { all, first, insert, parsed, run, type Store } from './store.ts';

interface PlannedRow {
  id: string; level: Recipient['level']; also_from: string; address: string | null; npi: string | null; source: string; why: string;
  final_delivery: number; state: string; code: string | null; warnings: string;
}

export const requireMessage = (store: Store, id: string): MessageRow => {
  const row = messageRow(store, id);
  if (row === undefined) throw new CourierError('JOURNAL_FAILED', { detail: `no message ${id}` });
  return row;
};

/** A plan read again: what has gone on to the queue stands as RESOLVING, so that a flow that repeats itself reaches `enqueue` again. */
const planned = (store: Store, messageId: string): Recipient[] =>
  all<PlannedRow>(store, 'SELECT * FROM delivery WHERE message_id = :messageId ORDER BY ordinal', { messageId }).map((row) => {
    const state = row.state === 'UNRESOLVED' || row.state === 'SUPPRESSED' ? row.state : 'RESOLVING';
    return {
      id: row.id, level: row.level, alsoFrom: parsed(row.also_from), address: row.address, npi: row.npi, source: row.source, why: row.why,
      finalDelivery: row.final_delivery === 1, state, code: state === 'RESOLVING' ? null : row.code, warnings: parsed(row.warnings),
    };
  });

const insertRecipient = (store: Store, messageId: string, recipient: Recipient, ordinal: number): void => {
  const id = store.newId();
  run(store, `INSERT INTO delivery (id, message_id, ordinal, level, also_from, address, npi, source, why, final_delivery, warnings,
    state, code, rank, received_at)
    SELECT :id, m.id, :ordinal, :level, :alsoFrom, :address, :npi, :source, :why, :finalDelivery, :warnings, :state, :code, m.rank, m.received_at
    FROM message m WHERE m.id = :messageId`, {
    id, messageId, ordinal, level: recipient.level, alsoFrom: JSON.stringify(recipient.alsoFrom), address: recipient.address, npi: recipient.npi,
    source: recipient.source, why: recipient.why, finalDelivery: Number(recipient.finalDelivery), warnings: JSON.stringify(recipient.warnings),
    state: recipient.state, code: recipient.code,
  });
  tell(store, deliveryRow(store, id)!, recipient.state, recipient.code);
};

export const planRecipients = (store: Store, messageId: string, recipients: Recipient[]): Recipient[] => {
  const message = requireMessage(store, messageId);
  if (message.order_id === null) throw new CourierError('JOURNAL_FAILED', { detail: `message ${messageId} is joined to no order` });
  if (message.planned_at === null) {
    recipients.forEach((recipient, ordinal) => insertRecipient(store, messageId, recipient, ordinal));
    // A message that was held before it had a plan has been run again.
    run(store, `UPDATE message SET planned_at = :now, state = 'ROUTED', code = NULL, why = NULL WHERE id = :messageId`,
      { messageId, now: store.now });
    settleMessage(store, messageId);
  }
  return planned(store, messageId);
};

const resolvingOf = (store: Store, messageId: string): DeliveryRow[] =>
  all(store, `${DELIVERY} WHERE d.message_id = :messageId AND d.state = 'RESOLVING' ORDER BY d.ordinal`, { messageId });

const settleOne = (store: Store, row: DeliveryRow, recipient: Recipient): void => {
  run(store, `UPDATE delivery SET level = :level, also_from = :alsoFrom, address = :address, npi = :npi, source = :source, why = :why,
    final_delivery = :finalDelivery, warnings = :warnings WHERE id = :id`, {
    id: row.id, level: recipient.level, alsoFrom: JSON.stringify(recipient.alsoFrom), address: recipient.address, npi: recipient.npi,
    source: recipient.source, why: recipient.why, finalDelivery: Number(recipient.finalDelivery), warnings: JSON.stringify(recipient.warnings),
  });
  if (recipient.state !== 'RESOLVING') applyStep(store, deliveryRow(store, row.id)!, stateStep(row, recipient.state, recipient.code));
};

export const settleRecipients = (store: Store, messageId: string, recipients: Recipient[]): void => {
  const byId = new Map(recipients.filter(({ id }) => id !== undefined).map((recipient) => [recipient.id!, recipient]));
  for (const row of resolvingOf(store, messageId)) {
    const recipient = byId.get(row.id);
    if (recipient !== undefined) {
      settleOne(store, row, recipient);
      continue;
    }
    run(store, 'DELETE FROM delivery WHERE id = :id', { id: row.id });
    recordStage(store, messageId, 'merge', row.id);
  }
  settleMessage(store, messageId);
};

export const endRecipient = (store: Store, deliveryId: string, state: 'UNRESOLVED' | 'SUPPRESSED', code: string, why: string): void => {
  const row = deliveryRow(store, deliveryId);
  if (row?.state !== 'RESOLVING') return;
  run(store, 'UPDATE delivery SET why = :why WHERE id = :deliveryId', { deliveryId, why });
  applyStep(store, row, stateStep(row, state, code));
};

/** A message whose recipients all have their way already is past stopping: the fault is recorded, nothing else changes. */
const isStoppable = (store: Store, { id, state }: MessageRow): boolean => {
  if (state === 'RECEIVED' || state === 'FILTERED') return true;
  if (state !== 'ROUTED') return false;
  const counts = first<{ planned: number; resolving: number }>(store,
    `SELECT count(*) AS planned, count(*) FILTER (WHERE state = 'RESOLVING') AS resolving FROM delivery WHERE message_id = :id`, { id })!;
  return counts.planned === 0 || counts.resolving > 0;
};

export const stopMessage = (store: Store, messageId: string, state: 'HELD' | 'ERROR', code: string, why: string): void => {
  const message = requireMessage(store, messageId);
  recordStage(store, messageId, 'stop', state, code);
  if (!isStoppable(store, message)) return;
  run(store, 'UPDATE message SET state = :state, code = :code, why = :why WHERE id = :messageId', { messageId, state, code, why });
  for (const row of resolvingOf(store, messageId)) applyStep(store, row, stateStep(row, 'HELD', code));
};

export const recordStage = (store: Store, messageId: string, stage: string, outcome: string, code?: string): void => {
  insert(store, 'stage_event', { message_id: messageId, at: store.now, stage, outcome, code: code ?? null });
};
