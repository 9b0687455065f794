// Events of IRIS: the link between its number of an order and ours, which a result must not contradict.
import type { OrderEvent, Result } from '../../0-order/model.ts';
import type { EventOutcome, RawInput } from '../port.ts';
import { keepInput } from './inputs.ts';
import { patientMark } from './messages.ts';
import { all, first, insert, lockName, orderName, type Store } from './store.ts';

/** In place of the ClientGuid where a node reads for all organizations. */
const ALL = '';

const link = async (
  store: Store, { irisOrderId, orderLocalId, patientLocalId }: OrderEvent, boundTo: string | null, inputId: string,
): Promise<void> => {
  await insert(store, 'order_link', {
    iris_id: irisOrderId!, order_local_id: orderLocalId!, organization: boundTo ?? ALL, at: store.now, input_id: inputId,
    patient_mark: patientLocalId === undefined ? null : patientMark(store, patientLocalId),
  }, 'ON CONFLICT DO NOTHING');
};

const isLinked = async (store: Store, { irisOrderId, orderLocalId }: OrderEvent, boundTo: string | null): Promise<boolean> => await first(store,
  'SELECT 1 FROM order_link WHERE iris_id = :irisOrderId AND order_local_id = :orderLocalId AND organization = :organization',
  { irisOrderId: irisOrderId!, orderLocalId: orderLocalId!, organization: boundTo ?? ALL }) !== undefined;

export const acceptEvent = async (store: Store, event: OrderEvent, raw: RawInput, boundTo: string | null): Promise<EventOutcome> => {
  const keep = (outcome: EventOutcome['outcome'], code?: string): Promise<string> =>
    keepInput(store, raw, { kind: 'event', outcome, code, orderLocalId: event.orderLocalId });
  if (!event.receipt) return { inputId: await keep('noted'), outcome: 'noted' };
  if (!event.success) {
    const code = 'ORDER_REFUSED_BY_IRIS';
    return { inputId: await keep('noted', code), outcome: 'noted', code };
  }
  await lockName(store, orderName(event.orderLocalId!));
  const outcome = await isLinked(store, event, boundTo) ? 'replay' : 'linked';
  const inputId = await keep(outcome);
  if (outcome === 'linked') await link(store, event, boundTo, inputId);
  return { inputId, outcome };
};

/** Whether IRIS has given the number in this result to another order, of this organization or of none in particular. */
export const isLinkedElsewhere = async (store: Store, { order }: Result, organization: string | null): Promise<boolean> => {
  if (order.irisOrderId === undefined) return false;
  return await first(store, `SELECT 1 FROM order_link WHERE iris_id = :irisId AND order_local_id <> :localId
    AND (organization = '${ALL}' OR organization = :organization) LIMIT 1`,
  { irisId: order.irisOrderId, localId: order.localId, organization: organization ?? ALL }) !== undefined;
};

/** The number of the order behind a number that a person knows: its own where a message has it, else the one that IRIS's number stands for. */
export const orderNumberOf = async (store: Store, asked: string): Promise<string> => {
  if (await first(store, 'SELECT 1 FROM message WHERE order_local_id = :asked LIMIT 1', { asked }) !== undefined) return asked;
  const links = await all<{ number: string }>(store, 'SELECT DISTINCT order_local_id AS number FROM order_link WHERE iris_id = :asked', { asked });
  return links.length === 1 ? links[0]!.number : asked;
};
