// The canonical order and result: what every reader (IRIS JSON today) produces and every later room consumes.
// Plain JSON throughout: Node-RED clones messages, the journal stores them. An absent value is an absent key.

/** Something the analyst should know that does not stop the message. `code` stands in errors.ts. */
export interface Warning { code: string; path?: string; text: string }

/** The rank of a result in every queue (`Gradings.Emergent`, `.Urgent`). */
export type Priority = 'emergent' | 'urgent' | 'routine';

export interface PersonName { family: string; given: string; middle?: string; prefix?: string; suffix?: string }

/** `state` is the USPS two-letter code where it could be recognised, else as supplied. */
export interface PostalAddress { street: string[]; city?: string; state?: string; postalCode?: string; country?: string }

export type GenderContext = 'birth' | 'identity' | 'unspecified';

/** `code` is an IRIS Gender code: U M F N O TM TF ND EQ NL X; unknown codes are kept as supplied. */
export interface GenderEntry { context: GenderContext; code: string }

/** `birthDate` is `YYYY-MM-DD` and never passes through a Date object. */
export interface Patient {
  localId: string;
  name: PersonName;
  birthDate: string;
  genders: GenderEntry[];
  race?: string;
  ethnicity?: string;
  language?: string;
  maritalStatus?: string;
  phone?: string;
  email?: string;
  address?: PostalAddress;
  /** ICD-10-CM, no dot, the ordering diagnosis. */
  diagnosisCode?: string;
}

/** What a change (`XO`) says of the patient: any part of it. */
export type PatientChange = Partial<Omit<Patient, 'name'>> & { name?: Partial<PersonName> };

export interface Provider { npi?: string; taxonomy?: string; name?: PersonName; email?: string; degrees?: string }

/** The order-level recipient: `HealthPlan.PrimaryCareProvider`. `address` and `npi` are as supplied, trimmed. */
export interface PrimaryCareProvider { npi?: string; address?: string; name?: PersonName; fax?: string }

export interface Site { localId: string; name?: string; address?: PostalAddress }

export interface CodedText { code: string; text?: string }

export type OrderControl = 'NW' | 'XO' | 'CA' | 'ResendResult';

/** An order as submitted. For `CA` and `ResendResult` only `organization` and `localId` are sure to be there, for `XO` also `site`. */
export interface Order {
  control: OrderControl;
  /** ClientGuid in lower case. */
  organization: string;
  /** Absent only where the input may leave it out (`CA`, `ResendResult`). */
  site?: Site;
  localId: string;
  evaluationTypes: string[];
  cpt?: CodedText;
  /** As supplied; local to the exam's site. */
  scheduledTime?: string;
  encounterNumber?: string;
  departmentId?: string;
  state?: string;
  singleEyeOnly?: boolean;
  missingEyeReason?: string;
  urgent?: boolean;
  patient?: PatientChange;
  orderingProvider?: Provider;
  referringProvider?: Provider;
  primaryCareProvider?: PrimaryCareProvider;
  /** Nobody's order, and so are its results. */
  test?: true;
  healthPlan?: { localId?: string; name?: string; memberId?: string };
  /** Made from a result whose order never came: it names nobody, so that only the site and the organization can be sent to. */
  standIn?: true;
  warnings: Warning[];
}

/** A word of IRIS's events queue about an order. Its free text is not taken over: it may quote a patient. */
export interface OrderEvent {
  /** As in IRIS's list. */
  type: string;
  /** Whether it gives IRIS's own number to an order, or says that IRIS refused the order. */
  receipt: boolean;
  success: boolean;
  irisOrderId?: string;
  orderLocalId?: string;
  patientLocalId?: string;
}

/** An order that can be joined to a result: everything a new order must carry is there. */
export type StoredOrder = Order & { site: Site; patient: Patient };

export type Laterality = 'OD' | 'OS';

/** `result` is absent for unqualified suspected conditions. Names are an open list. */
export interface Finding { finding: string; result?: string }

/** One eye. Look at `gradable` before `findings`. */
export interface EyeGrading { gradable: boolean; missingReason?: string; ungradableReasons: string[]; findings: Finding[] }

export interface Note { date?: string; text: string }

export type ResultCode = 'A' | 'C' | 'F' | 'P' | 'R';

/** An image named by the result; the bytes are elsewhere. `fileName` is untrusted. */
export interface ImageReference { fileName?: string; laterality?: Laterality; context?: string; localId?: string }

/** A result as received. Instants are ISO 8601 with their offset, as supplied, or a day alone. */
export interface Result {
  resultCode: ResultCode;
  /** Nobody's result. */
  test?: true;
  transactionId?: string;
  timestamp?: string;
  site: Site;
  order: {
    localId: string;
    irisOrderId?: string;
    status?: string;
    evaluationTypes: string[];
    scheduledTime?: string;
    createdTime?: string;
    servicedTime?: string;
    encounterNumber?: string;
    departmentId?: string;
    missingEyeReason?: string;
    singleEyeOnly?: boolean;
  };
  patient: { localId: string; name: PersonName; birthDate: string; genders: GenderEntry[]; phone?: string };
  gradings: {
    gradedTime?: string;
    carePlanName?: string;
    carePlanDescription?: string;
    pathology?: boolean;
    urgent: boolean;
    emergent: boolean;
    notes: Note[];
    OD?: EyeGrading;
    OS?: EyeGrading;
    /** ICD-10-CM with the dot removed, with text where supplied. */
    diagnoses: CodedText[];
    provider?: Provider;
  };
  images: ImageReference[];
  orderingProvider?: Provider;
  cpt?: CodedText;
  /** The report that came with the result: base64 as supplied with white space removed, known to decode and to start with %PDF-. */
  document?: { mediaType: 'application/pdf'; base64: string };
  warnings: Warning[];
}

export const RESULT_PRIORITY: readonly Priority[] = ['emergent', 'urgent', 'routine'];

export const priorityOf = (result: Result): Priority =>
  result.gradings.emergent ? 'emergent' : result.gradings.urgent ? 'urgent' : 'routine';
