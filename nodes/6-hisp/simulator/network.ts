// A HISP network on this machine, for trainers, tests and the first start: everything is real but the people.
import type { AddressInfo, Server as HttpServer } from 'node:net';
import { headerOf, parseEntity } from '../../mail/mime.ts';
import { messageIdOf } from '../notification-fields.ts';
import { smtpReply } from '../smtp-intake.ts';
import { behaviourOf } from './behaviour.ts';
import type { Holder } from './certificate.ts';
import { certificateService } from './certificate-service.ts';
import { createEdge, type Edge, type EdgeOptions } from './edge.ts';
import { faultBoard } from './fault-board.ts';
import { type Faults, firstTimes, NO_FAULTS } from './faults.ts';
import type { SimulatedMailbox } from './mailbox.ts';
import { createNotifier } from './notifier.ts';
import { openPki, type SimulatedPki } from './pki.ts';
import { type MailRecord, recordOf } from './record.ts';
import { react } from './security-agent.ts';
import { type LogIn, LOOPBACK, submissionServer } from './submission-server.ts';

export interface NetworkOptions {
  /** For what may be shown: certificates, keys of hosted domains. */
  folder: string;
  /** For keys that may not; default `<folder>/private`. */
  privateFolder?: string;
  smtpPort?: number;
  servicePort?: number;
  user: string;
  password: string;
  /** A second log-in, whose mail is sealed here and whose notifications lie in a mailbox. */
  edge?: EdgeOptions;
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
  /** Where the edge log-in's mailbox is read, by IMAP over TLS; undefined without one. */
  imapPort: number | undefined;
  mailbox: SimulatedMailbox | undefined;
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

type Take = (to: string, from: string, raw: Buffer, logIn: LogIn) => Promise<'answer' | 'silent'>;

interface IntakeTools { pki: SimulatedPki; faults: () => Faults; notify: (to: string, mails: Buffer[]) => Promise<void>; edge: Edge | undefined }

/** What is done with each mail: put off, or kept, recorded and answered later. */
const intake = (options: NetworkOptions, { pki, faults, notify, edge }: IntakeTools) => {
  const { keep = 1000, log = () => undefined, now = () => new Date(), record } = options;
  const received: ReceivedMail[] = [];
  const [putOff, kept] = [firstTimes(), firstTimes()];
  let taken = 0;

  const answer = async (to: string, raw: Buffer, logIn: LogIn): Promise<void> => {
    if (logIn === 'plain') return edge?.answer(to, raw, behaviourOf(to) ?? 'good');
    const [behaviour, holder] = [behaviourOf(to), await pki.certificateFor(to)];
    if (behaviour === null || holder === null) return;
    const { sender, answers, why } = react({ to, raw, behaviour, holder, authorityPem: pki.authorityPem, now: now() });
    log(`mail ${why}, ${answers.length} to answer`);
    await notify(sender, answers);
  };

  const take: Take = async (to, from, raw, logIn) => {
    const refusal = logIn === 'plain' ? edge?.refusal(raw) : null;
    if (refusal) throw smtpReply(554, refusal);
    const messageId = messageIdOf(headerOf(parseEntity(raw), 'message-id'));
    const behaviour = behaviourOf(to);
    if (behaviour === 'greylist' && putOff(messageId, faults().greylistTries)) throw smtpReply(451, '4.7.1 Greylisted, try again later');
    const silent = behaviour === 'swallow' && kept(messageId, faults().swallowTries);
    taken += 1;
    received.push({ to, messageId, raw });
    if (received.length > keep) received.shift();
    record?.(recordOf({ at: Date.now(), messageId, from, to, answer: silent ? 'none' : '250' }, raw));
    setImmediate(() => { answer(to, raw, logIn).catch((fault: unknown) => { log(`mail not answered: ${(fault as Error).message}`); }); });
    return silent ? 'silent' : 'answer';
  };
  return { take, received, count: () => taken };
};

/** Everything listens on 127.0.0.1 only. Port 0 takes a free one. */
export const startNetwork = async (options: NetworkOptions): Promise<Network> => {
  const { log = () => undefined, now = () => new Date() } = options;
  const pki = await openPki({ folder: options.folder, now, ...(options.privateFolder !== undefined && { privateFolder: options.privateFolder }) });
  const notifier = createNotifier({ delayMs: options.delayMs ?? 0, log });
  notifier.notifyTo(options.notifyPort);
  const board = faultBoard({ ...NO_FAULTS, ...options.faults });
  const [certificate, untrustedCertificate] = await Promise.all([pki.serverCertificate(), pki.serverCertificate(false)]);
  const shown = (): Holder => board.current().tls === 'untrusted' ? untrustedCertificate : certificate;
  const edge = options.edge && createEdge(options.edge, { faults: board.current, certificate: shown, delayMs: options.delayMs ?? 0, now, log });
  const { take, received, count } = intake(options, { pki, faults: board.current, notify: notifier.send, edge });
  const logIn = (user: string, password: string): LogIn | undefined => {
    if (board.current().login === 'refuse') return undefined;
    if (user === options.user && password === options.password) return 'sealed';
    return edge?.knows(user, password) ? 'plain' : undefined;
  };
  const smtp = submissionServer({ logIn, certificate, untrustedCertificate, faults: board.current, take, log });
  const service = certificateService(pki, options.control ? board.change : undefined);
  const smtpPort = await board.add(smtp, options.smtpPort ?? 0, ({ listening }) => listening);
  const imapPort = edge && await board.add(edge.server, options.edge?.imapPort ?? 0, ({ mailbox }) => mailbox);
  const servicePort = await listen(service, options.servicePort ?? 0);

  return {
    smtpPort, servicePort, imapPort, mailbox: edge?.mailbox, received, count,
    certificateUrl: `http://${LOOPBACK}:${servicePort}/certificates/{address}`,
    authorityPem: pki.authorityPem,
    untrustedAuthorityPem: pki.untrustedAuthorityPem,
    certificateFor: pki.certificateFor,
    senderIdentity: pki.senderIdentity,
    notifyTo: notifier.notifyTo,
    faults: board.change,
    async stop() {
      await Promise.all([notifier.stop(), edge?.stop()]);
      service.closeAllConnections();
      await Promise.all([smtp.shut(), new Promise<void>((resolve) => { service.close(() => { resolve(); }); })]);
    },
  };
};
