import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { troubleOf } from '../../nodes/6-hisp/account-trouble.ts';
import { createSender, type Sender, type SenderTools } from '../../nodes/6-hisp/queue-sender.ts';
import type { Faults } from '../../nodes/6-hisp/simulator/faults.ts';
import { type Network, startNetwork } from '../../nodes/6-hisp/simulator/network.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { HispAccount, Transport, TransportOutcome } from '../../nodes/6-hisp/types.ts';
import { enveloped } from '../support/enveloped.ts';
import type { AccountRecord, Journal } from '../../nodes/journal/port.ts';
import { freshJournal, inState, plan, type Planned, queued, removeJournals, until } from './deliveries.ts';
import { account, PASSWORD, refusal, startServer, stopAll, USER } from './servers.ts';

const LARGE = enveloped('Message-ID: <large@direct.clinic.example>\r\n', 'QUJDREVGR0hJSktMTU5PUA==\r\n'.repeat(200_000));

describe('an account at fault', () => {
  let folder: string;
  let network: Network;
  let journal: Journal;
  const senders: Sender[] = [];
  const faults: unknown[] = [];

  const start = (change: Partial<HispAccount> = {}, tools: Partial<SenderTools> = {}): Sender => {
    const made = createSender(journal, {
      transportOf: smtpTransport, now: Date.now, random: Math.random, onFault: (fault) => faults.push(fault), ...tools,
    });
    senders.push(made);
    made.useAccount(account({ port: network.smtpPort, authorities: network.authorityPem, ...change }));
    return made;
  };
  const enqueue = async (to: string, change = {}): Promise<Planned> => {
    const planned = await plan(journal, to);
    await journal.enqueue(queued(planned, change));
    return planned;
  };
  const faulty = async (name = 'test'): Promise<AccountRecord | undefined> => (await journal.accounts()).find((record) => record.name === name && record.fault !== null);
  const several = async (count: number): Promise<Planned[]> => {
    const all = [];
    for (let index = 0; index < count; index += 1) all.push(await enqueue(`dr.p${index}@silent.sim.example`));
    return all;
  };

  before(async () => { folder = await mkdtemp(join(tmpdir(), 'direct-fault-')); });
  beforeEach(async () => {
    network = await startNetwork({ folder, user: USER, password: PASSWORD });
    ({ journal } = await freshJournal());
  });
  afterEach(async () => {
    await Promise.all(senders.splice(0).map((made) => made.stop(500)));
    await network.stop();
    await stopAll();
    await removeJournals();
    expect(faults.splice(0)).to.deep.equal([]);
  });
  after(async () => { await rm(folder, { recursive: true, force: true }); });

  const CASES: [string, Partial<Faults>, Partial<Faults>][] = [
    ['HISP_LOGIN', { login: 'refuse' }, { login: 'ok' }],
    ['HISP_TLS', { tls: 'untrusted' }, { tls: 'ok' }],
    ['HISP_UNREACHABLE', { listening: false }, { listening: true }],
  ];
  for (const [code, wrong, right] of CASES) {
    it(`(${code}) stops its queue, opens one incident, is probed until it works, and costs no attempt`, async () => {
      await network.faults(wrong);
      const all = await several(5);
      // With one attempt allowed, a single one that counted would be the end.
      const made = start({ maxAttempts: 1, connections: 3 });
      await until(async () => ((await faulty())?.fault?.probes ?? 0) >= 2);
      const [incident, ...more] = await journal.incidents();
      expect(more).to.deep.equal([]);
      expect(incident).to.deep.include({ account: 'test', code, resolvedAt: null });
      for (const { deliveryId } of all) expect((await journal.delivery(deliveryId))!.state).to.equal('QUEUED');
      const tried = (await Promise.all(all.map(({ deliveryId }) => journal.delivery(deliveryId)))).map((record) => record!.attempts.length);
      expect(tried.filter((attempts) => attempts > 0).length).to.be.within(1, 3);
      await network.faults(right);
      for (const { deliveryId } of all) await inState(journal, deliveryId, 'SENT');
      expect((await journal.incidents())[0]!.resolvedAt).to.be.a('number');
      expect(await faulty()).to.equal(undefined);
      made.wake();
      expect(network.count()).to.equal(5);
    });
  }

  it('costs no age: the time in between does not count', async () => {
    await network.faults({ listening: false });
    const planned = await enqueue('dr.lee@later.sim.example');
    start({ maxAgeMs: 1200, maxAttempts: 9 });
    await until(async () => ((await faulty())?.fault?.probes ?? 0) >= 1);
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    await network.faults({ listening: true });
    // Put off once: an age that had run on would end it there.
    const record = await inState(journal, planned.deliveryId, 'SENT');
    expect(record.attempts.map(({ code }) => code)).to.deep.equal(['HISP_UNREACHABLE', 'HISP_DEFERRED', null]);
  });

  it('is probed with growing pauses, not in a circle', async () => {
    await network.faults({ login: 'refuse' });
    await enqueue('dr.lee@silent.sim.example');
    let probes = 0;
    start({ probeFirstMs: 100, probeMaxMs: 400 }, {
      random: () => 0,
      transportOf: (given) => {
        const made = smtpTransport(given);
        return { ...made, probe: async () => { probes += 1; return await made.probe(); } };
      },
    });
    await until(async () => await faulty());
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    // At 50, 150, 350, 550 ms and so on, each a little later.
    expect(probes).to.be.within(3, 8);
  });

  it('holds up no other account', async () => {
    const second = await startServer();
    const [stuck, free] = [await enqueue('dr.lee@silent.sim.example'), await enqueue('dr.poe@direct.lakeside.example', { account: 'other' })];
    await network.faults({ listening: false });
    start().useAccount(account({ name: 'other', port: second.port }));
    await inState(journal, free.deliveryId, 'SENT');
    await until(async () => await faulty());
    expect((await journal.delivery(stuck.deliveryId))!.state).to.equal('QUEUED');
    expect(await faulty('other')).to.equal(undefined);
  });

  it('is one whose sender may not send; the probe asks for that too', async () => {
    let allowed = false;
    const { port } = await startServer({
      onMailFrom: (_address, _session, callback) => callback(allowed ? undefined : refusal(550, '5.7.1 not yours')),
    });
    const planned = await enqueue('dr.lee@direct.lakeside.example');
    start({ port, name: 'test', authorities: account().authorities!, maxAttempts: 1 });
    await until(async () => ((await faulty())?.fault?.probes ?? 0) >= 1);
    expect((await faulty())!.fault!.code).to.equal('HISP_SENDER');
    allowed = true;
    await inState(journal, planned.deliveryId, 'SENT');
  });

  it('is not one that sends for many, when one of them may not: that one\'s mail waits for a person', async () => {
    const { port } = await startServer({
      onMailFrom: ({ address }, _session, callback) => callback(address.startsWith('wrong') ? refusal(550, '5.7.1 not yours') : undefined),
    });
    const [held, free] = [
      await enqueue('dr.lee@direct.lakeside.example', { from: 'wrong@direct.clinic.example' }), await enqueue('dr.poe@direct.lakeside.example'),
    ];
    start({ port, authorities: account().authorities!, anyFrom: true });
    expect(await inState(journal, held.deliveryId, 'HELD')).to.deep.include({ code: 'HISP_SENDER' });
    await inState(journal, free.deliveryId, 'SENT');
    expect(await journal.incidents()).to.deep.equal([]);
  });

  it('is left in peace while a person has paused it, and goes on when resumed', async () => {
    await journal.act({ kind: 'pause', account: 'test', actor: 'test', reason: 'maintenance' });
    const planned = await enqueue('dr.lee@silent.sim.example');
    const made = start();
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect((await journal.delivery(planned.deliveryId))!.state).to.equal('QUEUED');
    await journal.act({ kind: 'resume', account: 'test', actor: 'test', reason: 'over' });
    made.wake();
    await inState(journal, planned.deliveryId, 'SENT');
  });

  it('tells who watches when it is found at fault and when it works again', async () => {
    await network.faults({ login: 'refuse' });
    await enqueue('dr.lee@silent.sim.example');
    const seen: (string | null)[] = [];
    const made = start();
    made.watch(() => { void journal.accounts().then((records) => { seen.push(troubleOf(records, ['test'], 'test')?.code ?? null); }); });
    await until(async () => seen.includes('HISP_LOGIN'));
    await network.faults({ login: 'ok' });
    await until(async () => seen.at(-1) === null);
  });

  describe('or a mail that breaks the line', () => {
    it('each time, large: is given up after its attempts and stops nobody', async () => {
      const poison = await enqueue('dr.lee@poison.sim.example', { raw: LARGE });
      const others = await several(3);
      start({ maxAttempts: 3, retryFirstMs: 20, retryMaxMs: 40 });
      const record = await inState(journal, poison.deliveryId, 'DEAD');
      expect(record).to.deep.include({ code: 'ATTEMPTS_EXHAUSTED' });
      expect(record.attempts.map(({ code }) => code)).to.deep.equal(Array(3).fill('HISP_UNREACHABLE'));
      for (const { deliveryId } of others) await inState(journal, deliveryId, 'SENT');
      expect(await journal.incidents()).to.deep.equal([]);
    });

    it('each time, small enough to be handed over whole: the HISP may have it, and its attempts end too', async () => {
      const poison = await enqueue('dr.lee@poison.sim.example');
      start({ maxAttempts: 2, retryFirstMs: 20, retryMaxMs: 40 });
      const record = await inState(journal, poison.deliveryId, 'DEAD');
      expect(record.attempts.map(({ code }) => code)).to.deep.equal(['HISP_UNKNOWN', 'HISP_UNKNOWN']);
      expect(await journal.incidents()).to.deep.equal([]);
    });

    it('once: goes again at once, at no cost and without an incident', async () => {
      let broken = 0;
      const planned = await enqueue('dr.lee@silent.sim.example', { raw: LARGE });
      const cut: TransportOutcome = { kind: 'doubtful', code: 'HISP_UNREACHABLE', response: 'ECONNRESET', seen: true, whole: false };
      start({ maxAttempts: 1 }, {
        transportOf: (given) => {
          const made = smtpTransport(given);
          return { ...made, send: async (mail) => broken++ === 0 ? cut : await made.send(mail) };
        },
      });
      const record = await inState(journal, planned.deliveryId, 'SENT');
      expect(record.attempts).to.have.length(1);
      expect(await journal.incidents()).to.deep.equal([]);
    });

    it('and brings the HISP down with it: the others go through when it is up again, and the mail ends', async () => {
      let downUntil = 0;
      const up = (): boolean => Date.now() >= downUntil;
      const crashing = (): Transport => ({
        send: async ({ to }) => {
          if (!up()) return { kind: 'account', code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED', seen: false, whole: false };
          if (!to.startsWith('crash')) return { kind: 'accepted', response: '250 ok' };
          downUntil = Date.now() + 100;
          return { kind: 'doubtful', code: 'HISP_UNREACHABLE', response: 'ECONNRESET', seen: true, whole: false };
        },
        probe: async () => up() ? { ok: true } : { ok: false, code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED' },
        close: () => undefined,
      });
      const poison = await enqueue('crash@silent.sim.example');
      const others = await several(6);
      start({ connections: 1, maxAttempts: 3, retryFirstMs: 20, retryMaxMs: 40, probeFirstMs: 40, probeMaxMs: 80 }, { transportOf: crashing });
      const record = await inState(journal, poison.deliveryId, 'DEAD');
      expect(record).to.deep.include({ code: 'ATTEMPTS_EXHAUSTED' });
      for (const { deliveryId } of others) await inState(journal, deliveryId, 'SENT');
      expect(await faulty()).to.equal(undefined);
    });
  });
});

describe('which account\'s trouble a node shows', () => {
  const record = (name: string, change: Partial<AccountRecord> = {}): AccountRecord => ({ name, paused: null, fault: null, queued: 0, ...change });
  const fault = { since: 1, code: 'HISP_TLS', probes: 0, nextProbeAt: 2 };
  const paused = { at: 1, by: 'x', reason: 'y' };

  it('its own before others, faults before pauses, none that is not deployed', () => {
    const records = [record('a', { fault }), record('b', { paused }), record('c', { fault, paused }), record('gone', { fault })];
    expect(troubleOf(records, ['a', 'b', 'c'], 'b')).to.deep.equal({ name: 'b', code: null, more: 2 });
    expect(troubleOf(records, ['a', 'b', 'c'], undefined)).to.deep.equal({ name: 'a', code: 'HISP_TLS', more: 2 });
    expect(troubleOf(records, ['b'], undefined)).to.deep.equal({ name: 'b', code: null, more: 0 });
    expect(troubleOf([record('a'), record('gone', { fault })], ['a'], 'a')).to.equal(null);
  });
});
