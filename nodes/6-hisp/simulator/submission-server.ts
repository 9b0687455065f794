// Where the simulated network takes mail: SMTP submission with STARTTLS and a log-in, on this machine only.
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { readMail, smtpReply } from '../smtp-intake.ts';
import { behaviourOf } from './behaviour.ts';
import type { Holder } from './certificate.ts';
import { type Faults, firstTimes } from './faults.ts';

export const LOOPBACK = '127.0.0.1';
const LARGEST = 60 * 1024 * 1024;

export type LogIn = 'sealed' | 'plain';

export interface SubmissionOptions {
  /** Which of the network's log-ins this is; undefined: none. Asked each time, because they are refused now and then. */
  logIn: (user: string, password: string) => LogIn | undefined;
  certificate: Holder;
  untrustedCertificate: Holder;
  /** Asked each time, because they change. */
  faults: () => Faults;
  /**
   * By a `sealed` log-in sealed mail is handed over, by a `plain` one mail that is sealed here. `silent`: taken without an answer.
   * Throws a reply that refuses the mail.
   */
  take: (to: string, from: string, raw: Buffer, logIn: LogIn) => Promise<'answer' | 'silent'>;
  log: (line: string) => void;
}

export interface SubmissionServer {
  /** Port 0 takes a free one. */
  open(port: number): Promise<number>;
  /** Connections are cut, new ones refused. */
  shut(): Promise<void>;
  /** Whoever is connected must come again. */
  cut(): void;
}

interface Connection { session: SMTPServerSession; _socket?: Socket }

const socketsOf = (server: SMTPServer): Connection[] => [...server.connections as Set<Connection>];

const drop = (server: SMTPServer, session: SMTPServerSession): void => {
  socketsOf(server).find((connection) => connection.session === session)?._socket?.destroy();
};

/** The mail, or undefined when the connection was broken in the middle of it. */
const readOrBreak = async (stream: SMTPServerDataStream, poisoned: boolean): Promise<Buffer | undefined> => {
  if (!poisoned) return await readMail(stream, LARGEST, async (raw) => raw);
  await new Promise((resolve) => { stream.once('data', resolve).once('end', resolve); });
  return undefined;
};

const smtpServer = (options: SubmissionOptions): SMTPServer => {
  const { faults, certificate, untrustedCertificate } = options;
  const putOff = firstTimes();
  const shown = faults().tls === 'untrusted' ? untrustedCertificate : certificate;
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<'answer' | 'silent'> => {
    const recipients = session.envelope.rcptTo.map(({ address }) => address.toLowerCase());
    const raw = await readOrBreak(stream, recipients.some((to) => behaviourOf(to) === 'poison'));
    if (raw === undefined) return 'silent';
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
    const answers = [];
    for (const to of recipients) answers.push(await options.take(to, from, raw, session.user as unknown as LogIn));
    if (faults().answerMs > 0) await delay(faults().answerMs);
    return answers.includes('silent') ? 'silent' : 'answer';
  };
  const server: SMTPServer = new SMTPServer({
    key: shown.keyPem, cert: shown.certificatePem, minVersion: 'TLSv1.2', banner: 'simulated HISP network',
    size: LARGEST, disableReverseLookup: true, closeTimeout: 500, authMethods: ['PLAIN', 'LOGIN'], logger: false,
    onAuth: ({ username, password }, _session, callback) => {
      const user = options.logIn(username ?? '', password ?? '');
      if (user === undefined) return callback(smtpReply(535, '5.7.8 Authentication credentials invalid'));
      callback(null, { user });
    },
    onRcptTo: ({ address }, _session, callback) => {
      const behaviour = behaviourOf(address);
      if (behaviour === null) return callback(smtpReply(550, '5.1.2 No such domain in this network'));
      if (behaviour === 'later' && putOff(address.toLowerCase(), faults().laterTries)) return callback(smtpReply(450, '4.2.1 Mailbox busy'));
      return behaviour === 'refuse' ? callback(smtpReply(550, '5.1.1 No such mailbox')) : callback();
    },
    onData: (stream, session, callback) => {
      receive(stream, session).then((answer) => {
        if (answer === 'silent') drop(server, session);
        else callback(null, '2.0.0 Ok: queued');
      }, (fault: Error) => callback(fault));
    },
  });
  server.on('error', (fault: Error) => { options.log(`connection fault ${(fault as NodeJS.ErrnoException).code ?? ''}`); });
  return server;
};

const listen = async (server: SMTPServer, port: number): Promise<number> => await new Promise((resolve, reject) => {
  server.server.once('error', reject);
  const listening = server.listen(port, LOOPBACK, () => { resolve((listening.address() as AddressInfo).port); });
});

export const submissionServer = (options: SubmissionOptions): SubmissionServer => {
  let server: SMTPServer | undefined;
  const cut = (): void => { if (server) for (const { _socket } of socketsOf(server)) _socket?.destroy(); };
  return {
    async open(port) {
      server = smtpServer(options);
      return await listen(server, port);
    },
    cut,
    async shut() {
      const closing = server;
      if (closing === undefined) return;
      const closed = new Promise<void>((resolve) => { closing.close(() => { resolve(); }); });
      cut();
      server = undefined;
      await closed;
    },
  };
};
