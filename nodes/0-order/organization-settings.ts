// The settings of an organization and of its sites, checked one by one.
import { readDeadlines } from './deadlines.ts';
import { normalizeAddress } from './direct-address.ts';
import { logoFault } from './logo.ts';
import type { PostalAddress } from './model.ts';
import type { Organization, OrganizationSettings, PatientIdentifier, RoutePolicy } from './organization.ts';
import { cell, checked, entryOf, oneOf, readSwitch, rowInvalid, withoutAbsent, type Entry } from './setting-cells.ts';
import { stateCode } from './states.ts';

export const POLICIES: readonly RoutePolicy[] = ['union', 'site-over-organization', 'most-specific'];
export const PATIENT_IDENTIFIERS: readonly PatientIdentifier[] = ['none', 'null', 'mrn'];

const timeZone = (text: string): string | undefined => {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }) && text;
  } catch {
    return undefined;
  }
};

// Up to nine places on both sides: more is a slip of the finger.
const price = (text: string): string | undefined => (/^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? text : undefined);
const currency = (text: string): string | undefined => (/^[A-Z]{3}$/i.test(text) ? text.toUpperCase() : undefined);

/** ISO/IEC 8824 OID: arcs 0 to 2, the second below 40 under 0 and 1, no leading zeros. */
const oid = (text: string): string | undefined => {
  const dotted = text.replace(/^urn:oid:/i, '');
  return dotted.length <= 128 && /^(?:[01]\.(?:[0-9]|[123][0-9])|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(dotted) ? dotted : undefined;
};

export const readOid = (entry: Entry): string | undefined => checked(entry, 'oid', oid, 'not an OID');

const streetOf = (from: Entry): string[] => {
  const lines = from.values.get('street');
  const street = Array.isArray(lines) ? lines.map(String) : ['street', 'street1', 'street2'].map((key) => cell(from, key) ?? '');
  return street.flatMap((line) => line.split(/\r\n|\r|\n/)).map((line) => line.trim()).filter((line) => line !== '');
};

/** An address in one object as in JSON, or in cells as in CSV and the form; `street2` may hold several lines. */
export const readAddress = (entry: Entry): PostalAddress | undefined => {
  const given = entry.values.get('address') ?? '';
  if (typeof given === 'string' && given.trim() !== '') return { street: [given.trim()] };
  if (given !== '' && typeof given !== 'object') throw rowInvalid(entry, 'address', 'an object was expected');
  const from = typeof given === 'object' ? entryOf(given, entry.where, `${entry.path}.address`) : entry;
  const state = cell(from, 'state');
  const parts = withoutAbsent({
    city: cell(from, 'city'), state: state === undefined ? undefined : stateCode(state),
    postalCode: cell(from, 'postalCode') ?? cell(from, 'zip'), country: cell(from, 'country'),
  });
  const street = streetOf(from);
  return street.length === 0 && Object.keys(parts).length === 0 ? undefined : { street, ...parts };
};

const readLogo = (entry: Entry): string | undefined => {
  const text = cell(entry, 'logo');
  const fault = text === undefined ? undefined : logoFault(text);
  if (fault !== undefined) throw rowInvalid(entry, 'logo', fault);
  return text;
};

/** What an organization and a site may both say. Throws ORGANIZATION_ROW_INVALID. */
export const readSettings = (entry: Entry): OrganizationSettings & Pick<Partial<Organization>, 'name' | 'phone' | 'address'> => withoutAbsent({
  name: cell(entry, 'name'),
  phone: cell(entry, 'phone'),
  contact: cell(entry, 'contact'),
  address: readAddress(entry),
  sender: checked(entry, 'sender', (text) => normalizeAddress(text) ?? undefined, 'not a well-formed Direct address'),
  identity: cell(entry, 'identity'),
  account: cell(entry, 'account'),
  policy: checked(entry, 'policy', oneOf(POLICIES), `one of ${POLICIES.join(', ')} was expected`),
  patientIdentifier: checked(entry, 'patientIdentifier', oneOf(PATIENT_IDENTIFIERS), `one of ${PATIENT_IDENTIFIERS.join(', ')} was expected`),
  finalDelivery: readSwitch(entry, 'finalDelivery'),
  preliminary: readSwitch(entry, 'preliminary'),
  deadlines: readDeadlines(entry),
  logo: readLogo(entry),
  timeZone: checked(entry, 'timeZone', timeZone, 'not an IANA time zone'),
  price: checked(entry, 'price', price, 'a decimal number such as 0.25 was expected'),
  currency: checked(entry, 'currency', currency, 'a currency of three letters was expected'),
});
