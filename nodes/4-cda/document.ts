// The document: C-CDA R2.1 US Realm Header and Unstructured Document around the PDF.
import type { Result, StoredOrder, Warning } from '../0-order/model.ts';
import { assigningAuthority } from '../0-order/organizations.ts';
import type { Organization, PatientIdentifier } from '../0-order/organization.ts';
import { isUngradable } from '../3-pdf/eye.ts';
import { CourierError } from '../errors.ts';
import type { DocumentLineage } from '../journal/port.ts';
import { hasLoincCheckDigit } from './check-digit.ts';
import type { GenderPreference } from './codes.ts';
import { utcTime } from './contact.ts';
import { OID, TEMPLATE_VERSION, TEMPLATES, TYPE_ID } from './oids.ts';
import { authorOf, custodianOf, encounterOf, legalAuthenticatorOf, orderReference, serviceEventOf } from './participants.ts';
import { recordTarget } from './patient.ts';
import { toXml, type XmlNode } from './xml.ts';

export interface DocumentSettings {
  /** LOINC with scale Doc. */
  documentCode: string;
  /** What users see in their inbox; empty: chosen by the evaluation type. */
  title: string;
  genderPreference: GenderPreference;
  identifier: PatientIdentifier;
}

export interface DocumentInput {
  order: StoredOrder;
  result: Result;
  organization: Organization;
  pdf: Uint8Array;
  /** When the document is made: effectiveTime. */
  now: Date;
  /** ClinicalDocument/id: a UUID. */
  id: string;
  settings: DocumentSettings;
  /** Which version of what it is; absent where there is no journal to tell. */
  lineage?: DocumentLineage | undefined;
}

// libxml2's default limit of 10,000,000 characters per text node is reached at 7.5 MB of PDF.
const LARGE = 5_000_000;
const TOO_LARGE = 7_000_000;

/** LOINC names of the codes that the form suggests. */
const CODE_NAMES: Readonly<Record<string, string>> = {
  '78573-3': 'Ophthalmology Diagnostic study note',
  '103592-2': 'Retinal eye screening report Document',
  '34807-8': 'Ophthalmology Consult note',
  '78657-4': 'Ophthalmology Procedure note',
};

const checkPdf = (pdf: Uint8Array): Warning[] => {
  const path = 'msg.pdf';
  if (pdf.length > TOO_LARGE) throw new CourierError('CDA_FAILED', { path, detail: `pdf bytes ${pdf.length}` });
  if (Buffer.from(pdf.subarray(0, 5)).toString('latin1') !== '%PDF-') throw new CourierError('CDA_FAILED', { path, detail: 'not a PDF' });
  const text = `The PDF has ${pdf.length} bytes; some receivers refuse documents of this size.`;
  return pdf.length > LARGE ? [{ code: 'CDA_LARGE', path, text }] : [];
};

const checkInput = ({ order, result, organization, settings }: DocumentInput): void => {
  if (!hasLoincCheckDigit(settings.documentCode)) throw new CourierError('FIELD_INVALID', { path: 'documentCode' });
  if (order.patient === undefined) throw new CourierError('MESSAGE_INCOMPLETE', { path: 'msg.order.patient' });
  if (result.gradings === undefined) throw new CourierError('MESSAGE_INCOMPLETE', { path: 'msg.result.gradings' });
  if ((organization.name ?? '').trim() === '') throw new CourierError('MESSAGE_INCOMPLETE', { path: 'msg.organization.name' });
};

const chosenTitle = (title: string, evaluationTypes: readonly string[]): string => {
  if (title.trim() !== '') return title.trim();
  return evaluationTypes.some((type) => type.startsWith('DR')) ? 'Diabetic Retinal Exam Report' : 'Retinal Exam Report';
};

/** Whoever sees no more than the list of documents must see that this exam has no finding. */
const titleOf = ({ order, result, settings }: DocumentInput): string => {
  const title = chosenTitle(settings.title, order.evaluationTypes);
  const said = isUngradable(result) ? `${title}: UNGRADABLE` : title;
  return order.test === true || result.test === true ? `TEST: ${said}` : said;
};

const setOf = ({ setId, versionNumber }: { setId?: string; versionNumber?: number }): XmlNode => ({
  setId: setId === undefined ? undefined : { '@root': setId },
  versionNumber: versionNumber === undefined ? undefined : { '@value': String(versionNumber) },
});

const relatedDocument = ({ related }: Partial<DocumentLineage>): XmlNode | undefined => (related === undefined ? undefined
  : { '@typeCode': related.type, parentDocument: { id: { '@root': related.id }, ...setOf(related) } });

// The twins without extension satisfy the published schematron (CONF:1198-32934 to 32946) and R1.1 readers.
const templateIds: XmlNode[] = TEMPLATES.flatMap((root) => [{ '@root': root }, { '@root': root, '@extension': TEMPLATE_VERSION }]);

/**
 * The document's bytes (UTF-8) and what should be said about it. Throws CDA_FAILED (no PDF, or one of more than 7 MB),
 * FIELD_INVALID (document code), DATE_INVALID (birth date), MESSAGE_INCOMPLETE.
 */
export const buildDocument = (input: DocumentInput): { data: Buffer; warnings: Warning[] } => {
  checkInput(input);
  const { order, result, organization, settings, lineage = {} } = input;
  const sizeWarnings = checkPdf(input.pdf);
  const oid = assigningAuthority(organization);
  const { identifier, genderPreference, documentCode } = settings;
  const target = recordTarget(order.patient, { identifier, genderPreference, authority: { oid, name: organization.name } });
  const custodian = custodianOf(organization, oid);
  const service = serviceEventOf(order, result);
  const data = toXml('ClinicalDocument', {
    '@xmlns': 'urn:hl7-org:v3',
    '@xmlns:sdtc': 'urn:hl7-org:sdtc',
    realmCode: { '@code': 'US' },
    typeId: { '@root': TYPE_ID.root, '@extension': TYPE_ID.extension },
    templateId: templateIds,
    id: { '@root': input.id.toUpperCase() },
    code: { '@code': documentCode, '@codeSystem': OID.loinc, '@codeSystemName': 'LOINC', '@displayName': CODE_NAMES[documentCode] },
    title: titleOf(input),
    effectiveTime: { '@value': utcTime(input.now) },
    confidentialityCode: { '@code': 'N', '@codeSystem': OID.confidentiality },
    languageCode: { '@code': 'en-US' },
    ...setOf(lineage),
    recordTarget: target.node,
    author: authorOf(result, input.now),
    custodian: custodian.node,
    legalAuthenticator: legalAuthenticatorOf(result),
    inFulfillmentOf: orderReference(order, oid),
    documentationOf: service.node,
    relatedDocument: relatedDocument(lineage),
    componentOf: encounterOf(order, result, oid),
    component: { nonXMLBody: { text: { '@mediaType': 'application/pdf', '@representation': 'B64', '#base64': input.pdf } } },
  });
  return { data, warnings: [...target.warnings, ...custodian.warnings, ...service.warnings, ...sizeWarnings] };
};
