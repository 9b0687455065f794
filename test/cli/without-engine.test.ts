import { expect } from 'chai';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { TEST_KEY } from '../journal/fixtures.ts';
import { removeTemporaryFolders, ROOT } from '../support/demo.ts';
import { type Engine, filledFile, freshFile, lines, REASON, type Said, startEngine, startShell, writeText } from './scene.ts';

const shell = startShell();
after(() => {
  shell.stop();
  removeTemporaryFolders();
});

const on = (file: string) => async (...args: string[]): Promise<Said> => await shell.run(['journal', ...args, '--journal', file]);
const stateIn = async (file: string, delivery: string): Promise<string> =>
  lines<{ state: string }>((await on(file)('find', '--what', 'deliveries', '--id', delivery, '--json')).stdout)[0]!.state;

describe('the journal command where no engine runs', function () {
  this.timeout(30_000);
  let filled: Awaited<ReturnType<typeof filledFile>>;
  before(async () => { filled = await filledFile(); });

  it('changes the journal itself, and leaves nothing behind that could be taken for an engine', async () => {
    const { file, made } = filled;
    expect(await on(file)('hold', '--delivery', made.deliveries[0]!, ...REASON)).to.include({ exit: 0, stdout: '1 changed.\n' });
    expect(await stateIn(file, made.deliveries[0]!)).to.equal('HELD');
    expect(existsSync(`${file}.sock`)).to.equal(false);
  });

  it('looks and changes nothing, not even the file', async () => {
    const { file } = filled;
    const before = readFileSync(file);
    for (const what of ['stats', 'accounts', 'incidents', 'find', 'verify', 'export']) expect((await on(file)(what)).exit, what).to.equal(0);
    expect(readFileSync(file).equals(before)).to.equal(true);
  });

  it('two at once come one after the other', async () => {
    const { file, made } = filled;
    const other = startShell();
    const [first, second] = await Promise.all([
      on(file)('hold', '--delivery', made.deliveries[1]!, ...REASON),
      other.run(['journal', 'legal-hold', '--message', made.sent, ...REASON, '--journal', file]),
    ]);
    other.stop();
    expect([first.exit, second.exit], first.stderr + second.stderr).to.deep.equal([0, 0]);
  });

  it('finds a changed and a removed audit entry', async () => {
    const { file, made } = filled;
    await on(file)('legal-hold', '--message', made.queued, ...REASON);
    const audit = async (): Promise<Said> => await shell.run(['audit', 'verify', '--json', '--journal', file]);
    expect((await audit()).exit).to.equal(0);
    const tamper = (sql: string): void => {
      const db = new DatabaseSync(file);
      db.exec(sql);
      db.close();
    };
    tamper(`UPDATE audit SET actor = 'nobody' WHERE seq = 1`);
    expect(await audit()).to.include({ exit: 3 }).and.property('stdout').match(/"firstBroken":1/);
    tamper('DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)');
    expect((await audit()).exit).to.equal(3);
  });

  it('finds a content that was damaged, says which, and repairs nothing', async () => {
    const { file } = await filledFile();
    const db = new DatabaseSync(file);
    db.exec('UPDATE content SET sealed = substr(sealed, 1, length(sealed) - 1) || x\'00\' WHERE id = (SELECT mail FROM delivery WHERE mail IS NOT NULL LIMIT 1)');
    db.close();
    const said = await on(file)('verify');
    expect(said.exit).to.equal(3);
    expect(said.stdout).to.match(/1 damaged/).and.match(/mail [0-9a-f-]{36}/).and.match(/DAMAGED/);
    expect((await on(file)('verify')).exit).to.equal(3);
  });

  it('brings no journal of an earlier version up to date', async () => {
    const file = freshFile();
    writeFileSync(file, gunzipSync(readFileSync(join(ROOT, 'test/journal/old/0.1.0.sqlite.gz'))));
    const before = readFileSync(file);
    for (const args of [['stats'], ['pause', '--account', 'hisp', ...REASON]]) {
      expect(await on(file)(...args)).to.include({ exit: 1 }).and.property('stderr').match(/JOURNAL_OLDER/);
    }
    expect(readFileSync(file).equals(before) && !existsSync(`${file}.key`)).to.equal(true);
  });

  it('calls no file a journal that is none', async () => {
    const [empty, text] = [writeText('', 'empty.sqlite'), writeText('no database, but long enough to be looked at '.repeat(20), 'text.sqlite')];
    expect(await on(empty)('stats')).to.include({ exit: 1 }).and.property('stderr').match(/There is no journal/);
    writeFileSync(`${text}.key`, `${Buffer.from(TEST_KEY).toString('base64')}\n`, { mode: 0o600 });
    for (const args of [['stats'], ['pause', '--account', 'hisp', ...REASON]]) {
      expect(await on(text)(...args)).to.include({ exit: 1 }).and.property('stderr').match(/JOURNAL_DAMAGED/);
    }
    expect(readFileSync(text, 'utf8')).to.include('no database');
  });

  it('says which key it lacks', async () => {
    const { file } = await filledFile();
    const key = readFileSync(`${file}.key`);
    rmSync(`${file}.key`);
    expect(await on(file)('stats')).to.include({ exit: 1 }).and.property('stderr').match(/KEY_MISSING/);
    writeFileSync(`${file}.key`, Buffer.from(key.toString().split('').reverse().join('').replace(/[=\n]/g, '').padEnd(43, 'A')), { mode: 0o600 });
    expect(await on(file)('stats')).to.include({ exit: 1 }).and.property('stderr').match(/KEY_(WRONG|INVALID)/);
    expect(existsSync(`${file}.key`)).to.equal(true);
  });
});

describe('the journal command and an engine in trouble', function () {
  this.timeout(30_000);
  let engine: Engine;
  beforeEach(async () => { engine = await startEngine(); });
  afterEach(async () => { await engine.stop('SIGKILL'); });

  it('takes the socket of a killed engine for what it is', async () => {
    await engine.stop('SIGKILL');
    expect(lstatSync(`${engine.file}.sock`).isSocket()).to.equal(true);
    expect((await on(engine.file)('hold', '--delivery', engine.made.deliveries[0]!, ...REASON)).exit).to.equal(0);
    const again = await startEngine(engine.file);
    expect((await on(engine.file)('release', '--delivery', engine.made.deliveries[0]!, ...REASON)).exit).to.equal(0);
    await again.stop();
    expect(existsSync(`${engine.file}.sock`)).to.equal(false);
  });

  it('changes nothing where the engine has the journal and cannot be reached, and shows no content', async () => {
    rmSync(`${engine.file}.sock`);
    const held = await on(engine.file)('hold', '--delivery', engine.made.deliveries[0]!, ...REASON);
    expect(held).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(/OWNER_SILENT/);
    const content = await on(engine.file)('show', '--message', engine.made.queued, '--content', 'cda', '--out', '-', ...REASON);
    expect(content).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(/OWNER_SILENT/);
    expect(await stateIn(engine.file, engine.made.deliveries[0]!)).to.equal('QUEUED');
  });

  it('waits for an engine that is ending', async () => {
    const stopping = engine.stop();
    const { exit, stderr } = await on(engine.file)('hold', '--delivery', engine.made.deliveries[0]!, ...REASON);
    await stopping;
    // Cut off between the question and its answer, it says that it does not know.
    expect(exit === 0 || /OWNER_LOST/.test(stderr), stderr).to.equal(true);
    expect((await on(engine.file)('release', '--account', 'hisp', ...REASON)).exit).to.equal(0);
  });
});
