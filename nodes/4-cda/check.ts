// `cda check`: our own reading of the US Realm Header and Unstructured Document rules, those included that neither the schema
// nor HL7's schematron tests. Works on any C-CDA Unstructured Document.
import { isCourierError } from '../errors.ts';
import { type CdaElement, readCda } from './cda-reader.ts';
import { bodyFindings } from './check-body.ts';
import { codeFindings, documentFindings, languageFindings, nullFlavorFindings } from './check-codes.ts';
import { CHECK_RULES, type Finding, finding, findingIf } from './check-rules.ts';
import { structureFindings } from './check-structure.ts';
import { addressFindings, birthTimeFindings, idFindings, nameFindings, telecomFindings, timeFindings } from './check-values.ts';

export type { CheckCode, Finding, Severity } from './check-rules.ts';
export { CHECK_RULES } from './check-rules.ts';

export interface CheckReport { verdict: 'ok' | 'warnings' | 'errors'; findings: Finding[] }

const patientRoleFindings = (element: CdaElement): Finding[] =>
  findingIf(!element.children.some(({ name }) => name === 'id'), 'CDA_NO_PATIENT_ID', element, 'patientRole has no id');

const authorFindings = (element: CdaElement): Finding[] => {
  const who = element.children.filter(({ name }) => name === 'assignedPerson' || name === 'assignedAuthoringDevice');
  return findingIf(who.length !== 1, 'CDA_AUTHOR', element, `assignedAuthor has ${who.length} of person and device`);
};

// A map, not an object: a document may name its elements `constructor`.
const BY_NAME = new Map<string, (element: CdaElement) => Finding[]>(Object.entries({
  ClinicalDocument: documentFindings,
  component: bodyFindings,
  patientRole: patientRoleFindings,
  assignedAuthor: authorFindings,
  id: idFindings,
  setId: idFindings,
  effectiveTime: timeFindings,
  time: timeFindings,
  low: timeFindings,
  high: timeFindings,
  birthTime: birthTimeFindings,
  telecom: telecomFindings,
  'sdtc:telecom': telecomFindings,
  name: nameFindings,
  addr: addressFindings,
  languageCode: languageFindings,
}));

const findingsOf = (element: CdaElement): Finding[] => {
  const rules = [structureFindings, nullFlavorFindings, codeFindings, ...(BY_NAME.has(element.name) ? [BY_NAME.get(element.name)!] : [])];
  const own = rules.flatMap((rule) => rule(element));
  // The file itself may hold anything; it is looked at as a whole.
  const inner = element.name === 'component' ? [] : element.children.flatMap(findingsOf);
  return [...own, ...inner];
};

const read = (bytes: Uint8Array): CdaElement | Finding => {
  try {
    return readCda(bytes);
  } catch (error) {
    if (!isCourierError(error)) throw error;
    const text = `${error.detail ?? ''}. Rule: ${CHECK_RULES.CDA_NOT_READABLE[1]}.`;
    return { code: 'CDA_NOT_READABLE', severity: 'error', xpath: '/', text };
  }
};

const verdictOf = (findings: readonly Finding[]): CheckReport['verdict'] =>
  findings.some(({ severity }) => severity === 'error') ? 'errors' : findings.length > 0 ? 'warnings' : 'ok';

/** Never throws for bad documents: what cannot be read is one finding. */
export const checkDocument = (bytes: Uint8Array): CheckReport => {
  const root = read(bytes);
  if ('severity' in root) return { verdict: 'errors', findings: [root] };
  const findings = root.name === 'ClinicalDocument' ? findingsOf(root) : [finding('CDA_ROOT', root, 'Another root element')];
  return { verdict: verdictOf(findings), findings };
};
