// How long after acceptance notifications may take, per class of priority. Minutes in settings, because people think in them.
import type { Priority } from './model.ts';
import { checked, entryOf, fold, isObject, rowInvalid, type Entry } from './setting-cells.ts';

/** Minutes; a class that is not named is decided elsewhere. */
export type Deadlines = { [Class in Priority]?: number };

export const PRIORITIES: readonly Priority[] = ['emergent', 'urgent', 'routine'];

export const DEADLINE_LIMITS = { least: 0.01, most: 10_080 } as const;
export const DEADLINE_EXPECTED = `minutes from ${DEADLINE_LIMITS.least} to ${DEADLINE_LIMITS.most} (a week) were expected`;

/** Minutes as a person writes them: whole or with a point. Undefined for anything else. */
export const readMinutes = (text: string): number | undefined => {
  if (!/^\d{1,5}(?:\.\d{1,4})?$/.test(text)) return undefined;
  const minutes = Number(text);
  return minutes >= DEADLINE_LIMITS.least && minutes <= DEADLINE_LIMITS.most ? minutes : undefined;
};

/** Name of the column or flat key of a class, e.g. `deadlineUrgent`. */
export const deadlineColumn = (priority: Priority): string => `deadline${priority[0]!.toUpperCase()}${priority.slice(1)}`;

const nestedIn = (entry: Entry): Entry => {
  const given = entry.values.get('deadlines') ?? {};
  if (given === '') return entryOf({}, entry.where, entry.path);
  if (!isObject(given)) throw rowInvalid(entry, 'deadlines', 'an object with emergent, urgent, routine was expected');
  const unknown = Object.keys(given).find((key) => !PRIORITIES.some((priority) => priority === fold(key)));
  if (unknown !== undefined) throw rowInvalid(entry, 'deadlines', 'only emergent, urgent and routine have deadlines');
  return entryOf(given, entry.where, `${entry.path}.deadlines`);
};

/** From `deadlines: { urgent: 20 }` as in JSON, or flat from `deadlineUrgent`. Throws ORGANIZATION_ROW_INVALID, also where the two differ. */
export const readDeadlines = (entry: Entry): Deadlines | undefined => {
  const nested = nestedIn(entry);
  const read = PRIORITIES.map((priority): [Priority, number | undefined] => {
    const flat = checked(entry, deadlineColumn(priority), readMinutes, DEADLINE_EXPECTED);
    const inside = checked(nested, priority, readMinutes, DEADLINE_EXPECTED);
    if (flat !== undefined && inside !== undefined && flat !== inside) {
      throw rowInvalid(entry, deadlineColumn(priority), `differs from deadlines.${priority}`);
    }
    return [priority, flat ?? inside];
  }).filter(([, minutes]) => minutes !== undefined);
  return read.length === 0 ? undefined : Object.fromEntries(read) as Deadlines;
};

