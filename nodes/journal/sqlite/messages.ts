// Message rows: a result with the version of the order that it was joined to.
import { contentKey, replayKey } from '../../0-order/join.ts';
import { priorityOf, type Priority, type Result, RESULT_PRIORITY, type StoredOrder } from '../../0-order/model.ts';
import type { MessageState, ReadyMessage } from '../port.ts';
import { first, insert, keep, kept, parsed, run, type Store } from './store.ts';

export interface MessageRow {
  id: string; input_id: string; organization: string | null; bound_to: string | null; site: string; order_local_id: string;
  order_id: string | null; order_version: number | null; result: string; result_pdf: Uint8Array | null; priority: Priority;
  resend_of: string | null; state: MessageState; code: string | null; why: string | null; planned_at: number | null;
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
}

export const messageRow = (store: Store, id: string): MessageRow | undefined => first(store, 'SELECT * FROM message WHERE id = :id', { id });

/** The message whose documents and report this one sends: itself, or the one that it resends. */
export const rootOf = (row: Pick<MessageRow, 'id' | 'resend_of'>): string => row.resend_of ?? row.id;

/** The result's own PDF is kept once, as bytes; base64 that would not come back letter for letter stays where it is. */
const packed = (store: Store, result: Result): { result: string; result_pdf: Uint8Array | null } => {
  const base64 = result.document?.base64;
  const bytes = base64 === undefined ? undefined : Buffer.from(base64, 'base64');
  if (bytes === undefined || bytes.toString('base64') !== base64) return { result: JSON.stringify(result), result_pdf: null };
  return { result: JSON.stringify({ ...result, document: { mediaType: result.document!.mediaType } }), result_pdf: keep(store, bytes) };
};

export const resultOf = (store: Store, row: Pick<MessageRow, 'result' | 'result_pdf'>): Result => {
  const result = parsed<Result>(row.result);
  const bytes = kept(store, row.result_pdf);
  return bytes === null ? result : { ...result, document: { mediaType: 'application/pdf', base64: Buffer.from(bytes).toString('base64') } };
};

export const insertMessage = (store: Store, { inputId, result, boundTo, joined, state, code, why, resendOf, repeatable }: NewMessage): string => {
  const id = store.newId();
  const priority = priorityOf(result);
  insert(store, 'message', {
    id, input_id: inputId, received_at: store.now, organization: joined?.order.organization ?? boundTo, bound_to: boundTo,
    site: joined?.order.site.localId ?? result.site.localId, order_local_id: joined?.order.localId ?? result.order.localId,
    order_id: joined?.id ?? null, order_version: joined?.version ?? null, ...packed(store, result),
    replay_key: repeatable ? replayKey(result) : null, content_key: contentKey(result),
    priority, rank: RESULT_PRIORITY.indexOf(priority), resend_of: resendOf, state, code, why, planned_at: null,
  });
  return id;
};

type Standing = Pick<NewMessage, 'joined' | 'state' | 'code' | 'why'>;

/** What a message that waited or was held becomes once it is decided about anew. */
export const rejoin = (store: Store, id: string, { joined, state, code, why }: Standing): void => {
  run(store, `UPDATE message SET order_id = :orderId, order_version = :version, organization = coalesce(:organization, organization),
    state = :state, code = :code, why = :why WHERE id = :id`, {
    id, orderId: joined?.id ?? null, version: joined?.version ?? null, organization: joined?.order.organization ?? null, state, code, why,
  });
};

export const toReady = (id: string, order: StoredOrder, result: Result, resendOf: string | null): ReadyMessage => ({
  direct: {
    id, orderLocalId: order.localId, organization: order.organization, site: order.site.localId, priority: priorityOf(result),
    ...(resendOf !== null && { resendOf }),
  },
  order,
  result,
});
