// The SMTP listener for notifications. A mail is answered with 250 only after the journal has committed what it says.
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { unwrapsPkcs1 } from '../5-smime/key-transport.ts';
import { CourierError } from '../errors.ts';
import { type Reception, receiveMail, type ReceptionTools } from './reception.ts';
import { readMail, type Room, smtpReply } from './smtp-intake.ts';

export interface ReceiverOptions extends ReceptionTools {
  host: string;
  /** 0: a free one. */
  port: number;
  /** Domains and addresses that mail is taken for; empty: any. */
  domains: string[];
  /** PEM; offers STARTTLS. */
  tls?: { key: string; cert: string };
  maxBytes?: number;
  /** After the answer; must not throw. */
  onReception: (reception: Reception) => void;
  /** A fault that the other side was told as 451, or one of the listener. */
  onFault: (fault: unknown) => void;
}

export interface Receiver { port: number; stop(): Promise<void> }

const LARGEST = 25 * 1024 * 1024;
// Connections cost little, mails a lot: somebody who keeps many open must not keep notifications out.
const MOST_CONNECTIONS = 500;
const ROOM = 4 * LARGEST;
// A redeploy frees the port a moment after the new node asks for it.
const LISTEN_TRIES = 20;
const LISTEN_PAUSE_MS = 150;

const isOurs = (address: string, domains: string[]): boolean => {
  const lower = address.toLowerCase();
  return domains.length === 0 || domains.some((entry) => entry.includes('@') ? entry === lower : lower.endsWith(`@${entry}`));
};

const takeMail = async (stream: SMTPServerDataStream, options: ReceiverOptions, room: Room): Promise<Reception> =>
  await readMail(stream, options.maxBytes ?? LARGEST, async (raw) => {
    try {
      return await receiveMail(raw, options);
    } catch (fault) {
      options.onFault(fault);
      throw smtpReply(451, '4.3.0 Cannot store now, try again later');
    }
  }, room);

const smtpServer = (options: ReceiverOptions, domains: string[], room: Room): SMTPServer => new SMTPServer({
  banner: 'Direct Courier', size: options.maxBytes ?? LARGEST, authOptional: true, disabledCommands: options.tls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
  ...(options.tls && { ...options.tls, minVersion: 'TLSv1.2' }),
  disableReverseLookup: true, maxClients: MOST_CONNECTIONS, closeTimeout: 300, logger: false,
  onRcptTo: ({ address }, _session, callback) =>
    isOurs(address, domains) ? callback() : callback(smtpReply(550, '5.1.1 No such mailbox')),
  onData: (stream, _session, callback) => {
    takeMail(stream, options, room).then((reception) => {
      callback(null, '2.0.0 Ok: kept');
      options.onReception(reception);
    }, (fault: Error) => { callback(fault); });
  },
});

const listenOnce = async (server: SMTPServer, { host, port }: ReceiverOptions): Promise<number> => await new Promise((resolve, reject) => {
  server.server.once('error', reject);
  const listening = server.listen(port, host, () => {
    server.server.removeListener('error', reject);
    resolve((listening.address() as AddressInfo).port);
  });
});

/** Errors: NODE_UNFIT, RECEIVER_FAILED when it cannot listen (a taken port is tried for some seconds), or `signal` aborted meanwhile. */
export const startReceiver = async (options: ReceiverOptions, signal?: AbortSignal): Promise<Receiver> => {
  if (!unwrapsPkcs1()) throw new CourierError('NODE_UNFIT', { detail: `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}` });
  const room: Room = { free: ROOM };
  const domains = options.domains.map((domain) => domain.trim().toLowerCase()).filter((domain) => domain !== '');
  for (let attempt = 1; ; attempt += 1) {
    const server = smtpServer(options, domains, room);
    // Faults of single connections are none of ours; without a listener they would end the process.
    server.on('error', () => undefined);
    try {
      const port = await listenOnce(server, options);
      return { port, stop: async () => await new Promise<void>((resolve) => { server.close(() => { resolve(); }); }) };
    } catch (cause) {
      const { code = 'ERROR' } = cause as NodeJS.ErrnoException;
      const failed = new CourierError('RECEIVER_FAILED', { detail: `${code} port ${options.port}`, cause });
      if (code !== 'EADDRINUSE' || attempt >= LISTEN_TRIES) throw failed;
      await delay(LISTEN_PAUSE_MS, undefined, { ...(signal && { signal }) }).catch(() => { throw failed; });
    }
  }
};
