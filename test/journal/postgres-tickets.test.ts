import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Job, Ticket } from '../../nodes/journal/engine/store.ts';
import type { Work } from '../../nodes/journal/port.ts';
import { openPostgresBackend, type PostgresBackend, type PostgresOptions } from '../../nodes/journal/postgres/backend.ts';
import { queueName } from '../../nodes/journal/postgres/jobs.ts';
import { ticketId } from '../../nodes/journal/engine/store.ts';
import { describePostgres, type FreshSchema, freshSchema, query } from '../support/postgres.ts';

const ACCOUNT = 'acme relay (west) ü';
const send = (id: string): Job => ({ queue: 'send', id, account: ACCOUNT });
const faultOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => null, (error: unknown) => error);

const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
};

const issue = (backend: PostgresBackend, ids: string[], at = 0, rank = 2): Promise<void> => backend.perform(async ({ tickets }) => {
  for (const id of ids) await tickets.issue(send(id), at, rank);
});
const fetch = (backend: PostgresBackend, limit = 10, now?: number): Promise<Ticket[]> =>
  backend.perform(({ tickets }) => tickets.fetch('send', [ACCOUNT], limit), now);
const settle = (backend: PostgresBackend, ticket: string): Promise<boolean> => backend.perform(({ tickets }) => tickets.settle('send', ACCOUNT, ticket));

const BACKEND = new URL('../../nodes/journal/postgres/backend.ts', import.meta.url).href;

/** An instance in a process of its own, which can be stopped and killed. `tell` runs code on its backend. */
const instance = (place: FreshSchema): { child: ChildProcess; tell: (code: string) => Promise<unknown> } => {
  const script = `
    import { createInterface } from 'node:readline';
    import { openPostgresBackend } from ${JSON.stringify(BACKEND)};
    const backend = await openPostgresBackend({ url: ${JSON.stringify(place.url)}, schema: ${JSON.stringify(place.schema)} });
    console.log('null');
    for await (const code of createInterface(process.stdin)) console.log(JSON.stringify(await eval(code)) ?? 'null');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const opened = lines.next();
  return {
    child,
    tell: async (code) => {
      await opened;
      child.stdin!.write(`${code.replaceAll('\n', ' ')}\n`);
      return JSON.parse((await lines.next()).value as string) as unknown;
    },
  };
};

await describePostgres('tickets on PostgreSQL', (url) => {
  let place: FreshSchema;
  let opened: PostgresBackend[] = [];
  const open = async (options: Partial<PostgresOptions> = {}): Promise<PostgresBackend> => {
    const backend = await openPostgresBackend({ url, schema: place.schema, ...options });
    opened.push(backend);
    return backend;
  };
  const waiting = async (): Promise<number> =>
    (await query<{ n: number }>(url, `SELECT count(*)::int AS n FROM ${place.schema}_jobs.job WHERE singleton_key IS NOT NULL`))[0]!.n;

  beforeEach(() => { place = freshSchema(url); });
  afterEach(async () => {
    await Promise.all(opened.map((backend) => backend.close()));
    opened = [];
    await place.drop();
  });

  it('are issued with the rows they stand for, or not at all', async () => {
    const backend = await open();
    await issue(backend, ['kept']);
    expect(await faultOf(backend.perform(async ({ db, tickets }) => {
      await tickets.issue(send('undone'), 0, 0);
      await db.run(`INSERT INTO mutex (name) VALUES ('undone')`);
      throw new Error('no');
    }))).to.have.property('message', 'no');
    expect((await fetch(backend)).map(({ job }) => job.id)).to.deep.equal(['kept']);
    expect(await query(url, `SELECT name FROM ${place.schema}.mutex`)).to.deep.equal([]);
  });

  it('are fetched with the rows they stand for, or not at all', async () => {
    const backend = await open();
    await issue(backend, ['a']);
    await faultOf(backend.perform(async ({ tickets }) => {
      expect(await tickets.fetch('send', [ACCOUNT], 1)).to.have.length(1);
      throw new Error('no');
    }));
    expect(await fetch(backend)).to.have.length(1);
    expect(await fetch(backend)).to.deep.equal([]);
  });

  it('go to one of several instances, each once', async () => {
    const backends = [await open(), await open(), await open()];
    const ids = Array.from({ length: 120 }, (_, n) => `delivery-${n}`);
    await issue(backends[0]!, ids);
    const found = await Promise.all(Array.from({ length: 24 }, (_, n) => fetch(backends[n % 3]!, 7)));
    const fetched = found.flat().map(({ job }) => job.id);
    expect(fetched).to.have.length(120);
    expect(new Set(fetched)).to.deep.equal(new Set(ids));
  });

  it('come by rank, then as they were issued', async () => {
    const backend = await open();
    for (const [id, rank] of [['routine', 2], ['later', 2], ['emergent', 0], ['urgent', 1]] as const) await issue(backend, [id], 0, rank);
    const order: string[] = [];
    for (let n = 0; n < 4; n += 1) order.push((await fetch(backend, 1))[0]!.job.id);
    expect(order).to.deep.equal(['emergent', 'urgent', 'routine', 'later']);
  });

  it('no account starves behind one that always has work', async () => {
    const backend = await open();
    const names = ['busy', 'quiet'];
    await backend.perform(async ({ tickets }) => {
      for (let n = 0; n < 20; n += 1) await tickets.issue({ queue: 'send', id: `b${n}`, account: 'busy' }, 0, 0);
      await tickets.issue({ queue: 'send', id: 'q', account: 'quiet' }, 0, 2);
    });
    const fetched = [];
    for (let n = 0; n < 4; n += 1) fetched.push(...await backend.perform(({ tickets }) => tickets.fetch('send', names, 2)));
    expect(fetched.map(({ job }) => job)).to.deep.include({ queue: 'send', id: 'q', account: 'quiet' });
  });

  it('wait for their time, by the clock that was handed in', async () => {
    const start = Date.UTC(2026, 0, 6);
    const backend = await open({ now: start });
    await backend.perform(({ tickets }) => tickets.issue(send('later'), start + 3_600_000, 0), start);
    expect(await fetch(backend, 1, start + 3_599_000)).to.deep.equal([]);
    expect(await fetch(backend, 1, start + 3_600_000)).to.have.length(1);
  });

  it('settled are gone; nobody settles twice, nor for another attempt', async () => {
    const backend = await open();
    await issue(backend, ['a']);
    const [{ ticket, retries }] = await fetch(backend) as [Ticket];
    expect(retries).to.equal(0);
    expect(await settle(backend, `${ticketId(ticket)}:1`)).to.equal(false);
    expect(await settle(backend, ticket)).to.equal(true);
    expect(await settle(backend, ticket)).to.equal(false);
    expect(await waiting()).to.equal(0);
  });

  it('a settle that is undone leaves the ticket held', async () => {
    const backend = await open();
    await issue(backend, ['a']);
    const [{ ticket }] = await fetch(backend) as [Ticket];
    await faultOf(backend.perform(async ({ tickets }) => {
      expect(await tickets.settle('send', ACCOUNT, ticket)).to.equal(true);
      throw new Error('no');
    }));
    expect(await settle(backend, ticket)).to.equal(true);
  });

  it('one row may have many', async () => {
    const backend = await open();
    await issue(backend, ['a', 'a']);
    await issue(backend, ['a']);
    expect((await fetch(backend)).map(({ job }) => job.id)).to.deep.equal(['a', 'a', 'a']);
  });

  it('held by an instance that closes go to another at once, as taken over', async () => {
    const [first, second] = [await open(), await open()];
    await issue(first, ['a', 'b']);
    const held = await fetch(first);
    await settle(first, held[0]!.ticket);
    await first.close();
    expect(await faultOf(fetch(first))).to.have.property('code', 'JOURNAL_FAILED');
    const [taken, ...more] = await fetch(second);
    expect(more).to.deep.equal([]);
    expect(taken).to.deep.include({ job: held[1]!.job, retries: 1 });
    expect(ticketId(taken!.ticket)).to.equal(ticketId(held[1]!.ticket));
    expect(taken!.ticket).to.not.equal(held[1]!.ticket);
  });

  it('held by an instance that is killed or hangs go to another; it cannot settle them any more, and the living keep theirs', async function () {
    this.timeout(90_000).slow(60_000);
    const [alive, killed, hanging] = [await open(), instance(place), instance(place)];
    await issue(alive, ['kept', 'killed', 'hung']);
    const get = `backend.perform(({ tickets }) => tickets.fetch('send', [${JSON.stringify(ACCOUNT)}], 1))`;
    const [kept] = await fetch(alive, 1) as [Ticket];
    const [lost] = await killed.tell(get) as [Ticket];
    const [stale] = await hanging.tell(get) as [Ticket];
    expect([kept, lost, stale].map(({ job }) => job.id)).to.deep.equal(['kept', 'killed', 'hung']);
    killed.child.kill('SIGKILL');
    hanging.child.kill('SIGSTOP');

    const other = await open();
    const taken: Ticket[] = [];
    await until(async () => taken.push(...await fetch(other)) >= 2 || undefined);
    expect(taken.map(({ job }) => job.id).sort()).to.deep.equal(['hung', 'killed']);
    expect(taken.map(({ ticket, retries }) => [ticketId(ticket), retries])).to.have.deep.members([[ticketId(lost.ticket), 1], [ticketId(stale.ticket), 1]]);
    hanging.child.kill('SIGCONT');
    const settling = (ticket: string) => `backend.perform(({ tickets }) => tickets.settle('send', ${JSON.stringify(ACCOUNT)}, ${JSON.stringify(ticket)}))`;
    expect(await hanging.tell(settling(stale.ticket))).to.equal(false);
    for (const { ticket } of taken) expect(await settle(other, ticket)).to.equal(true);
    expect(await settle(alive, kept.ticket)).to.equal(true);
    hanging.child.kill('SIGKILL');
    await once(hanging.child, 'exit');
  });

  it('are issued for a queue that somebody has deleted', async () => {
    const backend = await open();
    await issue(backend, ['a']);
    await query(url, `DELETE FROM ${place.schema}_jobs.job; DELETE FROM ${place.schema}_jobs.queue WHERE name LIKE 'send.%'`);
    await issue(backend, ['b']);
    expect((await fetch(backend)).map(({ job }) => job.id)).to.deep.equal(['b']);
  });

  for (const kind of ['citus', 'cockroachdb'] as const) {
    it(`do the same with the settings for ${kind}, tried on this PostgreSQL`, async function () {
      this.timeout(60_000).slow(20_000);
      const [one, other] = [await open({ backend: kind }), await open({ backend: kind })];
      const ids = Array.from({ length: 30 }, (_, n) => `delivery-${n}`);
      await issue(one, ids);
      const found = (await Promise.all(Array.from({ length: 8 }, (_, n) => fetch(n % 2 === 0 ? one : other, 5)))).flat();
      found.push(...await fetch(other, 100));
      expect(found.map(({ job }) => job.id).toSorted()).to.deep.equal(ids.toSorted());
      expect(await settle(other, found[0]!.ticket)).to.equal(true);
      expect(await settle(one, found[0]!.ticket)).to.equal(false);
      await one.close();
      const taken = await fetch(other, 100);
      expect(taken).to.not.deep.equal([]);
      expect(taken.every(({ retries }) => retries === 1)).to.equal(true);
    });
  }
});

describe('queues of tickets', () => {
  it('have names that the job engine allows, different for different accounts and kinds', () => {
    const names = ['acme', 'Acme', 'a/b', 'a_b', 'ü', '', 'x'.repeat(300), '__proto__', 'a;drop table'].flatMap((name) => [queueName('send', name), queueName('flow', name)]);
    for (const name of names) expect(name).to.match(/^[\w.-]{1,80}$/);
    expect(new Set(names).size).to.equal(names.length);
  });
});

await describePostgres('news of work on PostgreSQL', (url) => {
  let place: FreshSchema;
  let opened: PostgresBackend[] = [];
  const open = async (): Promise<PostgresBackend> => {
    const backend = await openPostgresBackend({ url, schema: place.schema });
    opened.push(backend);
    return backend;
  };
  /** The first thing that is heard. The net beneath announces all kinds, 'flow' first. */
  const heardBy = (backend: PostgresBackend): Promise<Work> => new Promise((resolve) => { backend.onWork(resolve); });
  const make = (backend: PostgresBackend, ...made: Work[]): Promise<void> => backend.perform(async ({ works }) => { for (const work of made) works.add(work); });
  const listeners = (): Promise<{ pid: number }[]> =>
    query(url, `SELECT pid FROM pg_stat_activity WHERE application_name = 'direct-courier works' AND query LIKE '%${place.schema}%' ORDER BY pid`);

  beforeEach(() => { place = freshSchema(url); });
  afterEach(async () => {
    await Promise.all(opened.map((backend) => backend.close()));
    opened = [];
    await place.drop();
  });

  it('reaches this instance and the others after the commit', async () => {
    const [one, other] = [await open(), await open()];
    const heard = Promise.all([heardBy(one), heardBy(other)]);
    await make(one, 'queue');
    expect(await heard).to.deep.equal(['queue', 'queue']);
  });

  it('is not told of what was undone', async () => {
    const [one, other] = [await open(), await open()];
    const heard = heardBy(other);
    await faultOf(one.perform(async ({ works }) => {
      works.add('flow');
      throw new Error('no');
    }));
    await make(one, 'queue');
    expect(await heard).to.equal('queue');
  });

  it('comes again after its connection was cut, with what may have been missed', async () => {
    const [one, other] = [await open(), await open()];
    const heard: Work[] = [];
    const before = await listeners();
    expect(before).to.have.length(2);
    other.onWork((work) => heard.push(work));
    for (const { pid } of before) await query(url, 'SELECT pg_terminate_backend($1)', [pid]);
    await until(async () => heard.includes('flow') && heard.includes('queue') ? true : undefined);
    await until(async () => (await listeners()).length === 2 ? true : undefined);
    const next = heardBy(other);
    await make(one, 'queue');
    expect(await next).to.be.oneOf(['queue', 'flow']);
  });

  it('is asked for now and then in any case', async () => {
    const backend = await open();
    const heard: Work[] = [];
    backend.onWork((work) => heard.push(work));
    await until(async () => heard.length >= 3 ? true : undefined);
    expect(heard).to.deep.equal(['flow', 'queue', 'alarm']);
  });
});
