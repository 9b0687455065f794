// Transactions on a small pool of connections: begun with the database's own clock, tried again when they collide, rolled back on any error.
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Pg from 'pg';
import { CourierError } from '../../errors.ts';
import type { Database } from '../engine/store.ts';
import type { Backend } from '../location.ts';
import type { PgModule } from './drivers.ts';
import { breaksConnection, databaseFault, isRetryable, sqlState } from './faults.ts';
import { createGate } from './gate.ts';
import { createStatements, type Prepared, valuesOf } from './sql.ts';

/** In ms. A statement that takes longer means that the database does not serve us; the client gives up on a silent link a little later. */
const CONNECT_WITHIN = 3_000;
const STATEMENT_WITHIN = 20_000;
const ANSWER_WITHIN = 25_000;

/** Collisions are tried again for so long, at growing random distances up to half a second. In ms. */
const COLLIDING = 10_000;
const APART = 500;

/** What looks like a duplicate to a transaction's snapshot may be one that came at the same time: looked at again this often. */
const DUPLICATES = 3;

/** Object ids of types whose values the engine takes as numbers, as SQLite gives them. */
const BOOL = 16;
const INT8 = 20;
const NUMERIC = 1700;

export interface DatabaseOptions {
  url: string;
  backend: Backend;
  schema: string;
  connections: number;
  readOnly?: boolean;
  random?: () => number;
}

/** Statements with `$1`, as the job engine writes them. */
export interface Executor { executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> }

export interface Transaction { db: Database; now: number; raw: Executor }

export interface Transactions {
  /** Throws what `work` throws, or JOURNAL_UNREACHABLE, JOURNAL_FULL, JOURNAL_FAILED. `work` may be called several times. */
  run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Nothing is under way any more. */
  idle(): Promise<void>;
  end(): Promise<void>;
}

// The question asks of a server that is set to answer before its disk has it; a stronger setting of the server stays.
const FLUSHED = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** Once per connection. */
const setUp = ({ backend, schema }: DatabaseOptions): string => `SET search_path TO ${schema}; SET statement_timeout = ${STATEMENT_WITHIN};`
  + ` SET idle_in_transaction_session_timeout = ${3 * STATEMENT_WITHIN}${backend === 'cockroachdb' ? '' : `; ${FLUSHED}`}`;

const beginning = ({ backend, readOnly = false }: DatabaseOptions): string =>
  `BEGIN ISOLATION LEVEL ${backend === 'cockroachdb' ? 'SERIALIZABLE' : 'READ COMMITTED'} ${readOnly ? 'READ ONLY' : 'READ WRITE'};`
  + ' SELECT CAST(floor(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) AS now';

const numbersOf = (pg: PgModule): Pg.CustomTypesConfig => ({
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8 || oid === NUMERIC) return Number;
    if (oid === BOOL) return (value: string) => value === 't' ? 1 : 0;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as Pg.CustomTypesConfig['getTypeParser'],
});

/** One client's statements, one after another. The first failure is kept: after it the transaction is lost, whatever its user thinks. */
const createSession = (client: Pg.PoolClient, statements: ReturnType<typeof createStatements>, types: Pg.CustomTypesConfig) => {
  const session = { failure: undefined as unknown };
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const next = last.then(step);
    last = next.catch((error: unknown) => { session.failure ??= error; });
    return next;
  };
  const query = <Row extends Pg.QueryResultRow>({ text, name }: Prepared, values: unknown[], parse?: Pg.CustomTypesConfig) =>
    inTurn(() => client.query<Row>({ text, values, ...(name !== undefined && { name }), ...(parse !== undefined && { types: parse }) }));

  const db: Database = {
    dialect: 'postgres',
    async all<Row>(sql: string, values = {}) {
      const statement = statements.named(sql);
      return (await query(statement, valuesOf(statement, values), types)).rows as Row[];
    },
    async run(sql, values = {}) {
      const statement = statements.named(sql);
      return (await query(statement, valuesOf(statement, values), types)).rowCount ?? 0;
    },
  };
  const raw: Executor = { executeSql: (text, values = []) => query(statements.numbered(text), values) };
  return { session, db, raw, simple: (text: string) => inTurn(() => client.query(text)) };
};

export const createTransactions = (pg: PgModule, options: DatabaseOptions): Transactions => {
  const { random = Math.random } = options;
  const pool = new pg.Pool({
    connectionString: options.url, max: options.connections, connectionTimeoutMillis: CONNECT_WITHIN, query_timeout: ANSWER_WITHIN,
    idleTimeoutMillis: 30_000, keepAlive: true, application_name: 'direct-courier',
    onConnect: async (client) => { await client.query(setUp(options)); },
  });
  // Whoever uses a connection hears of its end by its own statement; an idle one is simply replaced.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const gate = createGate(options.connections);
  const statements = createStatements('courier');
  const types = numbersOf(pg);
  const begin = beginning(options);
  let closed = false;

  const connected = async (): Promise<Pg.PoolClient> => {
    try {
      return await pool.connect();
    } catch (error) {
      const fault = databaseFault(error);
      gate.fail(fault);
      throw fault;
    }
  };

  const once = async <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    const client = await connected();
    const { session, db, raw, simple } = createSession(client, statements, types);
    let broken = false;
    try {
      // Several statements in one text come back as a list.
      const begun = await simple(begin) as unknown as Pg.QueryResult<{ now: string }>[];
      const output = await work({ db, raw, now: Number(begun.at(-1)!.rows[0]!.now) });
      // The server answers ROLLBACK to the COMMIT of a transaction in which a statement had failed.
      if (session.failure !== undefined) throw databaseFault(session.failure);
      const { command } = await simple('COMMIT');
      if (command !== 'COMMIT') throw new CourierError('JOURNAL_FAILED', { detail: 'the commit was not one' });
      return output;
    } catch (error) {
      broken = session.failure !== undefined && breaksConnection(session.failure);
      if (!broken) await simple('ROLLBACK').catch(() => { broken = true; });
      throw session.failure === undefined ? error : databaseFault(session.failure);
    } finally {
      client.release(broken);
    }
  };

  const worthwhile = (error: unknown, tried: number, since: number): boolean => {
    const cause = (error as CourierError | undefined)?.cause;
    if (isRetryable(cause)) return performance.now() - since < COLLIDING;
    return options.backend === 'cockroachdb' && sqlState(cause) === '23505' && tried <= DUPLICATES;
  };

  const run: Transactions['run'] = async (work) => {
    const since = performance.now();
    for (let tried = 1; ; tried += 1) {
      try {
        return await once(work);
      } catch (error) {
        if (!worthwhile(error, tried, since)) throw error;
        await sleep(random() * Math.min(APART, 5 * 2 ** tried));
      }
    }
  };

  return {
    run: (work) => closed
      ? Promise.reject(new CourierError('JOURNAL_FAILED', { detail: 'the journal is closed' }))
      : gate.pass(() => run(work)),
    idle: gate.empty,
    async end() {
      closed = true;
      await gate.empty();
      await pool.end();
    },
  };
};
