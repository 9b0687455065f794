// SMTP servers for tests: the real smtp-server with one thing wrong, and a bare socket that can drop the line at any point.
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { HispAccount } from '../../nodes/6-hisp/types.ts';
import { makeAuthority, makeCertificate, type TestCertificate } from '../support/pki.ts';

export const USER = 'results@direct.clinic.example';
export const PASSWORD = 'made-up';

export const authority: TestCertificate = makeAuthority('Test TLS authority');
export const serverCertificate: TestCertificate = makeCertificate({ authority, name: 'localhost', dns: 'localhost' });

export const account = (change: Partial<HispAccount> = {}): HispAccount => ({
  name: 'test', host: '127.0.0.1', port: 0, security: 'starttls', user: USER, password: PASSWORD, anyFrom: false,
  sealing: 'courier', simulated: false, imap: { host: '127.0.0.1', port: 0, security: 'implicit' },
  authorities: authority.pem, serverName: 'localhost', connections: 3, retryFirstMs: 50, retryMaxMs: 400, maxAttempts: 5,
  maxAgeMs: 3_600_000, answers: [], unknown: 'retry', probeFirstMs: 50, probeMaxMs: 200, deadlines: { routine: 60_000, urgent: 60_000, emergent: 60_000 }, ...change,
});

export const refusal = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

export interface Running { port: number; connections: () => number; stop: () => Promise<void> }
export interface Taken { from: string; to: string[]; raw: Buffer }

const running: (() => Promise<void>)[] = [];
/** For `afterEach`: whatever a test started ends. */
export const stopAll = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((stop) => stop()));
};

const listen = (server: Pick<NetServer, 'listen'>): Promise<number> => new Promise((resolve) => {
  const listening = server.listen(0, '127.0.0.1', () => { resolve((listening.address() as AddressInfo).port); });
});

/** smtp-server with STARTTLS and AUTH; what it takes goes into `taken`. */
export const startServer = async (change: SMTPServerOptions = {}, taken: Taken[] = []): Promise<Running> => {
  let connections = 0;
  const server = new SMTPServer({
    key: serverCertificate.keyPem, cert: serverCertificate.pem, disableReverseLookup: true, authMethods: ['PLAIN', 'LOGIN'], closeTimeout: 200,
    onConnect: (_session, callback) => { connections += 1; callback(); },
    onAuth: ({ username, password }, _session, callback) => username === USER && password === PASSWORD
      ? callback(null, { user: username }) : callback(refusal(535, '5.7.8 Authentication credentials invalid')),
    onData: (stream, session, callback) => {
      void stream.toArray().then((chunks) => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks as Buffer[]) });
        callback(null, '2.0.0 Ok: queued');
      });
    },
    ...change,
  });
  server.on('error', () => undefined);
  const port = await listen(server as unknown as NetServer);
  const stop = (): Promise<void> => new Promise((resolve) => { server.close(() => { resolve(); }); });
  running.push(stop);
  return { port, connections: () => connections, stop };
};

/** For each line from the client the answer to write, or 'hang up'. */
export type Script = (line: string) => string | 'hang up' | undefined;

/** Answers what comes over a stream by the script. */
export const play = (stream: Duplex, onLine: Script, greeting: string): void => {
  let rest = '';
  stream.on('error', () => undefined).on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const answer = onLine(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (answer === 'hang up') { stream.destroy(); return; }
      if (answer !== undefined) stream.write(answer);
    }
  });
  stream.write(greeting);
};

/** A server that speaks by script; with `secure` TLS from the first byte. */
export const startScript = async (onLine: Script, { greeting = '220 script\r\n', secure = false } = {}): Promise<Running> => {
  let connections = 0;
  const open = new Set<Socket>();
  const secureContext = createSecureContext({ key: serverCertificate.keyPem, cert: serverCertificate.pem });
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    play(secure ? new TLSSocket(socket, { isServer: true, secureContext }) : socket, onLine, greeting);
  });
  const port = await listen(server);
  const stop = (): Promise<void> => new Promise((resolve) => {
    for (const socket of open) socket.destroy();
    server.close(() => { resolve(); });
  });
  running.push(stop);
  return { port, connections: () => connections, stop };
};
