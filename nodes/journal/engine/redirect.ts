// A delivery sent to another address: a linked message takes the stored documents there, and what had not gone yet does not go any more.
import { normalizeAddress } from '../../0-order/direct-address.ts';
import type { Recipient } from '../../0-order/message.ts';
import { CourierError } from '../../errors.ts';
import type { ActionOutcome, ByPerson, DeliveryState } from '../port.ts';
import { blockOf } from './blocked.ts';
import { addressMark, deliveryRow, type DeliveryRow, detailsOf } from './deliveries.ts';
import { giveUp, isInFlow, makeLinked } from './linking.ts';
import { messageRow, rootOf } from './messages.ts';
import { first, lock, type Store } from './store.ts';

/** What arrived, or may be arriving right now, is not redirected; nor what nobody may get. */
const FIT: ReadonlySet<DeliveryState> = new Set(['QUEUED', 'HELD', 'FAILED', 'DEAD', 'UNRESOLVED', 'UNCONFIRMED', 'CANCELLED']);

const unfit = async (store: Store, row: DeliveryRow, to: string): Promise<string | null> => {
  if (row.state === 'SENDING') return 'DELIVERY_SENDING';
  if (!FIT.has(row.state) || (await detailsOf(store, row)).address === to) return 'ACTION_UNFIT';
  const done = await first(store, `SELECT 1 FROM delivery WHERE instead_of = :id AND address_mark = :mark
    AND state NOT IN ('FAILED', 'DEAD', 'UNRESOLVED', 'CANCELLED', 'SUPPRESSED')`, { id: row.id, mark: addressMark(store, to) });
  return done === undefined ? null : 'ACTION_UNFIT';
};

const skipped = (id: string, code: string): ActionOutcome => ({ changed: [], skipped: [{ id, code }] });

const recipientAt = async (store: Store, row: DeliveryRow, address: string, { actor, reason }: ByPerson): Promise<Recipient> => {
  const { warnings, deadlineMinutes } = await detailsOf(store, row);
  return {
    level: row.level, alsoFrom: [], address, npi: null, source: 'redirect', why: `Redirected by ${actor}: ${reason}`,
    finalDelivery: row.final_delivery === 1, ...(deadlineMinutes !== undefined && { deadlineMinutes }), state: 'RESOLVING', code: null, warnings,
  };
};

/** Throws ADDRESS_INVALID and what `makeLinked` throws. Without a document to take along, the new message makes its own. */
export const redirect = async (store: Store, id: string, address: unknown, person: ByPerson): Promise<ActionOutcome> => {
  const to = typeof address === 'string' ? normalizeAddress(address) : null;
  if (to === null) throw new CourierError('ADDRESS_INVALID', { path: 'address' });
  const found = await deliveryRow(store, id);
  if (found === undefined) return skipped(id, 'DELIVERY_UNKNOWN');
  await lock(store, 'message', found.message_id);
  const message = (await messageRow(store, found.message_id))!;
  if (isInFlow(message)) return skipped(id, 'MESSAGE_BUSY');
  const row = (await deliveryRow(store, id))!;
  const code = await unfit(store, row, to);
  if (code !== null) return skipped(id, code);
  if (await blockOf(store, { address: to, npi: null }) !== null) return skipped(id, 'DO_NOT_SEND');
  const made = await first(store, 'SELECT 1 FROM document WHERE message_id = :root AND content IS NOT NULL', { root: rootOf(message) });
  const created = await makeLinked(store, message, {
    link: { kind: 'redirect', of: message.id, ...person }, from: made === undefined ? 'lookup-npi' : 'seal-mail', onlyThese: null,
    successors: [{ of: row, recipient: await recipientAt(store, row, to, person) }],
  });
  await giveUp(store, row, 'REDIRECTED');
  return { changed: [id], skipped: [], created };
};
