import { expect } from 'chai';
import type { SMTPServerOptions } from 'smtp-server';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { HispAccount, Transport } from '../../nodes/6-hisp/types.ts';
import { makeAuthority } from '../support/pki.ts';
import { account, refusal, startScript, startServer, stopAll, type Taken, USER } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';
const MAIL = Buffer.from('From: a@b.example\r\nSubject: Exam result\r\n\r\nbody\r\n');

describe('whose fault it is', () => {
  const open: Transport[] = [];
  const transport = (change: Partial<HispAccount>): Transport => {
    const made = smtpTransport(account(change));
    open.push(made);
    return made;
  };
  const send = (over: Transport, raw = MAIL): ReturnType<Transport['send']> => over.send({ from: USER, to: TO, raw });

  afterEach(async () => {
    for (const made of open.splice(0)) made.close(true);
    await stopAll();
  });

  describe('a probe', () => {
    it('logs in, asks whether the account\'s own sender may send, sends no mail, and keeps the connection for the next one', async () => {
      const asked: string[] = [];
      const taken: Taken[] = [];
      const server = await startServer({ onMailFrom: ({ address }, _session, callback) => { asked.push(address); callback(); } }, taken);
      const over = transport({ port: server.port });
      expect(await over.probe()).to.deep.equal({ ok: true });
      expect(asked).to.deep.equal([USER]);
      expect(taken).to.deep.equal([]);
      expect((await send(over)).kind).to.equal('accepted');
      expect(server.connections()).to.equal(1);
    });

    it('names what is wrong with the account', async () => {
      const server = await startServer();
      expect(await transport({ port: server.port, password: 'wrong' }).probe()).to.deep.include({ ok: false, code: 'HISP_LOGIN' });
      expect(await transport({ port: server.port, authorities: makeAuthority('Somebody else').pem }).probe()).to.deep.include({ ok: false, code: 'HISP_TLS' });
      expect(await transport({ port: server.port, host: 'no-such-host.invalid' }).probe()).to.deep.include({ ok: false, code: 'HISP_UNREACHABLE' });
      await server.stop();
      expect(await transport({ port: server.port }).probe()).to.deep.equal({ ok: false, code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED' });
      const away = await startScript(() => undefined, { greeting: '421 4.3.2 going down\r\n' });
      expect(await transport({ port: away.port }).probe()).to.deep.include({ ok: false, code: 'HISP_DEFERRED' });
    });

    it('finds out that the sender may not send; a log-in that sends for others is not asked for its own name', async () => {
      const server = await startServer({ onMailFrom: (_address, _session, callback) => callback(refusal(550, '5.7.1 not yours')) });
      expect(await transport({ port: server.port }).probe()).to.deep.equal({ ok: false, code: 'HISP_SENDER', response: '550 5.7.1 not yours' });
      expect(await transport({ port: server.port, anyFrom: true }).probe()).to.deep.equal({ ok: true });
    });

    it('takes no more connections than the account has, and several at once are one', async () => {
      let [ever, now, most] = [0, 0, 0];
      const server = await startServer({
        onConnect: (_session, callback) => { ever += 1; most = Math.max(most, now += 1); callback(); }, onClose: () => { now -= 1; },
      });
      const over = transport({ port: server.port, connections: 2 });
      await Promise.all([send(over), send(over)]);
      expect(ever).to.equal(2);
      const outcomes = await Promise.all([over.probe(), over.probe(), over.probe()]);
      expect(outcomes).to.deep.equal(Array(3).fill({ ok: true }));
      expect(ever).to.equal(3);
      // The old connection says good-bye while the new one comes.
      expect(most).to.be.at.most(3);
      await Promise.all([send(over), send(over), send(over)]);
      expect(ever).to.equal(3);
    });

    it('does not hang on a line that is cut in the middle of it', async () => {
      const answers = (line: string): string | 'hang up' => line.startsWith('EHLO') ? '250 script\r\n' : line.startsWith('MAIL') ? 'hang up' : '235 ok\r\n';
      const { port } = await startScript(answers, { secure: true });
      expect(await transport({ port, security: 'implicit' }).probe()).to.deep.include({ ok: false, code: 'HISP_UNREACHABLE' });
    });

    it('leans on inner ways of nodemailer that are still there', () => {
      const inner = new SMTPConnection({}) as unknown as { _responseActions: unknown; _sendCommand: unknown };
      expect(inner._responseActions).to.be.an('array');
      expect(inner._sendCommand).to.be.a('function');
    });
  });

  describe('an answer', () => {
    const answered = async (change: SMTPServerOptions): Promise<object> => await send(transport({ port: (await startServer(change)).port }));
    const atMail = (code: number, text: string): SMTPServerOptions => ({ onMailFrom: (_address, _session, callback) => callback(refusal(code, text)) });
    const atRcpt = (code: number, text: string): SMTPServerOptions => ({ onRcptTo: (_address, _session, callback) => callback(refusal(code, text)) });

    it('to MAIL FROM is about the sender: in doubt', async () => {
      expect(await answered(atMail(550, '5.7.1 not yours'))).to.deep.include({ kind: 'doubtful', code: 'HISP_SENDER', seen: false });
      expect(await answered(atMail(451, '4.7.1 too much'))).to.deep.include({ kind: 'doubtful', code: 'HISP_DEFERRED' });
    });

    it('to MAIL FROM about the size is about the message', async () => {
      expect(await answered(atMail(552, '5.3.4 too big'))).to.deep.include({ kind: 'refused', code: 'HISP_REFUSED' });
      expect(await answered(atMail(452, '4.3.1 no room'))).to.deep.include({ kind: 'temporary', code: 'HISP_DEFERRED' });
      expect(await answered(atMail(550, '5.2.3 too big for the mailbox'))).to.deep.include({ kind: 'refused' });
    });

    it('about the sender that comes only at RCPT, as with Postfix, is still about the sender', async () => {
      expect(await answered(atRcpt(553, '5.7.1 Sender address rejected: not owned by user'))).to.deep.include({ kind: 'doubtful', code: 'HISP_SENDER' });
      expect(await answered(atRcpt(450, '4.1.8 Sender address rejected: Domain not found'))).to.deep.include({ kind: 'doubtful', code: 'HISP_DEFERRED' });
      expect(await answered(atRcpt(553, '5.1.3 bad recipient'))).to.deep.include({ kind: 'refused' });
    });

    it('that asks for a log-in, or says that the service goes away, is in doubt wherever it comes', async () => {
      expect(await answered(atRcpt(530, '5.7.0 log in first'))).to.deep.include({ kind: 'doubtful', code: 'HISP_LOGIN' });
      expect(await answered(atMail(421, '4.3.2 going down'))).to.deep.include({ kind: 'doubtful', code: 'HISP_DEFERRED' });
      expect(await answered(atRcpt(421, '4.7.0 too many'))).to.deep.include({ kind: 'doubtful', code: 'HISP_DEFERRED' });
      expect(await answered({ onData: (stream, _session, callback) => { stream.resume().on('end', () => callback(refusal(421, '4.3.2 going down'))); } }))
        .to.deep.include({ kind: 'doubtful', code: 'HISP_DEFERRED', seen: true, whole: true });
    });
  });

  it('a large mail that is cut off in the middle was seen but not handed over', async () => {
    const state = { data: false };
    const { port } = await startScript((line) => {
      if (state.data) return 'hang up';
      if (line.startsWith('EHLO')) return '250 script\r\n';
      if (line === 'DATA') { state.data = true; return '354 go\r\n'; }
      return '250 ok\r\n';
    }, { secure: true });
    const large = Buffer.from(`a: b\r\n\r\n${'QUJDREVGR0hJSktMTU5PUA==\r\n'.repeat(1_000_000)}`);
    expect(await send(transport({ port, security: 'implicit', user: '' }), large))
      .to.deep.include({ kind: 'doubtful', code: 'HISP_UNREACHABLE', seen: true, whole: false });
  });
});
