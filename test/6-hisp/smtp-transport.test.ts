import { expect } from 'chai';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { goesAsIs, passThroughSwitch } from '../../nodes/6-hisp/smtp-data.ts';
import { smtpTransport } from '../../nodes/6-hisp/smtp-transport.ts';
import type { HispAccount, Transport } from '../../nodes/6-hisp/types.ts';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import { account, authority, refusal, type Script, serverCertificate, startScript, startServer, stopAll, type Taken, USER } from './servers.ts';

const TO = 'dr.lee@direct.lakeside.example';
const mailOf = (text: string): Buffer => Buffer.from(text.replace(/\r?\n/g, '\r\n'));
const MAIL = mailOf('From: a@b.example\nSubject: Exam result\n\nbody\n');

describe('SMTP transport', () => {
  const open: Transport[] = [];
  const transport = (change: Partial<HispAccount>, limits?: Parameters<typeof smtpTransport>[1]): Transport => {
    const made = smtpTransport(account(change), limits);
    open.push(made);
    return made;
  };
  const send = (over: Transport, raw = MAIL, to = TO): ReturnType<Transport['send']> => over.send({ from: USER, to, raw });

  afterEach(async () => {
    for (const made of open.splice(0)) made.close(true);
    await stopAll();
  });

  it('hands over the exact bytes under the given envelope and returns the answer', async () => {
    const taken: Taken[] = [];
    const { port } = await startServer({}, taken);
    const outcome = await send(transport({ port }));
    expect(outcome).to.deep.equal({ kind: 'accepted', response: '250 2.0.0 Ok: queued' });
    expect(taken).to.have.length(1);
    expect(taken[0]).to.deep.include({ from: USER, to: [TO] });
    expect(taken[0]!.raw.equals(MAIL)).to.equal(true);
  });

  it('escapes what DATA cannot carry as it is, and spares the loop where nothing needs escaping', async () => {
    const taken: Taken[] = [];
    const { port } = await startServer({}, taken);
    const dotted = mailOf('From: a@b.example\n\n.\n..two\n.three\n');
    const large = mailOf(`From: a@b.example\n\n${'QUJDREVGR0hJSktMTU5PUA==\n'.repeat(20_000)}`);
    const over = transport({ port });
    expect(goesAsIs(dotted)).to.equal(false);
    expect(goesAsIs(large)).to.equal(true);
    for (const raw of [dotted, large]) expect((await send(over, raw)).kind).to.equal('accepted');
    expect(taken.map(({ raw }, index) => raw.equals([dotted, large][index]!))).to.deep.equal([true, true]);
  });

  it('knows when a mail may go as it is', () => {
    expect(goesAsIs(Buffer.from('a\r\n'))).to.equal(true);
    for (const raw of ['', 'a', 'a\n', '.a\r\n', 'a\r\n.b\r\n', 'a\rb\r\n', 'a\nb\r\n', 'a\r']) {
      expect(goesAsIs(Buffer.from(raw)), JSON.stringify(raw)).to.equal(false);
    }
  });

  it('nodemailer still has the inner method that the short way leans on', () => {
    const connection = new SMTPConnection({}) as unknown as { _createSendStream: unknown };
    const before = connection._createSendStream;
    passThroughSwitch(connection as unknown as SMTPConnection);
    expect(connection._createSendStream).to.be.a('function').and.not.equal(before);
  });

  it('leaves no listeners behind on a connection that sends much', async () => {
    const { port } = await startServer();
    const over = transport({ port, connections: 1 });
    const warnings: Error[] = [];
    const note = (warning: Error): void => { warnings.push(warning); };
    process.on('warning', note);
    for (let mail = 0; mail < 25; mail += 1) await send(over);
    await new Promise((resolve) => { setImmediate(resolve); });
    process.off('warning', note);
    expect(warnings.map(({ name }) => name)).to.deep.equal([]);
  });

  it('works with implicit TLS and without a log-in', async () => {
    const taken: Taken[] = [];
    const { port } = await startServer({ secure: true, authOptional: true }, taken);
    expect((await send(transport({ port, security: 'implicit', user: '', password: '' }))).kind).to.equal('accepted');
    expect(taken).to.have.length(1);
  });

  it('keeps a connection for the next mail, also after a refusal', async () => {
    const taken: Taken[] = [];
    const server = await startServer({
      onRcptTo: ({ address }, _session, callback) => address === TO ? callback() : callback(refusal(550, '5.1.1 unknown')),
    }, taken);
    const over = transport({ port: server.port });
    expect((await send(over)).kind).to.equal('accepted');
    expect((await send(over, MAIL, 'nobody@direct.lakeside.example')).kind).to.equal('refused');
    expect((await send(over)).kind).to.equal('accepted');
    expect(taken).to.have.length(2);
    expect(server.connections()).to.equal(1);
  });

  it('sends several in parallel, but never over more connections than allowed', async () => {
    const taken: Taken[] = [];
    const server = await startServer({}, taken);
    const over = transport({ port: server.port, connections: 2 });
    const outcomes = await Promise.all(Array.from({ length: 9 }, () => send(over)));
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(Array(9).fill('accepted'));
    expect(taken).to.have.length(9);
    expect(server.connections()).to.equal(2);
  });

  it('calls a recipient refused for good HISP_REFUSED, before and after DATA', async () => {
    const atRcpt = await startServer({ onRcptTo: (_address, _session, callback) => callback(refusal(550, '5.1.1 No such mailbox')) });
    expect(await send(transport({ port: atRcpt.port })))
      .to.deep.equal({ kind: 'refused', code: 'HISP_REFUSED', response: '550 5.1.1 No such mailbox', seen: false, whole: false });
    const afterData = await startServer({
      onData: (stream, _session, callback) => { stream.resume().on('end', () => callback(refusal(554, '5.6.0 not wanted'))); },
    });
    expect(await send(transport({ port: afterData.port }))).to.deep.include({ kind: 'refused', code: 'HISP_REFUSED', seen: true, whole: true });
  });

  it('calls a temporary refusal HISP_DEFERRED, before and after DATA', async () => {
    const atRcpt = await startServer({ onRcptTo: (_address, _session, callback) => callback(refusal(451, '4.7.1 later')) });
    expect(await send(transport({ port: atRcpt.port })))
      .to.deep.equal({ kind: 'temporary', code: 'HISP_DEFERRED', response: '451 4.7.1 later', seen: false, whole: false });
    const afterData = await startServer({
      onData: (stream, _session, callback) => { stream.resume().on('end', () => callback(refusal(451, '4.3.0 later'))); },
    });
    expect(await send(transport({ port: afterData.port }))).to.deep.include({ kind: 'temporary', code: 'HISP_DEFERRED', seen: true, whole: true });
  });

  it('refuses what is larger than the HISP takes before a byte of it is sent', async () => {
    const { port } = await startServer({ size: 1000 });
    expect(await send(transport({ port }), mailOf(`a: b\n\n${'x\n'.repeat(2000)}`))).to.deep.include({ kind: 'refused', code: 'HISP_REFUSED' });
  });

  it('refuses an address that would break out of its command', async () => {
    const { port } = await startServer();
    const outcome = await send(transport({ port }), MAIL, 'a@b.example>\r\nRCPT TO:<evil@c.example');
    expect(outcome).to.deep.include({ kind: 'refused', code: 'HISP_REFUSED' });
    expect(outcome.response).to.not.include('evil');
  });

  it('calls a wrong password HISP_LOGIN, the account\'s fault', async () => {
    const { port } = await startServer();
    const outcome = await send(transport({ port, password: 'wrong' }));
    expect(outcome).to.deep.include({ kind: 'account', code: 'HISP_LOGIN', seen: false });
    expect(outcome.response).to.match(/^535/).and.not.include('wrong');
  });

  it('calls a certificate of an unknown authority, or for another host, HISP_TLS: with STARTTLS and implicit TLS', async () => {
    for (const security of ['starttls', 'implicit'] as const) {
      const { port } = await startServer({ secure: security === 'implicit' });
      const stranger = await send(transport({ port, security, authorities: makeAuthority('Somebody else').pem }));
      expect(stranger, security).to.deep.include({ kind: 'account', code: 'HISP_TLS' });
      const systemOnly = account({ port, security });
      delete systemOnly.authorities;
      expect(await smtpTransport(systemOnly).send({ from: USER, to: TO, raw: MAIL }), security).to.deep.include({ kind: 'account', code: 'HISP_TLS' });
      expect(await send(transport({ port, security, serverName: 'hisp.example' })), security).to.deep.include({ kind: 'account', code: 'HISP_TLS' });
    }
  });

  it('calls an expired certificate HISP_TLS', async () => {
    const old = makeCertificate({ authority, name: 'localhost', dns: 'localhost', notBefore: new Date(2020, 1, 1), notAfter: new Date(2021, 1, 1) });
    const { port } = await startServer({ key: old.keyPem, cert: old.pem });
    expect(await send(transport({ port }))).to.deep.include({ kind: 'account', code: 'HISP_TLS', response: 'CERT_HAS_EXPIRED' });
  });

  it('refuses TLS older than 1.2', async () => {
    const old = createServer({
      key: serverCertificate.keyPem, cert: serverCertificate.pem, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await new Promise<void>((resolve) => { old.listen(0, '127.0.0.1', resolve); });
    old.on('tlsClientError', () => undefined);
    const outcome = await send(transport({ port: (old.address() as AddressInfo).port, security: 'implicit' }));
    old.close();
    expect(outcome).to.deep.include({ kind: 'account', code: 'HISP_TLS' });
  });

  it('never goes on in clear text when STARTTLS is not offered', async () => {
    const { port } = await startServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
    expect(await send(transport({ port }))).to.deep.include({ kind: 'account', code: 'HISP_TLS' });
  });

  it('calls a host that is down, does not exist, or says nothing HISP_UNREACHABLE', async () => {
    const { port, stop } = await startServer();
    await stop();
    expect(await send(transport({ port }))).to.deep.include({ kind: 'account', code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED' });
    expect(await send(transport({ port, host: 'no-such-host.invalid' }))).to.deep.include({ kind: 'account', code: 'HISP_UNREACHABLE' });
    const mute = await startScript(() => undefined, { greeting: '' });
    const limits = { connect: 200, silence: 200, idle: 1000, mailsPerConnection: 10 };
    expect(await send(transport({ port: mute.port }, limits))).to.deep.include({ kind: 'account', code: 'HISP_UNREACHABLE' });
  });

  it('calls a service that sends it away in its greeting HISP_DEFERRED, the account\'s fault', async () => {
    const away = await startScript(() => undefined, { greeting: '554 no service here\r\n' });
    expect(await send(transport({ port: away.port }))).to.deep.include({ kind: 'account', code: 'HISP_DEFERRED' });
  });

  describe('when the connection is lost', () => {
    const startTlsScript = async (onLine: Script): Promise<number> => (await startScript(onLine, { secure: true })).port;

    const script = (hangUpAt: 'MAIL' | 'DATA' | '.', state = { data: false }) => (line: string): string | undefined => {
      if (line.startsWith(hangUpAt) && (hangUpAt !== '.' || line === '.')) return 'hang up';
      if (state.data) return undefined;
      if (line.startsWith('EHLO')) return '250 script\r\n';
      if (line === 'DATA') { state.data = true; return '354 go\r\n'; }
      return '250 ok\r\n';
    };

    it('before DATA, nothing was handed over: in doubt whose fault it is', async () => {
      for (const at of ['MAIL', 'DATA'] as const) {
        const port = await startTlsScript(script(at));
        expect(await send(transport({ port, security: 'implicit', user: '' })), at)
          .to.deep.include({ kind: 'doubtful', code: 'HISP_UNREACHABLE', seen: false, whole: false });
      }
    });

    it('after the final dot, before the answer: HISP_UNKNOWN', async () => {
      const port = await startTlsScript(script('.'));
      expect(await send(transport({ port, security: 'implicit', user: '' }))).to.deep.include({ kind: 'unknown', code: 'HISP_UNKNOWN' });
    });

    it('no answer to the final dot at all: HISP_UNKNOWN after the time limit', async () => {
      const answers = script('.');
      const port = await startTlsScript((line) => line === '.' ? undefined : answers(line));
      const limits = { connect: 1000, silence: 300, idle: 1000, mailsPerConnection: 10 };
      expect(await send(transport({ port, security: 'implicit', user: '' }, limits))).to.deep.include({ kind: 'unknown', code: 'HISP_UNKNOWN' });
    });

    it('a forced close in the middle of a mail is HISP_UNKNOWN, never a promise that stays open', async () => {
      const answers = script('.');
      const over: Transport[] = [];
      const port = await startTlsScript((line) => {
        if (line !== '.') return answers(line);
        over[0]!.close(true);
        return undefined;
      });
      over.push(transport({ port, security: 'implicit', user: '' }));
      expect(await send(over[0]!)).to.deep.include({ kind: 'unknown', code: 'HISP_UNKNOWN' });
    });

    it('a kept connection that died meanwhile is replaced at once', async () => {
      const taken: Taken[] = [];
      const server = await startServer({ socketTimeout: 400 }, taken);
      const over = transport({ port: server.port });
      await send(over);
      await new Promise((resolve) => { setTimeout(resolve, 700); });
      expect((await send(over)).kind).to.equal('accepted');
      expect(taken).to.have.length(2);
    });
  });

  for (const [name, answer] of [['hangs up', 'hang up'], ['says nothing', undefined]] as const) {
    it(`an answer that is followed by a server that ${name} on RSET is an answer all the same`, async () => {
      const { port } = await startScript((line) => {
        if (line.startsWith('EHLO')) return '250 script\r\n';
        if (line.startsWith('RCPT')) return '450 4.7.1 later\r\n';
        return line.startsWith('RSET') ? answer : '250 ok\r\n';
      }, { secure: true });
      const limits = { connect: 1000, silence: 500, idle: 1000, mailsPerConnection: 10 };
      expect(await send(transport({ port, security: 'implicit', user: '', password: '' }, limits))).to.include({ kind: 'temporary', code: 'HISP_DEFERRED' });
    });
  }

  it('shows an answer on one line, cut, without control characters', async () => {
    const { port } = await startServer({ onRcptTo: (_address, _session, callback) => callback(refusal(550, `5.1.1 ${'x\u0007'.repeat(500)}`)) });
    const { response } = await send(transport({ port }));
    expect(response.length).to.be.at.most(200);
    expect(response).to.match(/^550[ -~]*$/);
  });
});
