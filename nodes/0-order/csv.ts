// CSV as RFC 4180 has it, read strictly: a row that does not fit its header is an error with its line, never a guess.
// Tolerated: a byte order mark, CRLF, LF or CR line ends, blank lines.

/** A file that cannot be read; `line` counts from 1. The text quotes no cell. */
export class CsvError extends Error {
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`Line ${line}: ${reason}`);
    this.name = 'CsvError';
    this.line = line;
  }
}

export interface CsvRow { line: number; values: Record<string, string> }

interface Cell { text: string; quoted: boolean; end: number }
interface CsvRecord { line: number; cells: string[]; blank: boolean }

const QUOTED = /"[^"]*(?:""[^"]*)*"/y;
const PLAIN = /[^",\r\n]*/y;
const LINE_BREAK = /\r\n|\n|\r/g;

const match = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

const readCell = (text: string, at: number, line: number): Cell => {
  const quoted = text[at] === '"';
  const raw = match(quoted ? QUOTED : PLAIN, text, at);
  if (raw === undefined) throw new CsvError(line, 'a quotation mark is never closed.');
  const end = at + raw.length;
  const next = text[end];
  if (next !== undefined && next !== ',' && next !== '\r' && next !== '\n') {
    throw new CsvError(line, quoted ? 'text follows a closing quotation mark.' : 'a quotation mark stands inside an unquoted cell.');
  }
  return { text: quoted ? raw.slice(1, -1).replaceAll('""', '"') : raw, quoted, end };
};

const readRecords = (text: string): CsvRecord[] => {
  const records: CsvRecord[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const record: CsvRecord = { line, cells: [], blank: false };
    for (;;) {
      const cell = readCell(text, at, line);
      record.cells.push(cell.text);
      record.blank = record.cells.length === 1 && !cell.quoted && cell.text.trim() === '';
      if (cell.quoted) line += cell.text.match(LINE_BREAK)?.length ?? 0;
      at = cell.end + 1;
      if (text[cell.end] !== ',') {
        if (text[cell.end] === '\r' && text[at] === '\n') at += 1;
        break;
      }
    }
    line += 1;
    records.push(record);
  }
  return records;
};

const checkHeader = ({ cells, line }: CsvRecord): string[] => {
  const header = cells.map((name) => name.trim());
  header.forEach((name, index) => {
    if (name === '') throw new CsvError(line, `column ${index + 1} has no name.`);
    if (header.indexOf(name) !== index) throw new CsvError(line, `the column ${name} stands twice.`);
  });
  return header;
};

/** Reads a whole file. Header names are trimmed, cells are kept as they are. Throws CsvError. */
export const readCsv = (text: string): { header: string[]; rows: CsvRow[] } => {
  const [first, ...rest] = readRecords(text.startsWith('\uFEFF') ? text.slice(1) : text).filter(({ blank }) => !blank);
  if (first === undefined) throw new CsvError(1, 'the file is empty; it needs a header.');
  const header = checkHeader(first);
  const rows = rest.map(({ line, cells }) => {
    if (cells.length !== header.length) throw new CsvError(line, `${header.length} cells were expected, ${cells.length} found.`);
    return { line, values: Object.fromEntries(header.map((name, index) => [name, cells[index]!])) };
  });
  return { header, rows };
};

// A lone blank cell is quoted: unquoted it would be a blank line.
const quote = (cell: string, alone: boolean): string =>
  /[",\r\n]|^\s|\s$|^\uFEFF/.test(cell) || (alone && cell === '') ? `"${cell.replaceAll('"', '""')}"` : cell;

/** Writes header and rows with CRLF; a value that a row lacks becomes an empty cell. */
export const writeCsv = (header: readonly string[], rows: readonly Readonly<Record<string, string>>[]): string =>
  [header, ...rows.map((row) => header.map((name) => Object.hasOwn(row, name) ? row[name]! : ''))]
    .map((cells) => cells.map((cell) => quote(cell, cells.length === 1)).join(',') + '\r\n').join('');
