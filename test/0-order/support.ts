// Shorthand of this room's specs.
import { expect } from 'chai';
import { type Code, CourierError } from '../../nodes/errors.ts';
import { readIris } from '../../nodes/0-order/iris/read.ts';
import type { Order, Result, StoredOrder } from '../../nodes/0-order/model.ts';
import { irisOrder, irisResult } from '../support/samples.ts';

type Json = Record<string, unknown>;

export const OPTIONS = { today: '2026-03-01', maxBytes: 25 * 1024 * 1024 };

export const read = (input: unknown): ReturnType<typeof readIris> => readIris(input, OPTIONS);

export const readOrder = (input: unknown): Order => {
  const reading = read(input);
  if (reading.kind !== 'order') throw new Error('not an order');
  return reading.order;
};

export const readResult = (input: unknown): Result => {
  const reading = read(input);
  if (reading.kind !== 'result') throw new Error('not a result');
  return reading.result;
};

/** The sample order or result with a change, read. */
export const order = (change: Json = {}): StoredOrder => readOrder(irisOrder(change)) as StoredOrder;
export const result = (change: Json = {}): Result => readResult(irisResult(change));

/** The coded error that an action must throw. */
export const refusal = (action: () => unknown): CourierError => {
  try {
    action();
  } catch (error) {
    expect(error).to.be.instanceOf(CourierError);
    return error as CourierError;
  }
  throw new Error('nothing was refused');
};

export const expectRefusal = (action: () => unknown, code: Code, path?: string): void => {
  const error = refusal(action);
  expect([error.code, error.path]).to.deep.equal([code, path]);
};
