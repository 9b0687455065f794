// The journal's database on the PostgreSQL family: transactions with tickets, the work of all instances, and what keeps both going.
import { randomUUID } from 'node:crypto';
import type * as PgBoss from 'pg-boss';
import { CourierError, isCourierError } from '../../errors.ts';
import type { Backend as Contract, Parts } from '../backend.ts';
import type { Tickets } from '../engine/store.ts';
import type { Backend } from '../location.ts';
import type { Work } from '../port.ts';
import { createTransactions, type Transactions } from './database.ts';
import { loadDrivers } from './drivers.ts';
import { databaseFault, sqlState } from './faults.ts';
import { startHeartbeat } from './heartbeat.ts';
import { startJobs } from './jobs.ts';
import { checkedSchema, migrate } from './migrations.ts';
import { reconcile, RECONCILE_EVERY, type Reconciliation, takeTurn } from './reconcile.ts';
import { reclaimSpace, structureFaults } from './structure.ts';
import { createRegistry, createTickets } from './tickets.ts';
import { startWorks, type Works } from './works.ts';

export const DEFAULT_SCHEMA = 'direct_courier';

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database` */
  url: string;
  backend?: Backend;
  /** The journal's own schema, `direct_courier` by default; the job engine's is called `<schema>_jobs`. */
  schema?: string;
  /** In transactions at once. */
  connections?: number;
  /** Tests only: a clock turned by hand stands at this; `perform` is then told where it stands. Else the database's clock counts. */
  now?: number;
}

/** Made anew for each try of a transaction. */
export interface PostgresParts extends Parts { tickets: Tickets }

export interface PostgresBackend {
  /**
   * One transaction, committed with fsync when this resolves. `work` may be called several times. Throws what it throws, and
   * JOURNAL_UNREACHABLE, JOURNAL_FULL, or JOURNAL_FAILED with the SQLSTATE.
   */
  perform<T>(work: (parts: PostgresParts) => Promise<T>, now?: number): Promise<T>;
  /** Called after commits here and in other instances, and for both kinds now and then. */
  onWork: Contract['onWork'];
  structure: Contract['structure'];
  reclaim: Contract['reclaim'];
  close(): Promise<void>;
}

/** What goes wrong in the background is said, but not again and again. In ms. */
const SAID_EVERY = 60_000;

const createComplaint = (): (error: unknown) => void => {
  let said = -Infinity;
  return (error) => {
    if (performance.now() - said < SAID_EVERY) return;
    said = performance.now();
    const code = sqlState(error) ?? (error as NodeJS.ErrnoException | null)?.code ?? (isCourierError(error) ? error.code : 'no answer');
    process.emitWarning(`The journal's job engine has trouble with the database: ${code}`);
  };
};

/** Sessions in which the job engine reads the clock that is turned by hand. */
const withTurnedClock = (url: string, { CLOCK_OVERRIDE_SETTING: setting }: typeof PgBoss): string =>
  `${url}${url.includes('?') ? '&' : '?'}options=${encodeURIComponent(`-c ${setting}=on`)}`;

/** A clock turned by hand reaches the job engine's statements too, one turn at a time. */
const createTurning = (clock: PgBoss.TestClock | undefined): (now: number | undefined) => Promise<void> => {
  let last: Promise<void> = Promise.resolve();
  return (now) => {
    if (clock === undefined || now === undefined) return last;
    last = last.then(() => now === clock.now() ? undefined : clock.setTime(now));
    return last;
  };
};

const startNet = (net: Reconciliation, works: Works, onFault: (error: unknown) => void) => {
  let casting: Promise<void> | undefined;
  const cast = async (): Promise<void> => {
    if (await takeTurn(net)) works.announce(await reconcile(net, (now) => now));
  };
  const timer = setInterval(() => { casting ??= cast().catch(onFault).finally(() => { casting = undefined; }); }, RECONCILE_EVERY);
  return async (): Promise<void> => {
    clearInterval(timer);
    await casting;
  };
};

const FOREIGN_KEY = '23503';

/** A ticket for a queue that somebody has deleted, or that was made after this transaction's snapshot, fails at the commit: tried once more. */
const missing = (run: Transactions['run'], forget: () => void): Transactions['run'] => async (work) => {
  try {
    return await run(work);
  } catch (error) {
    if (!isCourierError(error) || sqlState(error.cause) !== FOREIGN_KEY) throw error;
    forget();
    return await run(work);
  }
};

/** What was started is stopped again when a later step fails. */
const unwinding = async <T>(open: (undo: (() => Promise<void>)[]) => Promise<T>): Promise<T> => {
  const undo: (() => Promise<void>)[] = [];
  try {
    return await open(undo);
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw databaseFault(error);
  }
};

/** Throws DRIVER_MISSING, JOURNAL_NEWER, JOURNAL_UNREACHABLE, JOURNAL_FULL, or JOURNAL_FAILED with the SQLSTATE. */
export const openPostgresBackend = ({ url: place, backend = 'postgres', schema = DEFAULT_SCHEMA, connections = 8, now: start }: PostgresOptions):
Promise<PostgresBackend> => unwinding(async (undo) => {
  checkedSchema(schema);
  const drivers = await loadDrivers();
  const complain = createComplaint();
  const clock = start === undefined ? undefined : new drivers.boss.TestClock(start);
  const url = clock === undefined ? place : withTurnedClock(place, drivers.boss);
  await migrate(drivers.pg, url, backend, schema);
  const transactions: Transactions = createTransactions(drivers.pg, { url, backend, schema, connections });
  undo.push(transactions.end);
  const jobs = await startJobs(drivers.boss, { url, backend, schema, onFault: complain, ...(clock !== undefined && { clock }) });
  undo.push(jobs.stop);
  const run = missing(transactions.run, jobs.forget);
  const net = { run, jobs, schema };
  await reconcile(net, (now) => start ?? now);
  const works = await startWorks({ pg: drivers.pg, url, backend, schema, instance: randomUUID() });
  const registry = createRegistry();
  const heartbeat = startHeartbeat({ run, jobs, registry, onFault: complain });
  const stopNet = startNet(net, works, complain);
  const turned = createTurning(clock);
  let performed = 0;
  let closed: Promise<void> | undefined;

  const perform: PostgresBackend['perform'] = async (work, now) => {
    if (closed !== undefined) throw new CourierError('JOURNAL_FAILED', { detail: 'the journal is closed' });
    await turned(now);
    const turn = performed++;
    const { output, made, committed } = await run(async (transaction) => {
      const at = { ...transaction, now: now ?? transaction.now };
      const { tickets, committed } = createTickets(jobs, registry, at, turn);
      const made = new Set<Work>();
      return { output: await work({ db: at.db, tickets, now: at.now, works: made }), made, committed };
    });
    committed();
    if (made.size > 0) works.announce(made);
    return output;
  };

  const close = async (): Promise<void> => {
    await works.stop();
    await stopNet();
    await transactions.idle();
    await heartbeat.stop();
    await transactions.end();
    await jobs.stop();
  };
  return {
    perform, onWork: works.subscribe, close: () => (closed ??= close()),
    structure: () => structureFaults(drivers.pg, url, backend, schema),
    reclaim: async () => {
      await reclaimSpace(drivers.pg, url, backend, schema);
      return false;
    },
  };
});
