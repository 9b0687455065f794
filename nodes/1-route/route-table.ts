// The route table as a whole: in from CSV or JSON, out as CSV.
import { CsvError, readCsv, writeCsv } from '../0-order/csv.ts';
import {
  ALL_COLUMNS, readRouteRow, ROUTE_COLUMNS, rowError, type RouteCells, type RouteColumn, type RouteRow,
} from './route-row.ts';

export type { RouteRow } from './route-row.ts';

/** Nothing said stands for yes here, as it always did: where one row says no and one nothing, nobody can tell what is meant. */
const contradict = (one: RouteRow, other: RouteRow): boolean => one.enabled !== other.enabled
  || (one.finalDelivery ?? true) !== (other.finalDelivery ?? true)
  || (one.deadlineMinutes !== null && other.deadlineMinutes !== null && one.deadlineMinutes !== other.deadlineMinutes);

/** Two order rows for the same organization and site that say different things leave no honest choice. */
const refuseContradictions = (rows: RouteRow[]): RouteRow[] => {
  const switches = new Map<string, RouteRow>();
  for (const row of rows.filter(({ level }) => level === 'order')) {
    const scope = JSON.stringify([row.organization, row.site]);
    const earlier = switches.get(scope);
    if (earlier && contradict(earlier, row)) throw rowError(row.line, `this order row contradicts line ${earlier.line}`);
    switches.set(scope, earlier ? orderSwitch([earlier, row]) : row);
  }
  return rows;
};

/** What the order rows of one scope say together: where one says nothing of a setting, another's word holds. */
export const orderSwitch = (rows: readonly [RouteRow, ...RouteRow[]]): RouteRow => rows.reduce((one, other) => ({
  ...one, finalDelivery: one.finalDelivery ?? other.finalDelivery, deadlineMinutes: one.deadlineMinutes ?? other.deadlineMinutes,
}));

const readTable = (text: string): ReturnType<typeof readCsv> => {
  try {
    return readCsv(text);
  } catch (error) {
    if (error instanceof CsvError) throw rowError(error.line, error.message);
    throw error;
  }
};

/**
 * Reads the table from CSV; the columns stand in any order, further columns are ignored.
 * Throws ROUTE_ROW_INVALID with `path` "line N"; six columns must be there, because a misspelt
 * `enabled` would otherwise switch on what someone switched off; `deadline` may be missing.
 */
export const readRouteCsv = (text: string): RouteRow[] => {
  const { header, rows } = readTable(text);
  const nameOf = new Map(header.map((name) => [name.trim().toLowerCase(), name]));
  const cellsOf = (values: Record<string, string>): RouteCells => {
    const named = ALL_COLUMNS.map((column) => [column, values[nameOf.get(column) ?? ''] ?? '']);
    return Object.fromEntries(named) as RouteCells;
  };
  const missing = ROUTE_COLUMNS.filter((column) => !nameOf.has(column));
  if (missing.length > 0) throw rowError(1, `missing columns: ${missing.join(', ')}`);
  return refuseContradictions(rows.map(({ line, values }) => readRouteRow(cellsOf(values), line)));
};

const cellText = (value: unknown, column: RouteColumn, line: number): string => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object' || typeof value === 'function') throw rowError(line, `${column}: text expected`);
  return String(value);
};

/**
 * Reads the table from JSON text or from a list of objects with the names of the columns (`finalDelivery` is
 * taken for `final_delivery`, `deadlineMinutes` for `deadline`). Throws ROUTE_ROW_INVALID with `path` "line N", the first row being line 2.
 */
export const readRouteJson = (input: unknown): RouteRow[] => {
  let rows = input;
  try {
    if (typeof input === 'string') rows = JSON.parse(input) as unknown;
  } catch {
    throw rowError(1, 'not JSON');
  }
  if (!Array.isArray(rows)) throw rowError(1, 'a list of rows expected');
  return refuseContradictions(rows.map((row: unknown, index) => {
    const line = index + 2;
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw rowError(line, 'an object expected');
    const values: Record<string, unknown> = { ...row };
    values.final_delivery ??= values.finalDelivery;
    values.deadline ??= values.deadlineMinutes;
    return readRouteRow(Object.fromEntries(ALL_COLUMNS.map((column) => [column, cellText(values[column], column, line)])) as RouteCells, line);
  }));
};

/** Reads what a person pasted or a file holds: JSON when it starts like a list or an object, CSV otherwise. */
export const readRouteText = (text: string): RouteRow[] =>
  /^\uFEFF?\s*[[{]/.test(text) ? readRouteJson(text.replace(/^\uFEFF/, '')) : readRouteCsv(text);

/** Writes what `readRouteCsv` reads. */
export const writeRouteCsv = (rows: readonly RouteRow[]): string =>
  writeCsv([...ALL_COLUMNS], rows.map((row) => ({
    level: row.level, organization: row.organization, site: row.site ?? '', address: row.address ?? '',
    final_delivery: String(row.finalDelivery ?? ''), enabled: String(row.enabled), deadline: String(row.deadlineMinutes ?? ''),
  })));
