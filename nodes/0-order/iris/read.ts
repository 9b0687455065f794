// Bytes, text or an object in, an order, a result or an event out: the IRIS messages are told apart by what they hold.
import { CourierError } from '../../errors.ts';
import { parseJson } from '../json.ts';
import type { Order, OrderEvent, Result } from '../model.ts';
import { blankParsed } from '../ssn.ts';
import { fieldsOf, identifierOf, isObject, objectOf, valueOf, type Fields } from './fields.ts';
import { orderControl } from './codes.ts';
import { isEvent, readEvent } from './event.ts';
import { readOrder } from './order.ts';
import { readResult } from './result.ts';

/** `today` is `YYYY-MM-DD`: no birth date lies behind it. `maxBytes` is the size of the input as UTF-8. */
export interface ReadOptions { today: string; maxBytes: number }

/** `raw` is what is kept: the bytes as received, social security numbers blanked. */
export type IrisInput = IrisMessage & { raw: Uint8Array };

export type IrisMessage = { kind: 'order'; order: Order } | { kind: 'result'; result: Result } | { kind: 'event'; event: OrderEvent };

const notJson = (detail: string): CourierError => new CourierError('INPUT_NOT_JSON', { detail });

/** The bytes of whatever a wire may carry; empty when there is nothing that could be written down. */
export const inputBytes = (input: unknown): Uint8Array => {
  if (input instanceof Uint8Array) return input;
  if (typeof input === 'string') return Buffer.from(input, 'utf8');
  try {
    return Buffer.from(JSON.stringify(input) ?? '', 'utf8');
  } catch {
    return new Uint8Array();
  }
};

const decode = (bytes: Uint8Array): string => {
  if (bytes.byteLength === 0) throw notJson('the input is empty or cannot be written as JSON');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notJson('the bytes are not UTF-8');
  }
};

/** The JSON of an input with the bytes that are kept of it. Throws INPUT_TOO_LARGE, INPUT_NOT_JSON. */
export const parseInput = (bytes: Uint8Array, maxBytes: number): { json: unknown; raw: Uint8Array } => {
  if (bytes.byteLength > maxBytes) throw new CourierError('INPUT_TOO_LARGE', { detail: `${bytes.byteLength} of ${maxBytes} bytes` });
  const text = decode(bytes);
  // What goes on is what is kept: a number in a note would end up in the report.
  const kept = blankParsed(text, parseJson(text));
  return { json: kept.json, raw: kept.text === text ? bytes : Buffer.from(kept.text, 'utf8') };
};

type Likeness = 'order' | 'result' | 'event' | 'unreadable';

const likeness = (root: Fields): Likeness => {
  const has = (name: string): boolean => valueOf(root, name) !== undefined;
  if (has('OrderControlCode')) return has('ResultCode') ? 'unreadable' : 'order';
  if (has('ResultCode')) return 'result';
  // Without its code, but plainly one of the two: the error names the missing code.
  if (has('Gradings') && has('Order')) return 'result';
  if (has('ClientGuid') && has('Order')) return 'order';
  return isEvent(root) ? 'event' : 'unreadable';
};

/** What can be said of an input that cannot be read: for the list of rejected inputs. */
export const identify = (json: unknown): { kind: Likeness | 'resend'; orderLocalId?: string } => {
  if (!isObject(json)) return { kind: 'unreadable' };
  const root = fieldsOf(json, '', { today: '', warnings: [] });
  const like = likeness(root);
  const kind = like === 'order' && orderControl(String(valueOf(root, 'OrderControlCode'))) === 'ResendResult' ? 'resend' : like;
  try {
    const order = objectOf(root, 'Order');
    const orderLocalId = like === 'event' ? identifierOf(root, 'OrderLocalId') : order === undefined ? undefined : identifierOf(order, 'LocalId');
    return { kind, ...(orderLocalId !== undefined && { orderLocalId }) };
  } catch {
    return { kind };
  }
};

function unknown(detail: string): never {
  throw new CourierError('INPUT_UNKNOWN', { detail });
}

/** Reads parsed JSON. Throws INPUT_UNKNOWN and the errors of the fields. */
export const readObject = (json: unknown, today: string): IrisMessage => {
  if (!isObject(json)) unknown(Array.isArray(json) ? 'an array; send one object at a time' : 'not an object');
  const root = fieldsOf(json, '', { today, warnings: [] });
  const kind = likeness(root);
  if (kind === 'order') return { kind, order: readOrder(root) };
  if (kind === 'result') return { kind, result: readResult(root) };
  if (kind === 'event') return { kind, event: readEvent(root) };
  const typed = valueOf(root, 'ResultObjectType') !== undefined;
  return unknown(typed ? 'an event of an unknown type' : 'neither or both of OrderControlCode and ResultCode');
};

/** Reads one IRIS message from a Buffer, a string or an object. Throws CourierError only. */
export const readIris = (input: unknown, { today, maxBytes }: ReadOptions): IrisInput => {
  const { json, raw } = parseInput(inputBytes(input), maxBytes);
  return { ...readObject(json, today), raw };
};
