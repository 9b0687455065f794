// The object identifiers of the document, named. Roots of identifiers, code systems and templates.

export const OID = {
  npi: '2.16.840.1.113883.4.6',
  ssn: '2.16.840.1.113883.4.1',
  loinc: '2.16.840.1.113883.6.1',
  cpt: '2.16.840.1.113883.6.12',
  hcpcs: '2.16.840.1.113883.6.285',
  taxonomy: '2.16.840.1.113883.6.101',
  gender: '2.16.840.1.113883.5.1',
  maritalStatus: '2.16.840.1.113883.5.2',
  raceAndEthnicity: '2.16.840.1.113883.6.238',
  confidentiality: '2.16.840.1.113883.5.25',
} as const;

/** HL7's arc for examples: never in a real document. */
export const EXAMPLE_ARC = '2.16.840.1.113883.19';

/** CDA R2's schema (CONF:1198-5250, 5251). */
export const TYPE_ID = { root: '2.16.840.1.113883.1.3', extension: 'POCD_HD000040' } as const;

/** US Realm Header and Unstructured Document of C-CDA R2.1 (CONF:1198-5252, 7710). */
export const TEMPLATES = ['2.16.840.1.113883.10.20.22.1.1', '2.16.840.1.113883.10.20.22.1.10'] as const;
export const TEMPLATE_VERSION = '2015-08-01';
/** Versions under which C-CDA 3.0 to 5.0 publish the same two templates. */
export const LATER_VERSIONS = ['2024-05-01'] as const;
