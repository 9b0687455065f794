import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { type Faults, readFaults } from '../../nodes/6-hisp/simulator/faults.ts';
import { type Network, startNetwork } from '../../nodes/6-hisp/simulator/network.ts';
import { createNotifier } from '../../nodes/6-hisp/simulator/notifier.ts';
import type { MailRecord } from '../../nodes/6-hisp/simulator/record.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { HispAccount, Transport, TransportOutcome } from '../../nodes/6-hisp/types.ts';
import { account, PASSWORD, USER } from './servers.ts';
import { until } from './until.ts';

const RAW = Buffer.from('Message-ID: <m1@direct.clinic.example>\r\nSubject: Exam result\r\n\r\nbody\r\n');
const GOOD = 'dr.lee@good.lakeside.sim.example';
const freePort = async (): Promise<number> => {
  const probe = createServer();
  await new Promise<void>((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
  const { port } = probe.address() as { port: number };
  await new Promise<void>((resolve) => { probe.close(() => { resolve(); }); });
  return port;
};

describe('the simulated network\'s faults', () => {
  let folder: string;
  let network: Network;
  const records: MailRecord[] = [];
  const open: Transport[] = [];
  const over = (change: Partial<HispAccount> = {}): Transport => {
    const made = smtpTransport(account({ port: network.smtpPort, authorities: network.authorityPem, ...change }));
    open.push(made);
    return made;
  };
  const send = async (line: Transport, to = GOOD, raw = RAW): Promise<TransportOutcome> => await line.send({ from: USER, to, raw });
  const said = ({ kind, response }: TransportOutcome): string => `${kind} ${response.slice(0, 3)}`;

  before(async () => { folder = await mkdtemp(join(tmpdir(), 'direct-simulator-')); });
  beforeEach(async () => {
    network = await startNetwork({ folder, user: USER, password: PASSWORD, control: true, record: (mail) => { records.push(mail); } });
  });
  afterEach(async () => {
    for (const line of open.splice(0)) line.close(true);
    await network.stop();
    records.splice(0);
  });
  after(async () => { await rm(folder, { recursive: true, force: true }); });

  it('records each mail with its hash before its sender has the answer', async () => {
    expect(said(await send(over()))).to.equal('accepted 250');
    expect(records.map(({ at: _, ...rest }) => rest)).to.deep.equal([{
      messageId: 'm1@direct.clinic.example', from: USER, to: GOOD, sha256: createHash('sha256').update(RAW).digest('hex'), size: RAW.length, answer: '250',
    }]);
  });

  it('refuses log-ins until told otherwise, also from those who were connected', async () => {
    const line = over();
    await send(line);
    await network.faults({ login: 'refuse' });
    expect(await send(line)).to.deep.include({ code: 'HISP_LOGIN' });
    await network.faults({ login: 'ok' });
    expect(said(await send(line))).to.equal('accepted 250');
  });

  it('shows a certificate that nobody trusts, on the same port', async () => {
    const line = over();
    await network.faults({ tls: 'untrusted' });
    expect(await send(line)).to.deep.include({ code: 'HISP_TLS' });
    await network.faults({ tls: 'ok' });
    expect(said(await send(line))).to.equal('accepted 250');
  });

  it('stops listening and listens again on the same port', async () => {
    const line = over();
    await send(line);
    await network.faults({ listening: false });
    expect(await send(line)).to.deep.include({ code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED' });
    await network.faults({ listening: true });
    expect(said(await send(line))).to.equal('accepted 250');
  });

  it('puts off before and after DATA as often as asked', async () => {
    await network.faults({ laterTries: 2, greylistTries: 2 });
    for (const to of ['dr.lee@later.sim.example', 'dr.lee@greylist.sim.example']) {
      const answers = [];
      for (let tries = 0; tries < 3; tries += 1) answers.push(said(await send(over(), to)));
      expect(answers, to).to.deep.equal(to.includes('later') ? ['temporary 450', 'temporary 450', 'accepted 250'] : ['temporary 451', 'temporary 451', 'accepted 250']);
    }
  });

  it('takes a mail and drops the connection in place of the answer', async () => {
    const to = 'dr.lee@swallow.sim.example';
    expect(await send(over(), to)).to.deep.include({ kind: 'unknown', code: 'HISP_UNKNOWN' });
    expect(said(await send(over(), to))).to.equal('accepted 250');
    expect(records.map(({ answer }) => answer)).to.deep.equal(['none', '250']);
  });

  it('breaks the connection in the middle of a mail each time, and has not taken it', async () => {
    for (let tries = 0; tries < 2; tries += 1) expect((await send(over(), 'dr.lee@poison.sim.example')).kind).to.not.equal('accepted');
    expect(records).to.deep.equal([]);
  });

  it('takes its time over the answer, with the mail already recorded', async () => {
    await network.faults({ answerMs: 400 });
    const sending = send(over());
    await until(async () => records.length === 1);
    let answered = false;
    void sending.then(() => { answered = true; });
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(answered).to.equal(false);
    expect(said(await sending)).to.equal('accepted 250');
  });

  it('takes faults over HTTP only as JSON and only where it is allowed', async () => {
    const url = `http://127.0.0.1:${network.servicePort}/faults`;
    const post = async (body: string, type = 'application/json'): Promise<Response> => await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
    expect((await post('{"login":"refuse"}', 'text/plain')).status).to.equal(404);
    expect((await post('{"login":"maybe"}')).status).to.equal(400);
    expect((await post('[]')).status).to.equal(400);
    const answer = await post('{"login":"refuse","answerMs":5}');
    expect(await answer.json()).to.deep.include({ login: 'refuse', answerMs: 5, listening: true } satisfies Partial<Faults>);
    expect(await send(over())).to.deep.include({ code: 'HISP_LOGIN' });
    await network.stop();
    network = await startNetwork({ folder, user: USER, password: PASSWORD });
    expect((await fetch(`http://127.0.0.1:${network.servicePort}/faults`, { method: 'POST', body: '{}' })).status).to.equal(404);
  });

  it('knows a fault from nonsense', () => {
    expect(readFaults('{"listening":false,"swallowTries":0}')).to.deep.equal({ listening: false, swallowTries: 0 });
    for (const text of ['', 'null', '1', '{"answerMs":-1}', '{"answerMs":1.5}', '{"tls":"refuse"}', '{"__proto__x":1}', '{"constructor":1}']) {
      expect(readFaults(text), text).to.equal(null);
    }
  });
});

describe('the simulated network\'s notifier', () => {
  const listener = async (port: number, taken: string[], refusals = 0): Promise<{ stop: () => Promise<void> }> => {
    let refused = 0;
    const server = new SMTPServer({
      authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], closeTimeout: 100, logger: false,
      onData: (stream, _session, callback) => {
        void stream.toArray().then((chunks) => {
          if (refused++ < refusals) return callback(Object.assign(new Error('4.3.0 later'), { responseCode: 451 }));
          taken.push(Buffer.concat(chunks as Buffer[]).toString().trim());
          callback();
        });
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', () => { resolve(); }); });
    return { stop: async () => await new Promise<void>((resolve) => { server.close(() => { resolve(); }); }) };
  };

  it('keeps what nobody takes, and brings all of it in order when somebody listens or stops refusing', async () => {
    const port = await freePort();
    const notifier = createNotifier({ delayMs: 0, log: () => undefined });
    notifier.notifyTo(port);
    const letters = Array.from({ length: 12 }, (_, index) => notifier.send(USER, ['processed', 'dispatched'].map((word) => Buffer.from(`a: b\r\n\r\n${index} ${word}\r\n`))));
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    const taken: string[] = [];
    const server = await listener(port, taken, 3);
    await Promise.all(letters);
    await server.stop();
    await notifier.stop();
    const words = taken.map((text) => text.split('\r\n').at(-1)!);
    expect(words).to.have.length(24);
    for (let index = 0; index < 12; index += 1) {
      expect(words.filter((word) => word.startsWith(`${index} `)), String(index)).to.deep.equal([`${index} processed`, `${index} dispatched`]);
    }
  }).timeout(20_000);

  it('gives up at last, and at once when it stops', async () => {
    const log: string[] = [];
    const brief = createNotifier({ delayMs: 0, log: (line) => log.push(line), keepMs: 0 });
    brief.notifyTo(await freePort());
    await brief.send(USER, [Buffer.from('a: b\r\n\r\n')]);
    expect(log.at(-1)).to.equal('notification given up');
    const patient = createNotifier({ delayMs: 0, log: () => undefined });
    const waiting = patient.send(USER, [Buffer.from('a: b\r\n\r\n')]);
    await patient.stop();
    await waiting;
    await brief.stop();
  });
});

describe('the simulated network as a process', () => {
  it('takes its options, and has written each mail to its record when the answer comes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'direct-simulator-'));
    const main = new URL('../../nodes/6-hisp/simulator/main.ts', import.meta.url).href;
    const program = `import { runNetwork } from ${JSON.stringify(main)}; process.exitCode = await runNetwork(process.argv.slice(1));`;
    const [smtpPort, servicePort, imapPort] = [await freePort(), await freePort(), await freePort()];
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', '--folder', folder, '--smtp-port', String(smtpPort),
      '--service-port', String(servicePort), '--user', USER, '--record', join(folder, 'record.jsonl'), '--answer-ms', '5', '--control',
      '--edge-user', 'edge', '--imap-port', String(imapPort)],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SIMULATOR_PASSWORD: PASSWORD } });
    const ready = await new Promise<string>((resolve) => { child.stdout.once('data', (chunk: Buffer) => { resolve(chunk.toString()); }); });
    const { edgePassword, ...told } = JSON.parse(ready) as { edgePassword: string };
    expect(told).to.deep.equal({ smtpPort, servicePort, imapPort, certificateUrl: `http://127.0.0.1:${servicePort}/certificates/{address}` });
    expect(edgePassword).to.have.length(16);
    const line = smtpTransport(account({ port: smtpPort, authorities: await readFile(join(folder, 'ca.pem'), 'utf8') }));
    expect((await line.send({ from: USER, to: GOOD, raw: RAW })).kind).to.equal('accepted');
    const lines = (await readFile(join(folder, 'record.jsonl'), 'utf8')).trim().split('\n').map((text) => JSON.parse(text) as MailRecord);
    expect(lines.map(({ to, size, answer }) => [to, size, answer])).to.deep.equal([[GOOD, RAW.length, '250']]);
    line.close();
    const ended = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
    child.stdin.end();
    expect(await ended).to.equal(0);
    await rm(folder, { recursive: true, force: true });
  }).timeout(20_000);
});
