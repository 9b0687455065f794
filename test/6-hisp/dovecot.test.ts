import { expect } from 'chai';
import { ImapFlow } from 'imapflow';
import { MAILBOX_LIMITS } from '../../nodes/6-hisp/mailbox-session.ts';
import { type MailboxOptions, type MailboxSource, startMailbox } from '../../nodes/6-hisp/mailbox-source.ts';
import type { Reception } from '../../nodes/6-hisp/reception.ts';
import type { HispAccount } from '../../nodes/6-hisp/types.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { type Dovecot, HAS_DOVECOT, makeDovecot } from '../support/dovecot.ts';
import { enveloped } from '../support/enveloped.ts';
import { makeAuthority } from '../support/pki.ts';
import { freshJournal, inState, plan, type Planned, queued, removeJournals, until } from './deliveries.ts';
import { ACCOUNT, codeOf, dsn, mdn } from './mailbox-scene.ts';
import { account, authority, PASSWORD, serverCertificate, USER } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';

interface Reader { source: MailboxSource; receptions: Reception[]; told: (string | null)[] }

describe('the mailbox of an account on a real dovecot', () => {
  if (!HAS_DOVECOT) {
    it('is not tested here, because dovecot is absent (.ci/run installs it)', function () { this.skip(); });
    return;
  }

  let server: Dovecot;
  let journal: Journal;
  const sources: MailboxSource[] = [];

  before(async () => {
    server = await makeDovecot(serverCertificate, PASSWORD);
    await server.start();
  });
  beforeEach(async () => { ({ journal } = await freshJournal()); });
  afterEach(async () => {
    await Promise.all(sources.splice(0).map(async (source) => { await source.stop(true); }));
    await removeJournals();
  });
  after(async () => { await server?.remove(); });

  const place = (security: 'implicit' | 'starttls' = 'implicit', change: Partial<HispAccount> = {}): HispAccount =>
    account({ name: ACCOUNT, sealing: 'hisp', imap: { host: '127.0.0.1', port: server.ports[security], security }, ...change });

  const read = (change: Partial<MailboxOptions> = {}): Reader => {
    const [receptions, told]: [Reception[], (string | null)[]] = [[], []];
    const source = startMailbox({
      account: place(), journal, source: 'reader', onReception: (reception) => { receptions.push(reception); },
      onFault: (fault) => { told.push(codeOf(fault)); }, tell: (fault) => { told.push(fault === null ? null : codeOf(fault)); },
      pauses: { fault: { first: 50, max: 200 }, login: { first: 50, max: 200 } }, ...change,
    });
    sources.push(source);
    return { source, receptions, told };
  };
  const reading = async ({ told }: Reader): Promise<void> => { await until(async () => told.at(-1) === null); };

  const sent = async (finalDelivery = false): Promise<Planned> => {
    const planned = await plan(journal, TO, finalDelivery);
    await journal.enqueue(queued(planned, { account: ACCOUNT }));
    const [claim] = await journal.claimDue([ACCOUNT], 1);
    await journal.settleAttempt(planned.deliveryId, claim!.attempt, { kind: 'accepted', response: '250 ok' });
    return planned;
  };

  /** What another mail program sees: the flags of each mail, in order. */
  const flags = async (): Promise<string[][]> => {
    const { host, port } = place().imap;
    const client = new ImapFlow({ host, port, secure: true, servername: 'localhost', tls: { ca: [authority.pem] }, auth: { user: USER, pass: PASSWORD }, logger: false });
    await client.connect();
    try {
      await client.mailboxOpen('INBOX', { readOnly: true });
      return (await client.fetchAll('1:*', { flags: true })).map((mail) => [...mail.flags!].filter((flag) => flag !== '\\Recent'));
    } finally {
      await client.logout();
    }
  };

  it('is read by TLS from the start: what was there, what comes while it waits; marked with a keyword, unread for people', async () => {
    const [one, two, three] = [await sent(), await sent(true), await sent()];
    server.deliver(mdn(one));
    const reader = read();
    await inState(journal, one.deliveryId, 'PROCESSED');
    await reading(reader);
    // Told of by IDLE: nobody asks for a minute.
    server.deliver(mdn(two));
    server.deliver(mdn(two, 'dispatched'));
    server.deliver(dsn(three));
    await inState(journal, two.deliveryId, 'DELIVERED');
    await inState(journal, three.deliveryId, 'FAILED');
    await until(async () => (await flags()).every((each) => each.join() === 'DirectCourier'));
    expect([(await flags()).length, reader.told]).to.deep.equal([4, [null]]);
  });

  it('what was taken is not taken again by the next reader', async () => {
    const before = (await flags()).length;
    const planned = await sent();
    server.deliver(mdn(planned));
    const reader = read();
    await inState(journal, planned.deliveryId, 'PROCESSED');
    await reading(reader);
    expect(before).to.be.greaterThan(0);
    expect(reader.receptions).to.have.length(1);
  });

  it('is read over STARTTLS, and keeps what is no notification', async () => {
    const planned = await sent();
    for (const mail of [Buffer.from('Subject: hello\r\n\r\nhello\r\n'), enveloped('From: a@b.example\r\n'), Buffer.alloc(3000, 200), mdn(planned)]) server.deliver(mail);
    const reader = read({ account: place('starttls') });
    await inState(journal, planned.deliveryId, 'PROCESSED');
    await until(async () => reader.receptions.length === 4);
    expect(reader.receptions.filter(({ kind }) => kind === 'other')).to.have.length(3);
  });

  it('of a huge mail only the beginning is fetched', async () => {
    const planned = await sent();
    server.deliver(Buffer.concat([dsn(planned), Buffer.from('QUJD\r\n'.repeat(200_000))]));
    const reader = read({ limits: { ...MAILBOX_LIMITS, largest: 100_000, beginning: 4000 } });
    await inState(journal, planned.deliveryId, 'FAILED');
    expect(reader.receptions.map(({ kind }) => kind)).to.deep.equal(['notification']);
  });

  it('a wrong password and a certificate that does not hold are coded', async () => {
    const login = read({ account: place('implicit', { password: 'wrong' }) });
    await until(async () => login.told.length > 0, 20_000);
    expect(login.told[0]).to.equal('MAILBOX_LOGIN');
    for (const security of ['implicit', 'starttls'] as const) {
      for (const change of [{ authorities: makeAuthority('Somebody else').pem }, { serverName: 'hisp.example' }]) {
        const reader = read({ account: place(security, change) });
        await until(async () => reader.told.length > 0);
        expect([security, reader.told[0]]).to.deep.equal([security, 'MAILBOX_TLS']);
      }
    }
  });

  it('a server that goes away and comes back: nothing is lost, nothing is taken twice', async function () {
    this.timeout(60_000);
    const reader = read();
    await reading(reader);
    await server.stop();
    const planned = await sent();
    server.deliver(mdn(planned));
    await until(async () => reader.told.at(-1) === 'MAILBOX_UNREACHABLE');
    await server.start();
    await inState(journal, planned.deliveryId, 'PROCESSED', 30_000);
    expect(reader.receptions).to.have.length(1);
  });
});
