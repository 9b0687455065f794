// Message rows: a result with the version of the order that it was joined to.
import { contentKey, gradeKey, replayKey } from '../../0-order/join.ts';
import { priorityOf, type Priority, type Result, type ResultCode, RESULT_PRIORITY, type StoredOrder } from '../../0-order/model.ts';
import { isTest } from '../../0-order/test-result.ts';
import type { AcceptedMessage, MessageLink, MessageState } from '../port.ts';
import { alarmIsUp, ALARMING_RANK } from './alarms.ts';
import type { Enclosed } from './inputs.ts';
import { announceFlow } from './message-state.ts';
import { first, insert, keep, kept, opened, run, sealed, type Store } from './store.ts';

export interface MessageRow {
  seq: number; id: string; input_id: string; received_at: number; organization: string | null; bound_to: string | null; site: string;
  order_local_id: string; order_id: string | null; order_version: number | null; result: Uint8Array | null; result_pdf: Uint8Array | null;
  result_code: ResultCode; priority: Priority; rank: number; resend_of: string | null; state: MessageState; code: string | null; why: string | null;
  planned_at: number | null; ended_at: number | null; report: Uint8Array | null; entry: string; flow: 'none' | 'waiting' | 'running' | 'ended';
  run: number; losses: number; last_stage: string | null; jumps: number; ticket: string | null; link_kind: MessageLink['kind'] | null;
  link_of: string | null; link_reason: string | null; link_actor: string | null; only_these: string | null; legal_hold: number;
  pruned_at: number | null; test: number;
}

/** The order, in the version, that a message belongs to. */
export interface JoinedOrder { id: string; version: number; order: StoredOrder }

export interface NewMessage {
  inputId: string;
  result: Result;
  boundTo: string | null;
  joined: JoinedOrder | null;
  state: Extract<MessageState, 'RECEIVED' | 'HELD'>;
  code: string | null;
  why: string | null;
  resendOf: string | null;
  /** False for a message that a person or a `ResendResult` asked for: it is never a replay of anything. */
  repeatable: boolean;
  /** The order in node that it leaves by; null: no flow works on it. */
  entry: string;
  /** The result's own PDF, when it is kept already. */
  pdf?: Enclosed | null;
  link?: MessageLink | undefined;
}

export const messageRow = (store: Store, id: string): Promise<MessageRow | undefined> => first(store, 'SELECT * FROM message WHERE id = :id', { id });

/** The message whose documents and report this one sends: itself, or the one that it resends. */
export const rootOf = (row: Pick<MessageRow, 'id' | 'resend_of'>): string => row.resend_of ?? row.id;

export const patientMark = (store: Pick<Store, 'vault'>, localId: string): Uint8Array => store.vault.mark('patient', localId.trim().toLowerCase());

/** The result's own PDF is kept once, as bytes; base64 that would not come back letter for letter stays where it is. */
export const keepPdf = async (store: Store, result: Result): Promise<Enclosed | null> => {
  const base64 = result.document?.base64;
  if (base64 === undefined) return null;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? { base64, content: await keep(store, bytes) } : null;
};

const packed = async (store: Store, result: Result, pdf: Enclosed | null): Promise<{ result: Uint8Array; result_pdf: Uint8Array | null }> => {
  if (pdf === null) return { result: sealed(store, 'result', result), result_pdf: null };
  return { result: sealed(store, 'result', { ...result, document: { mediaType: result.document!.mediaType } }), result_pdf: pdf.content };
};

/** Null once it was pruned. */
export const resultOf = async (store: Store, row: Pick<MessageRow, 'result' | 'result_pdf'>): Promise<Result | null> => {
  if (row.result === null) return null;
  const result = await opened<Result>(store, 'result', row.result);
  const bytes = await kept(store, row.result_pdf);
  return bytes === null ? result : { ...result, document: { mediaType: 'application/pdf', base64: Buffer.from(bytes).toString('base64') } };
};

export const contentMark = (store: Pick<Store, 'vault'>, result: Result): Uint8Array => store.vault.mark('content-key', contentKey(result));

/** Of a `gradeKey`. */
export const gradeMark = (store: Pick<Store, 'vault'>, key: string): Uint8Array => store.vault.mark('grade', key);

/** Marks by which a result is found again. */
export const resultMarks = (store: Store, result: Result, repeatable: boolean, grade = gradeKey(result)) => ({
  patient_mark: patientMark(store, result.patient.localId),
  transaction_mark: result.transactionId === undefined ? null : store.vault.mark('transaction', result.transactionId),
  replay_key: repeatable ? store.vault.mark('replay', replayKey(result)) : null,
  content_key: contentMark(store, result),
  grade_key: grade === null ? null : gradeMark(store, grade),
});

/** Under this name an order in node stands in `meta` that is gone for good. */
export const droppedName = (entry: string): string => `dropped entry ${entry}`;

/** The order in node that a message leaves by: its own while there is one, else any. */
export const entryFor = async (store: Store, entry: string): Promise<string> =>
  await first(store, 'SELECT 1 FROM meta WHERE name = :name', { name: droppedName(entry) }) === undefined ? entry : '';

/** A joined message may go into the flow, and the ticket says so. */
export const intoFlow = async (store: Store, row: Pick<MessageRow, 'id' | 'entry' | 'rank'>): Promise<void> => {
  const entry = await entryFor(store, row.entry);
  await run(store, `UPDATE message SET entry = :entry, flow = 'waiting', losses = 0 WHERE id = :id`, { id: row.id, entry });
  await announceFlow(store, { ...row, entry });
};

export const insertMessage = async (store: Store, message: NewMessage): Promise<string> => {
  const { inputId, result, boundTo, joined, state, code, why, resendOf, repeatable, link } = message;
  const isReady = joined !== null && state === 'RECEIVED';
  const entry = isReady ? await entryFor(store, message.entry) : message.entry;
  const pdf = message.pdf === undefined ? await keepPdf(store, result) : message.pdf;
  const id = store.newId();
  const priority = priorityOf(result);
  const rank = RESULT_PRIORITY.indexOf(priority);
  await insert(store, 'message', {
    id, input_id: inputId, received_at: store.now, organization: joined?.order.organization ?? boundTo, bound_to: boundTo,
    site: joined?.order.site.localId ?? result.site.localId, order_local_id: joined?.order.localId ?? result.order.localId,
    order_id: joined?.id ?? null, order_version: joined?.version ?? null, ...await packed(store, result, pdf), result_code: result.resultCode,
    ...resultMarks(store, result, repeatable), priority, rank, resend_of: resendOf, state, code, why, planned_at: null, entry,
    flow: isReady ? 'waiting' : 'none', test: Number(isTest(result, joined?.order)),
    link_kind: link?.kind ?? null, link_of: link?.of ?? null, link_reason: link?.reason ?? null, link_actor: link?.actor ?? null,
  });
  if (isReady) await announceFlow(store, { id, entry, rank });
  if (state === 'HELD' && rank < ALARMING_RANK) alarmIsUp(store);
  return id;
};

type Standing = Pick<NewMessage, 'joined' | 'state' | 'code' | 'why'>;

/** What a message that waited or was held becomes once it is decided about anew. */
export const rejoin = async (store: Store, row: Pick<MessageRow, 'id' | 'entry' | 'rank'>, { joined, state, code, why }: Standing): Promise<void> => {
  await run(store, `UPDATE message SET order_id = :orderId, order_version = :version,
    organization = coalesce(CAST(:organization AS TEXT), organization), state = :state, code = :code, why = :why,
    test = CASE WHEN :test = 1 THEN 1 ELSE test END WHERE id = :id`, {
    id: row.id, orderId: joined?.id ?? null, version: joined?.version ?? null, organization: joined?.order.organization ?? null, state, code, why,
    test: Number(isTest(null, joined?.order)),
  });
  if (state === 'HELD' && row.rank < ALARMING_RANK) alarmIsUp(store);
  if (joined !== null && state === 'RECEIVED') await intoFlow(store, row);
};

/** Who a joined message is. */
export const toAccepted = (id: string, order: StoredOrder, result: Result, resendOf: string | null): AcceptedMessage => ({
  direct: {
    id, orderLocalId: order.localId, organization: order.organization, site: order.site.localId, priority: priorityOf(result),
    ...(resendOf !== null && { resendOf }), ...(isTest(result, order) && { test: true }),
  },
});
