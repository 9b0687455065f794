// One entry of a list of settings, read cell by cell. Values come from forms, CSV cells and JSON alike, so everything is read as
// text; a setting that says nothing is left out.
import { CourierError } from '../errors.ts';

/** One entry with its keys in lower case and without separators; `where` names the entry for the reader of an error. */
export interface Entry { values: ReadonlyMap<string, unknown>; where: string; path: string }

export const fold = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '');

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

export const entryOf = (object: object, where: string, path: string): Entry =>
  ({ values: new Map(Object.entries(object).map(([key, value]) => [fold(key), value])), where, path });

export const rowInvalid = (entry: Pick<Entry, 'where' | 'path'>, key: string, reason: string): CourierError =>
  new CourierError('ORGANIZATION_ROW_INVALID', { path: `${entry.path}.${key}`, detail: `${entry.where}: ${reason}` });

export const cell = (entry: Entry, key: string): string | undefined => {
  const value = entry.values.get(fold(key));
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw rowInvalid(entry, key, 'text was expected');
  return String(value).trim() || undefined;
};

/** `check` gives undefined for what cannot be used. Throws ORGANIZATION_ROW_INVALID with `reason`. */
export const checked = <Value>(entry: Entry, key: string, check: (text: string) => Value | undefined, reason: string): Value | undefined => {
  const text = cell(entry, key);
  const value = text === undefined ? undefined : check(text);
  if (text !== undefined && value === undefined) throw rowInvalid(entry, key, reason);
  return value;
};

export const oneOf = <Value extends string>(allowed: readonly Value[]) => (text: string): Value | undefined =>
  allowed.find((value) => value === text.toLowerCase());

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, yes: true, 1: true, false: false, no: false, 0: false };

/** True or false as JSON has them, or in words; undefined where nothing is said. */
export const readSwitch = (entry: Entry, key: string): boolean | undefined => {
  const value = entry.values.get(fold(key));
  if (typeof value === 'boolean') return value;
  return checked(entry, key, (text) => Object.hasOwn(BOOLEANS, text.toLowerCase()) ? BOOLEANS[text.toLowerCase()] : undefined,
    'true, false, yes, no, 1 or 0 was expected');
};

export const withoutAbsent = <Shape extends object>(shape: Shape): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never;
