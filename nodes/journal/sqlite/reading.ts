// What people ask the journal: records put together from rows, oldest first.
import type { DeliveryRecord, DeliveryState, InputRecord, Journal, LedgerLine, MessageRecord, MessageState } from '../port.ts';
import { DELIVERY, type DeliveryRow } from './deliveries.ts';
import { all, first, kept, parsed, type Store } from './store.ts';

type FullRow = DeliveryRow & {
  level: DeliveryRecord['level']; also_from: string; npi: string | null; source: string; why: string; sender: string | null; evidence: string | null;
};

/** SQLite has null where an absent key is meant. */
const present = <Row extends { code: string | null }>({ code, ...row }: Row): Omit<Row, 'code'> & { code?: string } =>
  ({ ...row, ...(code !== null && { code }) });

const detailsOf = (store: Store, id: string): Pick<DeliveryRecord, 'history' | 'attempts' | 'notices' | 'fee'> => {
  type Step = { state: DeliveryState; at: number; code: string | null };
  return {
    history: all<Step>(store, 'SELECT state, at, code FROM delivery_history WHERE delivery_id = :id ORDER BY rowid', { id }).map(present),
    attempts: all(store, 'SELECT number, at, code, response FROM attempt WHERE delivery_id = :id ORDER BY number', { id }),
    notices: all(store, 'SELECT at, kind, event, detail FROM notice WHERE delivery_id = :id ORDER BY rowid', { id }),
    fee: first<Pick<LedgerLine, 'amount' | 'currency'>>(store, 'SELECT amount, currency FROM ledger WHERE delivery_id = :id', { id }) ?? null,
  };
};

const recordOf = (store: Store, row: FullRow): DeliveryRecord => ({
  id: row.id, messageId: row.message_id, orderLocalId: row.order_local_id, organization: row.organization, site: row.site,
  level: row.level, alsoFrom: parsed(row.also_from), recipient: row.address, npi: row.npi, source: row.source, why: row.why,
  finalDelivery: row.final_delivery === 1, state: row.state, code: row.code, warnings: parsed(row.warnings),
  mailMessageId: row.mail_message_id === null ? null : `<${row.mail_message_id}>`, account: row.account, from: row.sender,
  evidence: row.evidence === null ? null : parsed(row.evidence),
  acceptedAt: row.accepted_at, deadlineAt: row.deadline_at, nextAttemptAt: row.next_attempt_at, lateSuccess: row.late_success === 1,
  ...detailsOf(store, row.id),
});

export const delivery = (store: Store, id: string): DeliveryRecord | null => {
  const row = first<FullRow>(store, `${DELIVERY} WHERE d.id = :id`, { id });
  return row === undefined ? null : recordOf(store, row);
};

export const deliveries = (store: Store, filter: { messageId?: string; state?: DeliveryState } = {}): DeliveryRecord[] =>
  all<FullRow>(store, `${DELIVERY} WHERE (:messageId IS NULL OR d.message_id = :messageId) AND (:state IS NULL OR d.state = :state)
    ORDER BY m.rowid, d.ordinal`, { messageId: filter.messageId ?? null, state: filter.state ?? null }).map((row) => recordOf(store, row));

const MESSAGE = `SELECT m.id, m.input_id AS inputId, i.name AS inputName, m.order_local_id AS orderLocalId, m.organization, m.site,
  m.state, m.code, m.why, m.priority, m.resend_of AS resendOf, m.received_at AS receivedAt FROM message m JOIN input i ON i.id = m.input_id`;

const withEvents = (store: Store, row: Omit<MessageRecord, 'events'>): MessageRecord => {
  type Event = { at: number; stage: string; outcome: string; code: string | null };
  const events = all<Event>(store, 'SELECT at, stage, outcome, code FROM stage_event WHERE message_id = :id ORDER BY rowid', { id: row.id });
  return { ...row, events: events.map(present) };
};

export const message = (store: Store, id: string): MessageRecord | null => {
  const row = first<Omit<MessageRecord, 'events'>>(store, `${MESSAGE} WHERE m.id = :id`, { id });
  return row === undefined ? null : withEvents(store, row);
};

export const messages = (store: Store, filter: { state?: MessageState; orderLocalId?: string } = {}): MessageRecord[] =>
  all<Omit<MessageRecord, 'events'>>(store, `${MESSAGE} WHERE (:state IS NULL OR m.state = :state)
    AND (:orderLocalId IS NULL OR m.order_local_id = :orderLocalId) ORDER BY m.rowid`,
  { state: filter.state ?? null, orderLocalId: filter.orderLocalId ?? null }).map((row) => withEvents(store, row));

export const inputs = (store: Store, filter: { outcome?: string } = {}): InputRecord[] =>
  all(store, `SELECT id, name, source, received_at AS receivedAt, kind, outcome, code, path, text, order_local_id AS orderLocalId FROM input
    WHERE (:outcome IS NULL OR outcome = :outcome) ORDER BY rowid`, { outcome: filter.outcome ?? null });

export const rawInput = (store: Store, inputId: string): Uint8Array | null =>
  kept(store, first<{ content: Uint8Array }>(store, 'SELECT content FROM input WHERE id = :inputId', { inputId })?.content);

const byState = (store: Store, table: 'message' | 'delivery'): Record<string, number> => Object.fromEntries(
  all<{ state: string; n: number }>(store, `SELECT state, count(*) AS n FROM ${table} GROUP BY state`).map(({ state, n }) => [state, n]));

export const counts = (store: Store): Awaited<ReturnType<Journal['counts']>> => ({
  messages: byState(store, 'message'),
  deliveries: byState(store, 'delivery'),
  unrated: first<{ n: number }>(store, 'SELECT count(*) AS n FROM chargeable WHERE rated = 0')!.n,
});
