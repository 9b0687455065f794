import { expect } from 'chai';
import { createAccountBook } from '../../nodes/6-hisp/account-book.ts';
import { createSender, type Sender, type SenderTools } from '../../nodes/6-hisp/queue-sender.ts';
import { readAnswers } from '../../nodes/6-hisp/policy.ts';
import { senderOf, stopSenders } from '../../nodes/6-hisp/sender.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { Transport, TransportOutcome } from '../../nodes/6-hisp/types.ts';
import { deliveryNotice } from '../../nodes/6-hisp/notice.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { freshJournal, inState, plan, queued, removeJournals, states, until } from './deliveries.ts';
import { account, refusal, startServer, stopAll, type Taken } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';
const lost: TransportOutcome = { kind: 'unknown', code: 'HISP_UNKNOWN', response: 'ECONNRESET', seen: true, whole: true };

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
    probe: async () => ({ ok: true }),
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

  const putOff = (): ReturnType<typeof startServer> =>
    startServer({ onRcptTo: (_address, _session, callback) => callback(refusal(451, '4.7.1 greylisted')) });

  it('gives up after the attempts allowed', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    sender(journal).useAccount(account({ port: (await putOff()).port, maxAttempts: 3, retryFirstMs: 10, retryMaxMs: 20 }));
    const record = await inState(journal, planned.deliveryId, 'DEAD');
    expect(record.code).to.equal('ATTEMPTS_EXHAUSTED');
    expect(record.attempts.map(({ code }) => code)).to.deep.equal(['HISP_DEFERRED', 'HISP_DEFERRED', 'HISP_DEFERRED']);
    expect(record.attempts[0]!.response).to.equal('451 4.7.1 greylisted');
  });

  it('gives up when the age allowed is over, after a last try', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    sender(journal).useAccount(account({ port: (await putOff()).port, maxAgeMs: 600, retryFirstMs: 400, retryMaxMs: 60_000, maxAttempts: 99 }));
    const record = await inState(journal, planned.deliveryId, 'DEAD');
    expect(record.code).to.equal('AGE_EXCEEDED');
    const [first, last] = [record.attempts[0]!, record.attempts.at(-1)!];
    expect(last.at - first.at).to.be.within(500, 5000);
  });

  it('does what the account\'s table says: hold for a person, fail, try again, take as sent', async () => {
    const answers = readAnswers([
      { pattern: '4.2.1', answer: 'hold' }, { pattern: '4.7.*', answer: 'fail' }, { pattern: '550', answer: 'retry' }, { pattern: '5.6.0', answer: 'sent' },
    ]);
    let refusals = 1;
    const taken: Taken[] = [];
    const texts: Record<string, [number, string]> = { hold: [450, '4.2.1 busy'], fail: [451, '4.7.1 no'], again: [550, '5.1.1 not yet'], sent: [554, '5.6.0 had it'] };
    const named = (address: string): [number, string] => texts[address.slice(0, address.indexOf('@'))]!;
    const { port } = await startServer({
      onRcptTo: ({ address }, _session, callback) => {
        const [name] = address.split('@');
        const refused = name === 'hold' && refusals > 0 || name === 'fail' || name === 'again' && refusals > 0;
        callback(refused ? refusal(...named(address)) : undefined);
      },
      onData: (stream, session, callback) => {
        const { address } = session.envelope.rcptTo[0]!;
        void stream.toArray().then((chunks) => {
          taken.push({ from: '', to: [address], raw: Buffer.concat(chunks as Buffer[]) });
          if (address.startsWith('sent@')) callback(refusal(...named(address)));
          else callback();
        });
      },
    }, taken);
    const { journal } = await freshJournal();
    const [hold, fail, again, sent] = await Promise.all(['hold', 'fail', 'again', 'sent'].map((name) => plan(journal, `${name}@direct.lakeside.example`)));
    for (const planned of [hold!, fail!, again!, sent!]) await journal.enqueue(queued(planned));
    const made = sender(journal);
    made.useAccount(account({ port, answers }));
    expect(await inState(journal, hold!.deliveryId, 'HELD')).to.deep.include({ code: 'HISP_DEFERRED' });
    expect(await inState(journal, fail!.deliveryId, 'FAILED')).to.deep.include({ code: 'HISP_REFUSED' });
    expect(await inState(journal, sent!.deliveryId, 'SENT')).to.have.property('acceptedAt').that.is.a('number');
    await until(async () => (await journal.delivery(again!.deliveryId))!.attempts.length > 1);
    refusals = 0;
    await inState(journal, again!.deliveryId, 'SENT');
    await journal.act({ kind: 'release', deliveries: { ids: [hold!.deliveryId] }, actor: 'test', reason: 'the mailbox is free again' });
    made.wake();
    await inState(journal, hold!.deliveryId, 'SENT');
    expect((await journal.unrated(10)).map(({ deliveryId }) => deliveryId)).to.have.members([hold, again, sent].map((planned) => planned!.deliveryId));
  });

  it('holds a mail whose answer was lost where the account wants a person to decide; a notice still proves it', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO, false);
    const mail = queued(planned);
    await journal.enqueue(mail);
    sender(journal, { transportOf: scripted([lost]) }).useAccount(account({ unknown: 'hold' }));
    expect(await inState(journal, planned.deliveryId, 'HELD')).to.deep.include({ code: 'HISP_UNKNOWN' });
    await journal.applyNotice(deliveryNotice(
      { kind: 'mdn', originalMessageId: mail.messageId.slice(1, -1), recipient: TO, event: 'processed', detail: 'processed' }, Buffer.from('x')));
    await inState(journal, planned.deliveryId, 'PROCESSED');
  });

  it('an attempt that is settled twice, or late when another has overtaken it, changes nothing', async () => {
    const { journal, again } = await freshJournal();
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned));
    const [first] = await journal.claimDue(['test'], 1);
    const reopened = await again();
    const [second] = await reopened.claimDue(['test'], 1);
    expect([first!.attempt, second!.attempt]).to.deep.equal([1, 2]);
    expect(await reopened.settleAttempt(planned.deliveryId, 1, { kind: 'refused', code: 'HISP_REFUSED', response: 'late' })).to.equal(null);
    expect((await reopened.delivery(planned.deliveryId))!.state).to.equal('SENDING');
    await reopened.settleAttempt(planned.deliveryId, 2, { kind: 'accepted', response: '250' });
    for (const attempt of [1, 2]) {
      expect(await reopened.settleAttempt(planned.deliveryId, attempt, { kind: 'temporary', code: 'HISP_DEFERRED', response: 'again', retryAt: 0 })).to.equal(null);
      expect(await reopened.settleAttempt(planned.deliveryId, attempt, { kind: 'account', code: 'HISP_LOGIN', response: 'late', probeAt: 0 })).to.equal(null);
    }
    expect(states((await reopened.delivery(planned.deliveryId))!).at(-1)).to.equal('SENT');
    expect(await reopened.unrated(10)).to.have.length(1);
    expect((await reopened.accounts()).filter(({ fault }) => fault !== null)).to.deep.equal([]);
  });

  it('sends the same bytes again when the answer was lost; a notice proves acceptance and is charged once', async () => {
    const { journal } = await freshJournal();
    const planned = await plan(journal, TO, false);
    const mail = queued(planned);
    await journal.enqueue(mail);
    const sent: { to: string; raw: Buffer }[] = [];
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
    sender(journal, { transportOf: scripted([{ kind: 'unknown', code: 'HISP_UNKNOWN', response: 'lost', seen: true, whole: true }], sent) }).useAccount(account());
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
      probe: async () => ({ ok: true }),
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

  it('waits also for what is just being claimed when it stops, and settles nothing after its limit', async () => {
    const { journal } = await freshJournal();
    const [early, never] = [await plan(journal, TO), await plan(journal, 'dr.poe@direct.lakeside.example')];
    await journal.enqueue(queued(early));
    const slow: Journal = {
      ...journal,
      claimDue: async (...parameters) => {
        const claims = await journal.claimDue(...parameters);
        await new Promise((resolve) => { setTimeout(resolve, 200); });
        return claims;
      },
    };
    const made = sender(slow, { transportOf: scripted([]) });
    made.useAccount(account());
    await inState(journal, early.deliveryId, 'SENDING');
    await made.stop(5000);
    expect((await journal.delivery(early.deliveryId))!.state).to.equal('SENT');
    await journal.enqueue(queued(never));
    let answer: (outcome: TransportOutcome) => void = () => undefined;
    const cut = sender(journal, { transportOf: scripted([new Promise<TransportOutcome>((resolve) => { answer = resolve; })]) });
    cut.useAccount(account());
    await inState(journal, never.deliveryId, 'SENDING');
    await cut.stop(50);
    answer({ kind: 'refused', code: 'HISP_REFUSED', response: 'said when nobody asked any more', seen: false, whole: false });
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect((await journal.delivery(never.deliveryId))!.state).to.equal('SENDING');
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
    // The next probe is far off: it is the deploy that brings it about.
    const remove = book.deploy(account({ port: 1, probeFirstMs: 3_600_000, probeMaxMs: 3_600_000 }));
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
