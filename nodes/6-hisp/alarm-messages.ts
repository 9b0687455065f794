// What HISP send tells of alerts and hand-offs: ids, codes, sentences and whom to call. Nothing about a patient.
import type { DirectIdentity } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import { type Code, CODES } from '../errors.ts';
import type { AlertRecord, HandoffRecord } from '../journal/port.ts';
import type { Receipt } from './types.ts';

/** `msg.alert`: someone in need waits for a person. `contact`: how the submitting organization, or its site, is reached. */
export interface Alert {
  id: string; state: string; code: string | null; text: string; next: string;
  /** ISO 8601 UTC; `count`: how often it was told, this time included. */
  since: string; count: number;
  deliveryId: string | null; recipient: string | null; contact: string | null;
}

/** `msg.handoff`: a delivery that the courier could not make. `report`: whose report *render PDF* gives again; null when there is none. */
export interface Handoff {
  deliveryId: string; state: string; code: string | null; text: string; next: string;
  recipient: string | null; npi: string | null; fax: string | null; contact: string | null; orderLocalId: string; site: string;
  report: { messageId: string } | null;
}

export interface AlertMessage { direct: DirectIdentity; alert: Alert; organization?: Organization }
export interface HandoffMessage { direct: DirectIdentity; receipt: Receipt; handoff: Handoff; organization?: Organization }

type About = AlertRecord | HandoffRecord;

const directOf = ({ messageId, orderLocalId, organization, site, priority, resendOf, test }: About, journal: string): DirectIdentity => ({
  id: messageId, journal, orderLocalId, organization: organization ?? '', site, priority,
  ...(resendOf !== null && { resendOf }), ...(test && { test }),
});

/** Codes of another version's journal have no words here. */
const wordsOf = ({ state, code }: Pick<About, 'state' | 'code'>): { text: string; next: string } => {
  if (code === null || !Object.hasOwn(CODES, code)) return { text: code ?? state, next: '' };
  const { text, next } = CODES[code as Code];
  return { text, next };
};

const contactOf = (organization: Organization | undefined, site: string): string | null => {
  if (organization === undefined) return null;
  const { contact, phone } = effectiveOrganization(organization, site);
  return contact ?? phone ?? null;
};

export const alertMessage = (record: AlertRecord, journal: string, organization: Organization | undefined): AlertMessage => {
  const { id, state, code, since, count, deliveryId, recipient, site } = record;
  return {
    direct: directOf(record, journal), ...(organization && { organization }),
    alert: {
      id, state, code, ...wordsOf(record), since: new Date(since).toISOString(), count, deliveryId, recipient, contact: contactOf(organization, site),
    },
  };
};

export const handoffMessage = (record: HandoffRecord, journal: string, organization: Organization | undefined): HandoffMessage => {
  const { deliveryId, messageId, state, code, at, recipient, npi, fax, orderLocalId, site, mailMessageId, report } = record;
  return {
    direct: directOf(record, journal), ...(organization && { organization }),
    receipt: { deliveryId, state, code, at: new Date(at).toISOString(), recipient, messageId: mailMessageId },
    handoff: {
      deliveryId, state, code, ...wordsOf(record), recipient, npi, fax, contact: contactOf(organization, site), orderLocalId, site,
      report: report ? { messageId } : null,
    },
  };
};
