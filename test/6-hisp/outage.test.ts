import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createSender, type Sender, type SenderTools } from '../../nodes/6-hisp/queue-sender.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { Transport } from '../../nodes/6-hisp/types.ts';
import { closeJournals } from '../../nodes/journal/open.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { freshJournal, inState, plan, queued, removeJournals, until } from './deliveries.ts';
import { account, authority, PASSWORD, refusal, startServer, stopAll, type Taken, USER } from './servers.ts';

const HOUR = 3_600_000;
const TO = 'dr.lee@direct.lakeside.example';

describe('the sender in bad times', () => {
  const senders: Sender[] = [];
  const faults: unknown[] = [];
  const start = (journal: Journal, change: Partial<SenderTools> = {}): Sender => {
    const made = createSender(journal, { transportOf: smtpTransport, now: Date.now, random: Math.random, onFault: (fault) => faults.push(fault), ...change });
    senders.push(made);
    return made;
  };

  const realNow = Date.now;
  let jump = 0;
  /** As if the system's clock were set; what ticks goes on. */
  const setClock = (): void => { Date.now = () => realNow() + jump; };

  afterEach(async () => {
    await Promise.all(senders.splice(0).map((made) => made.stop(500)));
    await stopAll();
    await removeJournals();
    faults.splice(0);
    Date.now = realNow;
    jump = 0;
  });

  it('asks a journal that cannot be reached less and less often, forgets nothing that it learnt, and goes on when it is back', async () => {
    const { journal } = await freshJournal();
    const [sending, waiting] = [await plan(journal, TO), await plan(journal, 'dr.poe@direct.lakeside.example')];
    await journal.enqueue(queued(sending));
    let [reachable, calls] = [true, 0];
    const shaky = new Proxy(journal, {
      get: (target, name) => {
        const method = target[name as keyof Journal] as (...parameters: unknown[]) => unknown;
        if (typeof method !== 'function' || name === 'subscribeWork') return method;
        return async (...parameters: unknown[]) => {
          if (reachable) return await method(...parameters);
          calls += 1;
          throw new Error('unreachable');
        };
      },
    });
    let answer = (): void => undefined;
    const transport = (): Transport => ({
      send: async ({ to }) => {
        if (to === TO) await new Promise<void>((resolve) => { answer = resolve; });
        return { kind: 'accepted', response: '250 ok' };
      },
      probe: async () => ({ ok: true }),
      close: () => undefined,
    });
    const made = start(shaky, { transportOf: transport, random: () => 0 });
    made.useAccount(account());
    await inState(journal, sending.deliveryId, 'SENDING');
    reachable = false;
    await journal.enqueue(queued(waiting));
    answer();
    made.wake();
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
    expect(calls).to.be.within(2, 20);
    expect(faults.length).to.be.at.least(2);
    reachable = true;
    await inState(journal, sending.deliveryId, 'SENT');
    await inState(journal, waiting.deliveryId, 'SENT');
    expect(await journal.unrated(10)).to.have.length(2);
  });

  it('goes on when the clock is set forth and back by an hour, without a storm of attempts', async () => {
    setClock();
    const { journal } = await freshJournal();
    let refusals = Infinity;
    let rounds = 0;
    const { port } = await startServer({
      onRcptTo: ({ address }, _session, callback) => address.startsWith('later') && refusals-- > 0 ? callback(refusal(451, '4.7.1 later')) : callback(),
    });
    const counted: Journal = { ...journal, nextWake: async (...parameters) => { rounds += 1; return await journal.nextWake(...parameters); } };
    const made = start(counted, { now: () => Date.now() });
    made.useAccount(account({ port, retryFirstMs: 300, retryMaxMs: 300, maxAttempts: 1000, maxAgeMs: 100 * HOUR }));
    const send = async (to: string): Promise<string> => {
      const planned = await plan(journal, to);
      await journal.enqueue(queued(planned));
      made.wake();
      return planned.deliveryId;
    };
    const stubborn = await send('later@direct.lakeside.example');
    const attempts = async (): Promise<number> => (await journal.delivery(stubborn))!.attempts.length;
    await until(async () => await attempts() > 1);
    for (const change of [HOUR, -HOUR, -HOUR, HOUR]) {
      jump += change;
      const [before, roundsBefore, since] = [await attempts(), rounds, performance.now()];
      await inState(journal, await send(`x${jump}@direct.lakeside.example`), 'SENT');
      await until(async () => await attempts() > before, 15_000);
      const seconds = (performance.now() - since) / 1000 + 1;
      // Pauses of 150 to 300 ms, and some rounds for each attempt.
      expect(await attempts() - before, `attempts after ${change}`).to.be.below(8 * seconds + 2);
      expect(rounds - roundsBefore, `rounds after ${change}`).to.be.below(60 * seconds);
    }
    refusals = 0;
    await inState(journal, stubborn, 'SENT');
  }).timeout(90_000);

  it('neither expires a deadline early nor late because the clock was set', async () => {
    setClock();
    const { journal } = await freshJournal();
    const { port } = await startServer();
    const made = start(journal, { now: () => Date.now() });
    made.useAccount(account({ port }));
    for (const change of [HOUR, -HOUR, -HOUR]) {
      const planned = await plan(journal, `x${jump}.${change}@direct.lakeside.example`);
      await journal.enqueue(queued(planned, { deadlineMs: 3000 }));
      made.wake();
      await inState(journal, planned.deliveryId, 'SENT');
      const since = performance.now();
      jump += change;
      made.wake();
      await new Promise((resolve) => { setTimeout(resolve, 300); });
      expect((await journal.delivery(planned.deliveryId))!.state).to.equal('SENT');
      await inState(journal, planned.deliveryId, 'UNCONFIRMED');
      expect(performance.now() - since).to.be.above(1500);
    }
  }).timeout(40_000);

  it('counts pauses in the journal\'s time, which is not always this machine\'s', async () => {
    // As with a database on another machine: its clock is an hour ahead of ours.
    const { journal } = await freshJournal(() => Date.now() + HOUR);
    const { port } = await startServer({ onRcptTo: (_address, _session, callback) => callback(refusal(451, '4.7.1 later')) });
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    start(journal).useAccount(account({ port, retryFirstMs: 60_000, retryMaxMs: 60_000 }));
    const record = await until(async () => {
      const read = await journal.delivery(planned.deliveryId);
      return read?.state === 'QUEUED' && read.attempts.length > 0 && read;
    });
    expect(record.nextAttemptAt! - record.attempts[0]!.at).to.be.within(30_000, 70_000);
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    expect((await journal.delivery(planned.deliveryId))!.attempts).to.have.length(1);
  });

  it('at SIGTERM claims nothing more, finishes what is under way, and then the process ends', async () => {
    const taken: Taken[] = [];
    let received = (): void => undefined;
    const arrived = new Promise<void>((resolve) => { received = resolve; });
    let answer = (): void => undefined;
    const { port } = await startServer({
      onData: (stream, session, callback) => {
        void stream.toArray().then((chunks) => {
          taken.push({ from: '', to: session.envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks as Buffer[]) });
          answer = () => callback(null, '2.0.0 Ok: queued');
          received();
        });
      },
    }, taken);
    const { journal, again, folder } = await freshJournal();
    const [first, second] = [await plan(journal, TO), await plan(journal, 'dr.poe@direct.lakeside.example')];
    for (const planned of [first, second]) await journal.enqueue(queued(planned));
    // The other process is to have the file to itself.
    await closeJournals();
    const url = (path: string): string => JSON.stringify(new URL(`../../nodes/${path}`, import.meta.url).href);
    const child = spawn(process.execPath, ['--input-type=module', '-e', `
      import { accountBook } from ${url('6-hisp/account-book.ts')};
      import { senderOf } from ${url('6-hisp/sender.ts')};
      import { openJournal } from ${url('journal/open.ts')};
      const journal = await openJournal(process.env.JOURNAL);
      accountBook.deploy(JSON.parse(process.env.ACCOUNT));
      senderOf(journal, (fault) => { console.error(fault); });
      setInterval(() => undefined, 1000);
    `], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, JOURNAL: join(folder, 'journal.sqlite'), ACCOUNT: JSON.stringify(account({ port, connections: 1, authorities: authority.pem, user: USER, password: PASSWORD })) },
    });
    const ended = new Promise<string | number | null>((resolve) => { child.once('exit', (code, signal) => { resolve(signal ?? code); }); });
    await arrived;
    child.kill('SIGTERM');
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect(child.exitCode).to.equal(null);
    answer();
    expect(await ended).to.equal('SIGTERM');
    const reopened = await again();
    expect((await reopened.delivery(first.deliveryId))!.state).to.equal('SENT');
    expect((await reopened.delivery(second.deliveryId))!.state).to.equal('QUEUED');
    expect((await reopened.delivery(second.deliveryId))!.attempts).to.deep.equal([]);
    expect(taken).to.have.length(1);
  });
});
