// The recipient plan of a message: recorded once, settled after look-up, ended where no mail goes out.
import type { Recipient } from '../../0-order/message.ts';
import { CourierError } from '../../errors.ts';
import type { MessageState } from '../port.ts';
import { alarmIsUp, followState } from './alarms.ts';
import { withoutBlocked } from './blocked.ts';
import { onlyChosen } from './choice.ts';
import { earlierRecipients } from './corrections.ts';
import {
  applyStep, DELIVERY, type DeliveryDetails, deliveryRow, type DeliveryRow, detailColumns, detailsOf, stateStep, tell,
} from './deliveries.ts';
import { requireMessage, requireRun, resume } from './fence.ts';
import { endJob, settleMessage } from './message-state.ts';
import { type MessageRow, resultOf } from './messages.ts';
import { all, first, insert, parsed, run, type Store } from './store.ts';

/** Those who are still to get their mail and those who get none. Who has a mail already is no longer the flow's business. */
const planned = async (store: Store, messageId: string): Promise<Recipient[]> => {
  const rows = await all<DeliveryRow>(store, `${DELIVERY} WHERE d.message_id = :messageId AND d.ordinal >= 0
    AND d.state IN ('RESOLVING', 'UNRESOLVED', 'SUPPRESSED') ORDER BY d.ordinal`, { messageId });
  const recipients: Recipient[] = [];
  for (const row of rows) {
    const { state } = row as { state: Recipient['state'] };
    recipients.push({
      id: row.id, level: row.level, ...await detailsOf(store, row), finalDelivery: row.final_delivery === 1, state,
      code: state === 'RESOLVING' ? null : row.code,
      ...(row.hold_code !== null && { hold: row.hold_code }),
      // Sealed once before: the HISP's answer, should it ever come, must find this delivery.
      ...(row.mail_message_id !== null && state === 'RESOLVING' && { messageId: `<${row.mail_message_id}>` }),
    });
  }
  return recipients;
};

const detailsFrom = ({ alsoFrom, address, npi, source, why, warnings, finalDeliveryBy, deadlineMinutes }: Recipient): DeliveryDetails => ({
  alsoFrom, address: address?.toLowerCase() ?? null, npi, source, why, warnings,
  ...(finalDeliveryBy !== undefined && { finalDeliveryBy }), ...(deadlineMinutes !== undefined && { deadlineMinutes }),
});

/** One recipient as a delivery. The columns that the plan does not know have their defaults. */
export const insertRecipient = async (store: Store, message: MessageRow, named: Recipient, ordinal: number): Promise<string> => {
  const id = store.newId();
  if (typeof named.source !== 'string') throw new CourierError('JOURNAL_FAILED', { detail: 'a recipient without a source' });
  const recipient = await withoutBlocked(store, named);
  await insert(store, 'delivery', {
    id, message_id: message.id, ordinal, level: recipient.level, ...detailColumns(store, detailsFrom(recipient)),
    final_delivery: Number(recipient.finalDelivery), state: recipient.state, code: recipient.code, rank: message.rank,
    received_at: message.received_at, jumps: message.jumps, ended_at: recipient.state === 'RESOLVING' ? null : store.now,
    hold_code: recipient.hold ?? null,
  });
  const row = (await deliveryRow(store, id))!;
  await tell(store, row, recipient.state, recipient.code);
  await followState(store, row, null, recipient.state, recipient.code);
  return id;
};

/** Whom a person chose when running the message again; the others are recorded as left out. */
const chosen = (store: Store, { only_these: these }: MessageRow, recipients: Recipient[]): Recipient[] =>
  these === null ? recipients : onlyChosen(store, new Set(parsed<string[]>(these)), recipients);

const withEarlier = async (store: Store, message: MessageRow, recipients: Recipient[]): Promise<Recipient[]> => {
  const result = message.jumps === 1 ? await resultOf(store, message) : null;
  if (result === null) return recipients;
  const named = new Set(recipients.map(({ address }) => address?.toLowerCase()));
  const earlier = await earlierRecipients(store, message, result);
  return [...recipients, ...earlier.filter(({ address }) => !named.has(address?.toLowerCase()))];
};

export const planRecipients = async (store: Store, messageId: string, recipients: Recipient[], runNumber?: number): Promise<Recipient[]> => {
  const message = await requireRun(store, messageId, runNumber);
  if (message.order_id === null) throw new CourierError('JOURNAL_FAILED', { detail: `message ${messageId} is joined to no order` });
  if (message.planned_at === null) {
    const plan = chosen(store, message, await withEarlier(store, message, recipients));
    // A plan that names nobody is none: the message can be routed again.
    if (plan.length === 0) return [];
    for (const [ordinal, recipient] of plan.entries()) await insertRecipient(store, message, recipient, ordinal);
    // A message that was held before it had a plan has been run again.
    await run(store, `UPDATE message SET planned_at = :now, state = 'ROUTED', code = NULL, why = NULL WHERE id = :messageId`,
      { messageId, now: store.now });
    // It was stopped, and a Catch node has sent it on.
    if (message.flow === 'ended' && runNumber !== undefined) await resume(store, messageId);
    await settleMessage(store, messageId);
  }
  return planned(store, messageId);
};

const resolvingOf = (store: Store, messageId: string): Promise<DeliveryRow[]> =>
  all(store, `${DELIVERY} WHERE d.message_id = :messageId AND d.state = 'RESOLVING' ORDER BY d.ordinal`, { messageId });

/** Null too for what a person has let pass already. */
const holdOf = ({ released_code: released }: DeliveryRow, { hold }: Recipient): string | null =>
  hold === undefined || hold === released ? null : hold;

const settleOne = async (store: Store, row: DeliveryRow, named: Recipient): Promise<void> => {
  const recipient = await withoutBlocked(store, named);
  await run(store, `UPDATE delivery SET level = :level, details = :details, address_mark = :address_mark, final_delivery = :finalDelivery,
    hold_code = :hold WHERE id = :id`, {
    id: row.id, hold: holdOf(row, recipient), level: recipient.level, finalDelivery: Number(recipient.finalDelivery),
    ...detailColumns(store, detailsFrom(recipient)),
  });
  if (recipient.state !== 'RESOLVING') await applyStep(store, (await deliveryRow(store, row.id))!, stateStep(row, recipient.state, recipient.code));
};

export const settleRecipients = async (store: Store, messageId: string, recipients: Recipient[], runNumber?: number): Promise<void> => {
  await requireRun(store, messageId, runNumber);
  const byId = new Map(recipients.filter(({ id }) => id !== undefined).map((recipient) => [recipient.id!, recipient]));
  for (const row of await resolvingOf(store, messageId)) {
    const recipient = byId.get(row.id);
    if (recipient !== undefined) {
      await settleOne(store, row, recipient);
      continue;
    }
    // What was sealed before has a history that stays.
    if (row.mail_message_id !== null) await applyStep(store, row, stateStep(row, 'SUPPRESSED', 'MERGED'));
    else await run(store, 'DELETE FROM delivery WHERE id = :id', { id: row.id });
    await recordStage(store, messageId, 'merge', row.id);
  }
  await settleMessage(store, messageId);
};

export const endRecipient = async (
  store: Store, deliveryId: string, state: 'UNRESOLVED' | 'SUPPRESSED', code: string, why: string, runNumber?: number,
): Promise<void> => {
  const found = await deliveryRow(store, deliveryId);
  if (found === undefined) return;
  await requireRun(store, found.message_id, runNumber);
  const row = (await deliveryRow(store, deliveryId))!;
  if (row.state !== 'RESOLVING') return;
  const { details } = detailColumns(store, { ...await detailsOf(store, row), why });
  await run(store, 'UPDATE delivery SET details = :details WHERE id = :deliveryId', { deliveryId, details });
  await applyStep(store, { ...row, details }, stateStep(row, state, code));
};

/** A message whose recipients all have their way already is past stopping: the fault is recorded, nothing else changes. */
const isStoppable = async (store: Store, { id, state, planned_at: plannedAt }: MessageRow, asked: MessageState): Promise<boolean> => {
  if (asked === 'FILTERED' && plannedAt !== null) return false;
  if (state === 'RECEIVED' || state === 'FILTERED') return true;
  if (state !== 'ROUTED') return false;
  const rows = await all<{ state: string }>(store, 'SELECT state FROM delivery WHERE message_id = :id', { id });
  return rows.length === 0 || rows.some((row) => row.state === 'RESOLVING');
};

export const stopMessage = async (
  store: Store, messageId: string, state: 'HELD' | 'ERROR' | 'FILTERED', code: string, why: string, runNumber?: number,
): Promise<void> => {
  const message = await requireRun(store, messageId, runNumber);
  await recordStage(store, messageId, 'stop', state, code);
  if (!await isStoppable(store, message, state)) return;
  await run(store, 'UPDATE message SET state = :state, code = :code, why = :why, ended_at = :ended WHERE id = :messageId',
    { messageId, state, code, why, ended: state === 'FILTERED' ? store.now : null });
  await holdResolving(store, messageId, code);
  await endJob(store, messageId);
};

export const holdResolving = async (store: Store, messageId: string, code: string): Promise<void> => {
  for (const row of await resolvingOf(store, messageId)) await applyStep(store, row, stateStep(row, 'HELD', code));
};

export const recordStage = async (store: Store, messageId: string, stage: string, outcome: string, code?: string): Promise<void> => {
  if (await first(store, 'SELECT 1 FROM message WHERE id = :messageId', { messageId }) === undefined) await requireMessage(store, messageId);
  await insert(store, 'stage_event', { message_id: messageId, at: store.now, stage, outcome, code: code ?? null });
  if (stage === 'stop') alarmIsUp(store);
};
