import { expect } from 'chai';
import { openDriver } from '../../nodes/journal/driver.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { TEST_KEY } from '../journal/fixtures.ts';
import { describePostgres, type FreshSchema, freshSchema } from '../support/postgres.ts';
import { fill, type Made } from './filling.ts';
import { lines, type Said, startShell } from './scene.ts';

const REASON = ['--reason', 'a test'];

await describePostgres('the journal command and a database that engines share', (url) => {
  const place: FreshSchema = freshSchema(url);
  const shell = startShell({ DIRECT_JOURNAL_KEY: Buffer.from(TEST_KEY).toString('base64') });
  let engine: Journal;
  let made: Made;
  before(async function () {
    this.timeout(30_000);
    engine = await openDriver({ kind: 'postgres', url, backend: 'postgres', schema: place.schema }, { key: TEST_KEY, demo: true, now: Date.now });
    made = await fill(engine);
  });
  after(async () => {
    shell.stop();
    await engine.close();
    await place.drop();
  });

  const journal = async (...args: string[]): Promise<Said> => await shell.run(['journal', ...args, '--journal', url, '--schema', place.schema]);

  it('looks beside the engine', async () => {
    expect(JSON.parse((await journal('stats', '--json')).stdout)).to.have.nested.property('messages.HELD', 1);
    const found = await journal('find', '--what', 'deliveries', '--recipient', 'two@direct.hill.example', '--json');
    expect(lines<{ id: string }>(found.stdout).map(({ id }) => id)).to.deep.equal([made.deliveries[1]]);
    expect((await journal('verify')).exit).to.equal(0);
  });

  it('changes as another instance, and the engine sees it', async () => {
    expect((await journal('hold', '--delivery', made.deliveries[0]!, ...REASON)).exit).to.equal(0);
    expect((await engine.delivery(made.deliveries[0]!))!.state).to.equal('HELD');
    const content = await journal('show', '--message', made.queued, '--content', 'cda', '--out', '-', ...REASON);
    expect(content.stdout).to.equal('<ClinicalDocument n="1"/>');
    expect((await engine.audit()).rows.map(({ action }) => action)).to.deep.equal(['hold', 'viewed']);
  });

  it('makes no journal where there is none, and says what cannot be reached without its password', async () => {
    const absent = await shell.run(['journal', 'stats', '--journal', url, '--schema', 'nothing_here']);
    expect(absent).to.include({ exit: 1 }).and.property('stderr').match(/no journal in the schema nothing_here/);
    const unreachable = await shell.run(['journal', 'stats', '--journal', 'postgres://me:very-secret@127.0.0.1:1/db']);
    expect(unreachable).to.include({ exit: 1 }).and.property('stderr').match(/JOURNAL_UNREACHABLE/).and.not.match(/very-secret/);
  });
});
