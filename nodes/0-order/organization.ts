import type { Deadlines } from './deadlines.ts';
import type { PostalAddress } from './model.ts';

export type RoutePolicy = 'union' | 'site-over-organization' | 'most-specific';
export type PatientIdentifier = 'none' | 'null' | 'mrn';

/** What may be said for an organization and said again, differently, for one of its sites. */
export interface OrganizationSettings {
  /** Sender Direct address: From, MAIL FROM, and bound by the signing certificate. */
  sender?: string;
  /** Name of the `direct-identity` config node that signs; blank: the one chosen in the S/MIME node. */
  identity?: string;
  /** Name of the `direct-hisp-account` config node; blank: the one chosen in the HISP send node. */
  account?: string;
  policy?: RoutePolicy;
  patientIdentifier?: PatientIdentifier;
  /** Whom a recipient may call or write to about a message; falls back to `phone`. */
  contact?: string;
  /** Ask the receiving HISP to confirm final delivery; default yes. Rows of the route table and rules for domains come first. */
  finalDelivery?: boolean;
  /** Whether preliminary results are sent; otherwise they are stored only. */
  preliminary?: boolean;
  /** Minutes after acceptance within which notifications must come, per class; blank: as the HISP account says. */
  deadlines?: Deadlines;
  /** Path of a PNG or JPEG, or a `data:` URI: shown on the report. */
  logo?: string;
  /** IANA zone in which the report shows times, e.g. `America/Chicago`; default UTC. */
  timeZone?: string;
  /** Price per message, decimal string, and ISO 4217 currency. */
  price?: string;
  currency?: string;
}

/** What holds for recipients on a domain: what their HISP can and cannot do. */
export interface DomainRule {
  /** In lower case. `*.hisp.example` also holds for every domain below `hisp.example`. */
  domain: string;
  /** Whether this HISP is asked to confirm final delivery. */
  finalDelivery?: boolean;
  /** The document profile: which patient identifier its receivers want in the document. */
  patientIdentifier?: PatientIdentifier;
  /** The largest sealed mail that it takes, in units of 1,000,000 bytes. */
  maxMegabytes?: number;
}

/** Who submits and pays. Identified by ClientGuid (lower case). */
export interface Organization extends OrganizationSettings {
  clientGuid: string;
  name: string;
  npi?: string;
  address?: PostalAddress;
  phone?: string;
  /** Assigning authority of its medical record numbers; default `2.25.<ClientGuid as decimal>`. */
  oid?: string;
  /** What holds for recipients on certain domains, the first that fits first; those for all organizations stand at the end. */
  recipientDomains?: DomainRule[];
  sites?: Record<string, OrganizationSettings & { name?: string; address?: PostalAddress; phone?: string }>;
}
