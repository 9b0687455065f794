// NW, XO and CA: what an order submission does to the orders that are stored. Decided first, then written.
import { applyChange, asStored, missingForNew, orderKey, patientKey } from '../../0-order/join.ts';
import type { Order, StoredOrder, Warning } from '../../0-order/model.ts';
import { type Code, sentence } from '../../errors.ts';
import type { OrderOutcome, RawInput } from '../port.ts';
import { hasResult } from './alike.ts';
import { keepInput } from './inputs.ts';
import { type JoinedOrder, patientMark } from './messages.ts';
import { bodyOf, findOrders, ORDER, type OrderRow } from './order-rows.ts';
import { releaseWaiting } from './results.ts';
import { all, first, insert, lockName, orderName, run, sealed, type Store } from './store.ts';

type Decision =
  | { outcome: 'stored' | 'held'; body: Order; code?: Code }
  | { outcome: 'changed'; row: OrderRow; body: Order; warnings: Warning[] }
  | { outcome: 'cancelled'; row: OrderRow }
  | { outcome: 'replay' }
  | { outcome: 'rejected'; code: Code; path?: string };

const reject = (code: Code, path?: string): Decision => ({ outcome: 'rejected', code, ...(path !== undefined && { path }) });

/** Another `Patient.LocalId` under one order number is another order. */
const isSamePatient = (stored: StoredOrder, order: Order): boolean =>
  order.patient === undefined
  || patientKey({ ...stored.patient, localId: order.patient.localId ?? '' }).localId === patientKey(stored.patient).localId;

const keyOf = (store: Store, order: Order): Uint8Array => store.vault.mark('order', orderKey(order));

/** Whether this very submission was taken before: an `NW` at any time, others as the last thing said. */
const isRepeated = async (store: Store, row: OrderRow, order: Order): Promise<boolean> => await first(store, `SELECT 1 FROM order_version
  WHERE order_id = :id AND control = :control AND submitted_key = :key AND (control = 'NW' OR version = :version)`,
{ id: row.id, control: order.control, key: keyOf(store, order), version: row.version }) !== undefined;

const decideHeld = async (store: Store, order: Order): Promise<Decision> => {
  const held = await all<OrderRow>(store, `${ORDER} WHERE o.organization = :organization AND o.site IS NOT DISTINCT FROM :site
    AND o.local_id = :localId AND o.state = 'held'`, { organization: order.organization, site: order.site?.localId ?? null, localId: order.localId });
  for (const row of held) if (await isRepeated(store, row, order)) return { outcome: 'replay' };
  return { outcome: 'held', body: order, code: 'ORGANIZATION_UNKNOWN' };
};

const decideChange = async (store: Store, row: OrderRow, order: Order): Promise<Decision> => {
  if (await isRepeated(store, row, order)) return { outcome: 'replay' };
  if (row.state === 'cancelled') return reject('ORDER_CANCELLED');
  if (row.body === null) return reject('ORDER_PRUNED', 'Order.LocalId');
  const stored = await bodyOf(store, { body: row.body });
  if (order.control === 'NW' && !isSamePatient(stored, order)) return reject('ORDER_CONFLICT', 'Patient.LocalId');
  const { order: body, warnings } = applyChange(stored, order);
  if (Buffer.compare(keyOf(store, body), row.body_key) === 0 && warnings.length === 0) return { outcome: 'replay' };
  return { outcome: 'changed', row, body, warnings };
};

const decide = async (store: Store, order: Order, organizationKnown: boolean): Promise<Decision> => {
  if (!organizationKnown) return decideHeld(store, order);
  const found = await findOrders(store, order.organization, order.site?.localId ?? null, order.localId);
  if (found.length > 1) return reject('ORDER_AMBIGUOUS', 'Site.LocalId');
  const [row] = found;
  const stored = asStored(order);
  switch (order.control) {
    case 'CA':
      if (row === undefined) return reject('ORDER_UNKNOWN', 'Order.LocalId');
      return row.state === 'cancelled' ? { outcome: 'replay' } : { outcome: 'cancelled', row };
    case 'NW':
    case 'XO':
      if (row !== undefined) return decideChange(store, row, order);
      if (stored !== null) return { outcome: 'stored', body: stored };
      return order.control === 'XO' ? reject('ORDER_UNKNOWN', 'Order.LocalId') : reject('FIELD_MISSING', missingForNew(order) ?? undefined);
    case 'ResendResult':
      return reject('FIELD_INVALID', 'OrderControlCode');
  }
};

const writeVersion = async (store: Store, orderId: string, version: number, submitted: Order, body: Order, inputId: string): Promise<void> => {
  const localId = body.patient?.localId;
  await insert(store, 'order_version', {
    order_id: orderId, version, at: store.now, control: submitted.control, submitted_key: keyOf(store, submitted), body_key: keyOf(store, body),
    body: sealed(store, 'order', body), has_patient: Number(body.patient !== undefined),
    patient_mark: localId === undefined ? null : patientMark(store, localId), input_id: inputId,
  });
};

/** An order made here, that nothing is ever joined to by its number. */
export const storeStandIn = async (store: Store, order: StoredOrder, inputId: string): Promise<JoinedOrder> => {
  const id = store.newId();
  await insert(store, 'orders', {
    id, organization: order.organization, site: order.site.localId, local_id: order.localId, state: 'replaced', version: 1, stored_at: store.now,
  });
  await writeVersion(store, id, 1, order, order, inputId);
  return { id, version: 1, order };
};

const write = async (store: Store, order: Order, decision: Decision, inputId: string): Promise<void> => {
  switch (decision.outcome) {
    case 'stored':
    case 'held': {
      const key = { organization: order.organization, site: order.site?.localId ?? null, local_id: order.localId };
      if (decision.outcome === 'stored') {
        await run(store, `UPDATE orders SET state = 'replaced'
          WHERE organization = :organization AND site IS NOT DISTINCT FROM :site AND local_id = :local_id AND state = 'held'`, key);
      }
      const id = store.newId();
      await insert(store, 'orders', { id, ...key, state: decision.outcome === 'stored' ? 'open' : 'held', version: 1, stored_at: store.now });
      return writeVersion(store, id, 1, order, decision.body, inputId);
    }
    case 'changed': {
      const { id, version } = decision.row;
      await run(store, 'UPDATE orders SET version = :version WHERE id = :id', { id, version: version + 1 });
      return writeVersion(store, id, version + 1, order, decision.body, inputId);
    }
    case 'cancelled':
      await run(store, `UPDATE orders SET state = 'cancelled' WHERE id = :id`, { id: decision.row.id });
  }
};

/** What is to be said of a change or cancellation that was taken: fields that stay, and that what went out stays as it is. */
const remarks = async (store: Store, decision: Decision): Promise<{ codes: Code[]; path?: string | undefined }> => {
  if (decision.outcome !== 'changed' && decision.outcome !== 'cancelled') {
    return { codes: 'code' in decision && decision.code !== undefined ? [decision.code] : [], path: 'path' in decision ? decision.path : undefined };
  }
  const fixed = 'warnings' in decision ? decision.warnings.find(({ code }) => code === 'ORDER_FIELD_FIXED') : undefined;
  const late = await hasResult(store, decision.row.id);
  const codes: Code[] = [...(fixed === undefined ? [] : ['ORDER_FIELD_FIXED' as const]), ...(late ? ['ORDER_HAS_RESULT' as const] : [])];
  return { codes, path: fixed?.path };
};

export const storeOrder = async (store: Store, order: Order, raw: RawInput, organizationKnown: boolean): Promise<OrderOutcome> => {
  await lockName(store, orderName(order.localId));
  const decision = await decide(store, order, organizationKnown);
  const { outcome } = decision;
  const { codes, path } = await remarks(store, decision);
  const [code] = codes;
  const text = codes.length > 1 ? codes.map(sentence).join(' ') : undefined;
  const inputId = await keepInput(store, raw, { kind: 'order', outcome, code, path, text, orderLocalId: order.localId });
  await write(store, order, decision, inputId);
  const released = 'body' in decision && outcome !== 'held' && decision.body.site !== undefined
    ? await releaseWaiting(store, order.organization, decision.body.site.localId, order.localId) : [];
  return {
    inputId, outcome, ...(code !== undefined && { code }), ...(codes.length > 1 && { codes }), ...(path !== undefined && { path }), released,
  };
};
