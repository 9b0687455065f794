// Claiming: what is due is handed to the sender under a numbered attempt. In SQLite the table tells what is due; elsewhere a ticket
// says which row to look at, and the row decides.
import type { ClaimedDelivery } from '../port.ts';
import { afterClaim } from '../states.ts';
import { pausedOrFaulty } from './accounts.ts';
import { crashed } from './attempts.ts';
import { blockedDelivery, suppress } from './blocked.ts';
import { applyStep, DELIVERY, type DeliveryRow, detailsOf, factsOf, isTestTraffic, lockDelivery, requireDelivery, stateStep } from './deliveries.ts';
import { announce, LANE_FREE, RANKS } from './lanes.ts';
import { isStale, sendBack } from './resealing.ts';
import { all, first, insert, kept, list, run, type Store, ticketId, ticketsFor, unlessDamaged } from './store.ts';

/** The mail as it was sealed; null when it, or whom it is for, is damaged or gone. */
const mailOf = (store: Store, row: Pick<DeliveryRow, 'mail' | 'details'>): Promise<Uint8Array | null> => unlessDamaged(async () => {
  await detailsOf(store, row);
  return kept(store, row.mail);
});

/** One mail that cannot be read must not keep the account's others: a person has to look. */
const hold = async (store: Store, row: DeliveryRow): Promise<null> => {
  await applyStep(store, row, stateStep(row, 'HELD', 'CONTENT_DAMAGED'));
  return null;
};

const claim = async (store: Store, queued: DeliveryRow, ticket: string | null): Promise<ClaimedDelivery | null> => {
  const { id } = queued;
  const raw = await mailOf(store, queued);
  if (raw === null) return hold(store, queued);
  await run(store, 'UPDATE delivery SET attempt = attempt + 1, tries = tries + 1, ticket = :ticket WHERE id = :id', { id, ticket });
  const row = await requireDelivery(store, id);
  await insert(store, 'attempt', { delivery_id: id, number: row.attempt, at: store.now });
  await applyStep(store, row, afterClaim(factsOf(row)));
  return {
    deliveryId: id, attempt: row.attempt, account: row.account!, from: row.sender!, to: (await detailsOf(store, row)).address!,
    messageId: `<${row.mail_message_id}>`, raw, tries: row.tries, ageFrom: row.age_from ?? row.sealed_at ?? store.now,
    claimedAt: store.now, ...(isTestTraffic(row) && { test: true }),
  };
};

/** Emergent before urgent before routine, then what has been due for longest. */
const dueRows = async (store: Store, accounts: string[], limit: number): Promise<DeliveryRow[]> => {
  const { sql, values } = list('account', accounts);
  const due: DeliveryRow[] = [];
  for (const rank of RANKS) {
    if (due.length >= limit) break;
    due.push(...await all<DeliveryRow>(store, `${DELIVERY} WHERE d.state = 'QUEUED' AND d.account IN ${sql} AND d.rank = :rank
      AND d.next_attempt_at <= :now AND ${LANE_FREE} ORDER BY d.next_attempt_at, d.seq LIMIT :limit`,
    { ...values, rank, now: store.now, limit: limit - due.length }));
  }
  return due;
};

const claimOrSendBack = async (store: Store, row: DeliveryRow, ticket: string | null): Promise<ClaimedDelivery | null> => {
  // Whoever was entered while this was on its way into the queue.
  const entry = await blockedDelivery(store, row);
  if (entry !== null) {
    await suppress(store, row, entry);
    return null;
  }
  if (!isStale(row, store.now)) return claim(store, row, ticket);
  await sendBack(store, row);
  return null;
};

const claimFromTable = async (store: Store, accounts: string[], limit: number): Promise<ClaimedDelivery[]> => {
  const claims: ClaimedDelivery[] = [];
  for (const row of await dueRows(store, accounts, limit)) {
    const claimed = await claimOrSendBack(store, row, null);
    if (claimed !== null) claims.push(claimed);
  }
  return claims;
};

/** A ticket only says where to look: what the row says counts. Null: nothing is to be sent now. */
const claimByTicket = async (store: Store, id: string, account: string, ticket: string): Promise<ClaimedDelivery | null> => {
  const found = await lockDelivery(store, id);
  if (found?.state === 'SENDING' && found.ticket !== null && ticketId(found.ticket) === ticketId(ticket)) await crashed(store, found);
  const due = await first<DeliveryRow>(store, `${DELIVERY} WHERE d.id = :id AND d.account = :account AND d.state = 'QUEUED' AND ${LANE_FREE}`,
    { id, account });
  const claimed = due === undefined || due.next_attempt_at! > store.now ? null : await claimOrSendBack(store, due, ticket);
  if (claimed !== null) return claimed;
  await store.tickets!.settle('send', account, ticket);
  if (due !== undefined && due.next_attempt_at! > store.now) await announce(store, due, due.next_attempt_at!);
  return null;
};

const claimFromTickets = async (store: Store, accounts: string[], limit: number): Promise<ClaimedDelivery[]> => {
  const claims: ClaimedDelivery[] = [];
  for await (const { job, ticket } of ticketsFor(store, 'send', accounts, () => limit - claims.length)) {
    const claimed = job.queue === 'send' ? await claimByTicket(store, job.id, job.account, ticket) : null;
    if (claimed !== null) claims.push(claimed);
  }
  return claims;
};

export const openAccounts = async (store: Store, accounts: string[]): Promise<string[]> => {
  const closed = await pausedOrFaulty(store, accounts);
  return accounts.filter((account) => !closed.has(account));
};

export const claimDue = async (store: Store, accounts: string[], limit: number): Promise<ClaimedDelivery[]> => {
  const names = await openAccounts(store, accounts);
  if (names.length === 0 || limit <= 0) return [];
  return store.tickets === null ? claimFromTable(store, names, limit) : claimFromTickets(store, names, limit);
};
