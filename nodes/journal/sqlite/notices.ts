// Notifications: kept whatever they say, each counted once, applied to the one delivery that they name.
import type { DeliveryNotice, NoticeOutcome } from '../port.ts';
import { afterNotice, isTerminal, noticeCounts } from '../states.ts';
import { applyStep, DELIVERY, type DeliveryRow, factsOf } from './deliveries.ts';
import { first, insert, keep, type Store } from './store.ts';

const bare = (messageId: string): string => messageId.trim().replace(/^<(.*)>$/s, '$1');

/** Both must fit: the mail's Message-ID (compared exactly) and its recipient. */
const findDelivery = (store: Store, notice: DeliveryNotice): DeliveryRow | undefined => first(store,
  `${DELIVERY} WHERE d.mail_message_id = :messageId AND d.address = :recipient`,
  { messageId: bare(notice.originalMessageId), recipient: notice.recipient.trim().toLowerCase() });

const apply = (store: Store, row: DeliveryRow, notice: DeliveryNotice): NoticeOutcome => {
  const facts = factsOf(row);
  const change = applyStep(store, row, afterNotice(facts, notice, store.now));
  return { outcome: isTerminal(facts.state) ? 'late' : 'applied', ...(change !== null && { change }) };
};

export const applyNotice = (store: Store, notice: DeliveryNotice): NoticeOutcome => {
  if (first(store, 'SELECT 1 FROM notice WHERE key = :key', { key: notice.key }) !== undefined) return { outcome: 'duplicate' };
  const found = findDelivery(store, notice);
  const row = found !== undefined && noticeCounts(factsOf(found)) ? found : undefined;
  const outcome: NoticeOutcome = row === undefined ? { outcome: 'unmatched' } : apply(store, row, notice);
  insert(store, 'notice', {
    key: notice.key, at: store.now, delivery_id: row?.id ?? null, kind: notice.kind, event: notice.event,
    original_message_id: bare(notice.originalMessageId), recipient: notice.recipient.trim().toLowerCase(), detail: notice.detail,
    outcome: outcome.outcome, content: keep(store, notice.raw),
  });
  return outcome;
};
