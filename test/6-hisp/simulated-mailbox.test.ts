import { expect } from 'chai';
import fc from 'fast-check';
import { ImapFlow } from 'imapflow';
import { connect } from 'node:tls';
import { mailsOf, searchTest, tokensOf } from '../../nodes/6-hisp/simulator/imap-line.ts';
import { imapSession } from '../../nodes/6-hisp/simulator/imap-session.ts';
import { createMailbox } from '../../nodes/6-hisp/simulator/mailbox.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import { readNotification } from '../../nodes/6-hisp/notification-read.ts';
import { enveloped } from '../support/enveloped.ts';
import { until } from './deliveries.ts';
import { type Scene, startScene } from './mailbox-scene.ts';
import { PASSWORD, USER } from './servers.ts';

/** Lines in, what is written out. */
const talk = (...lines: string[]): string => {
  const mailbox = createMailbox(new Date(0));
  for (const text of ['one', 'two', 'three']) mailbox.append(Buffer.from(`Subject: ${text}\r\n\r\n`));
  let out = '';
  const session = imapSession({ mailbox, mayLogIn: (user, password) => user === USER && password === PASSWORD, idle: true, keywords: true, cuts: () => false }, {
    write: (...pieces) => { out += pieces.map(String).join(''); }, hangUp: () => { out += '<hung up>'; },
  });
  for (const line of lines) session.take(line);
  session.end();
  return out;
};

const IN = `a1 LOGIN ${USER} ${PASSWORD}`;
const INSIDE = [IN, 'a2 SELECT INBOX'];

describe('the simulated mailbox, line by line', () => {
  it('knows nobody without the right log-in, and nothing before it', () => {
    expect(talk(`a1 LOGIN ${USER} wrong`)).to.match(/a1 NO \[AUTHENTICATIONFAILED\]/);
    expect(talk('a1 SELECT INBOX', 'a2 UID FETCH 1 (BODY.PEEK[])')).to.match(/a1 BAD not now\r\na2 BAD not now/);
    expect(talk(`a1 AUTHENTICATE PLAIN ${Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64')}`)).to.match(/a1 OK/);
    expect(talk('a1 AUTHENTICATE PLAIN', Buffer.from(`\0${USER}\0no`).toString('base64'))).to.match(/\+ \r\na1 NO/);
    expect(talk('a1 AUTHENTICATE CRAM-MD5')).to.match(/a1 NO/);
  });

  it('finds, gives and marks mails', () => {
    const out = talk(...INSIDE, 'a3 UID STORE 2 +FLAGS (DirectCourier)', 'a4 UID SEARCH UNKEYWORD DirectCourier UNDELETED', 'a5 UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[]<0.7>)');
    expect(out).to.include('* SEARCH 1 3\r\na4 OK').and.include('* 3 FETCH (UID 3 RFC822.SIZE 18 BODY[]<0> {7}\r\nSubject)\r\na5 OK');
    expect(talk(IN, 'a2 EXAMINE INBOX', 'a3 UID STORE 1 +FLAGS (\\Seen)')).to.match(/READ-ONLY[^]*a3 NO/);
  });

  it('refuses what it does not know instead of guessing', () => {
    for (const line of ['XYZZY', 'UID FETCH 1 (ENVELOPE)', 'UID SEARCH SUBJECT x', 'UID SEARCH', 'UID FETCH one (UID)', 'UID COPY 1 Trash', 'FETCH 1 (UID)', 'UID STORE 1 =FLAGS (x)', 'LOGIN {3}']) {
      expect(talk(...INSIDE, `a3 ${line}`).split('\r\n').at(-2), line).to.match(/^a3 BAD/);
    }
    expect(talk(...INSIDE, 'a3 SELECT Trash')).to.match(/a3 NO/);
    expect(talk('', 'hello')).to.match(/\* BAD not a command\r\n\* BAD/);
    expect(talk(...INSIDE, 'a3 IDLE', 'a4 NOOP')).to.match(/a3 BAD expected DONE/);
    expect(talk(...INSIDE, 'a3 LOGOUT')).to.match(/BYE\r\na3 OK bye\r\n<hung up>$/);
  });

  it('property: whatever a client says, it answers or says BAD, and never falls over', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.string(), fc.string().map((text) => `a3 UID FETCH 1 ${text}`), fc.string().map((text) => `a3 UID SEARCH ${text}`))), (lines) => {
      expect(talk(...INSIDE, ...lines)).to.be.a('string');
    }));
    fc.assert(fc.property(fc.string(), (text) => {
      const tokens = tokensOf(text);
      if (tokens !== null) searchTest(tokens);
      mailsOf(text, []);
    }));
  });
});

describe('the edge log-in of the simulated network', () => {
  let scene: Scene;
  beforeEach(async () => { scene = await startScene(); });
  afterEach(async () => { await scene.end(); });

  const plain = (to: string, asked = true): Buffer => Buffer.from([
    `From: ${USER}`, `To: ${to}`, 'Message-ID: <m1@direct.clinic.example>', 'MIME-Version: 1.0',
    ...(asked ? ['Disposition-Notification-Options: X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true'] : []), 'Content-Type: text/plain', '', 'body', '',
  ].join('\r\n'));
  const send = async (to: string, raw: Buffer): Promise<string> => {
    const line = smtpTransport(scene.account());
    const outcome = await line.send({ from: USER, to, raw });
    line.close();
    return outcome.kind;
  };
  const answers = (): unknown[] => scene.network.mailbox!.mails.flatMap(({ raw }) => readNotification(raw)).map(({ kind, event }) => `${kind} ${event}`);

  for (const [label, asked, expected] of [
    ['good', true, ['mdn processed', 'mdn dispatched']], ['good', false, ['mdn processed']], ['processed', true, ['mdn processed']], ['bounce', true, ['dsn failed']],
    ['untrusted', true, ['dsn failed']], ['expired', true, ['dsn failed']], ['nocert', true, ['dsn failed']],
  ] as const) {
    it(`${label}${asked ? '' : ', final delivery not asked'}: ${expected.join(', ')}, plain in the mailbox`, async () => {
      const to = `x@${label}.sim.example`;
      expect(await send(to, plain(to, asked))).to.equal('accepted');
      await until(async () => answers().length === expected.length);
      expect(answers()).to.deep.equal(expected);
    });
  }

  it('takes no sealed mail, no mail for others than it is addressed to, and no plain mail by the other log-in\'s password', async () => {
    expect(await send('x@good.sim.example', enveloped(`From: ${USER}\r\n`))).to.equal('refused');
    expect(await send('x@silent.sim.example', plain('x@silent.sim.example'))).to.equal('accepted');
    expect(await send('x@good.sim.example', plain('y@good.sim.example'))).to.equal('accepted');
    expect(await send('x@refuse.sim.example', plain('x@refuse.sim.example'))).to.equal('refused');
    expect(await send('x@good.sim.example', plain('x@good.sim.example'))).to.equal('accepted');
    await until(async () => answers().length === 2);
    expect(answers()).to.deep.equal(['mdn processed', 'mdn dispatched']);
  });

  it('a line without an end is cut off, and the next client is served', async () => {
    const socket = connect({ host: '127.0.0.1', port: scene.network.imapPort!, rejectUnauthorized: false });
    const ended = new Promise<void>((resolve) => { socket.on('close', () => { resolve(); }).on('error', () => undefined); });
    socket.write('a'.repeat(100_000));
    socket.resume();
    await ended;
    const client = new ImapFlow({
      host: '127.0.0.1', port: scene.network.imapPort!, secure: true, tls: { ca: [scene.network.authorityPem] }, auth: { user: USER, pass: PASSWORD }, logger: false,
    });
    await client.connect();
    expect((await client.mailboxOpen('INBOX')).exists).to.equal(0);
    await client.logout();
  });
});
