// What is asked: an order, perhaps its result, read and joined as they would be when they come in.
import { agree, decideJoin } from '../../0-order/join.ts';
import { type IrisInput, type ReadOptions, readIris } from '../../0-order/iris/read.ts';
import type { Result, StoredOrder } from '../../0-order/model.ts';
import { asStored } from '../../0-order/order-change.ts';
import type { Organization } from '../../0-order/organization.ts';
import { effectiveOrganization } from '../../0-order/organizations.ts';
import { asCourierError, type Code, CourierError, sentence } from '../../errors.ts';
import { AWAITS } from '../../journal/engine/joining.ts';
import type { MessageFate } from './explanation.ts';
import type { Setting } from './setting.ts';

export interface Question { order: Uint8Array; result?: Uint8Array | undefined }

export interface Case {
  order: StoredOrder;
  result: Result | undefined;
  /** As it stands for the order's site. */
  organization: Organization;
}

/** What is known of the order where the message goes no further. */
export interface Stopped { fate: MessageFate; order?: StoredOrder; result?: Result | undefined; organization?: Organization }

export const fateOf = (state: MessageFate['state'], code: Code | string, why: string = sentence(code)): MessageFate => ({ state, code, why });

/** A fault as the flow would record it. */
export const faultFate = (error: unknown, state: MessageFate['state'] = 'ERROR'): MessageFate => {
  const fault = asCourierError(error);
  return fateOf(state, fault.code, fault.message);
};

const readOrder = (input: Uint8Array, options: ReadOptions): StoredOrder => {
  const read = readIris(input, options);
  if (read.kind !== 'order') throw new CourierError('INPUT_UNKNOWN', { detail: 'an order was expected' });
  const stored = asStored(read.order);
  if (stored === null || !['NW', 'XO'].includes(read.order.control)) {
    throw new CourierError('FIELD_INVALID', { path: 'OrderControlCode', detail: 'a whole order was expected: NW, or XO with everything' });
  }
  return stored;
};

const readResult = (input: Uint8Array, options: ReadOptions): Result => {
  const read: IrisInput = readIris(input, options);
  if (read.kind !== 'result') throw new CourierError('INPUT_UNKNOWN', { detail: 'a result was expected' });
  return read.result;
};

/** Whether the result would be joined to this order, if it alone were stored. */
const joinOf = (order: StoredOrder, result: Result, bound: string | null): MessageFate | null => {
  const sought = bound === null || bound === order.organization;
  const own = sought && result.order.localId === order.localId && result.site.localId === order.site.localId;
  const decision = decideJoin(own ? [{ order, state: 'open' }] : [], result);
  switch (decision.outcome) {
    case 'ready': return null;
    case 'waiting': return fateOf('RECEIVED', 'AWAITS_ORDER', AWAITS);
    case 'held': return fateOf('HELD', decision.code, agreementOf(order, result) ?? decision.why);
  }
};

const agreementOf = (order: StoredOrder, result: Result): string | undefined => {
  const agreement = agree(order.patient, result.patient);
  return agreement.ok ? undefined : agreement.why;
};

/** `today` is `YYYY-MM-DD`. */
export const readQuestion = (
  { order: orderInput, result: resultInput }: Question,
  { entrance: { maxBytes, bound }, organization: organizationOf }: Pick<Setting, 'entrance' | 'organization'>, today: string,
): Case | Stopped => {
  let order: StoredOrder | undefined;
  let result: Result | undefined;
  try {
    order = readOrder(orderInput, { today, maxBytes });
    result = resultInput && readResult(resultInput, { today, maxBytes });
  } catch (error) {
    return { fate: faultFate(error, 'REJECTED'), ...(order && { order }) };
  }
  const owner = organizationOf(order.organization);
  if (owner === undefined) return { fate: fateOf('HELD', 'ORGANIZATION_UNKNOWN'), order, result };
  const organization = effectiveOrganization(owner, order.site.localId);
  const stopped = result && joinOf(order, result, bound);
  return stopped ? { fate: stopped, order, result, organization } : { order, result, organization };
};
