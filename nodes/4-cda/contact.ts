// Names, addresses, telephone numbers and times in the forms of the US Realm Header.
import type { PersonName, PostalAddress, Warning } from '../0-order/model.ts';
import { unmapped } from './codes.ts';
import { legalText, type XmlNode } from './xml.ts';

/** Several elements of one kind and what should be said about them. */
export interface Parts { node: XmlNode; warnings: Warning[] }

const given = (text: string | undefined): text is string => text !== undefined && legalText(text).trim() !== '';
const unknown = (flavor = 'UNK'): XmlNode => ({ '@nullFlavor': flavor });

// StateValueSet 2.16.840.1.113883.3.88.12.80.1, and the military mail "states".
export const STATES: readonly string[] = ('AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND '
  + 'OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS FM GU MH MP PW PR UM VI AA AE AP').split(' ');

export const ZIP = /^\d{5}(?:-\d{4})?$/;
const US_NAMES = ['US', 'USA', 'U.S.', 'U.S.A.', 'UNITED STATES', 'UNITED STATES OF AMERICA'];

const streetLines = (street: readonly string[]): string[] => {
  const lines = street.filter(given);
  // CONF:81-7291: four lines at most.
  return lines.length > 4 ? [...lines.slice(0, 3), lines.slice(3).join(', ')] : lines;
};

const zipOf = (text: string): string => text.trim().replace(/^(\d{5})(\d{4})$/, '$1-$2');

/**
 * addr (AD.US.FIELDED). Parts that were not supplied carry a nullFlavor (CONF:81-7291, 7292, 10024, 10025); state and ZIP code outside
 * their value sets are kept as text with a warning. Country US is written where the state is a US state and none was supplied.
 */
export const addressOf = (address: PostalAddress | undefined, use: 'HP' | 'WP', path: string): Parts => {
  const lines = streetLines(address?.street ?? []);
  const { city, state, postalCode, country } = address ?? {};
  if (lines.length === 0 && ![city, state, postalCode].some(given)) return { node: unknown(), warnings: [] };
  const region = state?.trim().toUpperCase() ?? '';
  const usState = STATES.includes(region);
  const domestic = given(country) ? US_NAMES.includes(country.trim().toUpperCase()) : true;
  const zip = given(postalCode) ? (domestic ? zipOf(postalCode) : postalCode.trim()) : undefined;
  const warnings = [
    ...(domestic && given(state) && !usState ? [unmapped(`${path}.State`)] : []),
    ...(domestic && zip !== undefined && !ZIP.test(zip) ? [unmapped(`${path}.PostalCode`)] : []),
  ];
  return {
    node: {
      '@use': use,
      streetAddressLine: lines.length > 0 ? lines : unknown(),
      city: given(city) ? city : unknown(),
      state: given(state) ? (usState ? region : state) : domestic ? unknown() : undefined,
      postalCode: zip ?? (domestic ? unknown() : undefined),
      country: given(country) ? (domestic ? 'US' : country) : usState ? 'US' : undefined,
    },
    warnings,
  };
};

const USES: readonly (readonly [RegExp, 'MC' | 'WP' | 'HP'])[] = [
  [/\b(?:cell(?:ular)?|mobile|mob|c|m)\b/i, 'MC'], [/\b(?:work|office|business|w|b)\b/i, 'WP'], [/\b(?:home|h)\b/i, 'HP'],
];
const LABELS = /\b(?:tel(?:ephone)?|phone|ph|cell(?:ular)?|mobile|mob|home|work|office|business|[chmwb])\b\.?:?/gi;
const EXTENSION = /[,;]?\s*(?:;ext=|(?<![a-z])ext(?:ension|n)?\.?:?|(?<![a-z])x\.?|#)\s*(\d{1,8})\s*$/i;

const dashed = (text: string): string => text.replace(/\D+/g, '-').replace(/^-|-$/g, '');

/** The number as an RFC 3966 URI, or undefined when the text is no telephone number. US numbers become `tel:+1-503-555-0142`. */
export const telephoneUri = (text: string): string | undefined => {
  const extension = EXTENSION.exec(text)?.[1];
  const main = text.replace(EXTENSION, '').replace(/^\s*tel:/i, '').replace(LABELS, ' ').trim();
  if (!/^\+?[\d\s().\-/\u2010-\u2015]+$/.test(main)) return undefined;
  const digits = main.replace(/\D/g, '');
  const suffix = extension === undefined ? '' : `;ext=${extension}`;
  const us = /^1?(\d{3})(\d{3})(\d{4})$/.exec(digits);
  if (us && (!main.startsWith('+') || digits.startsWith('1'))) return `tel:+1-${us[1]}-${us[2]}-${us[3]}${suffix}`;
  if (main.startsWith('+') && digits.length >= 7 && digits.length <= 15) return `tel:+${dashed(main)}${suffix}`;
  const abroad = /^(?:011|00)[1-9]/.test(digits) && digits.length >= 10 && digits.length <= 18;
  if (abroad) return `tel:+${dashed(main).replace(/^(?:0-?1-?1|0-?0)-?/, '')}${suffix}`;
  // RFC 3966 section 5.1.5: a local number must name its context.
  return digits.length === 7 ? `tel:${digits.slice(0, 3)}-${digits.slice(3)}${suffix};phone-context=+1` : undefined;
};

/** telecom from a telephone number in any of the shapes people write. Unreadable: nullFlavor and a warning. */
export const telephone = (text: string | undefined, use: 'HP' | 'WP', path: string): Parts => {
  if (!given(text)) return { node: unknown(), warnings: [] };
  const uri = telephoneUri(text);
  if (uri === undefined) {
    return { node: unknown(), warnings: [{ code: 'PHONE_INVALID', path, text: `${path} is not a telephone number; the document carries none.` }] };
  }
  const said = USES.find(([word]) => word.test(text.replace(EXTENSION, '')))?.[1];
  return { node: { '@use': said ?? use, '@value': uri }, warnings: [] };
};

/** name (PTN.US.FIELDED, CONF:81-7157, 7159). A part that a person does not have is not applicable (a mononym). */
export const personName = (name: PersonName, credentials?: string): XmlNode => {
  const first = [name.given, name.middle].filter(given);
  const academic = given(credentials) ? [{ '@qualifier': 'AC', '#': credentials }] : [];
  return {
    '@use': 'L',
    prefix: given(name.prefix) ? name.prefix : undefined,
    given: first.length > 0 ? first : unknown('NA'),
    family: given(name.family) ? name.family : unknown('NA'),
    suffix: [...(given(name.suffix) ? [name.suffix] : []), ...academic],
  };
};

/** The instant in UTC with its offset: `YYYYMMDDHHMMSS+0000`. */
export const utcTime = (now: Date): string => `${now.toISOString().slice(0, 19).replace(/[-:T]/g, '')}+0000`;

/**
 * An ISO 8601 instant as an HL7 time in the offset supplied. Without an offset only the day is sure, so only the day is written.
 * Undefined when the text is neither.
 */
export const hl7Time = (instant: string | undefined): string | undefined => {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?$/.exec(instant?.trim() ?? '');
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, offset] = parts;
  const date = `${year}${month}${day}`;
  if (hour === undefined || offset === undefined) return date;
  return `${date}${hour}${minute}${second ?? '00'}${/^z$/i.test(offset) ? '+0000' : offset.replace(':', '')}`;
};
