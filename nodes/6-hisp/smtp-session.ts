// One connection to a HISP: opened, logged in, one mail at a time. RFC 6409, RFC 3207.
import { type ConnectionOptions, createSecureContext, getCACertificates } from 'node:tls';
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';
import { cleanResponse, setbackOf, type SmtpFault } from './smtp-fault.ts';
import { goesAsIs, handOver, passThroughSwitch } from './smtp-data.ts';
import type { HispAccount, Transport, TransportOutcome } from './types.ts';

/** Times in ms. */
export interface SmtpLimits { connect: number; silence: number; idle: number; mailsPerConnection: number }

export const SMTP_LIMITS: SmtpLimits = { connect: 20_000, silence: 120_000, idle: 30_000, mailsPerConnection: 200 };

export interface Session { connection: SMTPConnection; passThrough: { on: boolean }; mails: number; usable: boolean; idleTimer?: NodeJS.Timeout }
export type Mail = Parameters<Transport['send']>[0];

/** What a HISP's certificate is judged by. Made once per account: reading all the system's authorities takes its time. */
export const tlsOptions = ({ authorities, serverName }: HispAccount): ConnectionOptions => ({
  secureContext: createSecureContext({ minVersion: 'TLSv1.2', ...(authorities && { ca: [...getCACertificates('default'), authorities] }) }),
  rejectUnauthorized: true,
  ...(serverName !== undefined && { servername: serverName }),
});

const connectionOptions = (account: HispAccount, tls: ConnectionOptions, limits: SmtpLimits): SMTPConnectionOptions => ({
  host: account.host,
  port: account.port,
  secure: account.security === 'implicit',
  requireTLS: true,
  tls,
  connectionTimeout: limits.connect,
  dnsTimeout: limits.connect,
  greetingTimeout: limits.connect,
  socketTimeout: limits.silence,
});

const lost = (): SmtpFault => Object.assign(new Error('connection closed'), { code: 'ECONNECTION' });

export const openSession = (account: HispAccount, tls: ConnectionOptions, limits: SmtpLimits): Promise<Session> => new Promise((resolve, reject) => {
  const connection = new SMTPConnection(connectionOptions(account, tls, limits));
  const session: Session = { connection, passThrough: passThroughSwitch(connection), mails: 0, usable: true };
  const fail = (fault: Error): void => {
    session.usable = false;
    // Closing tells 'end' at once: the reason goes first.
    reject(fault);
    connection.close();
  };
  connection.on('error', fail);
  connection.once('end', () => setImmediate(() => { fail(lost()); }));
  connection.connect((fault?: Error | null) => {
    if (fault) return fail(fault);
    if (account.user === '') return resolve(session);
    connection.login({ user: account.user, pass: account.password, credentials: { user: account.user, pass: account.password } },
      (refusal?: Error | null) => refusal ? fail(refusal) : resolve(session));
  });
});

/** A promise that resolves can hide a refused recipient, so the answer is read for ours. */
const outcomeOfSend = (info: { accepted: string[]; rejectedErrors?: SmtpFault[] | undefined; response: string }): TransportOutcome => {
  const [refusal] = info.rejectedErrors ?? [];
  if (refusal) return setbackOf(refusal, { seen: false, whole: false });
  return { kind: 'accepted', response: cleanResponse(info.response) };
};

export const sendOver = (session: Session, { from, to, raw }: Mail): Promise<TransportOutcome> => new Promise((resolve) => {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const { stream, done } = handOver(bytes);
  session.passThrough.on = goesAsIs(bytes);
  session.mails += 1;
  const failed = (fault: SmtpFault): void => {
    // After a plain refusal the session goes on; after anything else its state is not known.
    if (fault.responseCode === undefined || fault.responseCode === 421) session.usable = false;
    resolve(setbackOf(fault, { seen: stream.readableDidRead, whole: done() }));
  };
  // A forced close ends the connection without an answer to the mail; an error of the connection is told first.
  const ended = (): unknown => setImmediate(() => { failed(lost()); });
  session.connection.once('end', ended);
  session.connection.send({ from, to: [to], size: bytes.length }, stream, (fault, info) => {
    session.connection.off('end', ended);
    if (fault || !info) failed(fault ?? lost());
    else resolve(outcomeOfSend(info));
  });
});

interface Inner { _responseActions?: ((answer: string) => void)[]; _sendCommand?: (command: string) => void }

/**
 * Asks whether the sender may send, without a mail. nodemailer has no word for it; where its inner ways are not as known,
 * it is not asked. Rejects with the refusal.
 */
export const trySender = async (session: Session, from: string): Promise<void> => {
  const inner = session.connection as unknown as Inner;
  const { _responseActions: actions, _sendCommand: send } = inner;
  if (!Array.isArray(actions) || typeof send !== 'function' || /[\r\n<>]/.test(from)) return;
  await new Promise<void>((resolve, reject) => {
    session.connection.once('end', () => setImmediate(() => { reject(lost()); }));
    actions.push((answer) => {
      if (answer.startsWith('2')) return resolve();
      reject(Object.assign(new Error('sender refused'), { response: answer, responseCode: Number(answer.slice(0, 3)), command: 'MAIL FROM' }));
    });
    send.call(session.connection, `MAIL FROM:<${from}>`);
  });
  await resetSession(session);
};

/** Resolves whatever the other side does: where it hangs up instead of answering, nodemailer never calls back. */
export const resetSession = (session: Session): Promise<void> => new Promise((resolve) => {
  const { connection } = session;
  const lose = (): void => {
    session.usable = false;
    resolve();
  };
  connection.once('end', lose);
  connection.reset((fault) => {
    connection.off('end', lose);
    if (fault) session.usable = false;
    resolve();
  });
});
