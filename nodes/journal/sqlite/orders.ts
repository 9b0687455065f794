// NW, XO and CA: what an order submission does to the orders that are stored. Decided first, then written.
import { applyChange, asStored, missingForNew, orderKey, patientKey } from '../../0-order/join.ts';
import type { Order, StoredOrder } from '../../0-order/model.ts';
import type { Code } from '../../errors.ts';
import type { OrderOutcome, RawInput } from '../port.ts';
import { keepInput } from './inputs.ts';
import { findOrders, ORDER, type OrderRow } from './order-rows.ts';
import { releaseWaiting } from './results.ts';
import { all, first, insert, parsed, run, type Store } from './store.ts';

type Decision =
  | { outcome: 'stored' | 'held'; body: Order; code?: Code }
  | { outcome: 'changed'; row: OrderRow; body: Order }
  | { outcome: 'cancelled'; row: OrderRow }
  | { outcome: 'replay' }
  | { outcome: 'rejected'; code: Code; path?: string };

const reject = (code: Code, path?: string): Decision => ({ outcome: 'rejected', code, ...(path !== undefined && { path }) });

/** Another `Patient.LocalId` under one order number is another order. */
const isSamePatient = (stored: StoredOrder, order: Order): boolean =>
  order.patient === undefined
  || patientKey({ ...stored.patient, localId: order.patient.localId ?? '' }).localId === patientKey(stored.patient).localId;

/** Whether this very submission was taken before: an `NW` at any time, others as the last thing said. */
const isRepeated = (store: Store, row: OrderRow, order: Order): boolean => first(store, `SELECT 1 FROM order_version
  WHERE order_id = :id AND control = :control AND submitted_key = :key AND (:control = 'NW' OR version = :version)`,
{ id: row.id, control: order.control, key: orderKey(order), version: row.version }) !== undefined;

const decideHeld = (store: Store, order: Order): Decision => {
  const held = all<OrderRow>(store, `${ORDER} WHERE o.organization = :organization AND o.site IS :site
    AND o.local_id = :localId AND o.state = 'held'`, { organization: order.organization, site: order.site?.localId ?? null, localId: order.localId });
  return held.some((row) => isRepeated(store, row, order)) ? { outcome: 'replay' } : { outcome: 'held', body: order, code: 'ORGANIZATION_UNKNOWN' };
};

const decideChange = (store: Store, row: OrderRow, order: Order): Decision => {
  if (isRepeated(store, row, order)) return { outcome: 'replay' };
  if (row.state === 'cancelled') return reject('ORDER_CANCELLED');
  const stored = parsed<StoredOrder>(row.body);
  if (order.control === 'NW' && !isSamePatient(stored, order)) return reject('ORDER_CONFLICT', 'Patient.LocalId');
  const { order: body, warnings } = applyChange(stored, order);
  if (orderKey(body) === row.body_key && warnings.length === 0) return { outcome: 'replay' };
  return { outcome: 'changed', row, body };
};

const decide = (store: Store, order: Order, organizationKnown: boolean): Decision => {
  if (!organizationKnown) return decideHeld(store, order);
  const found = findOrders(store, order.organization, order.site?.localId ?? null, order.localId);
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

const writeVersion = (store: Store, orderId: string, version: number, submitted: Order, body: Order, inputId: string): void => {
  insert(store, 'order_version', {
    order_id: orderId, version, at: store.now, control: submitted.control, submitted_key: orderKey(submitted), body_key: orderKey(body),
    body: JSON.stringify(body), input_id: inputId,
  });
};

const write = (store: Store, order: Order, decision: Decision, inputId: string): void => {
  switch (decision.outcome) {
    case 'stored':
    case 'held': {
      const key = { organization: order.organization, site: order.site?.localId ?? null, local_id: order.localId };
      if (decision.outcome === 'stored') {
        run(store, `UPDATE orders SET state = 'replaced'
          WHERE organization = :organization AND site IS :site AND local_id = :local_id AND state = 'held'`, key);
      }
      const id = store.newId();
      insert(store, 'orders', { id, ...key, state: decision.outcome === 'stored' ? 'open' : 'held', version: 1 });
      return writeVersion(store, id, 1, order, decision.body, inputId);
    }
    case 'changed': {
      const { id, version } = decision.row;
      run(store, 'UPDATE orders SET version = :version WHERE id = :id', { id, version: version + 1 });
      return writeVersion(store, id, version + 1, order, decision.body, inputId);
    }
    case 'cancelled':
      run(store, `UPDATE orders SET state = 'cancelled' WHERE id = :id`, { id: decision.row.id });
  }
};

export const storeOrder = (store: Store, order: Order, raw: RawInput, organizationKnown: boolean): OrderOutcome => {
  const decision = decide(store, order, organizationKnown);
  const { outcome } = decision;
  const code = 'code' in decision ? decision.code : undefined;
  const path = 'path' in decision ? decision.path : undefined;
  const inputId = keepInput(store, raw, { kind: 'order', outcome, code, path, orderLocalId: order.localId });
  write(store, order, decision, inputId);
  const released = 'body' in decision && outcome !== 'held' && decision.body.site !== undefined
    ? releaseWaiting(store, order.organization, decision.body.site.localId, order.localId) : [];
  return { inputId, outcome, ...(code !== undefined && { code }), ...(path !== undefined && { path }), released };
};
