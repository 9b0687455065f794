// Notifications: kept whatever they say, each counted once, applied to the one delivery that they name.
import type { DeliveryNotice, NoticeOutcome } from '../port.ts';
import { afterNotice, isTerminal, noticeCounts } from '../states.ts';
import { addressMark, applyStep, bareMessageId, DELIVERY, type DeliveryRow, factsOf, lockDelivery } from './deliveries.ts';
import { first, insert, keep, lockName, sealed, type Store } from './store.ts';

/** Both must fit: the mail's Message-ID (compared exactly) and its recipient; and the account, where only its mailbox vouches for the notice. */
const findDelivery = async (store: Store, notice: DeliveryNotice): Promise<DeliveryRow | undefined> => {
  const found = await first<DeliveryRow>(store, `${DELIVERY} WHERE d.mail_message_id = :messageId AND d.address_mark = :recipient`,
    { messageId: bareMessageId(notice.originalMessageId), recipient: addressMark(store, notice.recipient) });
  const spokenFor = notice.account === undefined || found?.account === notice.account;
  return found && spokenFor ? lockDelivery(store, found.id) : undefined;
};

const apply = async (store: Store, row: DeliveryRow, notice: DeliveryNotice): Promise<NoticeOutcome> => {
  const facts = factsOf(row);
  const change = await applyStep(store, row, afterNotice(facts, notice, store.now));
  return { outcome: isTerminal(facts.state) ? 'late' : 'applied', ...(change !== null && { change }) };
};

export const applyNotice = async (store: Store, notice: DeliveryNotice): Promise<NoticeOutcome> => {
  await lockName(store, `notice ${notice.key}`);
  if (await first(store, 'SELECT 1 FROM notice WHERE key = :key', { key: notice.key }) !== undefined) return { outcome: 'duplicate' };
  const found = await findDelivery(store, notice);
  const row = found !== undefined && noticeCounts(factsOf(found)) ? found : undefined;
  const outcome: NoticeOutcome = row === undefined ? { outcome: 'unmatched' } : await apply(store, row, notice);
  await insert(store, 'notice', {
    key: notice.key, at: store.now, delivery_id: row?.id ?? null, kind: notice.kind, event: notice.event,
    original_message_id: bareMessageId(notice.originalMessageId), outcome: outcome.outcome, content: await keep(store, notice.raw),
    about: sealed(store, 'notice', { recipient: notice.recipient.trim().toLowerCase(), detail: notice.detail }),
  });
  return outcome;
};
