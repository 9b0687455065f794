// Which document is for whom. A profile names the document's version and every setting that changes its content; recipients' domains may
// want another patient identifier than the message's own document carries.
import { createHash } from 'node:crypto';
import type { ClinicalDocument, Recipient } from '../0-order/message.ts';
import type { Organization, PatientIdentifier } from '../0-order/organization.ts';
import { domainRuleFor } from '../0-order/recipient-domains.ts';
import type { DocumentRecord } from '../journal/port.ts';
import { asBuffer } from '../pool.ts';
import type { DocumentSettings } from './document.ts';

export const DEFAULT_CODE = '78573-3';

/** E.g. `r2.1/none`, `r2.1/mrn/34807-8/identity`. */
export const profileOf = ({ identifier, documentCode, genderPreference, title }: DocumentSettings): string => [
  'r2.1', identifier,
  ...(documentCode === DEFAULT_CODE ? [] : [documentCode]),
  ...(genderPreference === 'birth' ? [] : [genderPreference]),
  ...(title === '' ? [] : [createHash('sha256').update(title).digest('hex').slice(0, 8)]),
].join('/');

/** The same profile with another patient identifier. One that is not ours (a flow's own document) stays. */
const withIdentifier = (profile: string, identifier: PatientIdentifier): string =>
  profile.replace(/^r2\.1\/(?:none|null|mrn)(?=\/|$)/, `r2.1/${identifier}`);

type Ruled = Pick<Organization, 'recipientDomains'>;

/** The identifiers that domains of these recipients want, other than `own`; each once. */
export const identifiersWanted = (
  recipients: readonly Pick<Recipient, 'address'>[], organization: Ruled, own: PatientIdentifier,
): PatientIdentifier[] => {
  const wanted = recipients.flatMap(({ address }) => (address === null ? [] : domainRuleFor(organization, address)?.patientIdentifier ?? []));
  return [...new Set(wanted)].filter((identifier) => identifier !== own);
};

/** Documents of a message: its own, further ones by profile, and where those are kept that a flow has lost. */
export interface Documents {
  document: ClinicalDocument;
  documents?: Readonly<Record<string, ClinicalDocument>> | undefined;
  stored?: ((profile: string) => Promise<ClinicalDocument | null>) | undefined;
}

/** The document for an address: as the rule for its domain wants it, else the message's own. Null when the one that is wanted was never made. */
export const documentFor = async (
  address: string, organization: Ruled, { document, documents = {}, stored }: Documents,
): Promise<ClinicalDocument | null> => {
  const identifier = domainRuleFor(organization, address)?.patientIdentifier;
  const profile = identifier === undefined ? document.profile : withIdentifier(document.profile, identifier);
  if (profile === document.profile) return document;
  return (Object.hasOwn(documents, profile) ? documents[profile] : await stored?.(profile)) ?? null;
};

/** A document as the journal keeps it, as it goes on the wires. */
export const documentOf = (record: DocumentRecord | null | undefined): ClinicalDocument | null =>
  record ? { id: record.id, profile: record.profile, data: asBuffer(record.data), warnings: record.warnings } : null;
