// One mail per recipient: certificates found and judged, the message composed, signed and encrypted in the pool. Who cannot
// be written to safely is refused with the reason; the others go.
import { randomUUID } from 'node:crypto';
import type { Recipient, ReportDocument, SealedMail } from '../0-order/message.ts';
import type { Warning } from '../0-order/model.ts';
import type { Organization } from '../0-order/organization.ts';
import { domainRuleFor } from '../0-order/recipient-domains.ts';
import { documentFor, type Documents } from '../4-cda/profiles.ts';
import { asCourierError, type Code, sentence } from '../errors.ts';
import { domainOf } from '../mail/mail-address.ts';
import { writeMessageId } from '../mail/message.ts';
import { mailFor, type MailSettings } from './mail-for.ts';
import { chooseCertificates, type TrustSettings } from './recipient-certificates.ts';
import { sealInPool } from './seal.ts';
import { checkSender, type Sender } from './sender.ts';
import type { ContentCipher, Identity, SealRequest } from './types.ts';

export interface SealRecipientsRequest extends Documents {
  recipients: Recipient[];
  /** As it is in force for the exam's site: see `organizationAt`. */
  organization: Organization;
  pdf?: ReportDocument | undefined;
  identity: Identity | undefined;
  trust: TrustSettings;
  settings: Omit<MailSettings, 'finalDelivery'> & { cipher: ContentCipher };
  now: Date;
  seal?: (request: SealRequest) => Promise<Buffer>;
}

export interface SealedRecipients { sealed: { recipient: Recipient; mail: SealedMail }[]; refused: Recipient[] }

const refused = (recipient: Recipient, code: Code, why: string): Recipient =>
  ({ ...recipient, state: 'UNRESOLVED', code, why: `${recipient.why} ${why}`.trim() });

const distinct = (warnings: Warning[]): Warning[] => [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];

const MEGABYTE = 1_000_000;

/** In megabytes with one digit, rounded up: never the limit itself. */
const sizeOf = (bytes: number): string => (Math.ceil(bytes / MEGABYTE * 10) / 10).toFixed(1);

/** Why the domain does not take a mail of this size. */
const tooLarge = (bytes: number, address: string, organization: Organization): string | undefined => {
  const rule = domainRuleFor(organization, address);
  if (rule?.maxMegabytes === undefined || bytes <= rule.maxMegabytes * MEGABYTE) return undefined;
  return `The sealed mail has ${sizeOf(bytes)} MB; the limit for its domain is ${rule.maxMegabytes} MB.`;
};

const sealFor = async (recipient: Recipient, address: string, from: Sender, request: SealRecipientsRequest): Promise<SealedMail | Recipient> => {
  const { organization, pdf, trust, settings: { cipher, ...settings }, now, seal = sealInPool } = request;
  const document = await documentFor(address, organization, request);
  if (document === null) return refused(recipient, 'DOCUMENT_MISSING', sentence('DOCUMENT_MISSING'));
  const choice = await chooseCertificates(address, trust, now);
  if ('code' in choice) return refused(recipient, choice.code, choice.why);
  const { finalDelivery, deadlineMinutes } = recipient;
  // A delivery keeps its Message-ID however often it is sealed, also when the sender's domain has changed meanwhile.
  const messageId = recipient.messageId ?? writeMessageId(recipient.id ?? randomUUID(), domainOf(from.sender));
  const message = mailFor({
    recipient: address, organization: { ...organization, sender: from.sender }, document, pdf,
    settings: { ...settings, finalDelivery }, now, messageId,
  });
  const raw = await seal({ message, identity: from.identity, recipients: choice.certificates, cipher, signingTime: now });
  const excess = tooLarge(raw.length, address, organization);
  if (excess !== undefined) return refused(recipient, 'MAIL_TOO_LARGE', excess);
  return {
    ...(recipient.id !== undefined && { deliveryId: recipient.id }),
    from: from.sender, to: address, messageId, finalDelivery, ...(deadlineMinutes !== undefined && { deadlineMinutes }), raw,
    evidence: {
      signer: from.thumbprint, recipientCertificates: choice.thumbprints, anchor: choice.anchor,
      document: { id: document.id, profile: document.profile },
    },
    warnings: distinct([...document.warnings, ...(pdf?.warnings ?? [])]),
  };
};

/** A fault while sealing for one recipient must not stop the others either. */
const settle = async (recipient: Recipient, from: Sender, request: SealRecipientsRequest): Promise<SealedMail | Recipient> => {
  const address = recipient.address?.toLowerCase();
  if (address === undefined) return refused(recipient, 'ADDRESS_INVALID', sentence('ADDRESS_INVALID'));
  try {
    return await sealFor(recipient, address, from, request);
  } catch (error) {
    const fault = asCourierError(error, 'SEAL_FAILED');
    return refused(recipient, fault.code, fault.message);
  }
};

/**
 * Seals one mail for each recipient. Errors, before anything is sealed: SENDER_UNKNOWN, SENDER_MISMATCH, SENDER_CERT_EXPIRED,
 * IDENTITY_INVALID. A refused recipient is UNRESOLVED with `CERT_…`, `ADDRESS_INVALID`,
 * `TRUST_INVALID` (an unreadable certificate file), `DOCUMENT_MISSING`, `MAIL_TOO_LARGE` or `SEAL_FAILED`.
 */
export const sealRecipients = async (request: SealRecipientsRequest): Promise<SealedRecipients> => {
  const from = checkSender(request.organization.sender, request.identity, request.now);
  const outcomes = await Promise.all(request.recipients.map(async (recipient) => ({ recipient, outcome: await settle(recipient, from, request) })));
  return {
    sealed: outcomes.flatMap(({ recipient, outcome }) => 'raw' in outcome ? [{ recipient, mail: outcome as SealedMail }] : []),
    refused: outcomes.flatMap(({ outcome }) => 'raw' in outcome ? [] : [outcome]),
  };
};
