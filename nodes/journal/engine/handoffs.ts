// Hand-off: each delivery that ends badly is told once to whoever takes it from here. Claimed, told, settled: a process that dies in between
// leaves a claim that lapses.
import type { HandoffClaim, HandoffRecord } from '../port.ts';
import { LEASE, mine } from './alerts.ts';
import { deliveryRow, type DeliveryRow, detailsOf, fullMessageId } from './deliveries.ts';
import { type MessageRow, messageRow, rootOf } from './messages.ts';
import { readyOf } from './results.ts';
import { all, first, list, run, type Store, unlessDamaged } from './store.ts';

/** The fax number of the provider whom the order names; null for other recipients, and once the order's data was pruned. */
const faxOf = async (store: Store, message: MessageRow, row: DeliveryRow): Promise<string | null> => {
  if (row.level !== 'order') return null;
  const ready = await unlessDamaged(() => readyOf(store, message));
  return ready?.order.primaryCareProvider?.fax ?? null;
};

const hasReport = async (store: Store, message: MessageRow): Promise<boolean> =>
  await first(store, 'SELECT 1 FROM message WHERE id = :root AND report IS NOT NULL', { root: rootOf(message) }) !== undefined;

const recordOf = async (store: Store, id: string): Promise<HandoffRecord> => {
  const row = (await deliveryRow(store, id))!;
  const message = (await messageRow(store, row.message_id))!;
  const details = await unlessDamaged(() => detailsOf(store, row));
  return {
    deliveryId: id, messageId: row.message_id, state: row.state as HandoffRecord['state'], code: row.code, at: row.ended_at ?? store.now,
    recipient: details?.address ?? null, npi: details?.npi ?? null, fax: await faxOf(store, message, row), orderLocalId: row.order_local_id,
    organization: row.organization, site: row.site, priority: row.priority, resendOf: row.resend_of, test: row.test === 1,
    mailMessageId: fullMessageId(row.mail_message_id), report: await hasReport(store, message),
  };
};

interface Due { id: string; state: string; handoff_at: number }

/** False: somebody else has it. */
const take = async (store: Store, { id, handoff_at: seen }: Due, until: number | null): Promise<boolean> =>
  await run(store, 'UPDATE delivery SET handoff_at = :until WHERE id = :id AND handoff_at = :seen', { id, seen, until }) > 0;

/** `unconfirmed` false: those are nobody's business and never told. */
export const claimHandoffs = async (
  store: Store, node: string, otherNodes: string[], unconfirmed: boolean, limit: number,
): Promise<HandoffClaim> => {
  const { sql, values } = mine(node, otherNodes);
  const due = await all<Due>(store, `SELECT d.id, d.state, d.handoff_at FROM delivery d WHERE d.handoff_at IS NOT NULL AND d.handoff_at <= :now
    AND ${sql} ORDER BY d.handoff_at, d.seq LIMIT :limit`, { ...values, now: store.now, limit });
  const handoffs: HandoffRecord[] = [];
  for (const row of due) {
    const untold = row.state === 'UNCONFIRMED' && !unconfirmed;
    if (await take(store, row, untold ? null : store.now + LEASE) && !untold) handoffs.push(await recordOf(store, row.id));
  }
  const next = await first<{ at: number | null }>(store, `SELECT min(d.handoff_at) AS at FROM delivery d WHERE d.handoff_at IS NOT NULL AND ${sql}`,
    values);
  return { handoffs, nextAt: next?.at ?? null };
};

/** They have been told. */
export const settleHandoffs = async (store: Store, deliveryIds: string[]): Promise<void> => {
  const { sql, values } = list('id', deliveryIds);
  await run(store, `UPDATE delivery SET handoff_at = NULL WHERE id IN ${sql}`, values);
};
