// The queue: stored before anything is sent, claimed with a numbered attempt, settled only by that attempt.
import type { Warning } from '../../0-order/model.ts';
import { CourierError } from '../../errors.ts';
import type { AttemptOutcome, ClaimedDelivery, DeliveryChange, QueuedMail } from '../port.ts';
import { afterAttempt, afterClaim, afterCrash, afterDeadline, afterEnqueue } from '../states.ts';
import { applyStep, DELIVERY, deliveryRow, type DeliveryRow, factsOf } from './deliveries.ts';
import { all, first, insert, keep, kept, parsed, run, type Store } from './store.ts';

const bare = (messageId: string): string => messageId.trim().replace(/^<(.*)>$/s, '$1');

/** Server texts come from outside: cut, and without control characters. */
const clean = (response: string): string => response.replace(/\p{Cc}+/gu, ' ').trim().slice(0, 500);

const requireDelivery = (store: Store, id: string): DeliveryRow => {
  const row = deliveryRow(store, id);
  if (row === undefined) throw new CourierError('JOURNAL_FAILED', { detail: `no delivery ${id}` });
  return row;
};

/** What was found while routing and while sealing, each said once. */
const allWarnings = (earlier: string, later: Warning[]): string =>
  JSON.stringify([...new Map([...parsed<Warning[]>(earlier), ...later].map((warning) => [JSON.stringify(warning), warning])).values()]);

/** Null when the delivery has its mail already, or is to get none. */
export const enqueue = (store: Store, mail: QueuedMail): DeliveryChange | null => {
  const row = requireDelivery(store, mail.deliveryId);
  if (row.state !== 'RESOLVING') return null;
  const to = mail.to.trim().toLowerCase();
  if (row.address !== null && row.address !== to) throw new CourierError('RECIPIENT_MISMATCH', { detail: row.id });
  run(store, `UPDATE delivery SET address = :to, account = :account, node = :node, sender = :sender, mail_message_id = :messageId, mail = :mail,
    evidence = :evidence, warnings = :warnings, deadline_ms = :deadlineMs WHERE id = :id`, {
    id: row.id, to, account: mail.account, node: mail.node, sender: mail.from, messageId: bare(mail.messageId), mail: keep(store, mail.raw),
    evidence: JSON.stringify(mail.evidence), warnings: allWarnings(row.warnings, mail.warnings), deadlineMs: mail.deadlineMs,
  });
  return applyStep(store, requireDelivery(store, row.id), afterEnqueue(factsOf(row), store.now));
};

interface MailRow { sender: string; mail: Uint8Array }

const claim = (store: Store, id: string): ClaimedDelivery => {
  run(store, 'UPDATE delivery SET attempt = attempt + 1 WHERE id = :id', { id });
  const row = requireDelivery(store, id) as DeliveryRow & MailRow;
  insert(store, 'attempt', { delivery_id: id, number: row.attempt, at: store.now });
  applyStep(store, row, afterClaim(factsOf(row)));
  return {
    deliveryId: id, attempt: row.attempt, account: row.account!, from: row.sender, to: row.address!,
    messageId: `<${row.mail_message_id}>`, raw: kept(store, row.mail)!,
  };
};

/** Emergent before urgent before routine, then the message that came first. */
export const claimDue = (store: Store, accounts: string[], limit: number): ClaimedDelivery[] =>
  all<{ id: string }>(store, `SELECT id FROM delivery WHERE state = 'QUEUED' AND next_attempt_at <= :now
    AND account IN (SELECT value FROM json_each(:accounts)) ORDER BY rank, received_at, rowid LIMIT :limit`,
  { now: store.now, accounts: JSON.stringify(accounts), limit }).map(({ id }) => claim(store, id));

export const nextWake = (store: Store, accounts: string[]): number | null =>
  first<{ at: number | null }>(store, `SELECT min(at) AS at FROM (
    SELECT min(next_attempt_at) AS at FROM delivery WHERE state = 'QUEUED' AND account IN (SELECT value FROM json_each(:accounts))
    UNION ALL SELECT min(deadline_at) FROM delivery WHERE state = 'SENT')`, { accounts: JSON.stringify(accounts) })?.at ?? null;

const endAttempt = (store: Store, deliveryId: string, attempt: number, kind: string, code: string | null, response: string): void => {
  run(store, `UPDATE attempt SET ended_at = :now, outcome = :kind, code = :code, response = :response
    WHERE delivery_id = :deliveryId AND number = :attempt AND ended_at IS NULL`,
  { deliveryId, attempt, kind, code, response: clean(response), now: store.now });
};

export const settleAttempt = (store: Store, deliveryId: string, attempt: number, outcome: AttemptOutcome): DeliveryChange | null => {
  const row = requireDelivery(store, deliveryId);
  endAttempt(store, deliveryId, attempt, outcome.kind, outcome.kind === 'accepted' ? null : outcome.code, outcome.response);
  // A newer attempt owns the delivery, or a notification has already told how this one ended.
  if (row.attempt !== attempt || row.state !== 'SENDING') return null;
  return applyStep(store, row, afterAttempt(factsOf(row), outcome, store.now));
};

export const expireDeadlines = (store: Store): DeliveryChange[] =>
  all<DeliveryRow>(store, `${DELIVERY} WHERE d.state = 'SENT' AND d.deadline_at <= :now ORDER BY d.deadline_at`, { now: store.now })
    .map((row) => applyStep(store, row, afterDeadline(factsOf(row), store.now)))
    .filter((change) => change !== null);

/** At opening: what a dead process was sending goes again with the same bytes. The file lock says that it is dead. */
export const recoverSending = (store: Store): void => {
  for (const row of all<DeliveryRow>(store, `${DELIVERY} WHERE d.state = 'SENDING'`)) {
    endAttempt(store, row.id, row.attempt, 'unknown', 'HISP_UNKNOWN', 'The sending process ended before the answer came.');
    applyStep(store, row, afterCrash(factsOf(row), store.now));
  }
};

export const mail = (store: Store, deliveryId: string): Uint8Array | null =>
  kept(store, first<{ mail: Uint8Array | null }>(store, 'SELECT mail FROM delivery WHERE id = :deliveryId', { deliveryId })?.mail);

