// Which elements stand where, how often and in which order: the schema (CDA R2 with SDTC) tightened by the US Realm Header.
import type { CdaElement } from './cda-reader.ts';
import { type Finding, finding, findingIf } from './check-rules.ts';

type Occurs = '' | '?' | '*' | '+';

const INFRASTRUCTURE = 'realmCode* typeId? templateId*';

// Element, or parent/element where the name alone does not tell, and its children: `?` 0..1, `*` 0..n, `+` 1..n, else 1..1.
const CHILDREN: Readonly<Record<string, string>> = {
  ClinicalDocument: 'realmCode typeId templateId+ id sdtc:category* code title sdtc:statusCode? effectiveTime confidentialityCode languageCode '
    + 'setId? versionNumber? copyTime? recordTarget+ author+ dataEnterer? informant* custodian informationRecipient* legalAuthenticator? '
    + 'authenticator* participant* inFulfillmentOf* documentationOf* relatedDocument* authorization* componentOf? component',
  recordTarget: 'patientRole',
  // id is required too; its absence is the declared deviation and has a rule of its own.
  patientRole: 'id* sdtc:identifiedBy* addr+ telecom+ patient providerOrganization?',
  patient: 'id? name+ sdtc:desc? administrativeGenderCode birthTime sdtc:deceasedInd? sdtc:deceasedTime? sdtc:multipleBirthInd? '
    + 'sdtc:multipleBirthOrderNumber? maritalStatusCode? religiousAffiliationCode? raceCode sdtc:raceCode* ethnicGroupCode '
    + 'sdtc:ethnicGroupCode* guardian* birthplace? languageCommunication*',
  languageCommunication: 'languageCode modeCode? proficiencyLevelCode? preferenceInd?',
  providerOrganization: 'id+ name+ telecom+ addr+ standardIndustryClassCode? asOrganizationPartOf?',
  author: 'functionCode? time assignedAuthor',
  assignedAuthor: 'id+ sdtc:identifiedBy* code? sdtc:specialty* addr+ telecom+ assignedPerson? assignedAuthoringDevice? representedOrganization?',
  assignedPerson: 'name+ sdtc:desc? sdtc:asPatientRelationship?',
  assignedAuthoringDevice: 'code? manufacturerModelName softwareName asMaintainedEntity*',
  custodian: 'assignedCustodian',
  assignedCustodian: 'representedCustodianOrganization',
  representedCustodianOrganization: 'id+ name telecom sdtc:telecom* addr',
  informationRecipient: 'intendedRecipient',
  intendedRecipient: 'id* sdtc:identifiedBy* addr* telecom* informationRecipient? receivedOrganization?',
  'intendedRecipient/informationRecipient': 'name+ sdtc:desc? sdtc:asPatientRelationship?',
  legalAuthenticator: 'time signatureCode sdtc:signatureText? assignedEntity',
  authenticator: 'time signatureCode sdtc:signatureText? assignedEntity',
  assignedEntity: 'id+ sdtc:identifiedBy* code? sdtc:specialty* addr* telecom* assignedPerson? representedOrganization? sdtc:patient?',
  'legalAuthenticator/assignedEntity':
    'id+ sdtc:identifiedBy* code? sdtc:specialty* addr+ telecom+ assignedPerson representedOrganization? sdtc:patient?',
  inFulfillmentOf: 'order',
  order: 'id+ code? priorityCode?',
  documentationOf: 'serviceEvent',
  serviceEvent: 'id* code? effectiveTime performer*',
  'serviceEvent/effectiveTime': 'low width? high? center?',
  performer: 'functionCode? time? assignedEntity',
  relatedDocument: 'parentDocument',
  parentDocument: 'id+ code? text? setId? versionNumber?',
  componentOf: 'encompassingEncounter',
  encompassingEncounter: 'id+ code? effectiveTime sdtc:admissionReferralSourceCode? dischargeDispositionCode? responsibleParty? '
    + 'encounterParticipant* location?',
};

const model = (text: string): { name: string; occurs: Occurs }[] =>
  text.split(' ').map((word) => ({ name: word.replace(/[?*+]$/, ''), occurs: (/[?*+]$/.exec(word)?.[0] ?? '') as Occurs }));

const MODELS = new Map(Object.entries(CHILDREN).map(([key, text]) => [key, model(key === 'ClinicalDocument' ? text : `${INFRASTRUCTURE} ${text}`)]));

const modelOf = (element: CdaElement): { name: string; occurs: Occurs }[] | undefined =>
  MODELS.get(`${element.parent?.name ?? ''}/${element.name}`) ?? MODELS.get(element.name);

const orderFindings = (element: CdaElement, names: string[]): Finding[] => {
  let latest = 0;
  return element.children.flatMap((one) => {
    const place = names.indexOf(one.name);
    if (place === -1) return [finding('CDA_ELEMENT_UNKNOWN', one, `${element.name} has no child ${one.name.slice(0, 60)}`)];
    if (place < latest) return [finding('CDA_ORDER', one, `${one.name} stands after ${names[latest]!}`)];
    latest = place;
    return [];
  });
};

/** The element's own children against the model; nothing for elements that are not the header's. */
export const structureFindings = (element: CdaElement): Finding[] => {
  const expected = modelOf(element);
  if (expected === undefined) return [];
  const counts = new Map<string, number>();
  for (const { name } of element.children) counts.set(name, (counts.get(name) ?? 0) + 1);
  // "Any SHALL, SHOULD or MAY conformance statement may use nullFlavor": a null element needs no content.
  const isNull = element.attributes['nullFlavor'] !== undefined;
  const cardinality = expected.flatMap(({ name, occurs }) => {
    const count = counts.get(name) ?? 0;
    const missing = count === 0 && !isNull && (occurs === '' || occurs === '+');
    const repeated = count > 1 && (occurs === '' || occurs === '?');
    return [
      ...findingIf(missing, 'CDA_ELEMENT_MISSING', element, `${element.name}/${name} is missing`),
      ...findingIf(repeated, 'CDA_ELEMENT_REPEATED', element, `${element.name}/${name} stands ${count} times`),
    ];
  });
  return [...cardinality, ...orderFindings(element, expected.map(({ name }) => name))];
};
