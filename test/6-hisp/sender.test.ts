import { expect } from 'chai';
import { createAccountBook } from '../../nodes/6-hisp/account-book.ts';
import { createSender, type Sender, senderOf, type SenderTools, stopSenders } from '../../nodes/6-hisp/sender.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { Transport, TransportOutcome } from '../../nodes/6-hisp/types.ts';
import { deliveryNotice } from '../../nodes/6-hisp/notice.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { freshJournal, inState, plan, queued, removeJournals, states, until } from './deliveries.ts';
import { account, refusal, startServer, stopAll, type Taken } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';

describe('the sender', () => {
  const senders: Sender[] = [];
  const faults: unknown[] = [];
  const tools = (change: Partial<SenderTools> = {}): SenderTools =>
    ({ transportOf: smtpTransport, now: Date.now, random: Math.random, onFault: (fault) => faults.push(fault), ...change });
  const sender = (journal: Journal, change?: Partial<SenderTools>): Sender => {
    const made = createSender(journal, tools(change));
    senders.push(made);
    return made;
  };
  /** A transport whose outcomes are scripted; what it was given is kept. */
  const scripted = (outcomes: (TransportOutcome | Promise<TransportOutcome>)[], sent: { to: string; raw: Buffer }[] = []): (() => Transport) => () => ({
    send: async ({ to, raw }) => {
      sent.push({ to, raw: Buffer.from(raw) });
      return await (outcomes.shift() ?? { kind: 'accepted', response: '250 ok' });
    },
    close: () => undefined,
  });

  afterEach(async () => {
    await Promise.all(senders.splice(0).map((made) => made.stop(500)));
    await stopSenders(500);
    await stopAll();
    await removeJournals();
    faults.splice(0);
  });

  it('hands over what is queued the moment it is woken, with its exact bytes', async () => {
    const taken: Taken[] = [];
    const { port } = await startServer({}, taken);
    const { journal } = await freshJournal();
    const made = sender(journal);
    made.useAccount(account({ port }));
    const planned = await plan(journal, TO);
    const mail = queued(planned);
    await journal.enqueue(mail);
    made.wake();
    const record = await inState(journal, planned.deliveryId, 'SENT');
    expect(states(record)).to.deep.equal(['RESOLVING', 'QUEUED', 'SENDING', 'SENT']);
    expect(record.attempts).to.have.length(1);
    expect(record.attempts[0]!.response).to.equal('250 2.0.0 Ok: queued');
    expect(taken.map(({ raw }) => raw.equals(mail.raw))).to.deep.equal([true]);
    expect((await journal.unrated(10)).map(({ deliveryId }) => deliveryId)).to.deep.equal([planned.deliveryId]);
  });

  it('tries a temporary refusal again by itself with the same bytes, and charges once', async () => {
    const taken: Taken[] = [];
    let refusals = 2;
    const { port } = await startServer({
      onRcptTo: (_address, _session, callback) => refusals-- > 0 ? callback(refusal(451, '4.7.1 greylisted')) : callback(),
    }, taken);
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    sender(journal).useAccount(account({ port }));
    const record = await inState(journal, planned.deliveryId, 'SENT');
    expect(states(record)).to.deep.equal(['RESOLVING', 'QUEUED', 'SENDING', 'QUEUED', 'SENDING', 'QUEUED', 'SENDING', 'SENT']);
    expect(record.attempts.map(({ code }) => code)).to.deep.equal(['HISP_DEFERRED', 'HISP_DEFERRED', null]);
    expect(await journal.unrated(10)).to.have.length(1);
    expect(taken).to.have.length(1);
  });

  it('ends a delivery that is refused for good, without a fee', async () => {
    const { port } = await startServer({ onRcptTo: (_address, _session, callback) => callback(refusal(550, '5.1.1 No such mailbox')) });
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    sender(journal).useAccount(account({ port }));
    expect(await inState(journal, planned.deliveryId, 'FAILED')).to.deep.include({ code: 'HISP_REFUSED' });
    expect(await journal.unrated(10)).to.deep.equal([]);
  });

  it('gives up after the attempts allowed', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    const { port, stop } = await startServer();
    await stop();
    sender(journal).useAccount(account({ port, maxAttempts: 3, retryFirstMs: 10, retryMaxMs: 20 }));
    const record = await inState(journal, planned.deliveryId, 'DEAD');
    expect(record.code).to.equal('ATTEMPTS_EXHAUSTED');
    expect(record.attempts.map(({ code }) => code)).to.deep.equal(['HISP_UNREACHABLE', 'HISP_UNREACHABLE', 'HISP_UNREACHABLE']);
  });

  it('sends the same bytes again when the answer was lost; a notice proves acceptance and is charged once', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO, false);
    const mail = queued(planned);
    await journal.enqueue(mail);
    const sent: { to: string; raw: Buffer }[] = [];
    const lost: TransportOutcome = { kind: 'unknown', code: 'HISP_UNKNOWN', response: 'ECONNRESET' };
    sender(journal, { transportOf: scripted([lost, lost], sent) }).useAccount(account({ retryFirstMs: 60_000, retryMaxMs: 60_000 }));
    const waiting = await until(async () => {
      const record = await journal.delivery(planned.deliveryId);
      return record?.code === 'HISP_UNKNOWN' && record;
    });
    expect(waiting.state).to.equal('QUEUED');
    expect(waiting.nextAttemptAt! - Date.now()).to.be.within(25_000, 60_000);
    expect(await journal.unrated(10)).to.deep.equal([]);
    const { outcome } = await journal.applyNotice(deliveryNotice(
      { kind: 'mdn', originalMessageId: mail.messageId.slice(1, -1), recipient: TO, event: 'processed', detail: 'processed' }, Buffer.from('x')));
    expect(outcome).to.equal('applied');
    expect((await journal.delivery(planned.deliveryId))!.state).to.equal('PROCESSED');
    expect(await journal.unrated(10)).to.have.length(1);
    expect(sent).to.have.length(1);
  });

  it('resends after a lost answer with the same bytes when nobody proves anything', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    const sent: { to: string; raw: Buffer }[] = [];
    sender(journal, { transportOf: scripted([{ kind: 'unknown', code: 'HISP_UNKNOWN', response: 'lost' }], sent) }).useAccount(account());
    await inState(journal, planned.deliveryId, 'SENT');
    expect(sent).to.have.length(2);
    expect(sent[0]!.raw.equals(sent[1]!.raw)).to.equal(true);
    expect(await journal.unrated(10)).to.have.length(1);
  });

  it('goes on after a restart with what was queued and with what was being sent', async () => {
    const { journal, again } = await freshJournal();
    const [waiting, torn] = [await plan(journal, TO), await plan(journal, 'dr.poe@direct.lakeside.example')];
    await journal.enqueue(queued(torn));
    expect(await journal.claimDue(['test'], 1)).to.have.length(1);
    await journal.enqueue(queued(waiting));
    const reopened = await again();
    const taken: Taken[] = [];
    const { port } = await startServer({}, taken);
    sender(reopened).useAccount(account({ port }));
    await inState(reopened, waiting.deliveryId, 'SENT');
    const record = await inState(reopened, torn.deliveryId, 'SENT');
    expect(record.attempts.map(({ code }) => code)).to.deep.equal(['HISP_UNKNOWN', null]);
    expect(taken).to.have.length(2);
  });

  it('settles deadlines by the clock, also when no account is deployed', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned, { deadlineMs: 300 }));
    const made = sender(journal, { transportOf: scripted([]) });
    const release = made.useAccount(account());
    await inState(journal, planned.deliveryId, 'SENT');
    release();
    expect(await inState(journal, planned.deliveryId, 'UNCONFIRMED', 3000)).to.deep.include({ code: 'NO_PROCESSED' });
  });

  it('never has more under way than the account has connections', async () => {
    const { journal } = await freshJournal();
    let [now, most] = [0, 0];
    const slow: () => Transport = () => ({
      send: async () => {
        most = Math.max(most, now += 1);
        await new Promise((resolve) => { setTimeout(resolve, 20); });
        now -= 1;
        return { kind: 'accepted', response: '250' };
      },
      close: () => undefined,
    });
    const all = await Promise.all(Array.from({ length: 12 }, (_, index) => plan(journal, `p${index}@direct.lakeside.example`)));
    for (const planned of all) await journal.enqueue(queued(planned));
    sender(journal, { transportOf: slow }).useAccount(account({ connections: 3 }));
    for (const { deliveryId } of all) await inState(journal, deliveryId, 'SENT');
    expect(most).to.equal(3);
  });

  it('keeps what it learnt through a fault of the journal, and tells of the fault', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    let broken = 2;
    const failing: Journal = {
      ...journal,
      settleAttempt: async (...parameters) => {
        if (broken-- > 0) throw new Error('disk full');
        return await journal.settleAttempt(...parameters);
      },
    };
    const sent: { to: string; raw: Buffer }[] = [];
    sender(failing, { transportOf: scripted([], sent), random: () => 0 }).useAccount(account());
    await inState(journal, planned.deliveryId, 'SENT');
    expect(sent).to.have.length(1);
    expect(faults).to.have.length(2);
  });

  it('goes on by itself after the journal could not be asked', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    let broken = 1;
    const failing: Journal = {
      ...journal,
      claimDue: async (...parameters) => {
        if (broken-- > 0) throw new Error('busy');
        return await journal.claimDue(...parameters);
      },
    };
    sender(failing, { transportOf: scripted([]), random: () => 0 }).useAccount(account());
    await inState(journal, planned.deliveryId, 'SENT');
    expect(faults).to.have.length(1);
  });

  it('finishes what is under way when it stops, and claims nothing more', async () => {
    const { journal } = await freshJournal();
    const [first, second] = [await plan(journal, TO), await plan(journal, 'dr.poe@direct.lakeside.example')];
    for (const planned of [first, second]) await journal.enqueue(queued(planned));
    let answer: (outcome: TransportOutcome) => void = () => undefined;
    const made = sender(journal, { transportOf: scripted([new Promise<TransportOutcome>((resolve) => { answer = resolve; })]) });
    made.useAccount(account({ connections: 1 }));
    await inState(journal, first.deliveryId, 'SENDING');
    const stopping = made.stop(5000);
    answer({ kind: 'accepted', response: '250' });
    await stopping;
    expect((await journal.delivery(first.deliveryId))!.state).to.equal('SENT');
    expect((await journal.delivery(second.deliveryId))!.state).to.equal('QUEUED');
  });

  it('does not wait longer than its limit when it stops', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    const made = sender(journal, { transportOf: scripted([new Promise<TransportOutcome>(() => undefined)]) });
    made.useAccount(account());
    await inState(journal, planned.deliveryId, 'SENDING');
    const started = Date.now();
    await made.stop(100);
    expect(Date.now() - started).to.be.below(1000);
  });

  it('is one per journal, follows the accounts that are deployed, and wakes when something is enqueued', async () => {
    const taken: Taken[] = [];
    const { port } = await startServer({}, taken);
    const { journal } = await freshJournal();
    const book = createAccountBook();
    const made = senderOf(journal, (fault) => faults.push(fault), book);
    expect(senderOf(journal, () => undefined, book)).to.equal(made);
    const [early, late] = [await plan(journal, TO), await plan(journal, 'dr.poe@direct.lakeside.example')];
    await journal.enqueue(queued(early));
    const remove = book.deploy(account({ port: 1 }));
    await until(async () => (await journal.delivery(early.deliveryId))!.attempts.some(({ code }) => code === 'HISP_UNREACHABLE'));
    // A redeploy: the old account goes, the corrected one comes.
    remove();
    book.deploy(account({ port }));
    await inState(journal, early.deliveryId, 'SENT');
    await journal.enqueue(queued(late));
    await inState(journal, late.deliveryId, 'SENT', 2000);
    expect(taken).to.have.length(2);
    expect(faults).to.deep.equal([]);
  });

  it('asks the journal a few times only while nothing is due', async () => {
    const { journal } = await freshJournal();
    let asked = 0;
    const counted: Journal = { ...journal, nextWake: async (...parameters) => { asked += 1; return await journal.nextWake(...parameters); } };
    sender(counted, { transportOf: scripted([]) }).useAccount(account());
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect(asked).to.be.within(1, 2);
  });
});
