// The patient's coded values: from what IRIS orders carry to what C-CDA R2.1 binds. A value outside the set is never copied
// into @code: it becomes nullFlavor OTH with the text kept, and a warning travels.
import type { GenderEntry, Warning } from '../0-order/model.ts';
import { OID } from './oids.ts';
import {
  ETHNICITY_DETAILS, ETHNICITY_NAMES, HISPANIC, isRaceCode, NOT_HISPANIC, OTHER_RACE, RACE_CATEGORIES, RACE_NAMES, raceCategory,
} from './race-codes.ts';
import type { XmlNode } from './xml.ts';

/** Which of several genders is the administrative one; the other two follow in the order birth, identity, unspecified. */
export type GenderPreference = 'birth' | 'identity';

export interface Coded { node: XmlNode; warnings: Warning[] }

const coded = (code: string, system: string, name?: string): XmlNode =>
  ({ '@code': code, '@codeSystem': system, ...(name !== undefined && { '@displayName': name }) });
const nil = (flavor: string): XmlNode => ({ '@nullFlavor': flavor });
const other = (text: string): XmlNode => ({ '@nullFlavor': 'OTH', originalText: text });

const plain = (node: XmlNode): Coded => ({ node, warnings: [] });
export const unmapped = (path: string): Warning =>
  ({ code: 'CODE_UNMAPPED', path, text: `${path} is outside the value set; the document carries its text without a code.` });

// IRIS Gender to AdministrativeGender. UN is undifferentiated, not unknown: unknown is a nullFlavor.
const GENDERS: Readonly<Record<string, XmlNode>> = {
  M: coded('M', OID.gender, 'Male'),
  F: coded('F', OID.gender, 'Female'),
  TM: coded('M', OID.gender, 'Male'),
  TF: coded('F', OID.gender, 'Female'),
  N: coded('UN', OID.gender, 'Undifferentiated'),
  X: coded('UN', OID.gender, 'Undifferentiated'),
  A: coded('UN', OID.gender, 'Undifferentiated'),
  UN: coded('UN', OID.gender, 'Undifferentiated'),
  O: other('Other'),
  NL: other('Not listed'),
  U: nil('UNK'),
  EQ: nil('UNK'),
  ND: nil('ASKU'),
};

/** administrativeGenderCode: the first context that was supplied, in the order of the preference. */
export const genderCode = (genders: readonly GenderEntry[], preference: GenderPreference): Coded => {
  const contexts = preference === 'birth' ? ['birth', 'identity', 'unspecified'] : ['identity', 'birth', 'unspecified'];
  const entry = contexts.map((context) => genders.find((one) => one.context === context)).find((one) => one !== undefined);
  if (entry === undefined || entry.code.trim() === '') return plain(nil('UNK'));
  const known = GENDERS[entry.code.trim().toUpperCase()];
  return known ? plain(known) : { node: other(entry.code), warnings: [unmapped('Patient.Genders')] };
};

export const GENDER_CODES: readonly string[] = ['M', 'F', 'UN'];

/** HL7 v3 MaritalStatus. HL7 v2 table 0002 has the same letters with other meanings: its readers must translate first. */
export const MARITAL_STATUS: Readonly<Record<string, string>> = {
  A: 'Annulled', C: 'Common Law', D: 'Divorced', I: 'Interlocutory', L: 'Legally Separated', M: 'Married', P: 'Polygamous',
  S: 'Never Married', T: 'Domestic partner', U: 'Unmarried', W: 'Widowed',
};

/** maritalStatusCode, or undefined when nothing was supplied (a SHOULD: left out). */
export const maritalStatusCode = (status: string | undefined): Coded | undefined => {
  const code = status?.trim().toUpperCase();
  if (code === undefined || code === '') return undefined;
  if (Object.hasOwn(MARITAL_STATUS, code)) return plain(coded(code, OID.maritalStatus, MARITAL_STATUS[code]));
  return code === 'UNK' ? plain(nil('UNK')) : { node: other(status!.trim()), warnings: [unmapped('Patient.MaritalStatus')] };
};

/** raceCode or ethnicGroupCode (always one) and the sdtc elements that follow it. */
export interface CodeWithDetails { category: XmlNode; details: XmlNode[]; warnings: Warning[] }

const NOT_SAID: Readonly<Record<string, string>> = { UNK: 'UNK', ASKU: 'ASKU', 'ASKED-DECLINED': 'ASKU', NASK: 'NASK' };

const listed = (text: string | undefined): string[] =>
  (text ?? '').split(/[,;~|]/).map((one) => one.trim()).filter((one) => one !== '');

const raceNode = (code: string): XmlNode => coded(code, OID.raceAndEthnicity, RACE_NAMES[code]);

/**
 * Race. The first category stands in raceCode, every further category and every detail in sdtc:raceCode. `2131-1` is no
 * category of R2.1, so raceCode says OTH and the code goes to sdtc:raceCode. Several codes may be separated by commas.
 */
export const raceCodes = (race: string | undefined): CodeWithDetails => {
  const supplied = listed(race);
  const flavor = NOT_SAID[supplied[0]?.toUpperCase() ?? 'UNK'];
  if (supplied.length === 0 || (supplied.length === 1 && flavor !== undefined)) return { category: nil(flavor ?? 'UNK'), details: [], warnings: [] };
  const known = supplied.filter(isRaceCode);
  const categories = [...new Set(known.map(raceCategory).filter((code) => code !== undefined))];
  const details = [...new Set([...categories.slice(1), ...known.filter((code) => !RACE_CATEGORIES.includes(code))])].map(raceNode);
  const lost = supplied.filter((code) => !isRaceCode(code));
  const warnings = lost.length > 0 ? [unmapped('Patient.Race')] : [];
  if (categories[0] !== undefined) return { category: raceNode(categories[0]), details, warnings };
  return { category: other(lost.length > 0 ? lost.join(', ') : RACE_NAMES[OTHER_RACE]!), details, warnings };
};

const ethnicityNode = (code: string): XmlNode => coded(code, OID.raceAndEthnicity, ETHNICITY_NAMES[code]);

/** Ethnicity. Details go to sdtc:ethnicGroupCode under `2135-2`. */
export const ethnicityCodes = (ethnicity: string | undefined): CodeWithDetails => {
  const supplied = listed(ethnicity);
  const flavor = NOT_SAID[supplied[0]?.toUpperCase() ?? 'UNK'];
  if (supplied.length === 0 || (supplied.length === 1 && flavor !== undefined)) return { category: nil(flavor ?? 'UNK'), details: [], warnings: [] };
  const details = supplied.filter((code) => ETHNICITY_DETAILS.includes(code));
  const group = details.length > 0 || supplied.includes(HISPANIC) ? HISPANIC : supplied.includes(NOT_HISPANIC) ? NOT_HISPANIC : undefined;
  const lost = supplied.filter((code) => !Object.hasOwn(ETHNICITY_NAMES, code) && !details.includes(code));
  return {
    category: group === undefined ? other(lost.join(', ')) : ethnicityNode(group),
    details: [...new Set(details)].map(ethnicityNode),
    warnings: lost.length > 0 ? [unmapped('Patient.Ethnicity')] : [],
  };
};

const LANGUAGE_NAMES = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
const NO_LANGUAGE = ['und', 'mis', 'mul', 'zxx'];

/** The bare ISO 639 code of a language tag (`en-US` and `eng` are `en`), or undefined when it is none. */
export const bareLanguage = (tag: string): string | undefined => {
  try {
    const { language } = new Intl.Locale(tag.trim().replaceAll('_', '-'));
    const known = language.length === 2 ? LANGUAGE_NAMES.of(language) !== undefined : language.length === 3;
    return known && !NO_LANGUAGE.includes(language) ? language : undefined;
  } catch {
    return undefined;
  }
};

/** languageCommunication, or undefined when nothing was supplied. languageCode is a CS: it has no place for original text. */
export const languageCommunication = (tag: string | undefined): Coded | undefined => {
  if (tag === undefined || tag.trim() === '') return undefined;
  const language = bareLanguage(tag);
  const preferred = { preferenceInd: { '@value': 'true' } };
  return language === undefined
    ? { node: { languageCode: nil('OTH'), ...preferred }, warnings: [unmapped('Patient.PrimaryLanguage')] }
    : plain({ languageCode: { '@code': language }, ...preferred });
};

/** serviceEvent/code: CPT, or HCPCS level II where the code has its form. */
export const procedureCode = (cpt: { code: string; text?: string }): Coded => {
  const code = cpt.code.trim().toUpperCase();
  const system = /^\d{4}[0-9FTUMA]$/.test(code) ? OID.cpt : /^[A-V]\d{4}$/.test(code) ? OID.hcpcs : undefined;
  return system === undefined
    ? { node: other(cpt.text ?? cpt.code), warnings: [unmapped('Order.CPTCode')] }
    : plain(coded(code, system, cpt.text));
};
