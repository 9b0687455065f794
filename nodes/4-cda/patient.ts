// recordTarget: the patient, from the order (a result echoes no demographics).
import type { Patient, Warning } from '../0-order/model.ts';
import type { PatientIdentifier } from '../0-order/organization.ts';
import { CourierError } from '../errors.ts';
import { ethnicityCodes, genderCode, type GenderPreference, languageCommunication, maritalStatusCode, raceCodes } from './codes.ts';
import { addressOf, personName, telephone } from './contact.ts';
import { looksLikeSsn } from '../0-order/ssn.ts';
import type { XmlNode } from './xml.ts';

export interface PatientChoices {
  identifier: PatientIdentifier;
  genderPreference: GenderPreference;
  /** Assigning authority of the medical record number. */
  authority: { oid: string; name: string };
}

const noInformation: XmlNode = { '@nullFlavor': 'NI' };

/** patientRole/id by the organization's choice (CONF:1198-5268). `none` is a declared deviation and travels as a warning. */
const identifierOf = (localId: string, { identifier, authority }: PatientChoices): { id: XmlNode | undefined; warnings: Warning[] } => {
  if (identifier === 'none') {
    const text = 'The document carries no patientRole/id: the organization\'s setting is "none".';
    return { id: undefined, warnings: [{ code: 'CDA_NO_PATIENT_ID', path: 'patientIdentifier', text }] };
  }
  if (identifier === 'null') return { id: noInformation, warnings: [] };
  if (looksLikeSsn(localId)) {
    const text = 'The medical record number looks like an SSN; the document says that no identifier is known.';
    return { id: noInformation, warnings: [{ code: 'CDA_SSN_WITHHELD', path: 'Patient.LocalId', text }] };
  }
  if (localId.trim() === '') return { id: noInformation, warnings: [] };
  return { id: { '@root': authority.oid, '@extension': localId.trim(), '@assigningAuthorityName': authority.name }, warnings: [] };
};

/** `YYYY-MM-DD` to `YYYYMMDD`, as text: a birth date has no time zone to be shifted by. */
const birthTime = (birthDate: string): XmlNode => {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(birthDate);
  if (!parts) throw new CourierError('DATE_INVALID', { path: 'msg.order.patient.birthDate' });
  return { '@value': parts.slice(1).join('') };
};

/** recordTarget in schema order. Address, telephone, race and ethnicity are always there, null when not supplied (SHALL). */
export const recordTarget = (patient: Patient, choices: PatientChoices): { node: XmlNode; warnings: Warning[] } => {
  const { id, warnings } = identifierOf(patient.localId, choices);
  const address = addressOf(patient.address, 'HP', 'Patient.Address');
  const phone = telephone(patient.phone, 'HP', 'Patient.Phone');
  const gender = genderCode(patient.genders, choices.genderPreference);
  const marital = maritalStatusCode(patient.maritalStatus);
  const race = raceCodes(patient.race);
  const ethnicity = ethnicityCodes(patient.ethnicity);
  const language = languageCommunication(patient.language);
  return {
    node: {
      patientRole: {
        id,
        addr: address.node,
        telecom: phone.node,
        patient: {
          name: personName(patient.name),
          administrativeGenderCode: gender.node,
          birthTime: birthTime(patient.birthDate),
          maritalStatusCode: marital?.node,
          raceCode: race.category,
          'sdtc:raceCode': race.details,
          ethnicGroupCode: ethnicity.category,
          'sdtc:ethnicGroupCode': ethnicity.details,
          languageCommunication: language?.node,
        },
      },
    },
    warnings: [address, phone, gender, marital, race, ethnicity, language].reduce((all, part) => [...all, ...(part?.warnings ?? [])], warnings),
  };
};
