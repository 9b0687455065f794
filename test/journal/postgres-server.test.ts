import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import type { Ticket } from '../../nodes/journal/engine/store.ts';
import type { Work } from '../../nodes/journal/port.ts';
import { openPostgresBackend, type PostgresBackend } from '../../nodes/journal/postgres/backend.ts';
import { describeOwnPostgres, type OwnServer, ownServer, query, smallDisk } from '../support/postgres.ts';

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'went through', (error: { code?: unknown }) => error.code);

const until = async (look: () => Promise<boolean>): Promise<void> => {
  while (!await look()) await new Promise((resolve) => { setTimeout(resolve, 100); });
};

describeOwnPostgres('a PostgreSQL server that goes away and comes back', () => {
  let server: OwnServer;
  let backend: PostgresBackend;
  before(async () => {
    server = (await ownServer())!;
    await server.start();
  });
  beforeEach(async () => {
    await server.start();
    backend = await openPostgresBackend({ url: server.url });
  });
  afterEach(() => backend.close());
  after(() => server.remove());

  const store = (name: string): Promise<number> => backend.perform(({ db }) => db.run('INSERT INTO mutex (name) VALUES (:name)', { name }));
  const stored = async (): Promise<string[]> => (await query<{ name: string }>(server.url, 'SELECT name FROM direct_courier.mutex ORDER BY name')).map(({ name }) => name);
  const issue = (id: string): Promise<void> => backend.perform(({ tickets }) => tickets.issue({ queue: 'send', id, account: 'a' }, 0, 0));
  const fetch = (): Promise<Ticket[]> => backend.perform(({ tickets }) => tickets.fetch('send', ['a'], 10));

  for (const how of ['orderly', 'crash'] as const) {
    it(`has what was stored before an ${how} stop, refuses with JOURNAL_UNREACHABLE while it is away, and goes on by itself`, async function () {
      this.timeout(60_000).slow(20_000);
      await store(`before ${how}`);
      await issue(how);
      const [held] = await fetch();
      await server.stop(how);
      for (let n = 0; n < 10; n += 1) expect(await codeOf(store(`during ${n} ${how}`))).to.equal('JOURNAL_UNREACHABLE');
      const heard: Work[] = [];
      backend.onWork((work) => heard.push(work));
      await server.start();
      await store(`after ${how}`);
      expect((await stored()).filter((name) => name.endsWith(how))).to.deep.equal([`after ${how}`, `before ${how}`]);
      await until(async () => heard.includes('flow') && heard.includes('queue'));
      // Held while the server was away: by this one, or lapsed and to be taken again, but never lost.
      const settled = await backend.perform(({ tickets }) => tickets.settle('send', 'a', held!.ticket));
      if (!settled) await until(async () => (await fetch()).some(({ job, retries }) => job.id === how && retries === 1));
    });
  }

  it('answers requests that were on their way when it stopped: each is stored, or was refused', async function () {
    this.timeout(60_000).slow(20_000);
    const outcomes = new Map<string, unknown>();
    const pouring = Array.from({ length: 400 }, async (_, n) => {
      const name = `pour ${n}`;
      outcomes.set(name, await codeOf(store(name)));
    });
    await until(async () => [...outcomes.values()].includes(undefined) || outcomes.size > 20);
    await server.stop('crash');
    await Promise.all(pouring);
    await server.start();
    const kept = new Set(await stored());
    const acknowledged = [...outcomes].filter(([, outcome]) => outcome === 'went through').map(([name]) => name);
    expect(acknowledged.filter((name) => !kept.has(name))).to.deep.equal([]);
    expect(new Set(outcomes.values())).to.include('JOURNAL_UNREACHABLE');
    expect([...outcomes.values()].filter((outcome) => outcome !== 'went through' && outcome !== 'JOURNAL_UNREACHABLE')).to.deep.equal([]);
  });

  it('on a full disk refuses with JOURNAL_FULL what it cannot keep, has what it acknowledged, and goes on when there is space (needs mount)', async function () {
    this.timeout(60_000).slow(20_000);
    const disk = smallDisk(server, 12);
    if (disk === null) return this.skip();
    try {
      await query(server.url, `CREATE TABLESPACE small LOCATION '${disk.folder}'`);
      await query(server.url, 'ALTER TABLE direct_courier.content SET TABLESPACE small');
      const keep = (n: number): Promise<unknown> => codeOf(backend.perform(async ({ db, now }) => {
        await db.run('INSERT INTO mutex (name) VALUES (:name)', { name: `full ${n}` });
        await db.run('INSERT INTO content (id, sealed, size, kept_at) VALUES (:id, :sealed, 1, :now)', { id: Buffer.from([n]), sealed: randomBytes(1_000_000), now });
      }));
      const outcomes: unknown[] = [];
      for (let n = 0; n < 20; n += 1) outcomes.push(await keep(n));
      expect(new Set(outcomes)).to.deep.equal(new Set(['went through', 'JOURNAL_FULL']));
      expect((await stored()).filter((name) => name.startsWith('full'))).to.have.length(outcomes.filter((outcome) => outcome === 'went through').length);
      disk.grow(40);
      expect(await keep(99)).to.equal('went through');
    } finally {
      await query(server.url, 'ALTER TABLE direct_courier.content SET TABLESPACE pg_default; DROP TABLESPACE small').catch(() => undefined);
      disk.remove();
    }
  });

  it('cannot be opened while it is away, and says so', async () => {
    await server.stop();
    expect(await codeOf(openPostgresBackend({ url: server.url }))).to.equal('JOURNAL_UNREACHABLE');
  });
});
