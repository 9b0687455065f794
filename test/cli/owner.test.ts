import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { callOwner } from '../../nodes/cli/owner-client.ts';
import { CourierError } from '../../nodes/errors.ts';
import { startOwner } from '../../nodes/journal/owner.ts';
import { findSocket } from '../../nodes/journal/owner-path.ts';
import { RETENTION } from '../../nodes/journal/requests.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { BY, caller, HOLD, journalFile, openScene, recorder, type Scene } from './owner-scene.ts';

describe('the owner of a journal', () => {
  let scene: Scene;
  afterEach(async () => { await scene?.close(); });
  after(removeTemporaryFolders);

  it('listens beside the file, for its own user alone', async () => {
    scene = await openScene();
    expect(scene.path).to.equal(`${scene.file}.sock`);
    expect(lstatSync(scene.path).isSocket()).to.equal(true);
    expect(lstatSync(scene.path).mode & 0o777).to.equal(0o600);
  });

  it('is found under another name of the same file', async () => {
    scene = await openScene();
    const link = join(temporaryFolder(), 'elsewhere');
    symlinkSync(dirname(scene.file), link);
    const owner = await callOwner(join(link, 'journal.sqlite'));
    expect(owner?.pid).to.equal(process.pid);
    owner?.close();
  });

  it('listens in a folder of its own where the path is too long, and leaves a note', async () => {
    scene = await openScene(undefined, journalFile(true));
    expect(Buffer.byteLength(scene.path)).to.be.lessThan(108);
    expect(statSync(dirname(scene.path)).mode & 0o777).to.equal(0o700);
    expect(statSync(`${scene.file}.owner`).mode & 0o777).to.equal(0o600);
    const owner = await callOwner(scene.file);
    expect(await owner!.act(HOLD)).to.deep.equal({});
    owner!.close();
    await scene.close();
    expect([existsSync(scene.path), existsSync(`${scene.file}.owner`)]).to.deep.equal([false, false]);
  });

  it('hands each request on as it was meant, bytes included, and its answer back', async () => {
    const outcome = { changed: ['d1'], skipped: [{ id: 'd2', code: 'SENT' }] };
    scene = await openScene(async () => outcome);
    const owner = (await callOwner(scene.file))!;
    const newKey = new Uint8Array(32).fill(7);
    expect(await owner.act(HOLD)).to.deep.equal(outcome);
    await owner.rerun({ messageId: 'm1', from: 'seal-mail', only: ['d1'], ...BY });
    await owner.prune({ settings: RETENTION, dryRun: true, ...BY });
    await owner.rotateKey({ newKey, ...BY });
    await owner.verify({ auditOnly: true });
    owner.close();
    expect(scene.calls).to.deep.equal([
      ['act', HOLD], ['rerun', { messageId: 'm1', from: 'seal-mail', only: ['d1'], ...BY }],
      ['prune', { settings: RETENTION, dryRun: true, ...BY }], ['rotateKey', newKey], ['verify', { auditOnly: true }],
    ]);
  });

  it('tells a fault of the journal by its code, and goes on', async () => {
    let faults = 0;
    scene = await openScene(async () => {
      faults += 1;
      if (faults === 1) throw new CourierError('JOURNAL_FAILED', { detail: 'SQLite 13' });
      if (faults === 2) throw new Error('Jane Doe');
      return { changed: [], skipped: [] };
    });
    const owner = (await callOwner(scene.file))!;
    const first = await owner.act(HOLD).catch((error: unknown) => error as CourierError);
    expect(first).to.include({ code: 'JOURNAL_FAILED', detail: 'SQLite 13' });
    const second = await owner.act(HOLD).catch((error: unknown) => error as CourierError);
    expect(String(second)).to.match(/JOURNAL_FAILED/).and.not.match(/Jane/);
    expect(await owner.act(HOLD)).to.deep.equal({ changed: [], skipped: [] });
    owner.close();
  });

  it('replaces the socket of a process that was killed', async () => {
    const file = journalFile();
    const code = `require('node:net').createServer().listen(${JSON.stringify(`${file}.sock`)}, () => process.stdout.write('up'))`;
    const dead = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(dead.stdout, 'data');
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    expect(lstatSync(`${file}.sock`).isSocket()).to.equal(true);
    expect(await callOwner(file)).to.equal(null);
    scene = await openScene(async () => ({ changed: [], skipped: [] }), file);
    const owner = await callOwner(file);
    expect(await owner!.act(HOLD)).to.deep.equal({ changed: [], skipped: [] });
    owner!.close();
  });

  it('takes nothing away that is no socket, nor the socket of a living process', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => { warnings.push(warning.message); };
    process.on('warning', listen);
    const [file, busy] = [journalFile(), journalFile()];
    writeFileSync(`${file}.sock`, 'a file');
    const living = createServer().listen(`${busy}.sock`);
    await once(living, 'listening');
    expect(await startOwner(recorder([], async () => null), file)).to.equal(null);
    expect(await startOwner(recorder([], async () => null), busy)).to.equal(null);
    expect(readFileSync(`${file}.sock`, 'utf8')).to.equal('a file');
    expect(living.listening && lstatSync(`${busy}.sock`).isSocket()).to.equal(true);
    await new Promise((resolve) => { setImmediate(resolve); });
    process.off('warning', listen);
    living.close();
    expect(warnings).to.have.length(2);
  });

  it('is not believed where others could have put the socket', async () => {
    scene = await openScene();
    chmodSync(scene.path, 0o666);
    expect(findSocket(scene.file)).to.equal(null);
  });

  it('answers what is under way before it shuts, then hangs up and leaves nothing behind', async () => {
    let finish: (value: unknown) => void = () => undefined;
    scene = await openScene(async () => await new Promise((resolve) => { finish = resolve; }));
    const owner = (await callOwner(scene.file))!;
    const idle = await caller(scene.path);
    const answer = owner.act(HOLD);
    while (scene.calls.length === 0) await new Promise((resolve) => { setImmediate(resolve); });
    const closed = scene.close();
    await once(idle.socket, 'close');
    finish({ changed: ['d1'], skipped: [] });
    expect(await answer).to.deep.equal({ changed: ['d1'], skipped: [] });
    await closed;
    expect(existsSync(scene.path)).to.equal(false);
    expect((await owner.act(HOLD).catch((error: unknown) => error as CourierError)) as CourierError).to.have.property('code', 'OWNER_LOST');
  });
});
