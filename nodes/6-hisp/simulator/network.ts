// A HISP network on this machine, for trainers, tests and the first start: everything is real but the people.
import type { AddressInfo, Server as HttpServer } from 'node:net';
import { headerOf, parseEntity } from '../../mail/mime.ts';
import { messageIdOf } from '../notification-fields.ts';
import { smtpReply } from '../smtp-intake.ts';
import { behaviourOf } from './behaviour.ts';
import { certificateService } from './certificate-service.ts';
import { type Faults, firstTimes, NO_FAULTS } from './faults.ts';
import { createNotifier } from './notifier.ts';
import { openPki, type SimulatedPki } from './pki.ts';
import { type MailRecord, recordOf } from './record.ts';
import { react } from './security-agent.ts';
import { LOOPBACK, submissionServer, type SubmissionServer } from './submission-server.ts';

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
  /** How long the network takes before it notifies, in ms. */
  delayMs?: number;
  /** What goes wrong from the start. */
  faults?: Partial<Faults>;
  /** Lets whoever reaches the certificate service on this machine say what goes wrong. */
  control?: boolean;
  /** Told of each mail taken, before its sender is answered. */
  record?: (mail: MailRecord) => void;
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
  /** Makes something go wrong, or right again; whoever is connected must come again. Resolves to all that is set. */
  faults(change: Partial<Faults>): Promise<Faults>;
  stop(): Promise<void>;
}

const listen = async (server: HttpServer, port: number): Promise<number> => await new Promise((resolve, reject) => {
  server.once('error', reject);
  const listening = server.listen(port, LOOPBACK, () => { resolve((listening.address() as AddressInfo).port); });
});

type Take = (to: string, from: string, raw: Buffer) => Promise<'answer' | 'silent'>;

/** What is done with each mail: put off, or kept, recorded and answered later. */
const intake = (options: NetworkOptions, pki: SimulatedPki, faults: () => Faults, notify: (to: string, mails: Buffer[]) => Promise<void>) => {
  const { keep = 1000, log = () => undefined, now = () => new Date(), record } = options;
  const received: ReceivedMail[] = [];
  const [putOff, kept] = [firstTimes(), firstTimes()];
  let taken = 0;

  const answer = async (to: string, raw: Buffer): Promise<void> => {
    const [behaviour, holder] = [behaviourOf(to), await pki.certificateFor(to)];
    if (behaviour === null || holder === null) return;
    const { sender, answers, why } = react({ to, raw, behaviour, holder, authorityPem: pki.authorityPem, now: now() });
    log(`mail ${why}, ${answers.length} to answer`);
    await notify(sender, answers);
  };

  const take: Take = async (to, from, raw) => {
    const messageId = messageIdOf(headerOf(parseEntity(raw), 'message-id'));
    const behaviour = behaviourOf(to);
    if (behaviour === 'greylist' && putOff(messageId, faults().greylistTries)) throw smtpReply(451, '4.7.1 Greylisted, try again later');
    const silent = behaviour === 'swallow' && kept(messageId, faults().swallowTries);
    taken += 1;
    received.push({ to, messageId, raw });
    if (received.length > keep) received.shift();
    record?.(recordOf({ at: Date.now(), messageId, from, to, answer: silent ? 'none' : '250' }, raw));
    setImmediate(() => { answer(to, raw).catch((fault: unknown) => { log(`mail not answered: ${(fault as Error).message}`); }); });
    return silent ? 'silent' : 'answer';
  };
  return { take, received, count: () => taken };
};

/** The faults, and what it takes to bring each about. */
const faultBoard = (smtp: () => SubmissionServer, port: () => number, first: Faults) => {
  let current = first;
  let changing = Promise.resolve();
  const apply = async (change: Partial<Faults>): Promise<Faults> => {
    const before = current;
    current = { ...current, ...change };
    if (before.listening && (!current.listening || before.tls !== current.tls)) await smtp().shut();
    if (current.listening && (!before.listening || before.tls !== current.tls)) await smtp().open(port());
    if (before.login !== current.login) smtp().cut();
    return current;
  };
  return {
    current: (): Faults => current,
    change: async (change: Partial<Faults>): Promise<Faults> => {
      const changed = changing.then(async () => await apply(change));
      changing = changed.then(() => undefined, () => undefined);
      return await changed;
    },
  };
};

/** Everything listens on 127.0.0.1 only. Port 0 takes a free one. */
export const startNetwork = async (options: NetworkOptions): Promise<Network> => {
  const { log = () => undefined, now = () => new Date() } = options;
  const pki = await openPki({ folder: options.folder, now, ...(options.privateFolder !== undefined && { privateFolder: options.privateFolder }) });
  const notifier = createNotifier({ delayMs: options.delayMs ?? 0, log });
  notifier.notifyTo(options.notifyPort);
  const board = faultBoard(() => smtp, () => smtpPort, { ...NO_FAULTS, ...options.faults });
  const { take, received, count } = intake(options, pki, board.current, notifier.send);
  const [certificate, untrustedCertificate] = await Promise.all([pki.serverCertificate(), pki.serverCertificate(false)]);
  const { user, password } = options;
  const smtp = submissionServer({ user, password, certificate, untrustedCertificate, faults: board.current, take, log });
  const service = certificateService(pki, options.control ? board.change : undefined);
  const smtpPort = await smtp.open(options.smtpPort ?? 0);
  if (!board.current().listening) await smtp.shut();
  const servicePort = await listen(service, options.servicePort ?? 0);

  return {
    smtpPort, servicePort, received, count,
    certificateUrl: `http://${LOOPBACK}:${servicePort}/certificates/{address}`,
    authorityPem: pki.authorityPem,
    untrustedAuthorityPem: pki.untrustedAuthorityPem,
    certificateFor: pki.certificateFor,
    senderIdentity: pki.senderIdentity,
    notifyTo: notifier.notifyTo,
    faults: board.change,
    async stop() {
      await notifier.stop();
      service.closeAllConnections();
      await Promise.all([smtp.shut(), new Promise<void>((resolve) => { service.close(() => { resolve(); }); })]);
    },
  };
};
