// Who made, keeps and signed the document, and what it answers: the header after the patient.
import type { CodedText, PersonName, Provider, Result, StoredOrder, Warning } from '../0-order/model.ts';
import { readNpi } from '../0-order/npi.ts';
import type { Organization } from '../0-order/organization.ts';
import { procedureCode } from './codes.ts';
import { addressOf, hl7Time, personName, telephone, utcTime } from './contact.ts';
import { OID } from './oids.ts';
import { isWrittenLikeSsn } from '../0-order/ssn.ts';
import type { XmlNode } from './xml.ts';

const unknown: XmlNode = { '@nullFlavor': 'UNK' };

const npiId = (npi: string | undefined): XmlNode => {
  const reading = npi === undefined ? undefined : readNpi(npi);
  return reading?.valid ? { '@root': OID.npi, '@extension': reading.npi } : { '@root': OID.npi, '@nullFlavor': 'UNK' };
};

// NUCC Health Care Provider Taxonomy: ten characters, the last an X (CONF:1198-16787, 16788).
const taxonomyCode = (taxonomy: string | undefined): XmlNode | undefined => {
  const code = taxonomy?.trim().toUpperCase() ?? '';
  return /^[0-9A-Z]{9}X$/.test(code) ? { '@code': code, '@codeSystem': OID.taxonomy } : undefined;
};

const isNamed = (provider: Provider | undefined): provider is Provider & { name: PersonName } =>
  provider?.name !== undefined && [provider.name.family, provider.name.given].some((part) => part.trim() !== '');

/** The reader's own address and telephone number are in no message, and the organization's are not theirs. */
const entityOf = (grader: Provider | undefined): XmlNode => ({
  id: npiId(grader?.npi),
  code: taxonomyCode(grader?.taxonomy),
  addr: unknown,
  telecom: unknown,
  assignedPerson: { name: isNamed(grader) ? personName(grader.name, grader.degrees) : unknown },
});

/**
 * author (CONF:1198-5444): who graded. The time is never null, which HL7's rules refused until 2025 (CONF:81-10127): where
 * the time of grading is unknown it is the result's, else the document's own.
 */
export const authorOf = ({ gradings, timestamp }: Result, now: Date): XmlNode =>
  ({ time: { '@value': hl7Time(gradings.gradedTime) ?? hl7Time(timestamp) ?? utcTime(now) }, assignedAuthor: entityOf(gradings.provider) });

/** legalAuthenticator (CONF:1198-5579), when it is known who signed and when. Nobody has signed a preliminary result. */
export const legalAuthenticatorOf = ({ gradings, resultCode }: Result): XmlNode | undefined => {
  const time = hl7Time(gradings.gradedTime);
  if (time === undefined || !isNamed(gradings.provider) || resultCode === 'P') return undefined;
  return { time: { '@value': time }, signatureCode: { '@code': 'S' }, assignedEntity: entityOf(gradings.provider) };
};

/** custodian (CONF:1198-5519): the submitting organization. */
export const custodianOf = (organization: Organization, oid: string): { node: XmlNode; warnings: Warning[] } => {
  const npi = organization.npi === undefined ? undefined : readNpi(organization.npi);
  const phone = telephone(organization.phone, 'WP', 'organization.phone');
  const address = addressOf(organization.address, 'WP', 'organization.address');
  const representedCustodianOrganization = {
    id: npi?.valid ? { '@root': OID.npi, '@extension': npi.npi } : { '@root': oid },
    name: organization.name,
    telecom: phone.node,
    addr: address.node,
  };
  return { node: { assignedCustodian: { representedCustodianOrganization } }, warnings: [...phone.warnings, ...address.warnings] };
};

/** A number of the submitter's as an id; undefined where it is empty or written like an SSN. */
const submittersId = (number: string | undefined, oid: string): XmlNode | undefined =>
  number === undefined || number.trim() === '' || isWrittenLikeSsn(number) ? undefined : { '@root': oid, '@extension': number.trim() };

/** inFulfillmentOf (CONF:1198-9952): the placer's order number. */
export const orderReference = (order: StoredOrder, oid: string): XmlNode | undefined => {
  const id = submittersId(order.localId, oid);
  return id === undefined ? undefined : { order: { id } };
};

/** documentationOf (CONF:1198-14835 to 14837): the exam, when its procedure code or its time is known. */
export const serviceEventOf = (order: StoredOrder, result: Result): { node: XmlNode | undefined; warnings: Warning[] } => {
  const cpt: CodedText | undefined = order.cpt ?? result.cpt;
  const time = hl7Time(result.order.servicedTime);
  const named = order.cpt?.text === undefined && result.cpt?.code === cpt?.code ? { ...cpt, ...result.cpt } : cpt;
  const code = named?.code === undefined || named.code.trim() === '' ? undefined : procedureCode({ ...named, code: named.code });
  if (code === undefined && time === undefined) return { node: undefined, warnings: [] };
  const effectiveTime = { low: time === undefined ? unknown : { '@value': time } };
  return { node: { serviceEvent: { code: code?.node, effectiveTime } }, warnings: code?.warnings ?? [] };
};

/** componentOf (CONF:1198-9955 to 9959): the visit, when its number and time are known. */
export const encounterOf = (order: StoredOrder, result: Result, oid: string): XmlNode | undefined => {
  const id = submittersId(order.encounterNumber ?? result.order.encounterNumber, oid);
  const time = hl7Time(result.order.servicedTime);
  return id === undefined || time === undefined ? undefined : { encompassingEncounter: { id, effectiveTime: { low: { '@value': time } } } };
};
