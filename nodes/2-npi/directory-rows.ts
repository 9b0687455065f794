// The rows of a directory. One bad row never costs the others: it is skipped and reported with its line.
import { CsvError, readCsv, writeCsv } from '../0-order/csv.ts';
import { normalizeAddress } from '../0-order/direct-address.ts';
import { readNpi } from '../0-order/npi.ts';
import { type Code, CourierError } from '../errors.ts';

export const DIRECTORY_COLUMNS = ['npi', 'address', 'name', 'status'] as const;
/** `type` may be there: `individual` or `organization` (NPPES entity type 1 or 2). */
export type DirectoryCells = Record<typeof DIRECTORY_COLUMNS[number], string> & { type?: string };

export type EntityType = 'individual' | 'organization';

const TYPES: Record<string, EntityType> = { individual: 'individual', 1: 'individual', organization: 'organization', 2: 'organization' };

export interface DirectoryRow {
  npi: string;
  /** Normalised; null when the directory knows the NPI but no address. */
  address: string | null;
  name: string;
  status: 'active' | 'deactivated';
  /** Absent where the directory does not say. */
  type?: EntityType;
  line: number;
}

export interface Reject { line: number; code: Code }

interface RawRow { line: number; cells: DirectoryCells }
interface RawRows { raw: RawRow[]; rejects: Reject[] }

const unreadable = (detail: string, path?: string): CourierError =>
  new CourierError('DIRECTORY_INVALID', { detail, ...(path !== undefined && { path }) });

const readRow = ({ line, cells }: RawRow): DirectoryRow | Reject => {
  const { npi, valid } = readNpi(cells.npi.trim());
  if (!valid) return { line, code: 'NPI_INVALID' };
  const text = cells.address.trim();
  const address = text === '' ? null : normalizeAddress(text);
  if (text !== '' && address === null) return { line, code: 'ADDRESS_INVALID' };
  const status = cells.status.trim().toLowerCase();
  if (status !== '' && status !== 'active' && status !== 'deactivated') return { line, code: 'FIELD_INVALID' };
  const kind = (cells.type ?? '').trim().toLowerCase();
  const type = Object.hasOwn(TYPES, kind) ? TYPES[kind]! : undefined;
  if (kind !== '' && type === undefined) return { line, code: 'FIELD_INVALID' };
  return { npi, address, name: cells.name.trim(), status: status === 'deactivated' ? status : 'active', ...(type && { type }), line };
};

const COLUMNS = [...DIRECTORY_COLUMNS, 'type'] as const;

/** The names under which the columns stand; `type` may be missing. */
const columnNames = (header: readonly string[]): DirectoryCells => {
  const names = new Map(header.map((name) => [name.trim().toLowerCase(), name]));
  const missing = DIRECTORY_COLUMNS.filter((column) => !names.has(column));
  if (missing.length > 0) throw unreadable(`missing columns: ${missing.join(', ')}`, 'line 1');
  return Object.fromEntries(COLUMNS.filter((column) => names.has(column)).map((column) => [column, names.get(column)!])) as DirectoryCells;
};

const readCells = (text: string): RawRow[] => {
  const { header, rows } = readCsv(text);
  const names = columnNames(header);
  const cellsOf = (values: Readonly<Record<string, string>>): DirectoryCells =>
    Object.fromEntries(COLUMNS.map((column) => [column, values[names[column] ?? ''] ?? ''])) as DirectoryCells;
  return rows.map(({ line, values }) => ({ line, cells: cellsOf(values) }));
};

/** Line by line, for a file that breaks CSV somewhere: published directories hold stray quotation marks. */
const salvage = (text: string): RawRows => {
  const lines = text.split(/\r\n|\n|\r/);
  const start = lines.findIndex((line) => line.replace('\uFEFF', '').trim() !== '');
  readCells(lines[start] ?? '');
  const rejects: Reject[] = [];
  const raw = lines.slice(start + 1).flatMap((content, index) => {
    const line = start + index + 2;
    try {
      return readCells(`${lines[start]}\n${content}`).map(({ cells }) => ({ line, cells }));
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      rejects.push({ line, code: 'DIRECTORY_ROW_INVALID' });
      return [];
    }
  });
  return { raw, rejects };
};

const fromCsv = (text: string): RawRows => {
  try {
    return { raw: readCells(text), rejects: [] };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  try {
    return salvage(text);
  } catch (error) {
    if (error instanceof CsvError) throw unreadable(error.message, `line ${error.line}`);
    throw error;
  }
};

const fromJson = (text: string): RawRows => {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    throw unreadable('not JSON');
  }
  if (!Array.isArray(rows)) throw unreadable('a list of rows expected');
  const rejects: Reject[] = [];
  const raw = rows.flatMap((row: unknown, index): RawRow[] => {
    const line = index + 2;
    const values: Record<string, unknown> = typeof row === 'object' && row !== null ? { ...row } : {};
    const cells = COLUMNS.map((column) => [column, values[column] ?? ''] as const);
    if (cells.every(([, value]) => typeof value === 'string' || typeof value === 'number')) {
      return [{ line, cells: Object.fromEntries(cells.map(([column, value]) => [column, String(value)])) as DirectoryCells }];
    }
    rejects.push({ line, code: 'DIRECTORY_ROW_INVALID' });
    return [];
  });
  return { raw, rejects };
};

/** Rows of CSV or JSON text. Throws DIRECTORY_INVALID when the header or the whole text is wrong. */
export const readDirectoryRows = (text: string, format: 'csv' | 'json'): { rows: DirectoryRow[]; rejects: Reject[] } => {
  const { raw, rejects } = format === 'csv' ? fromCsv(text) : fromJson(text);
  const read = raw.map(readRow);
  const isReject = (row: DirectoryRow | Reject): row is Reject => 'code' in row;
  return {
    rows: read.filter((row): row is DirectoryRow => !isReject(row)),
    rejects: [...rejects, ...read.filter(isReject)].sort((one, other) => one.line - other.line),
  };
};

/** Cells for the editor's list and for export. */
export const directoryCells = (text: string): { cells: DirectoryCells[]; rejects: Reject[] } => {
  const { rows, rejects } = readDirectoryRows(text, /^\uFEFF?\s*[[{]/.test(text) ? 'json' : 'csv');
  const cellsOf = ({ npi, address, name, status, type }: DirectoryRow): DirectoryCells =>
    ({ npi, address: address ?? '', name, status, ...(type && { type }) });
  return { cells: rows.map(cellsOf), rejects };
};

/** With the column `type` only where a row has one. */
export const writeDirectoryCsv = (rows: readonly DirectoryCells[]): string => {
  const columns = rows.some(({ type }) => type) ? COLUMNS : DIRECTORY_COLUMNS;
  return writeCsv([...columns], rows as readonly Record<string, string>[]);
};
