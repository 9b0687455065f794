import { expect } from 'chai';
import { CourierError } from '../../nodes/errors.ts';
import { loadImap } from '../../nodes/6-hisp/imap-driver.ts';
import { deliveryNotice } from '../../nodes/6-hisp/notice.ts';
import { readNotification } from '../../nodes/6-hisp/notification-read.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { enveloped } from '../support/enveloped.ts';
import { makeAuthority } from '../support/pki.ts';
import { freshJournal, inState, plan, type Planned, queued, removeJournals, until } from './deliveries.ts';
import { ACCOUNT, dsn, mdn, QUICK, type Reader, type Scene, startScene } from './mailbox-scene.ts';
import { account, startScript, stopAll } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';
const TAKEN = 'DirectCourier';

describe('the mailbox of an account', () => {
  let scene: Scene;
  let journal: Journal;

  beforeEach(async () => { ({ journal } = await freshJournal()); });
  afterEach(async () => {
    await scene.end();
    await stopAll();
    await removeJournals();
  });

  /** A delivery that was accepted over an account. */
  const sent = async (over = ACCOUNT, finalDelivery = false): Promise<Planned> => {
    const planned = await plan(journal, TO, finalDelivery);
    await journal.enqueue(queued(planned, { account: over }));
    const [claim] = await journal.claimDue([over], 1);
    await journal.settleAttempt(planned.deliveryId, claim!.attempt, { kind: 'accepted', response: '250 ok' });
    return planned;
  };
  const append = (...mails: Buffer[]): void => { for (const mail of mails) scene.network.mailbox!.append(mail); };
  const flags = (): string[][] => scene.network.mailbox!.mails.map((mail) => [...mail.flags]);
  const reading = async (reader: Reader): Promise<void> => { await until(async () => reader.told.at(-1) === null); };
  const kept = async (): Promise<(string | null)[]> => (await journal.inputs()).filter(({ source }) => source === 'hisp-receive').map(({ code }) => code);
  const outcomes = ({ receptions }: Reader): unknown[] =>
    receptions.map((reception) => reception.kind === 'other' ? reception.opened.code ?? 'other' : reception.receipts.map(({ outcome }) => outcome).join());

  it('is read: what was there, and what comes later, each mail once and marked with a keyword of our own', async () => {
    scene = await startScene();
    const [one, two] = [await sent(), await sent(ACCOUNT, true)];
    append(mdn(one));
    const reader = scene.reader(journal);
    await inState(journal, one.deliveryId, 'PROCESSED');
    await reading(reader);
    append(mdn(two), mdn(two, 'dispatched'));
    await inState(journal, two.deliveryId, 'DELIVERED');
    await until(async () => flags().every((each) => each.length === 1));
    expect(flags()).to.deep.equal([[TAKEN], [TAKEN], [TAKEN]]);
    expect(outcomes(reader)).to.deep.equal(['applied', 'applied', 'applied']);
    expect([reader.told, reader.faults, await kept()]).to.deep.equal([[null], [], []]);
  });

  it('a plain bounce ends the delivery FAILED; the mailing system that reports need not be the recipient\'s', async () => {
    scene = await startScene();
    const planned = await sent();
    append(dsn(planned));
    scene.reader(journal);
    expect((await inState(journal, planned.deliveryId, 'FAILED')).code).to.equal('DSN_FAILED');
  });

  it('speaks only for deliveries that went over this account, and never in place of a signed notification', async () => {
    scene = await startScene();
    const other = await sent('another account');
    append(mdn(other), dsn(other));
    const reader = scene.reader(journal);
    await until(async () => reader.receptions.length === 2);
    expect(outcomes(reader)).to.deep.equal(['unmatched', 'unmatched']);
    expect((await journal.delivery(other.deliveryId))!.state).to.equal('SENT');
    const [plain] = readNotification(mdn(other));
    const signed = deliveryNotice(plain!, Buffer.from('signed'));
    expect((await journal.applyNotice(signed)).outcome, 'the same words, signed').to.equal('applied');
  });

  it('keeps what is no notification, garbage and sealed mail, says so, and takes the others', async () => {
    scene = await startScene();
    const planned = await sent();
    const deep = Buffer.from(`Content-Type: multipart/report; boundary=b\r\n\r\n${'--b\r\n'.repeat(3000)}`);
    append(Buffer.from('From: a@b.example\r\nSubject: hello\r\n\r\nhello, 123-45-6789\r\n'), enveloped('From: a@b.example\r\n'), Buffer.alloc(0), Buffer.alloc(5000, 255), deep, mdn(planned));
    const reader = scene.reader(journal);
    await inState(journal, planned.deliveryId, 'PROCESSED');
    await until(async () => reader.receptions.length === 6);
    expect(outcomes(reader)).to.deep.equal(['other', 'MAIL_SEALED', 'other', 'other', 'other', 'applied']);
    expect(await kept()).to.have.members(['NOT_A_NOTIFICATION', 'MAIL_SEALED', 'NOT_A_NOTIFICATION', 'NOT_A_NOTIFICATION', 'NOT_A_NOTIFICATION']);
    const [first] = (await journal.inputs()).filter(({ source }) => source === 'hisp-receive');
    expect(Buffer.from((await journal.rawInput(first!.id))!).toString()).to.include('hello').and.not.include('6789');
    expect(flags().flat()).to.have.length(6);
  });

  it('looks at the beginning of a huge mail only: a notification in it counts, the rest is kept with its code', async () => {
    scene = await startScene();
    const planned = await sent();
    const returned = 'QUJD\r\n'.repeat(40_000);
    const bounce = Buffer.concat([dsn(planned), Buffer.from(returned)]);
    append(Buffer.from(`From: a@b.example\r\n\r\n${returned}`), bounce);
    const reader = scene.reader(journal, { limits: { ...QUICK, largest: 100_000, beginning: 4000 } });
    await inState(journal, planned.deliveryId, 'FAILED');
    await until(async () => reader.receptions.length === 2);
    expect(outcomes(reader)).to.deep.equal(['NOTICE_TOO_LARGE', 'applied']);
    const [input] = (await journal.inputs()).filter(({ source }) => source === 'hisp-receive');
    expect(await journal.rawInput(input!.id)).to.have.length(4000);
  });

  it('without keywords what was read is marked as read, and without IDLE it is asked for', async () => {
    scene = await startScene({ edge: { user: account().user, password: account().password, keywords: false, idle: false } });
    const [one, two] = [await sent(), await sent()];
    append(mdn(one));
    const reader = scene.reader(journal, { limits: QUICK });
    await inState(journal, one.deliveryId, 'PROCESSED');
    await reading(reader);
    append(mdn(two));
    await inState(journal, two.deliveryId, 'PROCESSED');
    await until(async () => flags().every((each) => each.includes('\\Seen')));
    expect(reader.faults).to.deep.equal([]);
  });

  it('a server that hangs up in the middle of a mail: nothing is lost, nothing is taken twice', async () => {
    scene = await startScene({ faults: { mailboxCuts: 2 } });
    const all = [await sent(), await sent(), await sent()];
    append(...all.map((planned) => mdn(planned)));
    const reader = scene.reader(journal);
    for (const { deliveryId } of all) await inState(journal, deliveryId, 'PROCESSED');
    await until(async () => flags().flat().length === 3);
    expect(outcomes(reader)).to.deep.equal(['applied', 'applied', 'applied']);
    expect(reader.told).to.include('MAILBOX_UNREACHABLE');
  });

  it('a mail that breaks the connection each time is left behind with its code; the others are taken', async () => {
    scene = await startScene({ faults: { mailboxCuts: 3 } });
    append(Buffer.from('Subject: it breaks the line\r\n\r\n'));
    const reader = scene.reader(journal);
    await until(async () => reader.faults.length > 0);
    const planned = await sent();
    append(mdn(planned));
    await inState(journal, planned.deliveryId, 'PROCESSED');
    expect(reader.faults).to.deep.equal(['MAIL_UNREADABLE']);
    expect(flags()[0]).to.deep.equal([]);
  });

  it('while the journal stores nothing no mail is marked; then each is taken', async () => {
    scene = await startScene();
    const planned = await sent();
    append(mdn(planned));
    let down = true;
    const failing = { ...journal, applyNotice: async (notice: Parameters<Journal['applyNotice']>[0]) => {
      if (down) throw new CourierError('JOURNAL_FULL');
      return await journal.applyNotice(notice);
    } };
    const reader = scene.reader(failing);
    await until(async () => reader.told.includes('JOURNAL_FULL'));
    expect(flags()).to.deep.equal([[]]);
    down = false;
    await inState(journal, planned.deliveryId, 'PROCESSED');
    expect(reader.faults).to.deep.equal([]);
  });

  it('says with a code why it cannot be read, once, and reads when it can again', async () => {
    scene = await startScene();
    const reader = scene.reader(journal);
    await reading(reader);
    const trouble = async (fault: object, code: string, mended: object): Promise<void> => {
      await scene.network.faults(fault);
      await until(async () => reader.told.at(-1) === code);
      await scene.network.faults(mended);
      await reading(reader);
      const planned = await sent();
      append(mdn(planned));
      await inState(journal, planned.deliveryId, 'PROCESSED');
    };
    await trouble({ mailbox: false }, 'MAILBOX_UNREACHABLE', { mailbox: true });
    await trouble({ login: 'refuse' }, 'MAILBOX_LOGIN', { login: 'ok' });
    await trouble({ tls: 'untrusted' }, 'MAILBOX_TLS', { tls: 'ok' });
    expect(reader.told.filter((code) => code === 'MAILBOX_LOGIN' || code === 'MAILBOX_TLS')).to.have.length(2);
  });

  it('never gives the password to a server whose certificate does not hold, or that offers no TLS', async () => {
    scene = await startScene();
    const heard: string[] = [];
    const plain = await startScript((line) => {
      heard.push(line);
      const [tag, command] = line.split(' ');
      return `${command === 'CAPABILITY' ? '* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n' : ''}${tag} OK done\r\n`;
    }, { greeting: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n' });
    const places = [
      scene.account({ authorities: makeAuthority('Somebody else').pem }),
      scene.account({ serverName: 'hisp.example' }),
      scene.account({ imap: { host: '127.0.0.1', port: plain.port, security: 'starttls' } }),
      scene.account({ imap: { host: '127.0.0.1', port: plain.port, security: 'implicit' } }),
    ];
    for (const place of places) {
      const reader = scene.reader(journal, { account: place, source: `r${places.indexOf(place)}`, limits: QUICK });
      await until(async () => reader.told.length > 0);
      expect([places.indexOf(place), reader.told[0]]).to.deep.equal([places.indexOf(place), 'MAILBOX_TLS']);
      await reader.source.stop(true);
    }
    expect(heard.join('\n')).to.not.match(/AUTHENTICATE|LOGIN/);
  });

  it('a server that says nothing, nonsense, has no INBOX or one that cannot be marked: coded, and nobody falls over', async () => {
    scene = await startScene();
    const speaking = (inbox: string) => (line: string): string => {
      const [tag, command] = line.split(' ');
      return `${command === 'SELECT' ? inbox : command === 'LIST' ? '* LIST () "/" INBOX\r\n' : ''}${tag} ${inbox === '' && command === 'SELECT' ? 'NO none' : 'OK done'}\r\n`;
    };
    const greeting = '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n';
    const scripts: [string, string, (line: string) => string | undefined][] = [
      ['MAILBOX_UNREACHABLE', '', () => undefined],
      ['MAILBOX_UNREACHABLE', 'HTTP/1.1 400 Bad Request\r\n\r\n', () => '* ((((\r\n'],
      ['MAILBOX_MISSING', greeting, speaking('')],
      ['MAILBOX_MISSING', greeting, speaking('* 0 EXISTS\r\n* OK [PERMANENTFLAGS ()] none\r\n')],
    ];
    for (const [code, first, answer] of scripts) {
      const { port } = await startScript(answer, { greeting: first, secure: true });
      const place = account({ name: ACCOUNT, sealing: 'hisp', imap: { host: '127.0.0.1', port, security: 'implicit' } });
      const reader = scene.reader(journal, { account: place, limits: QUICK });
      await until(async () => reader.told.length > 0);
      expect(reader.told[0]).to.equal(code);
      await reader.source.stop(true);
    }
  });

  it('deadlines stand still while it cannot be reached, also when it never was', async () => {
    scene = await startScene({ faults: { mailbox: false } });
    const signs: string[] = [];
    const watched = {
      ...journal,
      sourceUp: async (...call: Parameters<Journal['sourceUp']>) => { signs.push(`up ${call[2]}`); await journal.sourceUp(...call); },
      sourceDown: async (...call: Parameters<Journal['sourceDown']>) => { signs.push(`down ${call[1]}`); await journal.sourceDown(...call); },
    };
    const planned = await plan(journal, TO);
    await journal.enqueue(queued(planned, { account: ACCOUNT, deadlineMs: 300 }));
    const reader = scene.reader(watched);
    // The beat may have said so before the source was known at all.
    await until(async () => signs.slice(signs.indexOf(`up ${ACCOUNT}`)).some((sign) => sign.startsWith('down')) && signs.includes(`up ${ACCOUNT}`));
    const [claim] = await journal.claimDue([ACCOUNT], 1);
    await journal.settleAttempt(planned.deliveryId, claim!.attempt, { kind: 'accepted', response: '250 ok' });
    await new Promise((resolve) => { setTimeout(resolve, 600); });
    expect(await journal.expireDeadlines()).to.deep.equal([]);
    await scene.network.faults({ mailbox: true });
    await reading(reader);
    await until(async () => (await journal.expireDeadlines()).length === 1);
    expect((await journal.delivery(planned.deliveryId))!.code).to.equal('NO_PROCESSED');
    await reader.source.stop(true);
    expect(signs.at(-1)).to.equal('down true');
  });

  it('stops at once, whatever it is doing', async () => {
    scene = await startScene();
    const reader = scene.reader(journal);
    await reading(reader);
    await reader.source.stop(false);
    const planned = await sent();
    append(mdn(planned));
    expect((await journal.delivery(planned.deliveryId))!.state).to.equal('SENT');
    expect(flags()).to.deep.equal([[]]);
  });

  it('belongs to an account whose HISP opens mail, and needs the package', async () => {
    scene = await startScene();
    expect(() => scene.reader(journal, { account: account() })).to.throw().with.property('code', 'FIELD_INVALID');
    const gone = async (): Promise<never> => { throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }); };
    expect(await loadImap(gone).catch((fault: Error) => fault.message)).to.include('npm install imapflow');
    const reader = scene.reader(journal, { load: async () => await loadImap(gone) });
    await until(async () => reader.told.length > 0);
    expect(reader.told).to.deep.equal(['IMAP_MISSING']);
  });
});
