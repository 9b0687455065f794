// Social security numbers are blanked before anything is kept, and what looks like one is never sent or shown.
// IRIS has no field for one; systems send them all the same.

const TOKENS = /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

/** `SSN`, `PatientSsn`, `Social Security Number` and the like; not `BusinessName`. */
const namesSsn = (key: string): boolean =>
  key.split(TOKENS).some((token) => /^ssn\d*$/i.test(token)) || /^ssn|socialsecurity/i.test(key.replace(/[^A-Za-z0-9]/g, ''));

const DASHED = /(?<!\d-?)\d{3}-\d{2}-\d{4}(?!-?\d)/g;

/** Nine digits behind a word that names them. */
const CALLED = /(?<!\d)(?:\d ?){8}\d(?!\d)(?<=(?:ssn|social\W{0,4}security(?:\W{0,4}n\w{0,11})?)\W{0,8}(?:\d ?){8}\d)/gi;

// Blanks, dots and every dash that people type between the groups.
const GAP = String.raw`[\s.\-\u2010-\u2015\u2212]`;

// What stands among words: in groups, whatever is between them, or nine digits that belong to nothing else.
const GROUPED = new RegExp(String.raw`(?<!\d${GAP}?)\d{3}(${GAP})\d{2}\1\d{4}(?!${GAP}?\d)`, 'g');
const BARE = /(?<![\p{L}\d]|\d[.-])\d{9}(?![\p{L}\d]|[.-]\d)/gu;

/** Notes and the like, and whatever else has words in it. */
const holdsWords = (text: string, key: string): boolean =>
  /(note|comment|text|description|remark|info|reason)s?$/i.test(key) || (/[ \t]/.test(text) && /\p{L}{2}/u.test(text));

/** Plain text with social security numbers taken out: in the usual form, and where a word names them. */
export const withoutSsn = (text: string): string => text.replace(DASHED, '').replace(CALLED, '');

const cleaned = (text: string, key: string): string =>
  withoutSsn(holdsWords(text, key) ? text.replace(GROUPED, '').replace(BARE, '') : text);

const blanked = (value: unknown, key: string): unknown => {
  if (namesSsn(key)) return '';
  if (Array.isArray(value)) return value.map((inner) => blanked(inner, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.replace(DASHED, ''), blanked(inner, name)]));
  }
  // An identifier stays what it is, however it looks: it is what people search by.
  return typeof value === 'string' && !/^localid$/i.test(key) ? cleaned(value, key) : value;
};

// Escaped letters and digits included.
const SUSPECT_KEY = /ssn|social|\\u00/i;
const ESCAPED = /\\u(?:00(?:3\d|2[0de]|a0)|20[01]|2212)/i;
// Nine digits that are a number or an identifier by themselves are none.
const NINE = /(?<!\d)\d{9}(?!\d)(?<!"\s{0,9}:\s{0,9}\d{9})(?<!LocalId"\s{0,9}:\s{0,9}"\d{9})/i;
// One by one: together they take ten times as long over a report's base64.
const SUSPECT = [new RegExp(String.raw`\d{3}(${GAP})\d{2}\1\d{4}`), ESCAPED, NINE];

/** Keys are looked for one by one: a single pattern for all of it can be made to take seconds. */
const isSuspect = (text: string): boolean => {
  if (SUSPECT.some((pattern) => pattern.test(text))) return true;
  for (const [, key = ''] of text.matchAll(/"([^"]{0,160})"\s*:/g)) if (SUSPECT_KEY.test(key)) return true;
  return false;
};

/** A JSON text and what it was parsed to with social security numbers blanked in both; the same two when it holds none. */
export const blankParsed = (text: string, parsed: unknown): { text: string; json: unknown } => {
  if (!isSuspect(text)) return { text, json: parsed };
  const json = blanked(parsed, '');
  return { text: JSON.stringify(json), json };
};

// In text of any kind, UTF-16 included: the usual form, and nine digits behind a word that names them.
const WRITTEN = /(?<!\d\0?)(?:\d\0?){3}-\0?(?:\d\0?){2}-\0?(?:\d\0?){3}\d(?!\0?\d)/g;
const NAMED = /(s\0?s\0?n|s\0?o\0?c\0?i\0?a\0?l\W{0,4}s\0?e\0?c\0?u\0?r\0?i\0?t\0?y(?:\W{0,4}n\w{0,11})?)(\W{0,8})(?:\d[ \0]{0,2}){8}\d/gi;

// Blanks of the same length: the characters around them stay where they are, in every encoding.
const erased = (found: string): string => found.replace(/[\d-]/g, ' ');

/** Bytes that cannot be parsed, with what looks like a social security number blanked. The same bytes when nothing does. */
export const blankSsn = (bytes: Uint8Array): Uint8Array => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const clean = text.replace(WRITTEN, erased).replace(NAMED, erased);
  return clean === text ? bytes : Buffer.from(clean, 'latin1');
};

const SSN = new RegExp(String.raw`^\s*\d{3}${GAP}*\d{2}${GAP}*\d{4}\s*$`);

/** True for `ddd-dd-dddd` and for any nine digits, however they are spaced. */
export const looksLikeSsn = (text: string): boolean => SSN.test(text);

/** True only when the nine digits are grouped 3-2-4: what an order or visit number does not do by chance. */
export const isWrittenLikeSsn = (text: string): boolean => looksLikeSsn(text) && !/^\s*\d{9}\s*$/.test(text);
