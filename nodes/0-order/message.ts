// The message contract on the wires: one property per stage, plain JSON and Buffers only.
import type { Laterality, Priority, Result, StoredOrder, Warning } from './model.ts';
import type { Organization, RoutePolicy } from './organization.ts';

export type Level = 'order' | 'site' | 'organization';

/** Who a message is, on every wire. `journal` is the id of the journal's config node; absent in a hand-built flow. */
export interface DirectIdentity {
  id: string;
  journal?: string;
  orderLocalId: string;
  organization: string;
  site: string;
  priority: Priority;
  /** The message whose document bytes this one sends again. */
  resendOf?: string;
  /** Nobody's result: it goes to a simulated network, or a person has sent it as a test message. */
  test?: boolean;
  /** Which emission of the message this is: the fence that the journal's writes must show. Absent in a hand-built flow. */
  run?: number;
}

/** `msg.direct` on *accepted*: what became of the input. It carries no journal, so that nothing behind it touches the message. */
export interface Acceptance {
  inputId: string;
  /** The message's id; absent for an order. */
  id?: string;
  kind: 'order' | 'result' | 'resend' | 'event';
  outcome: 'stored' | 'changed' | 'cancelled' | 'replay' | 'held' | 'waiting' | 'ready' | 'linked' | 'noted';
  code?: string;
  /** Every code, where there is more to say than `code` does. */
  codes?: string[];
}

/** `msg.rejection` on *rejected*: kept under `inputId`, but neither stored nor joined. */
export interface Rejection { code: string; path?: string; text: string; inputId: string }

/** One recipient of one message. `id` is the delivery's id once the journal knows it. */
export interface Recipient {
  id?: string;
  /** With angle brackets: the Message-ID of an earlier mail of this delivery, which a mail sealed anew must carry too. */
  messageId?: string;
  level: Level;
  /** Other levels that named the same address. */
  alsoFrom: Level[];
  /** Normalised Direct address, or null while only an NPI is known or the address cannot be used. */
  address: string | null;
  /** The NPI named beside or instead of the address. */
  npi: string | null;
  /** Field path, or `route:<line>`. */
  source: string;
  /** One sentence: why this recipient was chosen, or not. */
  why: string;
  finalDelivery: boolean;
  /** Who decided that: a row of the route table, a rule for the domain, the organization or site. Absent: nobody said anything. */
  finalDeliveryBy?: 'row' | 'domain' | 'organization';
  /** Minutes within which notifications must come, where a row of the route table says so itself. */
  deadlineMinutes?: number;
  state: 'RESOLVING' | 'UNRESOLVED' | 'SUPPRESSED';
  code: string | null;
  /** Kept back for a person once it is sealed: the code that says why. */
  hold?: string;
  warnings: Warning[];
}

/** `msg.route`: what was considered, for the reader who asks why. */
export interface RouteExplanation {
  policy: RoutePolicy;
  considered: { level: Level; source: string; used: boolean; why: string }[];
  /** Why the result goes to nobody at all, whoever was considered. */
  withheld?: { code: string; why: string };
}

/** `msg.images`: `data` holds JPEG or PNG bytes. */
export interface ReportImage { laterality: Laterality; mediaType: 'image/jpeg' | 'image/png'; data: Buffer }

/** `msg.pdf` */
export interface ReportDocument { data: Buffer; source: 'rendered' | 'result'; warnings: Warning[] }

/** `msg.cda`: `id` is ClinicalDocument/id, an upper-case UUID. */
export interface ClinicalDocument { id: string; data: Buffer; profile: string; warnings: Warning[] }

/** `msg.mail`: one mail for one recipient, sealed unless its HISP seals; `raw` is what goes into DATA, CRLF throughout. */
export interface SealedMail {
  deliveryId?: string;
  from: string;
  to: string;
  /** With angle brackets. */
  messageId: string;
  finalDelivery: boolean;
  /** The recipient's own: see there. */
  deadlineMinutes?: number;
  raw: Buffer;
  /** SHA-256 thumbprints (upper-case hex) and the anchor's subject: the evidence of the trust decision; and which document the mail holds. */
  evidence: {
    signer: string; recipientCertificates: string[]; anchor: string; document?: Pick<ClinicalDocument, 'id' | 'profile'>;
    /** The mail is plain and its HISP seals it: then signer, certificates and anchor are empty. */
    sealedBy?: 'hisp';
  };
  warnings: Warning[];
}

/** Everything our nodes read from or write to a message. */
export interface CourierMessage {
  _msgid?: string;
  topic?: string;
  payload?: unknown;
  direct?: DirectIdentity;
  organization?: Organization;
  order?: StoredOrder;
  result?: Result;
  route?: RouteExplanation;
  recipients?: Recipient[];
  /** The one recipient a message is about, after the S/MIME node has split it. */
  recipient?: Recipient;
  images?: ReportImage[];
  pdf?: ReportDocument;
  cda?: ClinicalDocument;
  /** Further documents of the message, by profile, for recipients whose domain wants another one than `cda`. */
  documents?: Record<string, ClinicalDocument>;
  mail?: SealedMail;
  rejection?: Rejection;
  [key: string]: unknown;
}
