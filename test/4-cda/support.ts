// An order and its result in canonical form, everything made up, and two foreign readers of what was built.
import { XmlDocument } from 'libxml2-wasm';
import type { Patient, Result, StoredOrder } from '../../nodes/0-order/model.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { buildDocument, type DocumentInput, type DocumentSettings } from '../../nodes/4-cda/document.ts';
import type { DocumentLineage } from '../../nodes/journal/port.ts';
import { CLINIC, NPI } from '../support/samples.ts';

export const PDF = Buffer.from('%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n', 'latin1');
export const ID = '6F1C8E32-9C1B-4A57-8E0D-2D6F3A4B5C6D';
export const NOW = new Date('2026-01-06T15:04:05Z');

export const ORGANIZATION: Organization = {
  clientGuid: CLINIC, name: 'Lakeside Eye Clinic', npi: NPI.organization, phone: '(555) 555-0123',
  address: { street: ['2 Lake Rd'], city: 'Testville', state: 'FL', postalCode: '32501' },
};

export const minimalPatient = (change: Partial<Patient> = {}): Patient => ({
  localId: 'MRN1001', name: { family: 'Testpatient', given: 'Zoë' }, birthDate: '1960-01-15', genders: [{ context: 'birth', code: 'F' }], ...change,
});

export const fullPatient = (change: Partial<Patient> = {}): Patient => minimalPatient({
  name: { family: 'Testpatient', given: 'Zoë', middle: 'Q', prefix: 'Dr', suffix: 'Jr' },
  race: '2106-3', ethnicity: '2148-5', language: 'es-US', maritalStatus: 'M', phone: '(555) 555-0100 ext. 12',
  address: { street: ['1 Test St', 'Apt 2'], city: 'Testville', state: 'FL', postalCode: '32501-1234' }, ...change,
});

export const order = (patient: Patient = fullPatient(), change: Partial<StoredOrder> = {}): StoredOrder => ({
  control: 'NW', organization: CLINIC, site: { localId: 'SITE01', name: 'Lakeside' }, localId: 'ORD1001', evaluationTypes: ['DR'],
  cpt: { code: '92250' }, encounterNumber: 'V-77', warnings: [], patient, ...change,
});

export const result = (change: Partial<Result> = {}): Result => ({
  resultCode: 'F', site: { localId: 'SITE01' }, order: { localId: 'ORD1001', evaluationTypes: ['DR'], servicedTime: '2026-01-05T10:30:00.000-06:00' },
  patient: { localId: 'MRN1001', name: { family: 'Testpatient', given: 'Zoë' }, birthDate: '1960-01-15', genders: [] },
  gradings: {
    gradedTime: '2026-01-06T14:10:00.000+00:00', urgent: false, emergent: false, notes: [], diagnoses: [],
    OD: { gradable: true, ungradableReasons: [], findings: [] },
    provider: { npi: NPI.grader, taxonomy: '207W00000X', name: { family: 'Grader', given: 'Gina', prefix: 'Dr' }, degrees: 'MD' },
  },
  images: [], warnings: [], ...change,
});

const [SET, OTHER_SET, FIRST] = ['A', 'B', 'C'].map((last) => `00000000-0000-4000-8000-00000000000${last}`) as [string, string, string];

/** What a document can be to others. */
export const LINEAGES = {
  first: { setId: SET, versionNumber: 1 },
  replacement: { setId: SET, versionNumber: 2, related: { type: 'RPLC', id: FIRST, setId: SET, versionNumber: 1 } },
  addendum: { setId: OTHER_SET, versionNumber: 1, related: { type: 'APND', id: FIRST, setId: SET, versionNumber: 1 } },
  'replacement of one without a set': { setId: SET, versionNumber: 1, related: { type: 'RPLC', id: FIRST } },
} as const satisfies Record<string, DocumentLineage>;

/** The barest input a document can be made of. */
export const bareResult = (): Result => result({
  order: { localId: 'ORD1001', evaluationTypes: ['DR'] }, gradings: { urgent: false, emergent: false, notes: [], diagnoses: [] },
});

export const SETTINGS: DocumentSettings = { documentCode: '78573-3', title: '', genderPreference: 'birth', identifier: 'null' };

export const input = (change: Partial<Omit<DocumentInput, 'settings'>> & { settings?: Partial<DocumentSettings> } = {}): DocumentInput => ({
  order: order(), result: result(), organization: ORGANIZATION, pdf: PDF, now: NOW, id: ID, ...change, settings: { ...SETTINGS, ...change.settings },
});

export const build = (...parameters: Parameters<typeof input>): { data: Buffer; warnings: { code: string; path?: string; text: string }[] } =>
  buildDocument(input(...parameters));

/** Orders that try to break the document; every text that must survive. */
export const HOSTILE_TEXTS = [
  'AT&T; Corp', '<b>bold</b>', '&lt;b&gt;', '&#65;', '&amp;', ']]>', '<!-- -->', '"quotes" \'both\'', '<?base64?>', '👁 emoji 漢字 é',
    'x'.repeat(100_000),
];

const NAMESPACES = { c: 'urn:hl7-org:v3', s: 'urn:hl7-org:sdtc' };

/** What libxml2 finds at the XPaths: string values, '' for nothing. Prefixes c and s. */
export const readBack = <Name extends string>(xml: Uint8Array, paths: Record<Name, string>): Record<Name, string> => {
  const document = XmlDocument.fromBuffer(xml);
  try {
    return Object.fromEntries(Object.entries<string>(paths)
      .map(([name, path]) => [name, document.eval(`string(${path})`, NAMESPACES) as string])) as Record<Name, string>;
  } finally {
    document.dispose();
  }
};

/** The string values of all nodes at the XPath. */
export const readAll = (xml: Uint8Array, path: string): string[] => {
  const document = XmlDocument.fromBuffer(xml);
  try {
    return document.find(path, NAMESPACES).map((node) => node.content);
  } finally {
    document.dispose();
  }
};

export const PATIENT = '/c:ClinicalDocument/c:recordTarget/c:patientRole';
