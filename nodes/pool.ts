// The worker pool for rendering, sealing and opening: heavy work that must not hold up the editor.
// It knows no stage: a stage hands it its own module URL and the name of an exported function.
// A Buffer that goes in is copied (every wire shares it); the buffers of a result are moved out.
import { availableParallelism } from 'node:os';
import { move, Piscina, transferableSymbol, valueSymbol } from 'piscina';
import { asCourierError, type Code, CourierError } from './errors.ts';

interface Task { moduleUrl: string; exportName: string; input: unknown }
/** A coded error does not survive structured cloning, so it crosses the border as data. */
interface Failure { failed: { code: Code; path?: string; detail?: string; stack?: string } }

let pool: Piscina | undefined;

const started = (): Piscina => {
  pool ??= new Piscina({
    filename: import.meta.url,
    name: 'work',
    minThreads: 1,
    maxThreads: Math.max(1, Math.min(4, availableParallelism() - 1)),
    idleTimeout: 60_000,
  });
  return pool;
};

const ownBuffers = (result: unknown): ArrayBuffer[] =>
  Object.values(result ?? {}).filter((value): value is Uint8Array<ArrayBuffer> =>
    value instanceof Uint8Array && value.byteLength === value.buffer.byteLength).map((value) => value.buffer);

/** The worker's side. */
export const work = async ({ moduleUrl, exportName, input }: Task): Promise<unknown> => {
  try {
    const module = await import(moduleUrl) as Record<string, (input: unknown) => unknown>;
    const result = await module[exportName]!(input);
    return move({ [transferableSymbol]: ownBuffers(result), [valueSymbol]: result } as never);
  } catch (error) {
    const { code, path, detail, stack, cause } = asCourierError(error);
    const reason = cause instanceof Error ? cause.stack : stack;
    return { failed: { code, ...(path !== undefined && { path }), ...(detail !== undefined && { detail }), ...(reason !== undefined && { stack: reason }) } } satisfies Failure;
  }
};

const isFailure = (result: unknown): result is Failure =>
  typeof result === 'object' && result !== null && 'failed' in result;

/**
 * Runs `exportName` of the module at `moduleUrl` (its `import.meta.url`) in a worker with one plain, clonable argument.
 * Buffers arrive as Uint8Array on both sides: wrap them with `asBuffer`. Coded errors come back as CourierError.
 */
export const inPool = async <Input, Output extends object>(moduleUrl: string, exportName: string, input: Input): Promise<Output> => {
  const result: Output | Failure = await started().run({ moduleUrl, exportName, input });
  if (!isFailure(result)) return result;
  const { code, path, detail, stack } = result.failed;
  const cause = stack === undefined ? undefined : Object.assign(new Error('in the worker'), { stack });
  throw new CourierError(code, { ...(path !== undefined && { path }), ...(detail !== undefined && { detail }), cause });
};

/** A Buffer over the same memory: structured clone turns Buffers into Uint8Arrays. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Ends the workers; the next task starts new ones. For process shutdown and tests. */
export const closePool = async (): Promise<void> => {
  const closing = pool;
  pool = undefined;
  await closing?.destroy();
};
