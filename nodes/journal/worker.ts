// The journal's worker: opens the database, takes requests, answers each only after its commit.
import { randomUUID } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { asCourierError, CourierError } from '../errors.ts';
import type { Backend } from './backend.ts';
import { recoverSending } from './engine/attempts.ts';
import { moveAppointments } from './engine/clock-jump.ts';
import { recoverFlow } from './engine/flow.ts';
import { OPERATIONS, type OperationName, READS } from './engine/operations.ts';
import type { Store } from './engine/store.ts';
import { storeDayKey } from './key-rows.ts';
import { createReclaimer, inPieces, isDryRun } from './pieces.ts';
import type { DeliveryChange } from './port.ts';
import { createVault, type Vault } from './vault.ts';
import { type Fault, type Greeting, ownBuffers, type Reply, type Request, type WorkerSettings } from './wire.ts';

type Operation = (store: Store, ...input: unknown[]) => Promise<unknown>;

const faultOf = (error: unknown): Fault => {
  const { code, path, detail, cause } = asCourierError(error, 'JOURNAL_FAILED');
  return { code, path, detail: detail ?? (cause instanceof Error ? cause.name : undefined) };
};

/** Only the database that is used is loaded. */
const openBackend = async ({ location, readOnly, demo, keyBackup, now }: WorkerSettings, vault: Vault): Promise<Backend> => {
  const claim = { vault, demo, ...(keyBackup !== undefined && { keyBackup }), ...(now !== null && { now }) };
  if (typeof location === 'string') {
    const { openSqlite } = await import('./sqlite/backend.ts');
    return openSqlite({ ...claim, file: location, readOnly, now: now ?? Date.now() });
  }
  const { openPostgres } = await import('./postgres/open.ts');
  return openPostgres({ ...claim, ...location, readOnly });
};

type Perform = <T>(work: (store: Store) => Promise<T>, now: number | null) => Promise<{ output: T; changes: DeliveryChange[] }>;

const performer = (backend: Backend, vault: Vault): Perform => (work, now) => backend.perform(async (parts) => {
  const changes: DeliveryChange[] = [];
  const output = await work({ ...parts, vault, newId: randomUUID, changes });
  return { output, changes };
}, now ?? undefined);

/** Gives the day its key before anything is sealed on it. */
const dayKeeper = (perform: Perform, vault: Vault) => {
  let making: Promise<void> | undefined;
  return (now: number | null): Promise<void> | undefined => {
    const at = now ?? Date.now();
    if (vault.keyForDay(at) === null) return undefined;
    making ??= perform((store) => storeDayKey(store, at), now).then(({ output }) => { vault.learn(output); }).finally(() => { making = undefined; });
    return making;
  };
};

const serve = (port: MessagePort, backend: Backend, perform: Perform, keepDay: ReturnType<typeof dayKeeper>, readOnly: boolean): void => {
  const post = (reply: Reply, moved: ArrayBuffer[] = []): void => port.postMessage(reply, moved);
  backend.onWork((work) => post({ work }));

  const reclaim = createReclaimer(backend);
  const answer = async (request: Request): Promise<void> => {
    const { id, method, input, now } = request;
    try {
      const reads = READS.has(method as OperationName) || isDryRun(request);
      if (readOnly && !reads) throw new CourierError('JOURNAL_READ_ONLY');
      // What only reads seals nothing.
      const day = reads ? undefined : keepDay(now);
      if (day !== undefined) await day;
      const operation = (method === 'clockJumped' ? moveAppointments : OPERATIONS[method as OperationName]) as Operation;
      const pieces = inPieces(request, backend, async (work) => (await perform(work, now)).output);
      const { output, changes } = pieces === null ? await perform((store) => operation(store, ...input), now) : { output: await pieces, changes: [] };
      reclaim(request, output);
      post({ id, output, changes }, ownBuffers(output));
    } catch (error) {
      post({ id, fault: faultOf(error) });
    }
  };

  port.on('message', (request: Request) => {
    if (request.method !== 'close') return void answer(request);
    void backend.close().finally(() => {
      post({ id: request.id, output: undefined, changes: [] });
      port.close();
      // What a broken connection still holds must not keep the thread.
      setTimeout(() => process.exit(), 2_000).unref();
    });
  });
};

const start = async (port: MessagePort, settings: WorkerSettings): Promise<void> => {
  const vault = createVault({ key: settings.key });
  const backend = await openBackend(settings, vault);
  const perform = performer(backend, vault);
  const keepDay = dayKeeper(perform, vault);
  const alone = typeof settings.location === 'string' && !settings.readOnly;
  if (!settings.readOnly) await keepDay(settings.now);
  if (alone) {
    await perform(async (store) => {
      await recoverSending(store);
      await recoverFlow(store);
    }, settings.now);
  }
  port.postMessage({ opened: true } satisfies Greeting);
  serve(port, backend, perform, keepDay, settings.readOnly);
};

const port = parentPort!;
start(port, workerData as WorkerSettings).catch((error: unknown) => {
  port.postMessage({ fault: faultOf(error) } satisfies Greeting);
  port.close();
});
