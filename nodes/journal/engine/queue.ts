// The queue: stored before anything is sent, claimed with a numbered attempt, settled only by that attempt.
import { distinctWarnings } from '../../0-order/warnings.ts';
import { CourierError, sentence } from '../../errors.ts';
import type { AttemptOutcome, DeliveryChange, QueuedMail } from '../port.ts';
import { afterAttempt, afterDeadline, afterEnqueue } from '../states.ts';
import { openFault } from './accounts.ts';
import { blockOf, suppress } from './blocked.ts';
import { clean, endAttempt } from './attempts.ts';
import { openAccounts } from './claims.ts';
import { dropContents } from './contents.ts';
import {
  addressMark, applyStep, bareMessageId, detailColumns, detailsOf, factsOf, isTestTraffic, lockKnownDelivery, requireDelivery,
} from './deliveries.ts';
import { requireRun } from './fence.ts';
import { announce, LANE_FREE, laneOf, RANKS } from './lanes.ts';
import { stopMessage } from './recipients.ts';
import { nextDeadline, overdue } from './sources.ts';
import { first, keep, kept, list, run, type Store } from './store.ts';

export const enqueue = async (store: Store, mail: QueuedMail, runNumber?: number): Promise<DeliveryChange | null> => {
  const { message_id: messageId } = await requireDelivery(store, mail.deliveryId);
  const message = await requireRun(store, messageId, runNumber);
  const row = await requireDelivery(store, mail.deliveryId);
  if (row.state !== 'RESOLVING') return null;
  const details = await detailsOf(store, row);
  const to = mail.to.trim().toLowerCase();
  if (isTestTraffic(row) && mail.simulated !== true) {
    await stopMessage(store, messageId, 'HELD', 'TEST_TRAFFIC', sentence('TEST_TRAFFIC'), runNumber);
    return null;
  }
  if (details.address !== null && details.address !== to) throw new CourierError('RECIPIENT_MISMATCH', { detail: row.id });
  const entry = await blockOf(store, { ...details, address: to });
  if (entry !== null) {
    await suppress(store, row, entry);
    return null;
  }
  await run(store, `UPDATE delivery SET details = :details, address_mark = :address_mark, account = :account, node = :node, sender = :sender,
    mail_message_id = :messageId, mail = :mail, evidence = :evidence, deadline_ms = :deadlineMs, lane = :lane, sealed_at = :now,
    age_from = coalesce(age_from, :now) WHERE id = :id`, {
    id: row.id, ...detailColumns(store, { ...details, address: to, warnings: distinctWarnings([...details.warnings, ...mail.warnings]) }),
    account: mail.account, node: mail.node, sender: mail.from, messageId: bareMessageId(mail.messageId), mail: await keep(store, mail.raw),
    evidence: JSON.stringify(mail.evidence), deadlineMs: mail.deadlineMs, lane: laneOf(message.order_id, addressMark(store, to)), now: store.now,
  });
  const change = await applyStep(store, await requireDelivery(store, row.id), afterEnqueue(factsOf(row), store.now, row.hold_code));
  // Sealed anew: nobody refers to the earlier mail any more.
  if (row.mail !== null) await dropContents(store, [{ content: row.mail }]);
  if (change?.state === 'QUEUED') await announce(store, { ...row, account: mail.account }, store.now);
  return change;
};

export const nextWake = async (store: Store, accounts: string[]): Promise<number | null> => {
  const names = await openAccounts(store, accounts);
  const instants: (number | null | undefined)[] = [];
  for (const name of names) {
    for (const rank of RANKS) {
      instants.push((await first<{ at: number }>(store, `SELECT d.next_attempt_at AS at FROM delivery d WHERE d.state = 'QUEUED'
        AND d.account = :name AND d.rank = :rank AND ${LANE_FREE} ORDER BY d.next_attempt_at, d.seq LIMIT 1`, { name, rank }))?.at);
    }
  }
  instants.push(await nextDeadline(store));
  const { sql, values } = list('account', accounts);
  instants.push((await first<{ at: number | null }>(store, `SELECT min(next_probe_at) AS at FROM account
    WHERE fault_since IS NOT NULL AND paused_at IS NULL AND name IN ${sql}`, values))?.at);
  const known = instants.filter((at) => at != null);
  return known.length === 0 ? null : Math.min(...known);
};

const isSeen = (outcome: AttemptOutcome): boolean =>
  outcome.kind === 'accepted' || outcome.kind === 'unknown'
  || ('seen' in outcome && outcome.seen === true) || ('unknown' in outcome && outcome.unknown === true);

/** Instants of the sender's clock moved into the journal's. */
const inOurTime = (outcome: AttemptOutcome, now: number): AttemptOutcome => {
  if (!('at' in outcome) || outcome.at === undefined) return outcome;
  const ahead = now - outcome.at;
  if (outcome.kind === 'account') return { ...outcome, probeAt: outcome.probeAt + ahead };
  return outcome.retryAt === null ? outcome : { ...outcome, retryAt: outcome.retryAt + ahead };
};

export const settleAttempt = async (store: Store, deliveryId: string, attempt: number, told: AttemptOutcome): Promise<DeliveryChange | null> => {
  const outcome = inOurTime(told, store.now);
  const row = await lockKnownDelivery(store, deliveryId);
  await endAttempt(store, deliveryId, attempt, outcome.kind, outcome.kind === 'accepted' ? null : outcome.code, outcome.response);
  if (row.attempt === attempt && row.ticket !== null) {
    await run(store, 'UPDATE delivery SET ticket = NULL WHERE id = :deliveryId', { deliveryId });
    await store.tickets?.settle('send', row.account!, row.ticket);
  }
  // A newer attempt owns the delivery, or a notification has already told how this one ended.
  if (row.attempt !== attempt || row.state !== 'SENDING') return null;
  const uncounted = outcome.kind === 'account' ? 1 : 0;
  await run(store, 'UPDATE delivery SET seen = CASE WHEN :seen = 1 THEN 1 ELSE seen END, tries = tries - :uncounted WHERE id = :deliveryId',
    { deliveryId, seen: Number(isSeen(outcome)), uncounted });
  if (outcome.kind === 'account') await openFault(store, row.account!, outcome.code, clean(outcome.response), outcome.probeAt);
  const step = afterAttempt(factsOf(row), outcome, store.now);
  const change = await applyStep(store, row, step);
  if (step.facts.state === 'QUEUED') await announce(store, row, step.facts.nextAttemptAt ?? store.now);
  return change;
};

export const expireDeadlines = async (store: Store): Promise<DeliveryChange[]> => {
  const changes: DeliveryChange[] = [];
  for (const id of await overdue(store, 500)) {
    const row = await lockKnownDelivery(store, id);
    const change = await applyStep(store, row, afterDeadline(factsOf(row), store.now));
    if (change !== null) changes.push(change);
  }
  return changes;
};

export const mail = async (store: Store, deliveryId: string): Promise<Uint8Array | null> =>
  kept(store, (await first<{ mail: Uint8Array | null }>(store, 'SELECT mail FROM delivery WHERE id = :deliveryId', { deliveryId }))?.mail);
