// What crosses between the journal's worker and everyone else. Bytes that go in are copied once and then moved; what comes out is moved.
import type { Code } from '../errors.ts';
import type { OperationName } from './engine/operations.ts';
import type { DriverOptions, JournalLocation } from './location.ts';
import type { DeliveryChange, Work } from './port.ts';

/** What the worker is started with. `now` is null where the database's own clock counts. */
export type WorkerSettings = Omit<DriverOptions, 'now' | 'monotonic'> & { location: JournalLocation; readOnly: boolean; now: number | null };

/** `clockJumped` is the driver's own: by how much, in ms. */
export interface Request { id: number; method: OperationName | 'clockJumped' | 'close'; input: unknown[]; now: number | null }

/** A coded error does not survive structured cloning, so it crosses as data. */
export interface Fault { code: Code; path: string | undefined; detail: string | undefined }

export type Reply =
  | { id: number; output: unknown; changes: DeliveryChange[] }
  | { id: number; fault: Fault }
  | { work: Work };

/** The worker's first word. */
export type Greeting = { opened: true } | { fault: Fault };

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);

/** Bytes stand at most this deep: in an array of records. */
const DEPTH = 2;

const copied = (value: unknown, moved: ArrayBuffer[], depth: number): unknown => {
  if (value instanceof Uint8Array) {
    // A Buffer is often a window on memory that others use.
    const copy = new Uint8Array(value);
    moved.push(copy.buffer);
    return copy;
  }
  if (depth === 0 || !isPlain(value) || !Object.values(value).some((part) => part instanceof Uint8Array)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copied(part, moved, depth - 1)]));
};

/** Arguments with bytes of their own, and the buffers to move. */
export const packInput = (input: unknown[]): { input: unknown[]; moved: ArrayBuffer[] } => {
  const moved: ArrayBuffer[] = [];
  return { input: input.map((value) => copied(value, moved, 1)), moved };
};

const collect = (value: unknown, found: Set<ArrayBuffer>, depth: number): void => {
  if (value instanceof Uint8Array) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else if (depth > 0 && isPlain(value)) {
    for (const part of Object.values(value)) collect(part, found, depth - 1);
  }
};

/** The buffers of a result: they were read for it alone. */
export const ownBuffers = (output: unknown): ArrayBuffer[] => {
  const found = new Set<ArrayBuffer>();
  collect(output, found, DEPTH);
  return [...found];
};
