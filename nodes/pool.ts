// The worker pool for rendering, sealing and opening: heavy work that must not hold up the editor.
// It knows no stage: a stage hands it its own module URL and the name of an exported function.
// A Buffer that goes in is copied (every wire shares it); the buffers of a result are moved out.
import { availableParallelism } from 'node:os';
import { move, Piscina, queueOptionsSymbol, transferableSymbol, valueSymbol } from 'piscina';
import { asCourierError, type Code, CourierError } from './errors.ts';

interface Task { moduleUrl: string; exportName: string; input: unknown; [queueOptionsSymbol]?: { rank: number } }
/** A coded error does not survive structured cloning, so it crosses the border as data. */
interface Failure { failed: { code: Code; path?: string; detail?: string; stack?: string } }

let pool: Piscina | undefined;

type TaskQueue = NonNullable<NonNullable<ConstructorParameters<typeof Piscina>[0]>['taskQueue']>;
type QueuedTask = Parameters<TaskQueue['push']>[0];

const rankOf = (task: QueuedTask): number => (task[queueOptionsSymbol] as { rank: number } | null)?.rank ?? 0;

/** Tasks of a higher rank first, else as they came. */
const rankedQueue = (): TaskQueue => {
  const tasks: QueuedTask[] = [];
  const insert = (task: QueuedTask, passes: (other: number) => boolean): void => {
    const at = tasks.findIndex((other) => passes(rankOf(other)));
    tasks.splice(at < 0 ? tasks.length : at, 0, task);
  };
  return {
    get size() { return tasks.length; },
    push: (task) => insert(task, (other) => other < rankOf(task)),
    unshift: (task) => insert(task, (other) => other <= rankOf(task)),
    shift: () => tasks.shift() ?? null,
    remove: (task) => { if (tasks.includes(task)) tasks.splice(tasks.indexOf(task), 1); },
  };
};

const started = (): Piscina => {
  pool ??= new Piscina({
    filename: import.meta.url,
    name: 'work',
    minThreads: 1,
    maxThreads: Math.max(1, Math.min(4, availableParallelism() - 1)),
    idleTimeout: 60_000,
    taskQueue: rankedQueue(),
    // What could not be handed out keeps its place.
    stricterFIFO: true,
    // A third of what a thread would take for short-lived objects: a worker's are short-lived indeed.
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  });
  return pool;
};

const isOwn = (value: unknown): value is Uint8Array<ArrayBuffer> => value instanceof Uint8Array && value.byteLength === value.buffer.byteLength;

const bytesOf = (record: unknown): ArrayBuffer[] =>
  typeof record === 'object' && record !== null ? Object.values(record).filter(isOwn).map(({ buffer }) => buffer) : [];

/** Bytes stand in a result or in the records of its lists. What lies deeper may be the worker's own, such as certificates it keeps. */
const ownBuffers = (result: unknown): ArrayBuffer[] =>
  [...bytesOf(result), ...Object.values(result ?? {}).filter(Array.isArray).flatMap((list: unknown[]) => list.flatMap(bytesOf))];

/** The worker's side. */
export const work = async ({ moduleUrl, exportName, input }: Task): Promise<unknown> => {
  try {
    const module = await import(moduleUrl) as Record<string, (input: unknown) => unknown>;
    const result = await module[exportName]!(input);
    return move({ [transferableSymbol]: ownBuffers(result), [valueSymbol]: result } as never);
  } catch (error) {
    const { code, path, detail, stack, cause } = asCourierError(error);
    const reason = cause instanceof Error ? cause.stack : stack;
    const optional = Object.entries({ path, detail, stack: reason }).filter(([, value]) => value !== undefined);
    return { failed: { code, ...Object.fromEntries(optional) } } satisfies Failure;
  }
};

const isFailure = (result: unknown): result is Failure =>
  typeof result === 'object' && result !== null && 'failed' in result;

/**
 * Runs `exportName` of the module at `moduleUrl` (its `import.meta.url`) in a worker with one plain, clonable argument.
 * Buffers arrive as Uint8Array on both sides: wrap them with `asBuffer`. Coded errors come back as CourierError.
 * Of waiting tasks those of the highest `rank` go first: a message that is nearly done before one that has just begun, or a
 * thousand results at once would all be half done, and all in memory, before the first goes out.
 */
export const inPool = async <Input, Output extends object>(moduleUrl: string, exportName: string, input: Input, rank = 0): Promise<Output> => {
  const result: Output | Failure = await started().run({ moduleUrl, exportName, input, [queueOptionsSymbol]: { rank } } satisfies Task);
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
