// The journal as the rooms see it: each call is a request to the worker, answered after its commit.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CourierError } from '../errors.ts';
import { jumpWatch } from './clock.ts';
import { inBatches } from './batches.ts';
import { OPERATIONS, type OperationName } from './engine/operations.ts';
import type { DriverOptions, JournalLocation } from './location.ts';
import type { DeliveryChange, DocumentRecord, Journal, Work } from './port.ts';
import { type Fault, type Greeting, packInput, type Reply, type Request, type WorkerSettings } from './wire.ts';

interface Pending { resolve: (output: unknown) => void; reject: (error: Error) => void }

const thrown = ({ code, path, detail }: Fault): CourierError =>
  new CourierError(code, { ...(path !== undefined && { path }), ...(detail !== undefined && { detail }) });

const startWorker = async (settings: WorkerSettings): Promise<Worker> => {
  const url = new URL(`./worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url);
  // Flags of the main thread may be meant for it alone.
  const worker = new Worker(url, { name: 'journal', workerData: settings, execArgv: [] });
  const greeting = await new Promise<Greeting>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new CourierError('JOURNAL_FAILED', { detail: 'the journal\'s worker ended' })));
  });
  if ('fault' in greeting) throw thrown(greeting.fault);
  return worker;
};

interface Listeners { tell: (change: DeliveryChange) => void; announce: (work: Work) => void }

/** Requests by number. The worker holds the process only while somebody waits for an answer. */
const createCalls = (worker: Worker, now: () => number | null, { tell, announce }: Listeners) => {
  const pending = new Map<number, Pending>();
  let last = 0;
  let dead = false;

  const take = (id: number): Pending | undefined => {
    const call = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker.unref();
    return call;
  };

  worker.on('message', (reply: Reply) => {
    if ('work' in reply) return announce(reply.work);
    const call = take(reply.id);
    if ('fault' in reply) return call?.reject(thrown(reply.fault));
    reply.changes.forEach(tell);
    call?.resolve(reply.output);
  });
  const fail = (cause?: unknown): void => {
    dead = true;
    for (const id of [...pending.keys()]) take(id)?.reject(new CourierError('JOURNAL_FAILED', { detail: 'the journal\'s worker ended', cause }));
  };
  worker.on('error', fail);
  worker.on('exit', () => fail());
  worker.unref();

  return (method: Request['method'], given: unknown[]): Promise<unknown> => new Promise((resolve, reject) => {
    if (dead) return reject(new CourierError('JOURNAL_FAILED', { detail: 'the journal is closed' }));
    const { input, moved } = packInput(given);
    const id = ++last;
    worker.postMessage({ id, method, input, now: now() } satisfies Request, moved);
    pending.set(id, { resolve, reject });
    worker.ref();
  });
};

/** One listener's fault must not keep the news from the others. */
const createListeners = <News>(): { tell: (news: News) => void; add: (listener: (news: News) => void) => () => void } => {
  const listeners = new Set<(news: News) => void>();
  return {
    tell: (news) => {
      for (const listener of listeners) {
        try {
          listener(news);
        } catch (error) {
          process.emitWarning(`A listener of the journal failed: ${(error as Error | null)?.name}`);
        }
      }
    },
    add: (listener) => {
      const own: typeof listener = (news) => listener(news);
      listeners.add(own);
      return () => { listeners.delete(own); };
    },
  };
};

/** A database that several processes share tells the time itself, so that they agree; a clock that was handed in goes before that. */
const clockOf = (location: JournalLocation, now: () => number): (() => number | null) =>
  typeof location === 'string' || now !== Date.now ? now : () => null;

/** A shared database's clock is everybody's and not watched from here. */
const watchOf = (location: JournalLocation, now: () => number, monotonic: (() => number) | undefined): (() => number) | undefined => {
  const ticks = monotonic ?? (now === Date.now ? () => performance.now() : undefined);
  return ticks === undefined || typeof location !== 'string' ? undefined : jumpWatch(now, ticks);
};

/**
 * Opens or creates the journal. An SQLite file is this process's alone, unless it is opened for reading only.
 * Throws JOURNAL_LOCKED, JOURNAL_NEWER, JOURNAL_DAMAGED, JOURNAL_UNREACHABLE, KEY_WRONG, or JOURNAL_FAILED with the system's code.
 */
export const openDriver = async (
  location: JournalLocation, { now, monotonic, ...options }: DriverOptions, readOnly = false,
): Promise<Journal> => {
  const clock = clockOf(location, now);
  const worker = await startWorker({ ...options, location, readOnly, now: clock() }).catch((error: unknown) => {
    if (error instanceof CourierError) throw error;
    throw new CourierError('JOURNAL_FAILED', { detail: (error as NodeJS.ErrnoException).code ?? 'open', cause: error });
  });
  const changes = createListeners<DeliveryChange>();
  const works = createListeners<Work>();
  const direct = createCalls(worker, clock, { tell: changes.tell, announce: works.tell });
  const watch = readOnly ? undefined : watchOf(location, now, monotonic);
  const call: typeof direct = (method, input) => {
    const jump = watch?.() ?? 0;
    // Before the request, which sees appointments where they belong. Should it fail, they stay where they were.
    if (jump !== 0) void direct('clockJumped', [jump]).catch(() => undefined);
    return direct(method, input);
  };
  const methods = Object.fromEntries((Object.keys(OPERATIONS) as OperationName[])
    .map((method) => [method, (...input: unknown[]) => call(method, input)])) as unknown as Pick<Journal, OperationName>;

  const saveDocument: Journal['saveDocument'] = async (messageId, document, run) => {
    const earlier: DocumentRecord | null = await methods.saveDocument(messageId, document, run);
    return earlier ?? document;
  };

  const act: Journal['act'] = (action) => inBatches(methods.act as Parameters<typeof inBatches>[0], action);

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => { worker.once('exit', () => resolve()); });
    await call('close', []);
    worker.ref();
    await ended;
  };
  return { ...methods, saveDocument, act, subscribe: changes.add, subscribeWork: works.add, close: () => (closed ??= close()) };
};
