// The rules of `cda check`: stable codes, how grave each is, and where it comes from.
import { type CdaElement, xpathOf } from './cda-reader.ts';

export type Severity = 'error' | 'warning';

export const CHECK_RULES = {
  CDA_NOT_READABLE: ['error', 'well-formed XML in UTF-8, without DOCTYPE, within limits'],
  CDA_ROOT: ['error', 'the root is ClinicalDocument in urn:hl7-org:v3'],
  CDA_ELEMENT_MISSING: ['error', 'a required element is missing (schema, US Realm Header SHALLs)'],
  CDA_ELEMENT_REPEATED: ['error', 'an element stands more often than allowed'],
  CDA_ELEMENT_UNKNOWN: ['error', 'an element that the schema does not know here'],
  CDA_ORDER: ['error', 'elements stand in the schema\'s order'],
  CDA_TEMPLATE: ['error', 'template ids of header and Unstructured Document with a known version (CONF:1198-5252, 7710)'],
  CDA_TEMPLATE_TWIN: ['warning', 'the same template ids without extension (CONF:1198-32934 to 32946)'],
  CDA_FIXED_VALUE: ['error', 'fixed values: realmCode, typeId, signatureCode, versioning in pairs'],
  CDA_VERSION: ['error', 'a related document is another one; a replacement goes on with the set of what it replaces, under a higher number'],
  CDA_TITLE: ['error', 'a title that is not empty'],
  CDA_ID: ['error', 'an id has a root that is an OID, UUID or RUID; the document\'s id is never null (CONF:1198-9991)'],
  CDA_ID_EXAMPLE: ['warning', 'HL7\'s example arc is not for real documents'],
  CDA_NO_PATIENT_ID: ['warning', 'patientRole/id is missing (CONF:1198-5268, 31091): the declared deviation'],
  CDA_SSN: ['error', 'no social security number'],
  CDA_NPI: ['error', 'NPIs have ten digits and a right check digit'],
  CDA_DOCUMENT_CODE: ['error', 'the document code is LOINC with a right check digit (CONF:1198-9992)'],
  CDA_CODE: ['error', 'coded values come from their value sets'],
  CDA_NULL_FLAVOR: ['error', 'nullFlavor comes from its code system'],
  CDA_LANGUAGE: ['error', 'languages are BCP 47 tags'],
  CDA_LANGUAGE_REGION: ['warning', 'the patient\'s language without region (C-CDA 4.0 binds bare codes)'],
  CDA_TELECOM: ['error', 'telecom is a URL: tel:, mailto:, fax: and the like, without blanks'],
  CDA_TIME: ['error', 'times are YYYYMMDDHHMMSS+ZZZZ or the first part of it, on a calendar day'],
  CDA_TIME_ZONE: ['warning', 'a time of day has an offset (CONF:1198-10130)'],
  CDA_NAME: ['error', 'a name has given and one family, and no text between (CONF:81-7157, 7159, 7278)'],
  CDA_ADDRESS: ['error', 'an address has 1 to 4 streets, one city, in the US state and postal code (CONF:81-7291, 7292, 10024, 10025)'],
  CDA_ADDRESS_VALUE: ['warning', 'state and ZIP code in the forms of the US Postal Service'],
  CDA_AUTHOR: ['error', 'an author is a person or a device, one of them (CONF:1198-16790)'],
  CDA_BODY: ['error', 'one nonXMLBody with one text (CONF:1198-31085 to 31087, 7624)'],
  CDA_MEDIA_TYPE: ['error', 'mediaType is a supported file format (CONF:1198-7623)'],
  CDA_BASE64: ['error', 'representation B64 holds base64'],
  CDA_BASE64_SPACE: ['warning', 'base64 without white space: strict decoders refuse it'],
  CDA_PDF: ['error', 'application/pdf begins with %PDF-'],
  CDA_SIZE: ['warning', 'more than 7 MB: parsers on default settings refuse the text'],
} as const satisfies Record<string, readonly [Severity, string]>;

export type CheckCode = keyof typeof CHECK_RULES;

/** `text` names elements and rules, never values: a finding may be logged. */
export interface Finding { code: CheckCode; severity: Severity; xpath: string; text: string }

/** A finding at an element; `what` says what is wrong there, the rule says what is right. */
export const finding = (code: CheckCode, at: CdaElement, what: string): Finding =>
  ({ code, severity: CHECK_RULES[code][0], xpath: xpathOf(at), text: `${what}. Rule: ${CHECK_RULES[code][1]}.` });

/** `finding` when the condition holds, nothing otherwise. */
export const findingIf = (wrong: boolean, code: CheckCode, at: CdaElement, what: string): Finding[] => (wrong ? [finding(code, at, what)] : []);
