// One row of the route table: what it may say, and why a row is refused.
// A row is never repaired by guessing: a misread row would send a patient's result to the wrong place.
import { DEADLINE_EXPECTED, readMinutes } from '../0-order/deadlines.ts';
import { normalizeAddress } from '../0-order/direct-address.ts';
import type { Level } from '../0-order/message.ts';
import { CourierError } from '../errors.ts';

export interface RouteRow {
  /** `order`: switches delivery to the provider named on the order; `site`, `organization`: an address. */
  level: Level;
  /** ClientGuid in lower case. */
  organization: string;
  /** Site LocalId; null in organization rows and in order rows that hold for all sites. */
  site: string | null;
  /** Normalised Direct address; null in order rows. */
  address: string | null;
  /** Whether final delivery is asked; null: the row leaves it to the rules for domains, the site and the organization. */
  finalDelivery: boolean | null;
  /** Minutes within which notifications must come; null: the row leaves it to the organization and the HISP account. */
  deadlineMinutes: number | null;
  enabled: boolean;
  /** Line in the CSV file, the header being line 1; index + 2 for rows of a list. */
  line: number;
}

export const ROUTE_COLUMNS = ['level', 'organization', 'site', 'address', 'final_delivery', 'enabled'] as const;
/** Columns that a table may lack. */
export const OPTIONAL_COLUMNS = ['deadline'] as const;
export const ALL_COLUMNS = [...ROUTE_COLUMNS, ...OPTIONAL_COLUMNS] as const;
export type RouteColumn = typeof ALL_COLUMNS[number];
/** A row before it is read: any text, under the names of the columns. */
export type RouteCells = Record<RouteColumn, string>;

const LEVELS: readonly string[] = ['order', 'site', 'organization'] satisfies Level[];
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BOOLEANS: Record<string, boolean> = { true: true, yes: true, 1: true, false: false, no: false, 0: false };

/** The error of a bad row; `detail` names the column and what was expected, never the cell. */
export const rowError = (line: number, detail: string): CourierError =>
  new CourierError('ROUTE_ROW_INVALID', { path: `line ${line}`, detail });

const readBoolean = (cells: RouteCells, column: 'final_delivery' | 'enabled', line: number): boolean | null => {
  const word = cells[column].toLowerCase();
  if (word === '') return null;
  if (!Object.hasOwn(BOOLEANS, word)) throw rowError(line, `${column}: true, false, yes, no, 1 or 0 expected`);
  return BOOLEANS[word]!;
};

const readRowAddress = (level: Level, text: string, line: number): string | null => {
  if (level === 'order') {
    if (text.trim() !== '') throw rowError(line, 'address: an order row switches a level and has no address');
    return null;
  }
  if (text.trim() === '') throw rowError(line, `address: a ${level} row needs one`);
  const address = normalizeAddress(text);
  if (address === null) throw rowError(line, 'address: not a well-formed Direct address');
  return address;
};

const readDeadline = (text: string, line: number): number | null => {
  if (text === '') return null;
  const minutes = readMinutes(text);
  if (minutes === undefined) throw rowError(line, `deadline: ${DEADLINE_EXPECTED}`);
  return minutes;
};

/** Reads one row. Throws ROUTE_ROW_INVALID with `path` "line N". */
export const readRouteRow = (raw: RouteCells, line: number): RouteRow => {
  const cells = Object.fromEntries(ALL_COLUMNS.map((column) => [column, raw[column].trim()])) as RouteCells;
  const level = cells.level.toLowerCase() as Level;
  if (!LEVELS.includes(level)) throw rowError(line, 'level: order, site or organization expected');
  const organization = cells.organization.toLowerCase();
  if (!GUID.test(organization)) throw rowError(line, 'organization: a ClientGuid expected');
  const site = cells.site === '' ? null : cells.site;
  if (level === 'site' && site === null) throw rowError(line, 'site: a site row needs the Site LocalId');
  // Read as an organization row it would send every site's results to an address that was meant for one.
  if (level === 'organization' && site !== null) throw rowError(line, 'site: an organization row holds for all sites and names none');
  return {
    level, organization, site,
    // Not trimmed: a line break in an address is never repaired.
    address: readRowAddress(level, raw.address, line),
    finalDelivery: readBoolean(cells, 'final_delivery', line),
    deadlineMinutes: readDeadline(cells.deadline, line),
    enabled: readBoolean(cells, 'enabled', line) ?? true,
    line,
  };
};
