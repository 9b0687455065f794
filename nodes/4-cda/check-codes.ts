// Fixed values and value sets of the header.
import { type CdaElement, child } from './cda-reader.ts';
import { type Finding, finding, findingIf } from './check-rules.ts';
import { hasLoincCheckDigit } from './check-digit.ts';
import { bareLanguage, GENDER_CODES, MARITAL_STATUS } from './codes.ts';
import { LATER_VERSIONS, OID, TEMPLATE_VERSION, TEMPLATES, TYPE_ID } from './oids.ts';
import { ETHNICITY_DETAILS, HISPANIC, isRaceCode, NOT_HISPANIC, RACE_CATEGORIES } from './race-codes.ts';

interface ValueSet { system: string; has: (code: string) => boolean }

const VALUE_SETS = new Map<string, ValueSet>(Object.entries({
  administrativeGenderCode: { system: OID.gender, has: (code: string) => GENDER_CODES.includes(code) },
  maritalStatusCode: { system: OID.maritalStatus, has: (code: string) => Object.hasOwn(MARITAL_STATUS, code) },
  raceCode: { system: OID.raceAndEthnicity, has: (code: string) => RACE_CATEGORIES.includes(code) },
  'sdtc:raceCode': { system: OID.raceAndEthnicity, has: isRaceCode },
  ethnicGroupCode: { system: OID.raceAndEthnicity, has: (code: string) => code === HISPANIC || code === NOT_HISPANIC },
  'sdtc:ethnicGroupCode': { system: OID.raceAndEthnicity, has: (code: string) => ETHNICITY_DETAILS.includes(code) },
  confidentialityCode: { system: OID.confidentiality, has: (code: string) => ['N', 'R', 'V'].includes(code) },
}));

/** Elements bound to a value set. */
export const codeFindings = (element: CdaElement): Finding[] => {
  const set = VALUE_SETS.get(element.name);
  const { code, codeSystem, nullFlavor } = element.attributes;
  if (set === undefined) return [];
  if (code === undefined) return findingIf(nullFlavor === undefined, 'CDA_CODE', element, `${element.name} without code`);
  return [
    ...findingIf(!set.has(code), 'CDA_CODE', element, `The code of ${element.name} is not in its value set`),
    ...findingIf(codeSystem !== undefined && codeSystem !== set.system, 'CDA_CODE', element, `The code system of ${element.name} is another`),
  ];
};

// HL7 v3 NullFlavor as the schema has it.
const NULL_FLAVORS = ['ASKU', 'MSK', 'NA', 'NASK', 'NAV', 'NI', 'NINF', 'NP', 'OTH', 'PINF', 'QS', 'TRC', 'UNK', 'INV', 'DER', 'UNC'];

export const nullFlavorFindings = (element: CdaElement): Finding[] => {
  const flavor = element.attributes['nullFlavor'];
  return findingIf(flavor !== undefined && !NULL_FLAVORS.includes(flavor), 'CDA_NULL_FLAVOR', element, 'An unknown nullFlavor');
};

const LANGUAGE = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/;

/** languageCode of the document and of the patient. */
export const languageFindings = (element: CdaElement): Finding[] => {
  const { code, nullFlavor } = element.attributes;
  if (code === undefined) return findingIf(nullFlavor === undefined, 'CDA_LANGUAGE', element, 'languageCode without code');
  if (!LANGUAGE.test(code) || bareLanguage(code) === undefined) return [finding('CDA_LANGUAGE', element, 'A languageCode that is no language tag')];
  const ofPatient = element.parent?.name === 'languageCommunication';
  return findingIf(ofPatient && code.includes('-'), 'CDA_LANGUAGE_REGION', element, 'The patient\'s language with a region');
};

const templateFindings = (root: CdaElement): Finding[] => TEMPLATES.flatMap((id) => {
  const versions = root.children.filter(({ name, attributes }) => name === 'templateId' && attributes['root'] === id)
    .map(({ attributes }) => attributes['extension'] ?? '');
  const known = versions.some((version) => [TEMPLATE_VERSION, ...LATER_VERSIONS].includes(version));
  return [
    ...findingIf(!known, 'CDA_TEMPLATE', root, `No templateId ${id} with a known version`),
    ...findingIf(versions.includes(TEMPLATE_VERSION) && !versions.includes(''), 'CDA_TEMPLATE_TWIN', root, `No templateId ${id} without extension`),
  ];
});

const documentCodeFindings = (root: CdaElement): Finding[] => {
  const code = child(root, 'code');
  if (code === undefined) return [];
  const right = code.attributes['codeSystem'] === OID.loinc && hasLoincCheckDigit(code.attributes['code'] ?? '');
  return findingIf(!right, 'CDA_DOCUMENT_CODE', code, 'The document code is no LOINC code');
};

const fixed = (element: CdaElement | undefined, values: Readonly<Record<string, string>>): Finding[] =>
  (element === undefined ? [] : findingIf(Object.entries(values).some(([name, value]) => element.attributes[name] !== value),
    'CDA_FIXED_VALUE', element, `${element.name} differs from ${Object.values(values).join(', ')}`));

const RELATIONS = ['RPLC', 'APND', 'XFRM'];

const sameId = (one: CdaElement | undefined, other: CdaElement | undefined): boolean => one !== undefined && other !== undefined
  && one.attributes['root']?.toUpperCase() === other.attributes['root']?.toUpperCase()
  && one.attributes['extension'] === other.attributes['extension'];

const numberOf = (element: CdaElement): number => Number(child(element, 'versionNumber')?.attributes['value']);

/** Versions of a set are counted upwards; a parent without a set is named by its id alone. */
const relationFindings = (root: CdaElement): Finding[] => root.children.filter(({ name }) => name === 'relatedDocument').flatMap((related) => {
  const parent = child(related, 'parentDocument');
  if (parent === undefined) return [];
  const isReplacement = related.attributes['typeCode'] === 'RPLC' && child(parent, 'setId') !== undefined;
  return [
    ...findingIf(!RELATIONS.includes(related.attributes['typeCode'] ?? ''), 'CDA_VERSION', related, 'A relation of another type'),
    ...findingIf(sameId(child(root, 'id'), child(parent, 'id')), 'CDA_VERSION', parent, 'A document related to itself'),
    ...findingIf(isReplacement && !sameId(child(root, 'setId'), child(parent, 'setId')), 'CDA_VERSION', parent, 'A replacement in another set'),
    ...findingIf(isReplacement && !(numberOf(root) > numberOf(parent)), 'CDA_VERSION', parent, 'A replacement whose number is not higher'),
  ];
});

/** What only the root has: templates, fixed values, code, title, version. */
export const documentFindings = (root: CdaElement): Finding[] => {
  const [title, setId, version] = ['title', 'setId', 'versionNumber'].map((name) => child(root, name));
  const signers = root.children.filter(({ name }) => name === 'legalAuthenticator' || name === 'authenticator');
  return [
    ...templateFindings(root),
    ...fixed(child(root, 'realmCode'), { code: 'US' }),
    ...fixed(child(root, 'typeId'), TYPE_ID),
    ...signers.flatMap((one) => fixed(child(one, 'signatureCode'), { code: 'S' })),
    ...documentCodeFindings(root),
    ...findingIf(title !== undefined && title.text.trim() === '', 'CDA_TITLE', root, 'An empty title'),
    ...findingIf((setId === undefined) !== (version === undefined), 'CDA_FIXED_VALUE', root, 'setId and versionNumber stand together or not at all'),
    ...findingIf(version !== undefined && !/^[1-9]\d*$/.test(version.attributes['value'] ?? ''), 'CDA_VERSION', root, 'A number below 1'),
    ...relationFindings(root),
  ];
};
