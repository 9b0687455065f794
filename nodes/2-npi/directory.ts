// A directory of Direct addresses by NPI, read whole from CSV or JSON, and the look-up in it.
// It never picks: two different addresses for one NPI are a question for a person.
import { createHash } from 'node:crypto';
import { readNpi } from '../0-order/npi.ts';
import { FREE_MAIL_DOMAINS, judgeDomain } from '../1-route/direct-domain.ts';
import type { CourierError } from '../errors.ts';
import { type DirectoryRow, type EntityType, type Reject, readDirectoryRows } from './directory-rows.ts';

export type { Reject } from './directory-rows.ts';

export type LookUpOutcome = 'found' | 'ambiguous' | 'not-found' | 'invalid-npi' | 'deactivated' | 'temporary';

/**
 * An address that the directory has for an NPI; `row` is the line of the file (index + 2 in a list). `shared`: active rows of other NPIs have it
 * too. `type` where the directory says.
 */
export interface AddressCandidate { address: string; name: string; row: number; shared: boolean; type?: EntityType }

export interface LookUp {
  outcome: LookUpOutcome;
  npi: string;
  /** Only when found; so are `name` and `row`. The only candidate then. */
  address?: string;
  name?: string;
  row?: number;
  candidates: AddressCandidate[];
  /** One sentence with rows and release. */
  why: string;
}

export interface Directory {
  /** `npi` in any of the forms that `readNpi` reads. */
  lookUp(npi: string): LookUp;
  /** Names the content: the first 12 hex digits of its SHA-256. */
  release: string;
  /** Rows kept. */
  rows: number;
  /** Rows skipped, by line. */
  rejects: Reject[];
  /** Why nothing can be asked, when nothing can. */
  problem?: CourierError;
}

const isDirect = (address: string): boolean =>
  judgeDomain(address, { trustedDomains: [], freeMailDomains: FREE_MAIL_DOMAINS }) === 'direct';

/** The NPIs of active rows by address. */
type Holders = ReadonlyMap<string, ReadonlySet<string>>;

const candidatesOf = (rows: readonly DirectoryRow[], holders: Holders): AddressCandidate[] => {
  const byAddress = new Map<string, AddressCandidate>();
  for (const { address, name, line, type } of rows) {
    if (address === null || !isDirect(address) || byAddress.has(address)) continue;
    byAddress.set(address, { address, name, row: line, shared: (holders.get(address)?.size ?? 0) > 1, ...(type && { type }) });
  }
  return [...byAddress.values()];
};

const lineList = (rows: readonly { line: number }[]): string => `${rows.length === 1 ? 'row' : 'rows'} ${rows.map(({ line }) => line).join(', ')}`;

const decide = (npi: string, rows: readonly DirectoryRow[], holders: Holders, release: string): LookUp => {
  const answer = (outcome: LookUpOutcome, why: string, candidates: AddressCandidate[] = []): LookUp =>
    ({ outcome, npi, candidates, why: `${why} (directory release ${release}).` });

  if (rows.length === 0) return answer('not-found', `The directory has no row for NPI ${npi}`);
  const active = rows.filter(({ status }) => status === 'active');
  if (active.length === 0) return answer('deactivated', `The directory has NPI ${npi} as deactivated in ${lineList(rows)}`);
  const candidates = candidatesOf(active, holders);
  const [only] = candidates;
  if (only === undefined) {
    const reason = active.some(({ address }) => address !== null) ? 'only ordinary e-mail, no Direct address,' : 'no address';
    return answer('not-found', `The directory has ${reason} for NPI ${npi} in ${lineList(active)}`);
  }
  if (candidates.length > 1) {
    const where = lineList(candidates.map(({ row }) => ({ line: row })));
    return answer('ambiguous', `The directory has ${candidates.length} Direct addresses for NPI ${npi} in ${where}`, candidates);
  }
  const { address, name, row } = only;
  return { ...answer('found', `The directory has the Direct address for NPI ${npi} in row ${row}`, candidates), address, name, row };
};

const invalid = (npi: string, why: string): LookUp => ({ outcome: 'invalid-npi', npi, candidates: [], why });

/** The check digit comes first: no directory is asked for a number that cannot exist. */
const checked = (text: string, lookUp: (npi: string) => LookUp): LookUp => {
  const { npi, valid } = readNpi(text);
  return valid ? lookUp(npi) : invalid(npi, 'The NPI fails its check digit or form, so no directory was asked.');
};

const directoryOf = (text: string, { rows, rejects }: { rows: DirectoryRow[]; rejects: Reject[] }): Directory => {
  const release = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const byNpi = new Map<string, DirectoryRow[]>();
  const holders = new Map<string, Set<string>>();
  for (const row of rows) {
    const known = byNpi.get(row.npi);
    if (known) known.push(row);
    else byNpi.set(row.npi, [row]);
    if (row.address === null || row.status !== 'active') continue;
    const sharing = holders.get(row.address);
    if (sharing) sharing.add(row.npi);
    else holders.set(row.address, new Set([row.npi]));
  }
  return { lookUp: (text) => checked(text, (npi) => decide(npi, byNpi.get(npi) ?? [], holders, release)), release, rows: rows.length, rejects };
};

/** Reads CSV with the columns npi, address, name, status in any order. Throws DIRECTORY_INVALID when the header is wrong. */
export const readDirectoryCsv = (text: string): Directory => directoryOf(text, readDirectoryRows(text, 'csv'));

/** Reads a list of objects (or its JSON text) with the names of the columns. Throws DIRECTORY_INVALID when it is no list. */
export const readDirectoryJson = (input: unknown): Directory => {
  const text = typeof input === 'string' ? input : JSON.stringify(input) ?? '';
  return directoryOf(text, readDirectoryRows(text, 'json'));
};

/** JSON when the text starts like a list or an object, CSV otherwise. */
export const readDirectoryText = (text: string): Directory =>
  /^\uFEFF?\s*[[{]/.test(text) ? readDirectoryJson(text.replace(/^\uFEFF/, '')) : readDirectoryCsv(text);

/** A directory that cannot be asked at present: a wrong check digit is still told, everything else is temporary. */
export const unavailableDirectory = (problem: CourierError, reason = `The directory could not be asked (${problem.code}).`): Directory => ({
  lookUp: (text) => checked(text, (npi) => ({ outcome: 'temporary', npi, candidates: [], why: reason })),
  release: '', rows: 0, rejects: [], problem,
});
