// People and places of an IRIS message: names, addresses, patients, providers, sites.
import { readBirthDate } from '../dates.ts';
import { trimBlanks } from '../direct-address.ts';
import type { CodedText, GenderEntry, PatientChange, PersonName, PostalAddress, PrimaryCareProvider, Provider, Site } from '../model.ts';
import { readNpi } from '../npi.ts';
import { stateCode } from '../states.ts';
import { evaluationType, gender, genderContext, maritalStatus } from './codes.ts';
import {
  codeOf, elementsOf, identifierOf, invalidField, objectOf, objectsOf, pathOf, present, textOf, valueOf, warn, type Fields,
} from './fields.ts';

const nameParts = (name: Fields): Partial<PersonName> => present({
  family: textOf(name, 'Last'), given: textOf(name, 'First'), middle: textOf(name, 'Middle'),
  prefix: textOf(name, 'Title'), suffix: textOf(name, 'Suffix'),
});

/** A provider's name: an object, or a string `First, Last name` as the documentation's table has it. */
export const providerName = (fields: Fields): PersonName | undefined => {
  const value = valueOf(fields, 'Name');
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const [, given, family] = /^([^,]+),(.+)$/s.exec(value.trim()) ?? /^(.*\s)?(\S+)$/s.exec(value.trim()) ?? [];
    return { family: (family ?? '').trim(), given: (given ?? '').trim() };
  }
  const parts = nameParts(objectOf(fields, 'Name')!);
  return { ...parts, family: parts.family ?? parts.given ?? '', given: parts.family === undefined ? '' : parts.given ?? '' };
};

export const postalAddress = (fields: Fields, name: string): PostalAddress | undefined => {
  const address = objectOf(fields, name);
  if (address === undefined) return undefined;
  const state = textOf(address, 'State', 'Region', 'Province', 'Territory');
  const parts = present({
    city: textOf(address, 'City'), state: state === undefined ? undefined : stateCode(state),
    postalCode: textOf(address, 'PostalCode', 'Zip'), country: textOf(address, 'Country'),
  });
  const street = [textOf(address, 'Street1', 'Street'), textOf(address, 'Street2')].filter((line) => line !== undefined);
  return street.length === 0 && Object.keys(parts).length === 0 ? undefined : { street, ...parts };
};

/** An NPI as supplied; a wrong one is a warning, because IRIS's own examples carry some. */
const npiOf = (fields: Fields): string | undefined => {
  const value = valueOf(fields, 'NPI');
  const supplied = typeof value === 'number' ? String(value) : textOf(fields, 'NPI');
  if (supplied !== undefined && !readNpi(supplied).valid) warn(fields, 'NPI_CHECK_DIGIT', 'NPI');
  return supplied;
};

export const checkNpi = (fields: Fields, name: string): void => {
  const person = objectOf(fields, name);
  if (person !== undefined) npiOf(person);
};

export const provider = (fields: Fields, name: string): Provider | undefined => {
  const person = objectOf(fields, name);
  if (person === undefined) return undefined;
  const npi = npiOf(person);
  const read: Provider = present({
    npi: npi === undefined ? undefined : readNpi(npi).npi, taxonomy: textOf(person, 'Taxonomy'), name: providerName(person),
    email: textOf(person, 'Email'), degrees: textOf(person, 'Degrees'),
  });
  return Object.keys(read).length === 0 ? undefined : read;
};

/** NPI and address stay as supplied: whether they can be used is a matter of the route, not of the order. */
export const primaryCareProvider = (person: Fields): PrimaryCareProvider => {
  const address = valueOf(person, 'EmailAddress');
  if (address !== undefined && typeof address !== 'string') throw invalidField(person, 'EmailAddress', 'a string');
  return present({
    npi: npiOf(person), address: address === undefined ? undefined : trimBlanks(address), name: providerName(person),
    fax: textOf(person, 'FaxNumber'),
  });
};

const genders = (patient: Fields): GenderEntry[] => {
  const listed = objectsOf(patient, 'Genders').flatMap((entry): GenderEntry[] => {
    const code = codeOf(entry, 'Gender', 'Value');
    return code === undefined ? [] : [{ context: genderContext(codeOf(entry, 'Context') ?? ''), code: gender(code) }];
  });
  const legacy = codeOf(patient, 'Gender');
  return legacy === undefined ? listed : [...listed, { context: 'unspecified', code: gender(legacy) }];
};

/** ICD-10-CM without its dot, as IRIS writes it. */
export const icd10 = (supplied: string): string => supplied.replaceAll('.', '').toUpperCase();

/** The patient as far as the message tells. */
export const patient = (fields: Fields): PatientChange | undefined => {
  const person = objectOf(fields, 'Patient');
  if (person === undefined) return undefined;
  const name = objectOf(person, 'Name');
  const birthDate = textOf(person, 'Dob');
  const [listed, marital, diagnosis] = [genders(person), codeOf(person, 'MaritalStatus'), identifierOf(person, 'DxCode')];
  return present({
    localId: identifierOf(person, 'LocalId'),
    name: name === undefined ? undefined : nameParts(name),
    birthDate: birthDate === undefined ? undefined : readBirthDate(birthDate, pathOf(person, 'Dob'), fields.today),
    genders: listed.length === 0 ? undefined : listed,
    race: codeOf(person, 'Race'), ethnicity: codeOf(person, 'Ethnicity'), language: codeOf(person, 'PrimaryLanguage'),
    maritalStatus: marital === undefined ? undefined : maritalStatus(marital),
    phone: textOf(person, 'Phone'), email: textOf(person, 'Email'), address: postalAddress(person, 'Address'),
    diagnosisCode: diagnosis === undefined ? undefined : icd10(diagnosis),
  });
};

export const site = (fields: Fields): Site | undefined => {
  const place = objectOf(fields, 'Site');
  const localId = place === undefined ? undefined : identifierOf(place, 'LocalId');
  if (place === undefined || localId === undefined) return undefined;
  return { localId, ...present({ name: textOf(place, 'Name'), address: postalAddress(place, 'Address') }) };
};

/** A CPT code: an object, or the plain string of every published example. */
export const cpt = (fields: Fields, ...names: [string, ...string[]]): CodedText | undefined => {
  const value = valueOf(fields, ...names);
  if (value === undefined) return undefined;
  if (typeof value !== 'object') return { code: codeOf(fields, ...names)! };
  const object = objectOf(fields, names.find((name) => valueOf(fields, name) !== undefined)!)!;
  const [code, text] = [codeOf(object, 'Code'), textOf(object, 'Description')];
  return code === undefined ? undefined : { code, ...present({ text }) };
};

/** Evaluation types: an array, or one string as the result's table has it; codes or numbers. */
export const evaluationTypes = (order: Fields): string[] => {
  const value = valueOf(order, 'EvaluationTypes');
  if (!Array.isArray(value)) {
    return (codeOf(order, 'EvaluationTypes') ?? '').split(',').map((type) => type.trim()).filter((type) => type !== '').map(evaluationType);
  }
  return elementsOf(order, 'EvaluationTypes').map(({ value: type }) => {
    if (typeof type !== 'string' && !Number.isSafeInteger(type)) throw invalidField(order, 'EvaluationTypes', 'codes or numbers');
    return evaluationType(String(type).trim());
  });
};
