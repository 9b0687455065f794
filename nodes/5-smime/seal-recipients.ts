// One mail per recipient: certificates found and judged, the message composed, signed and encrypted in the pool. Who cannot
// be written to safely is refused with the reason; the others go.
import { randomUUID } from 'node:crypto';
import type { Recipient, ReportDocument, SealedMail } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import { domainRuleFor } from '../0-order/recipient-domains.ts';
import { distinctWarnings } from '../0-order/warnings.ts';
import { documentFor, type Documents } from '../4-cda/profiles.ts';
import { asCourierError, type Code, CourierError, sentence } from '../errors.ts';
import { base64Size } from '../mail/base64.ts';
import { domainOf } from '../mail/mail-address.ts';
import { type Mail, writeMessageId } from '../mail/message.ts';
import { mailFor, type MailSettings } from './mail-for.ts';
import { type CertificateChoice, chooseCertificates, type TrustSettings } from './recipient-certificates.ts';
import { writeInPool } from './plain-mail.ts';
import { sealInPool } from './seal.ts';
import { checkSender, checkSenderAddress, type Sender } from './sender.ts';
import type { ContentCipher, Identity, Sealing, SealRequest } from './types.ts';

export interface SealRecipientsRequest extends Documents {
  recipients: Recipient[];
  /** As it is in force for the exam's site: see `organizationAt`. */
  organization: Organization;
  pdf?: ReportDocument | undefined;
  /** Who seals; default the courier. Where it is the HISP no identity is needed. */
  sealing?: Sealing;
  identity: Identity | undefined;
  /** Undefined only where the HISP seals: then nobody's certificate is looked at before it gets the mail. */
  trust: TrustSettings | undefined;
  settings: Omit<MailSettings, 'finalDelivery'> & { cipher: ContentCipher };
  now: Date;
  seal?: (request: SealRequest) => Promise<Buffer>;
  write?: (mail: Mail) => Promise<Buffer>;
}

export interface SealedRecipients { sealed: { recipient: Recipient; mail: SealedMail }[]; refused: Recipient[] }

const refused = (recipient: Recipient, code: Code, why: string): Recipient =>
  ({ ...recipient, state: 'UNRESOLVED', code, why: `${recipient.why} ${why}`.trim() });

/** `own` is the identity of a sender who seals; null where the HISP seals. */
interface From { sender: string; own: Sender | null }

type Choice = Exclude<CertificateChoice, { code: Code }>;
/** `size`: of the sealed mail, in bytes. */
type Bytes = Pick<SealedMail, 'raw' | 'evidence'> & { size: number };

const MEGABYTE = 1_000_000;
/** About what signature, certificates and envelope add. */
const ENVELOPE = 8_000;

/** In megabytes with one digit, rounded up: never the limit itself. */
const sizeOf = (bytes: number): string => (Math.ceil(bytes / MEGABYTE * 10) / 10).toFixed(1);

/** Why the domain does not take a mail of this size. */
const tooLarge = (bytes: number, address: string, organization: Organization): string | undefined => {
  const rule = domainRuleFor(organization, address);
  if (rule?.maxMegabytes === undefined || bytes <= rule.maxMegabytes * MEGABYTE) return undefined;
  return `The sealed mail has ${sizeOf(bytes)} MB; the limit for its domain is ${rule.maxMegabytes} MB.`;
};

const bytesOf = async (message: Mail, { own }: From, choice: Choice | null, request: SealRecipientsRequest): Promise<Bytes> => {
  const { settings: { cipher }, now, seal = sealInPool, write = writeInPool } = request;
  if (own === null) {
    const raw = await write(message);
    // The recipient's domain gets what the HISP makes of it.
    return { raw, size: base64Size(raw.length + ENVELOPE), evidence: { signer: '', recipientCertificates: [], anchor: '', sealedBy: 'hisp' } };
  }
  const raw = await seal({ message, identity: own.identity, recipients: choice?.certificates ?? [], cipher, signingTime: now });
  const [recipientCertificates, anchor] = [choice?.thumbprints ?? [], choice?.anchor ?? ''];
  return { raw, size: raw.length, evidence: { signer: own.thumbprint, recipientCertificates, anchor } };
};

const sealFor = async (recipient: Recipient, address: string, from: From, request: SealRecipientsRequest): Promise<SealedMail | Recipient> => {
  const { organization, pdf, trust, settings: { cipher: _, ...settings }, now } = request;
  const document = await documentFor(address, organization, request);
  if (document === null) return refused(recipient, 'DOCUMENT_MISSING', sentence('DOCUMENT_MISSING'));
  const choice = trust === undefined ? null : await chooseCertificates(address, trust, now);
  if (choice !== null && 'code' in choice) return refused(recipient, choice.code, choice.why);
  const { finalDelivery, deadlineMinutes } = recipient;
  // A delivery keeps its Message-ID however often it is sealed, also when the sender's domain has changed meanwhile.
  const messageId = recipient.messageId ?? writeMessageId(recipient.id ?? randomUUID(), domainOf(from.sender));
  const message = mailFor({
    recipient: address, organization: { ...organization, sender: from.sender }, document, pdf,
    settings: { ...settings, finalDelivery }, now, messageId,
  });
  const { raw, size, evidence } = await bytesOf(message, from, choice, request);
  const excess = tooLarge(size, address, organization);
  if (excess !== undefined) return refused(recipient, 'MAIL_TOO_LARGE', excess);
  return {
    ...(recipient.id !== undefined && { deliveryId: recipient.id }),
    from: from.sender, to: address, messageId, finalDelivery, ...(deadlineMinutes !== undefined && { deadlineMinutes }), raw,
    evidence: { ...evidence, document: { id: document.id, profile: document.profile } },
    warnings: distinctWarnings([...document.warnings, ...(pdf?.warnings ?? [])]),
  };
};

/** A fault while sealing for one recipient must not stop the others either. */
const settle = async (recipient: Recipient, from: From, request: SealRecipientsRequest): Promise<SealedMail | Recipient> => {
  const address = recipient.address?.toLowerCase();
  if (address === undefined) return refused(recipient, 'ADDRESS_INVALID', sentence('ADDRESS_INVALID'));
  try {
    return await sealFor(recipient, address, from, request);
  } catch (error) {
    const fault = asCourierError(error, 'SEAL_FAILED');
    return refused(recipient, fault.code, fault.message);
  }
};

const fromOf = ({ organization, sealing, identity, trust, now }: SealRecipientsRequest): From => {
  if (sealing === 'hisp') return { sender: checkSenderAddress(organization.sender), own: null };
  if (trust === undefined) throw new CourierError('TRUST_INVALID', { detail: 'no trust is chosen' });
  const own = checkSender(organization.sender, identity, now);
  return { sender: own.sender, own };
};

/**
 * One mail for each recipient: sealed, or plain for an account whose HISP seals. Errors, before anything is written: SENDER_UNKNOWN,
 * SENDER_MISMATCH, SENDER_CERT_EXPIRED, IDENTITY_INVALID, TRUST_INVALID. A refused recipient is UNRESOLVED with `CERT_…`, `ADDRESS_INVALID`,
 * `TRUST_INVALID` (an unreadable certificate file), `DOCUMENT_MISSING`, `MAIL_TOO_LARGE` or `SEAL_FAILED`.
 */
export const sealRecipients = async (request: SealRecipientsRequest): Promise<SealedRecipients> => {
  const from = fromOf(request);
  const outcomes = await Promise.all(request.recipients.map(async (recipient) => ({ recipient, outcome: await settle(recipient, from, request) })));
  return {
    sealed: outcomes.flatMap(({ recipient, outcome }) => 'raw' in outcome ? [{ recipient, mail: outcome as SealedMail }] : []),
    refused: outcomes.flatMap(({ outcome }) => 'raw' in outcome ? [] : [outcome]),
  };
};
