// The receiving side of the simulated network: opens what arrives with the domain's key, and decides what to answer.
import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { openMail } from '../../5-smime/open.ts';
import { sealMail } from '../../5-smime/seal.ts';
import { headerOf, headersOf, parseEntity } from '../../mail/mime.ts';
import { addressOf } from '../notification-fields.ts';
import { writeDsn, writeMdn } from '../notification-write.ts';
import type { Behaviour } from './behaviour.ts';
import type { Holder } from './certificate.ts';

export interface ArrivedMail { to: string; raw: Buffer; behaviour: Behaviour; holder: Holder; authorityPem: string; now: Date }

/** `answers` are sealed mails to `sender`, in order. `why` is for the log: codes and ids only. */
export interface Reaction { sender: string; answers: Buffer[]; why: string }

const SILENT: ReadonlySet<Behaviour> = new Set(['silent', 'nocert', 'refuse']);

// Delivery Notification guide 1.3: exactly this option; anything else asks for nothing.
export const asksFinalDelivery = (options: string | undefined): boolean =>
  /^\s*x-direct-final-destination-delivery\s*=\s*optional\s*,\s*true\s*$/i.test(options ?? '');

const der = (pem: string): Buffer => new X509Certificate(pem).raw;

/** What an honest system would notice: nobody but the signed recipients may get the mail. */
export const isAddressed = (headers: string[], to: string): boolean =>
  headers.flatMap((header) => header.split(',')).some((entry) => addressOf(entry) === to.toLowerCase());

/** What the answers to one mail have in common; `fresh` makes a Message-ID in a domain. */
export type Answered = Omit<Parameters<typeof writeDsn>[0], 'messageId'> & { fresh: (domain: string) => string };

export const freshId = (domain: string): string => `<${randomUUID()}@${domain}>`;

export const writeAnswers = (behaviour: Behaviour, asked: boolean, { fresh: newId, ...common }: Answered): Buffer[] => {
  const fresh = (): string => newId(common.reporter);
  const mdn = (disposition: 'processed' | 'dispatched'): Buffer =>
    writeMdn({ ...common, messageId: fresh(), disposition, finalDelivery: disposition === 'dispatched' });
  if (SILENT.has(behaviour)) return [];
  if (behaviour === 'bounce') return [writeDsn({ ...common, messageId: fresh() })];
  if (behaviour === 'processed' || !asked) return [mdn('processed')];
  return [mdn('processed'), mdn('dispatched')];
};

/** Expired, untrusted or changed mail is met with silence (accreditation tests of DirectTrust); so is mail that asks for none. */
export const react = ({ to, raw, behaviour, holder, authorityPem, now }: ArrivedMail): Reaction => {
  const privateKey = createPrivateKey(holder.keyPem);
  const certificate = der(holder.certificatePem);
  const opened = openMail(raw, { keys: [{ privateKey, certificate }], anchors: [der(authorityPem)], now });
  if (opened.message === null || opened.signer === null) return { sender: '', answers: [], why: opened.code ?? 'refused' };
  const message = parseEntity(opened.message);
  const sender = addressOf(headerOf(message, 'from'));
  if (!isAddressed([...headersOf(message, 'to'), ...headersOf(message, 'cc')], to)) return { sender, answers: [], why: 'HEADERS_DIFFER' };
  const domain = to.slice(to.lastIndexOf('@') + 1);
  const answers = writeAnswers(behaviour, asksFinalDelivery(headerOf(message, 'disposition-notification-options')), {
    from: behaviour === 'bounce' ? `postmaster@${domain}` : to, to: sender, fresh: freshId, date: now, reporter: domain,
    originalMessageId: headerOf(message, 'message-id') ?? '', finalRecipient: to,
    action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such mailbox',
  });
  const recipients = [opened.signer.certificate];
  return {
    sender, why: 'opened',
    answers: answers.map((answer) => sealMail({
      message: answer, identity: { certificate, chain: [], privateKey }, recipients, cipher: 'aes-256-cbc', signingTime: now,
    })),
  };
};
