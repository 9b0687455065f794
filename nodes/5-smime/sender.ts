// Who signs: an identity fits a sender when it is in date, bound to the sender's address and able to sign. Looked at before
// anything is sealed; a wrong sender stops the message, not one recipient.
import { normalizeAddress } from '../0-order/direct-address.ts';
import type { Organization } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import { type Code, CourierError } from '../errors.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { checkBinding, checkKey, checkValidity, type Finding } from './trust.ts';
import type { Identity } from './types.ts';

const CODES: Readonly<Record<string, Code>> = {
  CERT_EXPIRED: 'SENDER_CERT_EXPIRED', CERT_NOT_BOUND: 'SENDER_MISMATCH', CERT_KEY_UNFIT: 'IDENTITY_INVALID',
};

/** A sender's address, in lower case, with the identity that may sign for it. */
export interface Sender { sender: string; identity: Identity; thumbprint: string }

const firstBroken = (certificate: Certificate, sender: string, now: Date): Finding | undefined =>
  [checkBinding(certificate, sender), checkValidity(certificate, now), checkKey(certificate, 'sign')].find(({ code }) => code !== null);

/** The organization as it stands for the exam's site: sender and identity may be the site's own. */
export const organizationAt = (organization: Organization, site: string | undefined): Organization =>
  site === undefined ? organization : effectiveOrganization(organization, site);

/** The organization's address in lower case: who signs it elsewhere needs no identity here. Errors: SENDER_UNKNOWN. */
export const checkSenderAddress = (sender: string | undefined): string => {
  const address = normalizeAddress(sender ?? '');
  if (address === null) throw new CourierError('SENDER_UNKNOWN', { path: 'organization.sender' });
  return address;
};

/** Errors: SENDER_UNKNOWN, SENDER_MISMATCH, SENDER_CERT_EXPIRED, IDENTITY_INVALID. */
export const checkSender = (sender: string | undefined, identity: Identity | undefined, now: Date): Sender => {
  if (sender === undefined || sender === '') throw new CourierError('SENDER_UNKNOWN', { path: 'organization.sender' });
  if (identity === undefined) throw new CourierError('SENDER_UNKNOWN');
  const certificate = readCertificate(identity.certificate);
  const broken = firstBroken(certificate, sender, now);
  if (broken !== undefined) throw new CourierError(CODES[broken.code ?? ''] ?? 'IDENTITY_INVALID', { detail: broken.line });
  return { sender: sender.toLowerCase(), identity, thumbprint: certificate.thumbprint };
};
