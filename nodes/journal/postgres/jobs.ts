// The job engine as this journal uses it: its settings, its queues, and the little of its interface that is needed.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as PgBoss from 'pg-boss';
import type { Backend } from '../location.ts';
import type { Executor } from './database.ts';
import { jobsSchema } from './migrations.ts';

/** A fetched job, by the attempt that fetched it. */
export interface Held { id: string; retryCount: number }

/** What a ticket says of its row; `rank` and `issued` (epoch ms) tell which comes first. */
export interface Note { id: string; rank: number; issued: number }

export interface Fetched extends Held { data: Note }

/** Within whose transaction. */
export interface Within { db: Executor }

interface Affected { affected: number; settled?: string[] }

export interface Jobs {
  insert(queue: string, jobs: PgBoss.JobInsert[], within: Within): Promise<void>;
  /** The first ones, but in no order. */
  fetch(queue: string, limit: number, within: Within): Promise<Fetched[]>;
  /** Deletes it, if it is still held by this attempt. */
  end(queue: string, held: Held, within: Within): Promise<boolean>;
  /** Deletes jobs whatever their state. */
  remove(queue: string, ids: string[], within: Within): Promise<void>;
  /** Signs of life. Resolves to the ids that are still held. */
  touch(queue: string, held: Held[], within: Within): Promise<ReadonlySet<string>>;
  /** Lets others have them at once. */
  giveBack(queue: string, held: Held[], within: Within): Promise<void>;
  /** Makes the queue when it is not there. */
  ensure(queue: string): Promise<void>;
  /** Somebody may have deleted queues: they are made again when they are needed. */
  forget(): void;
  stop(): Promise<void>;
}

/** In seconds. A holder that shows no sign for `heartbeatSeconds` has lost its job; whoever supervises next puts it back. */
export const HEARTBEAT = 10;
const SUPERVISE = 5;

/** In ms. */
const STOP_WITHIN = 3_000;

const YEAR = 31_536_000;

/** Work is never given up: neither after many losses nor after waiting for years. A day is the longest that the job engine lets one be held. */
const QUEUE: PgBoss.QueueOptions = {
  heartbeatSeconds: HEARTBEAT, expireInSeconds: 86_400, retryLimit: 1_000_000_000, retryDelay: 0, retentionSeconds: 50 * YEAR, deleteAfterSeconds: 60,
};

/** A queue for each order in node and each account. Their names may hold anything; a queue's may not. */
export const queueName = (kind: 'flow' | 'send', name: string): string =>
  `${kind}.${name.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 40)}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;

export interface JobsOptions { url: string; backend: Backend; schema: string; onFault: (error: unknown) => void; clock?: PgBoss.TestClock }

export const startJobs = async ({ PgBoss: Boss, systemClock }: typeof PgBoss, options: JobsOptions): Promise<Jobs> => {
  const { url, backend, schema, onFault, clock } = options;
  // Connections of its own: what it does in the background is no part of anybody's transaction. Its upkeep may take longer than our statements.
  const connections = { connectionString: url, max: 2, connectionTimeoutMillis: 3_000, query_timeout: 120_000, keepAlive: true };
  const boss = new Boss({
    ...connections, schema: jobsSchema(schema), backend, application_name: 'direct-courier jobs',
    createSchema: false, schedule: false, registerInstance: false, openTelemetry: { enabled: false },
    superviseIntervalSeconds: SUPERVISE, monitorIntervalSeconds: SUPERVISE, maintenanceIntervalSeconds: 300,
    // A clock that somebody turns by hand would have everything lapse.
    supervise: clock === undefined,
    ...(clock !== undefined && { clock: { ...systemClock, now: () => clock.now() } }),
  });
  boss.on('error', onFault);
  await boss.start();
  const turned = await clock?.attach({ db: boss.getDb(), schema: jobsSchema(schema) });
  const made = new Map<string, Promise<void>>();

  return {
    async insert(queue, jobs, within) {
      await boss.insert(queue, jobs, within);
    },
    fetch: (queue, limit, within) => boss.fetch<Note>(queue, { batchSize: limit, ...within }),
    end: async (queue, held, within) => (await boss.deleteJob(queue, held, within) as Affected).affected === 1,
    async remove(queue, ids, within) {
      if (ids.length > 0) await boss.deleteJob(queue, ids, within);
    },
    async touch(queue, held, within) {
      const { settled = held.map(({ id }) => id) } = await boss.touch(queue, held, within) as Affected;
      return new Set(settled);
    },
    giveBack: async (queue, held, within) => { await boss.fail(queue, held, null, within); },
    ensure(queue) {
      const making = made.get(queue) ?? boss.createQueue(queue, QUEUE);
      made.set(queue, making);
      making.catch(() => made.delete(queue));
      return making;
    },
    forget: () => made.clear(),
    async stop() {
      await Promise.resolve(turned?.[Symbol.asyncDispose]()).catch(() => undefined);
      // A statement that gets no answer would hold this up.
      await Promise.race([boss.stop({ graceful: false, timeout: 1_000 }), sleep(STOP_WITHIN, undefined, { ref: false })]);
    },
  };
};
