import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import { createFile, takeLock } from '../../nodes/journal/sqlite/file.ts';
import { journalContract } from './contract.ts';
import { ACCOUNT, openFile, order, queued, raw, stateOf } from './fixtures.ts';
import { freshFile, sqliteBench } from './sqlite-bench.ts';

const faultOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => null, (error: unknown) => error);

journalContract('SQLite', sqliteBench);

describe('the SQLite file', () => {
  it('is for its owner only, side files too', async () => {
    const file = await freshFile();
    const journal = await openFile(file);
    await journal.storeOrder(order(), raw(), true);
    for (const name of [file, `${file}-wal`]) expect((await stat(name)).mode & 0o777, name).to.equal(0o600);
    await journal.close();
  });

  it('belongs to one opener at a time', async () => {
    const file = await freshFile();
    const journal = await openFile(file);
    expect(await faultOf(openFile(file))).to.have.property('code', 'JOURNAL_LOCKED');
    await journal.close();
    await (await openFile(file)).close();
  });

  it('of a newer version is refused and left alone', async () => {
    const file = await freshFile();
    await (await openFile(file)).close();
    await rm(`${file}.sum`);
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 999');
    db.close();
    expect(await faultOf(openFile(file))).to.have.property('code', 'JOURNAL_NEWER');
  });

  it('that is no database is refused with a code', async () => {
    const file = await freshFile();
    await mkdir(dirname(file));
    await writeFile(file, 'not a database, certainly not one that SQLite wrote '.repeat(40));
    expect(await faultOf(openFile(file))).to.have.property('code', 'JOURNAL_DAMAGED');
    expect(await faultOf(openFile(join(file, 'below', 'journal.sqlite')))).to.have.property('code', 'JOURNAL_FAILED');
  });

  it('keeps bytes once, however often they come', async () => {
    const file = await freshFile();
    const journal = await openFile(file);
    for (let n = 0; n < 5; n += 1) await journal.storeOrder(order(), raw('the same'), true);
    await journal.close();
    const db = new DatabaseSync(file);
    expect({ ...db.prepare('SELECT count(*) AS n FROM content').get() }).to.deep.equal({ n: 1 });
    expect({ ...db.prepare('PRAGMA foreign_key_check').get() }).to.deep.equal({});
    db.close();
  });

  it('has what was acknowledged before a kill -9, and sends again what was being sent', async () => {
    const file = await freshFile();
    const script = `
      import { openFile, queued, ACCOUNT } from ${JSON.stringify(new URL('./fixtures.ts', import.meta.url).href)};
      const journal = await openFile(${JSON.stringify(file)});
      const { deliveryId } = await queued(journal);
      await journal.claimDue([ACCOUNT], 1);
      process.stdout.write(deliveryId);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [deliveryId] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    child.kill('SIGKILL');
    await once(child, 'exit');
    const journal = await openFile(file);
    expect(await stateOf(journal, deliveryId)).to.equal('QUEUED(HISP_UNKNOWN)');
    expect((await journal.claimDue([ACCOUNT], 1))[0]).to.include({ deliveryId, attempt: 2 });
    await journal.close();
  });

  it('on a full disk refuses what it cannot keep and has what it acknowledged (needs bash)', async function () {
    if (spawnSync('bash', ['-c', 'true']).status !== 0) this.skip();
    const file = await freshFile();
    const script = `
      import { openFile } from ${JSON.stringify(new URL('./fixtures.ts', import.meta.url).href)};
      const journal = await openFile(${JSON.stringify(file)});
      const codes = [];
      const ids = [];
      for (let n = 0; n < 40; n += 1) {
        const input = { bytes: Buffer.alloc(100_000, n), source: 'test' };
        await journal.rejectInput(input, { code: 'INPUT_NOT_JSON', text: '', kind: 'unreadable' })
          .then(({ inputId }) => ids.push(inputId), ({ code }) => codes.push(code));
      }
      process.stdout.write(JSON.stringify({ ids, codes: [...new Set(codes)] }));
      process.exit();`;
    // The limit of a file's size stands in for the disk's: 2 MB.
    const child = spawnSync('bash', ['-c', 'ulimit -f 2000; exec "$0" --input-type=module -e "$1"', process.execPath, script], { encoding: 'utf8' });
    const { ids, codes } = JSON.parse(child.stdout) as { ids: string[]; codes: string[] };
    expect(codes).to.deep.equal(['JOURNAL_FAILED']);
    expect(ids.length).to.be.within(5, 35);
    const journal = await openFile(file);
    expect((await journal.inputs()).map(({ id }) => id)).to.deep.equal(ids);
    await journal.close();
  });

  it('lets a process end that only has it open, and keeps one that waits for an answer', async () => {
    const file = await freshFile();
    const script = `
      import { openFile } from ${JSON.stringify(new URL('./fixtures.ts', import.meta.url).href)};
      const journal = await openFile(${JSON.stringify(file)});
      journal.counts().then(() => process.stdout.write('answered'));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    expect(await once(child, 'close')).to.deep.equal([0, null]);
    expect(output).to.equal('answered');
  });
});

describe('open journals', () => {
  afterEach(closeJournals);

  it('one file is one journal in a process, still there after the last user has let go', async () => {
    const file = await freshFile();
    const [one, two] = await Promise.all([openJournal(file, { demo: true }), openJournal(join(file, '..', '.', 'journal.sqlite'), { demo: true })]);
    expect(one).to.equal(two);
    await one.close();
    await two.close();
    const { deliveryId } = await queued(one);
    expect(await openJournal(file, { demo: true })).to.equal(one);
    expect(await stateOf(one, deliveryId)).to.equal('QUEUED');
  });

  it('a file that could not be opened is tried again', async () => {
    const file = await freshFile();
    createFile(file);
    const other = takeLock(file);
    expect(await faultOf(openJournal(file, { demo: true }))).to.have.property('code', 'JOURNAL_LOCKED');
    other.close();
    expect(await (await openJournal(file, { demo: true })).counts()).to.have.property('unrated', 0);
  });

  it('a file that is being closed is opened again after that', async () => {
    const file = await freshFile();
    const first = await openJournal(file, { demo: true });
    const closing = closeJournals();
    const second = await openJournal(file, { demo: true });
    await closing;
    expect(second).to.not.equal(first);
    expect(await second.counts()).to.have.property('unrated', 0);
  });
});
