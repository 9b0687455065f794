// A HISP network on this machine, for trainers, tests and the first start: everything is real but the people.
import type { AddressInfo, Server as NetServer } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { headerOf, parseEntity } from '../../mail/mime.ts';
import { messageIdOf } from '../notification-fields.ts';
import { readMail, smtpReply } from '../smtp-intake.ts';
import { behaviourOf } from './behaviour.ts';
import { certificateService } from './certificate-service.ts';
import type { Holder } from './certificate.ts';
import { createNotifier } from './notifier.ts';
import { openPki, type SimulatedPki } from './pki.ts';
import { react } from './security-agent.ts';

export interface NetworkOptions {
  /** For what may be shown: certificates, keys of hosted domains. */
  folder: string;
  /** For keys that may not; default `<folder>/private`. */
  privateFolder?: string;
  smtpPort?: number;
  servicePort?: number;
  user: string;
  password: string;
  /** Port on this machine where notifications are listened for; can be set later. */
  notifyPort?: number;
  /** How long the network takes before it answers, in ms. */
  delayMs?: number;
  /** How many of the mails taken `received` holds; default 1000. */
  keep?: number;
  log?: (line: string) => void;
  now?: () => Date;
}

/** A mail that was taken: `raw` is the DATA as it came, `messageId` without brackets. */
export interface ReceivedMail { to: string; messageId: string; raw: Buffer }

export interface Network extends Pick<SimulatedPki, 'authorityPem' | 'untrustedAuthorityPem' | 'certificateFor' | 'senderIdentity'> {
  smtpPort: number;
  servicePort: number;
  /** With `{address}` to be replaced. */
  certificateUrl: string;
  received: readonly ReceivedMail[];
  /** Mails taken since the start. */
  count(): number;
  notifyTo(port: number | undefined): void;
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const LARGEST = 60 * 1024 * 1024;

const listen = async (server: Pick<NetServer, 'listen' | 'once'>, port: number): Promise<number> => await new Promise((resolve, reject) => {
  server.once('error', reject);
  const listening = server.listen(port, LOOPBACK, () => { resolve((listening.address() as AddressInfo).port); });
});

interface Post { take(to: string, raw: Buffer): Promise<void> }

const smtpServer = (options: NetworkOptions, server: Holder, post: Post): SMTPServer => new SMTPServer({
  key: server.keyPem, cert: server.certificatePem, minVersion: 'TLSv1.2', banner: 'simulated HISP network',
  size: LARGEST, disableReverseLookup: true, closeTimeout: 500, authMethods: ['PLAIN', 'LOGIN'], logger: false,
  onAuth: ({ username, password }, _session, callback) => username === options.user && password === options.password
    ? callback(null, { user: username })
    : callback(smtpReply(535, '5.7.8 Authentication credentials invalid')),
  onRcptTo: ({ address }, _session, callback) => {
    const behaviour = behaviourOf(address);
    if (behaviour === null) return callback(smtpReply(550, '5.1.2 No such domain in this network'));
    return behaviour === 'refuse' ? callback(smtpReply(550, '5.1.1 No such mailbox')) : callback();
  },
  onData: (stream: SMTPServerDataStream, session: SMTPServerSession, callback) => {
    const recipients = session.envelope.rcptTo.map(({ address }) => address.toLowerCase());
    readMail(stream, LARGEST, async (raw) => {
      for (const to of recipients) await post.take(to, raw);
    }).then(() => callback(null, '2.0.0 Ok: queued'), (fault: Error) => callback(fault));
  },
});

/** Everything listens on 127.0.0.1 only. Port 0 takes a free one. */
export const startNetwork = async (options: NetworkOptions): Promise<Network> => {
  const { keep = 1000, log = () => undefined, now = () => new Date(), notifyPort } = options;
  const pki = await openPki({ folder: options.folder, now, ...(options.privateFolder !== undefined && { privateFolder: options.privateFolder }) });
  const notifier = createNotifier({ delayMs: options.delayMs ?? 0, log });
  notifier.notifyTo(notifyPort);
  const received: ReceivedMail[] = [];
  const greylisted = new Set<string>();
  let taken = 0;

  const answer = async (to: string, raw: Buffer): Promise<void> => {
    const [behaviour, holder] = [behaviourOf(to), await pki.certificateFor(to)];
    if (behaviour === null || holder === null) return;
    const { sender, answers, why } = react({ to, raw, behaviour, holder, authorityPem: pki.authorityPem, now: now() });
    log(`mail ${why}, ${answers.length} to answer`);
    await notifier.send(sender, answers);
  };

  const take = async (to: string, raw: Buffer): Promise<void> => {
    const messageId = messageIdOf(headerOf(parseEntity(raw), 'message-id'));
    if (behaviourOf(to) === 'greylist' && !greylisted.has(messageId)) {
      greylisted.add(messageId);
      throw smtpReply(451, '4.7.1 Greylisted, try again later');
    }
    taken += 1;
    received.push({ to, messageId, raw });
    if (received.length > keep) received.shift();
    setImmediate(() => { answer(to, raw).catch((fault: unknown) => { log(`mail not answered: ${(fault as Error).message}`); }); });
  };

  const smtp = smtpServer(options, await pki.serverCertificate(), { take });
  const service = certificateService(pki);
  const smtpPort = await listen(smtp as unknown as NetServer, options.smtpPort ?? 0);
  const servicePort = await listen(service, options.servicePort ?? 0);
  smtp.on('error', (fault: Error) => { log(`connection fault ${(fault as NodeJS.ErrnoException).code ?? ''}`); });

  return {
    smtpPort, servicePort, received,
    certificateUrl: `http://${LOOPBACK}:${servicePort}/certificates/{address}`,
    count: () => taken,
    authorityPem: pki.authorityPem,
    untrustedAuthorityPem: pki.untrustedAuthorityPem,
    certificateFor: pki.certificateFor,
    senderIdentity: pki.senderIdentity,
    notifyTo: notifier.notifyTo,
    async stop() {
      await notifier.stop();
      service.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => { smtp.close(() => { resolve(); }); }),
        new Promise<void>((resolve) => { service.close(() => { resolve(); }); }),
      ]);
    },
  };
};
