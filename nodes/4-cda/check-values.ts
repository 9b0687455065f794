// The forms of ids, times, telecoms, names and addresses, wherever they stand.
import { readNpi } from '../0-order/npi.ts';
import type { CdaElement } from './cda-reader.ts';
import { child } from './cda-reader.ts';
import { type Finding, finding, findingIf } from './check-rules.ts';
import { STATES, ZIP } from './contact.ts';
import { EXAMPLE_ARC, OID } from './oids.ts';
import { isWrittenLikeSsn, looksLikeSsn } from '../0-order/ssn.ts';

const isNull = (element: CdaElement | undefined): boolean => element?.attributes['nullFlavor'] !== undefined;
const count = (element: CdaElement, name: string): number => element.children.filter((one) => one.name === name).length;

const ROOT = /^(?:[0-2](?:\.(?:0|[1-9]\d*))*|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[A-Za-z][A-Za-z0-9-]*)$/;

/** id and setId. */
export const idFindings = (element: CdaElement): Finding[] => {
  const { root, extension = '' } = element.attributes;
  const documents = element.parent?.name === 'ClinicalDocument' && element.name === 'id';
  const patients = element.parent?.name === 'patientRole';
  const ssn = root === OID.ssn || isWrittenLikeSsn(extension) || (patients && looksLikeSsn(extension));
  return [
    ...findingIf(documents && isNull(element), 'CDA_ID', element, 'The document\'s id is null'),
    ...findingIf(root === undefined && !isNull(element), 'CDA_ID', element, 'An id without root'),
    ...findingIf(root !== undefined && !ROOT.test(root), 'CDA_ID', element, 'A root in no known form'),
    ...findingIf(root !== undefined && `${root}.`.startsWith(`${EXAMPLE_ARC}.`), 'CDA_ID_EXAMPLE', element, 'A root from the example arc'),
    ...findingIf(ssn, 'CDA_SSN', element, 'An id that is or looks like a social security number'),
    ...findingIf(root === OID.npi && !isNull(element) && !readNpi(extension).valid, 'CDA_NPI', element, 'An NPI that is none'),
  ];
};

const TIME = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d+)?)?)?)?)?)?([+-]\d{2,4})?$/;

const isCalendarTime = (parts: (string | undefined)[]): boolean => {
  const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map((part) => (part === undefined ? undefined : Number(part)));
  const leap = year! % 4 === 0 && (year! % 100 !== 0 || year! % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60;
};

/** Any element with a time in @value; `precision` is the least number of digits. */
export const timeFindings = (element: CdaElement, precision = 8): Finding[] => {
  const { value } = element.attributes;
  if (value === undefined) {
    const bare = !isNull(element) && element.children.length === 0;
    return findingIf(bare, 'CDA_TIME', element, 'A time without value');
  }
  const parts = TIME.exec(value);
  if (!parts || value.replace(/[+-].*$/, '').length < precision || !isCalendarTime(parts.slice(1, 7))) {
    return [finding('CDA_TIME', element, 'A time in another form or not on a calendar day')];
  }
  return findingIf(parts[4] !== undefined && parts[7] === undefined, 'CDA_TIME_ZONE', element, 'A time of day without offset');
};

// CONF:1198-5300: to the day or to the year; a time of day is no part of a birth date as it is known.
export const birthTimeFindings = (element: CdaElement): Finding[] => timeFindings(element, 4);

const URL_FORM = /^(?:tel|fax|modem):\+?[0-9A-Fa-f*#().-]*\d[0-9().-]*(?:;[a-z-]+=[^\s;]+)*$|^(?:mailto|https?|ftp|mllp|file|nfs|telnet):\S+$/;
const USES = ['H', 'HP', 'HV', 'WP', 'DIR', 'PUB', 'BAD', 'TMP', 'AS', 'EC', 'MC', 'PG'];

export const telecomFindings = (element: CdaElement): Finding[] => {
  const { value, use = '' } = element.attributes;
  if (value === undefined) return findingIf(!isNull(element), 'CDA_TELECOM', element, 'A telecom without value');
  const uses = use.split(/\s+/).filter((one) => one !== '');
  return [
    ...findingIf(!URL_FORM.test(value), 'CDA_TELECOM', element, 'A telecom that is no such URL'),
    ...findingIf(uses.some((one) => !USES.includes(one)), 'CDA_TELECOM', element, 'A telecom with an unknown use'),
  ];
};

const mixed = (element: CdaElement): boolean => element.children.length > 0 && element.text.trim() !== '';

const fielded = (element: CdaElement): boolean => count(element, 'given') >= 1 && count(element, 'family') === 1 && !mixed(element);
const isEmpty = (element: CdaElement): boolean =>
  element.children.every((one) => one.text.trim() === '' && !isNull(one)) && element.text.trim() === '';

/** Patients' names are fielded; other persons' names may be one string; organizations' names are not empty. */
export const nameFindings = (element: CdaElement): Finding[] => {
  if (isNull(element)) return [];
  const ofPatient = element.parent?.name === 'patient';
  const ofPerson = ofPatient || ['assignedPerson', 'informationRecipient', 'guardianPerson', 'associatedPerson'].includes(element.parent?.name ?? '');
  const right = isEmpty(element) ? false : !ofPerson ? true : fielded(element) || (!ofPatient && element.children.length === 0);
  return findingIf(!right, 'CDA_NAME', element, ofPerson ? 'A person\'s name without its parts' : 'An empty name');
};

/** AD.US.FIELDED. */
export const addressFindings = (element: CdaElement): Finding[] => {
  if (isNull(element)) return [];
  const streets = count(element, 'streetAddressLine');
  const domestic = ['', 'US', 'USA'].includes(child(element, 'country')?.text.trim() ?? '');
  const [state, zip] = [child(element, 'state'), child(element, 'postalCode')];
  const wrongState = state !== undefined && !isNull(state) && !STATES.includes(state.text.trim());
  const wrongZip = zip !== undefined && !isNull(zip) && !ZIP.test(zip.text.trim());
  return [
    ...findingIf(streets < 1 || streets > 4, 'CDA_ADDRESS', element, `An address with ${streets} street lines`),
    ...findingIf(count(element, 'city') !== 1, 'CDA_ADDRESS', element, 'An address without its one city'),
    ...findingIf(domestic && (state === undefined || zip === undefined), 'CDA_ADDRESS', element, 'An address without state or postal code'),
    ...findingIf(mixed(element), 'CDA_ADDRESS', element, 'An address with text between its parts'),
    ...findingIf(domestic && (wrongState || wrongZip), 'CDA_ADDRESS_VALUE', element, 'A state or ZIP code in another form'),
  ];
};
