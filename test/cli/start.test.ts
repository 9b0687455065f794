import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { DeliveryRecord, MessageRecord } from '../../nodes/journal/port.ts';
import { removeTemporaryFolders, ROOT, temporaryFolder } from '../support/demo.ts';
import { inputPair } from '../support/samples.ts';
import { lines, type Said, startShell, writeText } from './scene.ts';

const REASON = ['--reason', 'a test'];
const ACCOUNT = ['--account', 'simulated HISP'];
const ADDRESS = 'dr.lee@good.lakeside.sim.example';

interface Started { url: string; file: string; stop(): Promise<number | null> }

/** The product as it is started: Node-RED with its flow and the simulated network. */
const start = async (): Promise<Started> => {
  const userDir = join(temporaryFolder(), 'user');
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, 'bin/direct-courier'), 'start', '--user-dir', userDir, '--port', '0'], {
    env: { ...process.env, COURIER_CWD: '/' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => { child.on('exit', resolve); });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => { said += chunk.toString(); if (said.includes('Ctrl-C')) resolve(); };
    child.stdout!.on('data', listen);
    child.stderr!.on('data', listen);
    void ended.then((code) => { reject(new Error(`ended with ${code}: ${said}`)); });
  });
  return {
    url: /http:\/\/127\.0\.0\.1:\d+\//.exec(said)![0], file: join(userDir, 'direct-courier', 'journal.sqlite'),
    stop: async () => {
      child.kill('SIGTERM');
      return await ended;
    },
  };
};

describe('the journal command and the running product', function () {
  this.timeout(180_000);
  const shell = startShell();
  let engine: Started;
  before(async () => { engine = await start(); });
  after(async () => {
    shell.stop();
    removeTemporaryFolders();
  });

  const journal = async (...args: string[]): Promise<Said> => await shell.run(['journal', ...args, '--journal', engine.file]);
  const answer = async <Answer>(...args: string[]): Promise<Answer> => {
    const { exit, stdout, stderr } = await journal(...args, '--json');
    expect(exit, stderr).to.equal(0);
    return JSON.parse(stdout) as Answer;
  };
  const messageOf = async (order: string): Promise<MessageRecord | undefined> =>
    lines<MessageRecord>((await journal('find', '--order', order, '--limit', '1', '--json')).stdout).find(({ id }) => id !== undefined);
  const deliveriesOf = async (message: string): Promise<DeliveryRecord[]> =>
    (await answer<{ deliveries: DeliveryRecord[] }>('show', '--message', message)).deliveries;

  const until = async <Value>(what: string, look: () => Promise<Value | undefined | false>): Promise<Value> => {
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => { setTimeout(resolve, 100); })) {
      const value = await look();
      if (value !== undefined && value !== false) return value;
    }
    throw new Error(`waited in vain for ${what}`);
  };
  const deliveryIn = async (message: string, state: string): Promise<DeliveryRecord> =>
    await until(`${state} of ${message}`, async () => (await deliveriesOf(message)).find((delivery) => delivery.state === state));

  const handIn = async (n: number, result = {}): Promise<string> => {
    for (const body of Object.values(inputPair(n, { address: ADDRESS, result }))) {
      const response = await fetch(`${engine.url}iris`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      expect(response.status).to.be.lessThan(300);
    }
    return (await until(`the message of ORD${n}`, async () => await messageOf(`ORD${n}`))).id;
  };

  it('has a socket for its own user alone', () => {
    expect(lstatSync(`${engine.file}.sock`).mode & 0o777).to.equal(0o600);
  });

  it('a paused account sends nothing, a held delivery waits longer, a released one arrives', async () => {
    await answer('pause', ...ACCOUNT, ...REASON);
    const message = await handIn(501);
    const { id } = await deliveryIn(message, 'QUEUED');
    await answer('hold', '--delivery', id, ...REASON);
    await answer('resume', ...ACCOUNT, ...REASON);
    const other = await handIn(502);
    await deliveryIn(other, 'DELIVERED');
    expect((await deliveriesOf(message))[0]!.state).to.equal('HELD');
    await answer('release', '--order', 'ORD501', ...REASON);
    const delivered = await deliveryIn(message, 'DELIVERED');
    expect(delivered).to.include({ id, lateSuccess: false });
  });

  it('what is sent again goes through the flow as a new message, with the same document', async () => {
    const first = (await messageOf('ORD501'))!.id;
    const content = async (message: string): Promise<string> => (await journal('show', '--message', message, '--content', 'cda', '--out', '-', ...REASON)).stdout;
    const { messageId } = await answer<{ messageId: string }>('resend', '--message', first, ...REASON);
    const again = await deliveryIn(messageId, 'DELIVERED');
    expect(again.recipient).to.equal(ADDRESS);
    expect(again.mailMessageId).to.not.equal((await deliveriesOf(first))[0]!.mailMessageId);
    expect(await content(messageId)).to.equal(await content(first)).and.include('ClinicalDocument');
  });

  it('what is run again from what came in becomes a new message with a new document', async () => {
    const first = (await messageOf('ORD502'))!.id;
    const { messageId } = await answer<{ messageId: string }>('rerun', '--message', first, '--from', 'raw', ...REASON);
    await deliveryIn(messageId, 'DELIVERED');
    expect((await answer<{ message: MessageRecord }>('show', '--message', messageId)).message.link).to.include({ kind: 'rerun', of: first });
  });

  it('what was held for a wrong name goes out as a person has edited it', async () => {
    const held = await handIn(503, { Patient: { Name: { First: 'Zoë', Last: 'Otherperson' } } });
    expect((await messageOf('ORD503'))!.code).to.equal('PATIENT_MISMATCH');
    const edited = writeText(JSON.stringify(inputPair(503)['0503-result.json']));
    const { messageId } = await answer<{ messageId: string }>('rerun', '--message', held, '--from', 'raw', '--edited', edited, ...REASON);
    await deliveryIn(messageId, 'DELIVERED');
  });

  it('goes to another address when told so', async () => {
    await answer('pause', ...ACCOUNT, ...REASON);
    const message = await handIn(504);
    const { id } = await deliveryIn(message, 'QUEUED');
    const { created } = await answer<{ created: string }>('redirect', '--delivery', id, '--to', 'north.desk@good.lakeside.sim.example', ...REASON);
    await answer('resume', ...ACCOUNT, ...REASON);
    expect((await deliveryIn(created, 'DELIVERED')).recipient).to.equal('north.desk@good.lakeside.sim.example');
    expect((await deliveriesOf(message))[0]!.state).to.equal('CANCELLED');
  });

  it('the chain of who did what holds', async () => {
    const { exit, stdout } = await shell.run(['audit', 'verify', '--json', '--journal', engine.file]);
    expect([exit, (JSON.parse(stdout) as { entries: number }).entries > 8]).to.deep.equal([0, true]);
  });

  it('a signal ends it in good order: no socket is left, and the journal is free', async () => {
    expect(await engine.stop()).to.equal(0);
    expect(existsSync(`${engine.file}.sock`)).to.equal(false);
    expect((await journal('resume', ...ACCOUNT, ...REASON)).exit).to.be.oneOf([0, 2]);
  });
});
