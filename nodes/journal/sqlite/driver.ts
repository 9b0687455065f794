// The journal as the rooms see it: each call is a request to the worker, answered after its commit.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CourierError } from '../../errors.ts';
import type { DeliveryChange, DocumentRecord, Journal } from '../port.ts';
import { OPERATIONS, type OperationName } from './operations.ts';
import { type Fault, type Greeting, packInput, type Reply, type Request } from './wire.ts';

export interface SqliteOptions {
  /** Epoch ms. */
  now?: () => number;
}

interface Pending { resolve: (output: unknown) => void; reject: (error: Error) => void }

const thrown = ({ code, path, detail }: Fault): CourierError =>
  new CourierError(code, { ...(path !== undefined && { path }), ...(detail !== undefined && { detail }) });

/** Only the owner may read: the file holds results. SQLite gives its side files the same mode. */
const createFile = (file: string): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
};

const startWorker = async (file: string, now: number): Promise<Worker> => {
  const url = new URL(`./worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url);
  // Flags of the main thread may be meant for it alone.
  const worker = new Worker(url, { name: 'journal', workerData: { file, now }, execArgv: [] });
  const greeting = await new Promise<Greeting>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if ('fault' in greeting) throw thrown(greeting.fault);
  return worker;
};

const opened = async (file: string, now: number): Promise<Worker> => {
  try {
    createFile(file);
    return await startWorker(file, now);
  } catch (error) {
    if (error instanceof CourierError) throw error;
    throw new CourierError('JOURNAL_FAILED', { detail: (error as NodeJS.ErrnoException).code ?? 'open', cause: error });
  }
};

/** Requests by number. The worker holds the process only while somebody waits for an answer. */
const createCalls = (worker: Worker, now: () => number, tell: (change: DeliveryChange) => void) => {
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

/** One listener's fault must not keep the change from the others. */
const createListeners = () => {
  const listeners = new Set<(change: DeliveryChange) => void>();
  const tell = (change: DeliveryChange): void => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        process.emitWarning(`A listener of the journal failed: ${(error as Error | null)?.name}`);
      }
    }
  };
  const subscribe: Journal['subscribe'] = (listener) => {
    const own: typeof listener = (change) => listener(change);
    listeners.add(own);
    return () => { listeners.delete(own); };
  };
  return { tell, subscribe };
};

/**
 * Opens or creates the journal in one SQLite file. This process alone can have it open.
 * Throws JOURNAL_LOCKED, JOURNAL_NEWER, or JOURNAL_FAILED with the system's code.
 */
export const openSqliteJournal = async (file: string, { now = Date.now }: SqliteOptions = {}): Promise<Journal> => {
  const worker = await opened(file, now());
  const { tell, subscribe } = createListeners();
  const call = createCalls(worker, now, tell);
  const methods = Object.fromEntries((Object.keys(OPERATIONS) as OperationName[])
    .map((method) => [method, (...input: unknown[]) => call(method, input)])) as unknown as Pick<Journal, OperationName>;

  const saveDocument: Journal['saveDocument'] = async (messageId, document) => {
    const earlier: DocumentRecord | null = await methods.saveDocument(messageId, document);
    return earlier ?? document;
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => { worker.once('exit', () => resolve()); });
    await call('close', []);
    worker.ref();
    await ended;
  };
  return { ...methods, saveDocument, subscribe, close: () => (closed ??= close()) };
};
