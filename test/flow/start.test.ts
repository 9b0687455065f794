import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { courier, removeTemporaryFolders, ROOT, temporaryFolder } from '../support/demo.ts';

interface Started { child: ChildProcess; said: string; url: string; stop(): Promise<number | null> }

/** Starts the product and waits until it has said all it has to say. */
const start = async (userDir: string, ...options: string[]): Promise<Started> => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/direct-courier'), 'start', '--user-dir', userDir, '--port', '0', ...options], {
    env: { ...process.env, COURIER_CWD: '/' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => { said += chunk.toString(); if (said.includes('Ctrl-C')) resolve(); };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', (code) => { reject(new Error(`ended with ${code}: ${said}`)); });
  });
  const ended = new Promise<number | null>((resolve) => { child.on('exit', resolve); });
  const patience = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await ready.finally(() => clearTimeout(patience));
  return { child, said, url: /http:\/\/127\.0\.0\.1:\d+\//.exec(said)![0], stop: async () => { child.kill('SIGTERM'); return await ended; } };
};

const logIn = async (url: string, password: string): Promise<number> => (await fetch(`${url}auth/token`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ client_id: 'node-red-admin', grant_type: 'password', scope: '*', username: 'admin', password }),
})).status;

const passwordIn = (said: string): string | undefined => /with the password (\S+) \(shown/.exec(said)?.[1];
const rowsIn = (said: string): string[] => said.split('\n').filter((line) => line.startsWith('ORD1')).map((line) => line.split(/ {2,}/).slice(0, 4).join(' | '));

describe('npm start', function () {
  this.timeout(120_000);
  const userDir = temporaryFolder();
  let running: Started | undefined;
  let password: string;
  afterEach(async () => { await running?.stop(); running = undefined; });
  after(removeTemporaryFolders);

  it('runs eight made-up results and prints where each delivery ended', async () => {
    running = await start(userDir);
    password = passwordIn(running.said)!;
    expect(rowsIn(running.said)).to.deep.equal([
      'ORD1001 | dr.lee@good.lakeside.sim.example | order | DELIVERED',
      'ORD1002 | dr.pria.care@good.riverside.sim.example | order | DELIVERED',
      'ORD1003 | results@processed.hillview.sim.example | organization | PROCESSED',
      'ORD1004 | north.desk@good.lakeside.sim.example | site | DELIVERED',
      'ORD1005 | NPI 2990000095 | order | UNRESOLVED',
      'ORD1006 | left@refuse.lakeside.sim.example | order | FAILED',
      'ORD1007 | desk@untrusted.lakeside.sim.example | order | UNRESOLVED',
      'ORD1008 | dr.lee@good.lakeside.sim.example | order | DELIVERED',
    ]);
    expect(running.said).to.match(/^replay .*08-replay/m).and.match(/fees: 1\.25 USD/);
  });

  it('lets nobody in without the password, and keeps keys to itself', async () => {
    running = await start(userDir);
    expect((await fetch(`${running.url}flows`)).status).to.equal(401);
    expect(await logIn(running.url, 'wrong')).to.equal(403);
    expect(await logIn(running.url, password)).to.equal(200);
    for (const file of ['courier.json', 'private', 'direct-courier/journal.sqlite']) {
      expect(statSync(join(userDir, file)).mode & 0o077, file).to.equal(0);
    }
    const kept = readdirSync(userDir).filter((name) => name.endsWith('.json')).map((name) => readFileSync(join(userDir, name), 'utf8')).join('');
    expect(kept).to.not.include(password).and.not.match(/PRIVATE KEY/);
  });

  it('a later start shows what is there and runs nothing twice', async () => {
    running = await start(userDir);
    expect(passwordIn(running.said)).to.equal(undefined);
    expect(running.said).to.include('nothing was run again');
    expect(rowsIn(running.said)).to.have.length(8);
    expect(running.said).to.match(/fees: 1\.25 USD/);
  });

  it('a second start beside a running one says so and ends', async () => {
    running = await start(userDir);
    const second = await courier(['start', '--user-dir', userDir, '--port', '0'], { cwd: '/' });
    expect(second.exit).to.equal(1);
    expect(second.stderr).to.match(/^JOURNAL_LOCKED: /m);
  });

  it('sets a new password on demand, and empties everything on demand', async () => {
    running = await start(userDir, '--new-password');
    const renewed = passwordIn(running.said)!;
    expect(await logIn(running.url, password)).to.equal(403);
    expect(await logIn(running.url, renewed)).to.equal(200);
    await running.stop();
    running = await start(userDir, '--fresh');
    expect(running.said).to.include('Eight synthetic orders').and.match(/fees: 1\.25 USD/);
    expect(existsSync(join(userDir, 'flows.json'))).to.equal(true);
  });

  it('ends cleanly when asked', async () => {
    const started = await start(userDir);
    expect(await started.stop()).to.equal(0);
  });
});

describe('the command', () => {
  it('explains itself on one screen', async () => {
    const { exit, stdout } = await courier(['--help']);
    expect(exit).to.equal(0);
    expect(stdout.trimEnd().split('\n').length).to.be.at.most(24);
  });

  it('checks an NPI', async () => {
    const good = await courier(['npi', 'check', '2990000004', '--json']);
    expect(JSON.parse(good.stdout)).to.include({ npi: '2990000004', valid: true, code: null });
    expect(good.exit).to.equal(0);
    const bad = await courier(['npi', 'check', '1234567890', '--json']);
    expect(JSON.parse(bad.stdout)).to.include({ valid: false, code: 'NPI_INVALID' });
    expect(bad.exit).to.equal(2);
  });

  it('says what is wrong with a wrong call', async () => {
    for (const args of [['fly'], ['open'], ['demo'], ['demo', '--out', 'x', '--policy', 'random'], ['cda', 'look'], ['npi', 'check', '1', '--colour']]) {
      const { exit, stderr } = await courier(args);
      expect(exit, args.join(' ')).to.equal(1);
      expect(stderr).to.include('direct-courier <command>');
    }
  });
});
