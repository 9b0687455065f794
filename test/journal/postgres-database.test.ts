import { expect } from 'chai';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import pg from 'pg';
import { CourierError } from '../../nodes/errors.ts';
import { createTransactions, type DatabaseOptions, type Transactions } from '../../nodes/journal/postgres/database.ts';
import { loadDrivers } from '../../nodes/journal/postgres/drivers.ts';
import { databaseFault } from '../../nodes/journal/postgres/faults.ts';
import { createGate } from '../../nodes/journal/postgres/gate.ts';
import { migrate, MIGRATIONS } from '../../nodes/journal/postgres/migrations.ts';
import { takeTurn } from '../../nodes/journal/postgres/reconcile.ts';
import { describePostgres, freePort, type FreshSchema, freshSchema, query } from '../support/postgres.ts';

const faultOf = (promise: Promise<unknown>): Promise<CourierError> =>
  promise.then(() => { throw new Error('it went through'); }, (error: unknown) => error as CourierError);

await describePostgres('transactions on PostgreSQL', (url) => {
  let place: FreshSchema;
  let opened: Transactions[] = [];
  const open = (options: Partial<DatabaseOptions> = {}): Transactions => {
    const transactions = createTransactions(pg, { url, backend: 'postgres', schema: place.schema, connections: 4, random: () => 0.1, ...options });
    opened.push(transactions);
    return transactions;
  };
  const rows = (): Promise<{ name: string; value: number }[]> => query(url, `SELECT name, value::int AS value FROM ${place.schema}.thing ORDER BY name`);

  beforeEach(async () => {
    place = freshSchema(url);
    await query(url, `CREATE SCHEMA ${place.schema}; CREATE TABLE ${place.schema}.thing (name TEXT PRIMARY KEY, value BIGINT NOT NULL, bytes BYTEA)`);
    await query(url, `INSERT INTO ${place.schema}.thing VALUES ('a', 1), ('b', 1)`);
  });
  afterEach(async () => {
    await Promise.all(opened.map((transactions) => transactions.end()));
    opened = [];
    await place.drop();
  });

  it('give numbers for BIGINT, sums and truth values, bytes for BYTEA, as SQLite does', async () => {
    const found = await open().run(async ({ db }) => {
      expect(await db.run('UPDATE thing SET bytes = :bytes, value = :value', { bytes: new Uint8Array([0, 255]), value: 2 ** 52 })).to.equal(2);
      return db.all(`SELECT value, sum(value) OVER () AS total, value > :least AS more, bytes, NULL AS nothing FROM thing LIMIT 1`, { least: 5 });
    });
    expect(found).to.deep.equal([{ value: 2 ** 52, total: 2 ** 53, more: 1, bytes: Buffer.from([0, 255]), nothing: null }]);
  });

  it('begin with the database\'s clock', async () => {
    const { before, now, after } = await open().run(async ({ now, db }) => ({
      now, before: 0, after: (await db.all<{ at: number }>('SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS at'))[0]!.at,
    }));
    expect(now).to.be.above(before).and.at.most(after + 1);
    expect(after - now).to.be.below(5_000);
  });

  it('are undone by any error, which comes through as it is', async () => {
    const error = new CourierError('FLOW_OVERTAKEN', { detail: 'm1' });
    expect(await faultOf(open().run(async ({ db }) => {
      await db.run(`UPDATE thing SET value = 9`);
      throw error;
    }))).to.equal(error);
    expect(await rows()).to.deep.equal([{ name: 'a', value: 1 }, { name: 'b', value: 1 }]);
  });

  it('are lost once a statement has failed, even when the failure is overlooked', async () => {
    const fault = await faultOf(open().run(async ({ db }) => {
      await db.run(`UPDATE thing SET value = 9 WHERE name = 'b'`);
      await db.run(`INSERT INTO thing VALUES (:name, 1)`, { name: 'a' }).catch(() => undefined);
      return 'all went well';
    }));
    expect(fault).to.include({ code: 'JOURNAL_FAILED', detail: 'SQLSTATE 23505' });
    expect(await rows()).to.deep.equal([{ name: 'a', value: 1 }, { name: 'b', value: 1 }]);
  });

  it('say only the SQLSTATE of a failure, never the values', async () => {
    const fault = await faultOf(open().run(({ db }) => db.run('INSERT INTO thing VALUES (:name, :value)', { name: 'Secret Patient', value: 'Secret Patient' })));
    expect(fault.message).to.match(/SQLSTATE 22P02/).and.not.match(/Secret/);
  });

  it('that deadlock are tried again until both have gone through', async () => {
    const transactions = open();
    let both: () => void;
    const met = new Promise<void>((resolve) => { both = resolve; });
    const tries = { ab: 0, ba: 0 };
    const work = (way: 'ab' | 'ba') => transactions.run(async ({ db }) => {
      await db.run('UPDATE thing SET value = value + 1 WHERE name = :name', { name: way[0]! });
      tries[way] += 1;
      // Each has its first row by now, and wants the other's.
      if (tries.ab > 0 && tries.ba > 0) both();
      await met;
      await db.run('UPDATE thing SET value = value + 1 WHERE name = :name', { name: way[1]! });
    });
    await Promise.all([work('ab'), work('ba')]);
    expect(tries.ab + tries.ba).to.be.at.least(3);
    expect(await rows()).to.deep.equal([{ name: 'a', value: 3 }, { name: 'b', value: 3 }]);
  });

  it('that cannot be serialized are tried again (as on CockroachDB)', async () => {
    const transactions = open({ backend: 'cockroachdb' });
    const add = () => transactions.run(async ({ db }) => {
      const [row] = await db.all<{ value: number }>(`SELECT value FROM thing WHERE name = 'a'`);
      await db.run(`UPDATE thing SET value = :value WHERE name = 'a'`, { value: row!.value + 1 });
    });
    await Promise.all(Array.from({ length: 4 }, add));
    expect((await rows())[0]).to.deep.equal({ name: 'a', value: 5 });
  });

  it('many at once use few connections, and none waits in vain', async () => {
    const transactions = open({ connections: 2 });
    let [inside, most] = [0, 0];
    await Promise.all(Array.from({ length: 60 }, () => transactions.run(async ({ db }) => {
      inside += 1;
      most = Math.max(most, inside);
      await db.run(`UPDATE thing SET value = value + 1 WHERE name = 'a'`);
      inside -= 1;
    })));
    expect(most).to.equal(2);
    expect((await rows())[0]).to.deep.equal({ name: 'a', value: 61 });
  });

  it('on a connection that is cut fail with JOURNAL_UNREACHABLE, and the next one goes through', async () => {
    const transactions = open({ connections: 1 });
    const fault = await faultOf(transactions.run(async ({ db }) => {
      const [row] = await db.all<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await query(url, 'SELECT pg_terminate_backend($1)', [row!.pid]);
      await db.run(`UPDATE thing SET value = 9`);
    }));
    expect(fault).to.have.property('code', 'JOURNAL_UNREACHABLE');
    await transactions.run(({ db }) => db.run(`UPDATE thing SET value = 2 WHERE name = 'a'`));
    expect(await rows()).to.deep.equal([{ name: 'a', value: 2 }, { name: 'b', value: 1 }]);
  });

  it('keep the disk\'s promise on a server that is set to answer early', async () => {
    const early = `${url}${url.includes('?') ? '&' : '?'}options=-c%20synchronous_commit%3Doff`;
    expect(await query(early, 'SHOW synchronous_commit')).to.deep.equal([{ synchronous_commit: 'off' }]);
    const [row] = await open({ url: early }).run(({ db }) => db.all('SHOW synchronous_commit'));
    expect(row).to.deep.equal({ synchronous_commit: 'on' });
  });
});

await describePostgres('the tables on PostgreSQL', (url) => {
  const newest = MIGRATIONS.at(-1)!.to;
  // `meta` is made before the first step.
  const tables = 1 + MIGRATIONS.flatMap(({ sql }) => sql.match(/CREATE TABLE/g) ?? []).length;
  let place: FreshSchema;
  const meta = (): Promise<unknown> => query(url, `SELECT value FROM ${place.schema}.meta WHERE name = 'schema_version'`);
  beforeEach(() => { place = freshSchema(url); });
  afterEach(() => place.drop());

  it('are made once by instances that start together', async () => {
    await Promise.all(Array.from({ length: 5 }, () => migrate(pg, url, 'postgres', place.schema)));
    expect(await meta()).to.deep.equal([{ value: String(newest) }]);
    expect(await query(url, 'SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = $1', [place.schema])).to.deep.equal([{ n: tables }]);
  });

  it('of a newer version are refused and left alone', async () => {
    await migrate(pg, url, 'postgres', place.schema);
    await query(url, `UPDATE ${place.schema}.meta SET value = '${newest + 1}' WHERE name = 'schema_version'`);
    expect(await faultOf(migrate(pg, url, 'postgres', place.schema))).to.have.property('code', 'JOURNAL_NEWER');
    expect(await meta()).to.deep.equal([{ value: String(newest + 1) }]);
  });

  it('come from each earlier version to the newest, keeping what they hold', async () => {
    const next = [
      ...MIGRATIONS, { to: newest + 1, sql: 'ALTER TABLE account ADD COLUMN colour TEXT' }, { to: newest + 2, sql: `UPDATE account SET colour = 'red'` },
    ];
    for (let known = 1; known < next.length; known += 1) {
      const { schema, drop } = freshSchema(url);
      await migrate(pg, url, 'postgres', schema, next.slice(0, known));
      await query(url, `INSERT INTO ${schema}.account (name) VALUES ('acme')`);
      await migrate(pg, url, 'postgres', schema, next);
      expect(await query(url, `SELECT name, colour FROM ${schema}.account`)).to.deep.equal([{ name: 'acme', colour: 'red' }]);
      await drop();
    }
  });

  it('are as they were when a step fails half-way, and the step can be taken again', async () => {
    const broken = [...MIGRATIONS, { to: newest + 1, sql: 'ALTER TABLE account ADD COLUMN colour TEXT; SELECT 1 / 0' }];
    const mended = [...MIGRATIONS, { to: newest + 1, sql: 'ALTER TABLE account ADD COLUMN colour TEXT' }];
    const fault = await faultOf(migrate(pg, url, 'postgres', place.schema, broken));
    expect(fault).to.include({ code: 'JOURNAL_FAILED', detail: 'SQLSTATE 22012' });
    expect(await meta()).to.deep.equal([{ value: String(newest) }]);
    await migrate(pg, url, 'postgres', place.schema);
    await migrate(pg, url, 'postgres', place.schema, mended);
    expect(await meta()).to.deep.equal([{ value: String(newest + 1) }]);
  });

  it('say whose turn it is to look for lost tickets: once in a while, whoever asks, and not never when the clock went back', async () => {
    await migrate(pg, url, 'postgres', place.schema);
    const transactions = createTransactions(pg, { url, backend: 'postgres', schema: place.schema, connections: 3 });
    const turns = await Promise.all(Array.from({ length: 3 }, () => takeTurn(transactions)));
    expect(turns.toSorted()).to.deep.equal([false, false, true]);
    for (const moved of [-61_000, 3_600_000]) {
      await query(url, `UPDATE ${place.schema}.meta SET value = (value::bigint + $1)::text WHERE name = 'reconciled_at'`, [moved]);
      expect([await takeTurn(transactions), await takeTurn(transactions)]).to.deep.equal([true, false]);
    }
    await transactions.end();
  });

  it('refuse a schema whose name could be more than a name', async () => {
    for (const schema of ['a; DROP TABLE x', 'A', '', 'pg"', 'x'.repeat(41)]) {
      expect(await faultOf(migrate(pg, url, 'postgres', schema)), schema).to.have.property('code', 'JOURNAL_FAILED');
    }
  });
});

describe('a PostgreSQL that is not there', () => {
  const transactionsAt = (url: string): Transactions => createTransactions(pg, { url, backend: 'postgres', schema: 'nowhere', connections: 2 });

  it('is JOURNAL_UNREACHABLE at once, for all that wait', async () => {
    const transactions = transactionsAt(`postgres://root@127.0.0.1:${await freePort()}/test`);
    const faults = await Promise.all(Array.from({ length: 20 }, () => faultOf(transactions.run(async () => 'never'))));
    expect(new Set(faults.map(({ code }) => code))).to.deep.equal(new Set(['JOURNAL_UNREACHABLE']));
    await transactions.end();
  });

  it('that takes the connection and says nothing is given up', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const transactions = transactionsAt(`postgres://root@127.0.0.1:${(silent.address() as { port: number }).port}/test`);
    expect(await faultOf(transactions.run(async () => 'never'))).to.have.property('code', 'JOURNAL_UNREACHABLE');
    await transactions.end();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('tells no password', async () => {
    const transactions = transactionsAt(`postgres://root:geheim@127.0.0.1:${await freePort()}/test`);
    const fault = await faultOf(transactions.run(async () => 'never'));
    expect(`${fault.message} ${JSON.stringify(fault)}`).to.not.match(/geheim/);
    await transactions.end();
  });
});

describe('what PostgreSQL says went wrong', () => {
  const saying = (code: string): CourierError => databaseFault(Object.assign(new Error('a value: Secret'), { code, severity: 'ERROR' }));

  it('is away, full or failed', () => {
    for (const code of ['08006', '28P01', '57P01', '57P03', '57014', '53300', '25006', '55P03']) expect(saying(code).code, code).to.equal('JOURNAL_UNREACHABLE');
    expect(saying('53100').code).to.equal('JOURNAL_FULL');
    expect(saying('XX001').code).to.equal('JOURNAL_DAMAGED');
    for (const code of ['23505', '22P02', '42P01', 'XX000']) expect(saying(code)).to.include({ code: 'JOURNAL_FAILED', detail: `SQLSTATE ${code}` });
    expect(databaseFault(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).to.include({ code: 'JOURNAL_UNREACHABLE', detail: 'ECONNRESET' });
    expect(databaseFault(new TypeError('x')).code).to.equal('JOURNAL_FAILED');
  });

  it('a missing package is named with what to do', async () => {
    const fault = await faultOf(loadDrivers((name) => import(`${name}-which-nobody-has`)));
    expect(fault).to.have.property('code', 'DRIVER_MISSING');
    expect(fault.message).to.include('npm install pg pg-boss');
  });
});

describe('the gate before the connections', () => {
  it('lets whoever waits too long go with JOURNAL_UNREACHABLE', async () => {
    const gate = createGate(1, 20);
    let leave: () => void;
    const first = gate.pass(() => new Promise<void>((resolve) => { leave = resolve; }));
    expect(await faultOf(gate.pass(async () => 'late'))).to.include({ code: 'JOURNAL_UNREACHABLE', detail: 'busy' });
    leave!();
    await first;
    expect(await gate.pass(async () => 'in time')).to.equal('in time');
  });
});
