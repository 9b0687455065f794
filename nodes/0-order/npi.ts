// The National Provider Identifier: ten digits, the last a Luhn check digit over the card-issuer prefix 80840 (45 CFR 162.406).

/** `npi` is the ten digits where there are ten, else what was given, trimmed. `text` is a sentence for people. */
export interface NpiReading { npi: string; valid: boolean; code: 'NPI_INVALID' | null; text: string }

/** Luhn over 80840 and the ten digits; the prefix adds 24 to the sum. */
const checkDigitFits = (npi: string): boolean => {
  const sum = [...npi].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 24);
  return sum % 10 === 0;
};

// In HL7 v2 the number is the first component and a later one says that it is an NPI (XCN, XON).
const XCN = /^([^^]*)\^(?:.*[\^&])?NPI(?:[\^&].*)?$/i;
const PREFIX = /^(?:npi\s*[:#]?|https?:\/\/hl7\.org\/fhir\/sid\/us-npi\||(?:urn:oid:)?2\.16\.840\.1\.113883\.4\.6[|^:])\s*/i;

const bare = (text: string): string => {
  const trimmed = text.trim();
  if (trimmed.length > 256) return trimmed;
  return (XCN.exec(trimmed)?.[1] ?? trimmed).trim().replace(PREFIX, '');
};

const fault = (npi: string): string | null => {
  if (npi === '') return 'No NPI was given.';
  if (/^80840\d{10}$/.test(npi)) return 'This is the 15-digit card issuer form; give the ten digits after 80840.';
  if (!/^\d{10}$/.test(npi)) return 'An NPI has exactly ten digits.';
  if (!/^[12]/.test(npi)) return 'An NPI begins with 1 or 2.';
  return checkDigitFits(npi) ? null : 'The check digit is wrong: one or more digits were mistyped.';
};

/**
 * Reads an NPI as people and systems write it: bare, `NPI:…`, HL7 XCN/XON with assigning authority NPI,
 * FHIR `http://hl7.org/fhir/sid/us-npi|…`, OID `2.16.840.1.113883.4.6|…`. Never throws.
 */
export const readNpi = (text: string): NpiReading => {
  const npi = bare(text);
  const reason = fault(npi);
  return reason === null
    ? { npi, valid: true, code: null, text: 'The NPI is well formed and its check digit is right.' }
    : { npi, valid: false, code: 'NPI_INVALID', text: reason };
};
