// Access to one JSON object of an IRIS message. Property names are read in any case (the Go client writes camelCase);
// "", null and objects in which nothing is set count as absent (the TypeScript client sends them for everything unset).
import { CourierError, sentence, type Code } from '../../errors.ts';
import { isUnsetTime, readInstant, readLocalTime } from '../dates.ts';
import type { Warning } from '../model.ts';

/** `path` is spelled as in IRIS's documentation, however the input spells it. `warnings` is shared by a whole message. */
export interface Fields { values: ReadonlyMap<string, unknown>; path: string; today: string; warnings: Warning[] }

type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nothing was said: also an object or array that holds only such values. */
export const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '') ||
  (typeof value === 'object' && Object.values(value).every(isAbsent));

/** Of two spellings of one name the first that says something counts. */
export const fieldsOf = (object: JsonObject, path: string, { today, warnings }: Pick<Fields, 'today' | 'warnings'>): Fields => {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(object)) {
    const key = name.toLowerCase();
    if (!isAbsent(value) && !values.has(key)) values.set(key, value);
  }
  return { values, path, today, warnings };
};

export const pathOf = ({ path }: Fields, name: string): string => (path === '' ? name : `${path}.${name}`);

export const warn = (fields: Fields, code: Code, name: string): void => {
  fields.warnings.push({ code, path: pathOf(fields, name), text: sentence(code) });
};

const invalid = (path: string, expected: string): CourierError => new CourierError('FIELD_INVALID', { path, detail: `${expected} was expected` });

export const invalidField = (fields: Fields, name: string, expected: string): CourierError => invalid(pathOf(fields, name), expected);

/** The value under the first of the names that is there; the path of errors is that of the first name. */
export const valueOf = (fields: Fields, ...names: [string, ...string[]]): unknown =>
  names.map((name) => fields.values.get(name.toLowerCase())).find((value) => value !== undefined);

/** A missing required field. */
export const must = <Value>(value: Value | undefined, fields: Fields, name: string): Value => {
  if (value === undefined) throw new CourierError('FIELD_MISSING', { path: pathOf(fields, name) });
  return value;
};

// A lone surrogate cannot be written as UTF-8.
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

export const textOf = (fields: Fields, ...names: [string, ...string[]]): string | undefined => {
  const value = valueOf(fields, ...names);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalidField(fields, names[0], 'a string');
  return wellFormed(value.trim());
};

/** A string that other systems compare and print: no line breaks or other control characters, not endless. */
export const identifierOf = (fields: Fields, ...names: [string, ...string[]]): string | undefined => {
  const text = textOf(fields, ...names);
  if (text !== undefined && (text.length > 256 || /\p{Cc}/u.test(text))) {
    throw invalidField(fields, names[0], 'at most 256 characters without control characters');
  }
  return text;
};

/** A code as string, or as one of the numbers that the official TypeScript client writes. */
export const codeOf = (fields: Fields, ...names: [string, ...string[]]): string | undefined => {
  const value = valueOf(fields, ...names);
  return Number.isSafeInteger(value) ? String(value) : identifierOf(fields, ...names);
};

export const flagOf = (fields: Fields, name: string): boolean | undefined => {
  const value = valueOf(fields, name);
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(?:true|false)$/i.test(value.trim())) return value.trim().toLowerCase() === 'true';
  throw invalidField(fields, name, 'true or false');
};

/** Whether a whole message is marked as nobody's: `true`, or nothing. */
export const testOf = (root: Fields): true | undefined => flagOf(root, 'Test') === true ? true : undefined;

export const objectOf = (fields: Fields, name: string): Fields | undefined => {
  const value = valueOf(fields, name);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw invalidField(fields, name, 'an object');
  return fieldsOf(value, pathOf(fields, name), fields);
};

/** The elements that say something, each with its path. */
export const elementsOf = (fields: Fields, name: string): { value: unknown; path: string }[] => {
  const value = valueOf(fields, name);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidField(fields, name, 'an array');
  return value.map((element: unknown, index) => ({ value: element, path: `${pathOf(fields, name)}[${index}]` }))
    .filter((element) => !isAbsent(element.value));
};

export const objectsOf = (fields: Fields, name: string): Fields[] => elementsOf(fields, name).map(({ value, path }) => {
  if (!isObject(value)) throw invalid(path, 'an object');
  return fieldsOf(value, path, fields);
});

export const textsOf = (fields: Fields, name: string): string[] => elementsOf(fields, name).map(({ value, path }) => {
  if (typeof value !== 'string') throw invalid(path, 'a string');
  return wellFormed(value.trim());
});

/** An instant in ISO 8601 with offset; one without is read as UTC, with a warning. */
export const instantOf = (fields: Fields, ...names: [string, ...string[]]): string | undefined => {
  const text = textOf(fields, ...names);
  if (text === undefined || isUnsetTime(text)) return undefined;
  const { instant, zoned } = readInstant(text, pathOf(fields, names[0]), fields.today);
  if (!zoned) warn(fields, 'TIME_ZONE_MISSING', names[0]);
  return instant;
};

export const localTimeOf = (fields: Fields, name: string): string | undefined => {
  const text = textOf(fields, name);
  return text === undefined || isUnsetTime(text) ? undefined : readLocalTime(text, pathOf(fields, name), fields.today);
};

type Present<Shape> = { [Key in keyof Shape]: Exclude<Shape[Key], undefined> };

/** Leaves absent values out: an absent value is an absent key. */
export const present = <Shape extends object>(shape: Shape): Partial<Present<Shape>> =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Partial<Present<Shape>>;
