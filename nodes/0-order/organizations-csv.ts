// Organizations as CSV: one row per organization with an empty `site`, one row per site that says something else.
// The columns `npi`, `oid` and `recipientDomains` (JSON in a cell) belong to the organization alone. Any column order; only clientGuid is required.
import { CourierError } from '../errors.ts';
import { CsvError, readCsv, writeCsv, type CsvRow } from './csv.ts';
import { deadlineColumn, type Deadlines, PRIORITIES } from './deadlines.ts';
import type { PostalAddress } from './model.ts';
import type { DomainRule, Organization } from './organization.ts';
import { fold } from './setting-cells.ts';

export const ORGANIZATION_COLUMNS = [
  'clientGuid', 'site', 'name', 'npi', 'phone', 'contact', 'sender', 'identity', 'account', 'policy', 'patientIdentifier', 'timeZone',
  'price', 'currency', 'street1', 'street2', 'city', 'state', 'postalCode', 'country', 'oid',
  'logo', 'finalDelivery', 'preliminary', 'deadlineEmergent', 'deadlineUrgent', 'deadlineRoutine', 'recipientDomains',
] as const;

const OWN = ['npi', 'oid', 'recipientDomains'];

const invalid = (line: number, reason: string): CourierError => new CourierError('ORGANIZATION_ROW_INVALID', { detail: `line ${line}: ${reason}` });

const readRows = (text: string): CsvRow[] => {
  try {
    const { header, rows } = readCsv(text);
    const unknown = header.find((name) => !ORGANIZATION_COLUMNS.some((column) => fold(column) === fold(name)));
    if (unknown !== undefined) throw invalid(1, `the column ${unknown} is unknown`);
    return rows.map(({ line, values }) => {
      const cells = Object.entries(values).map(([name, value]) => [fold(name), value.trim()]);
      return { line, values: Object.fromEntries(cells) as Record<string, string> };
    });
  } catch (error) {
    throw error instanceof CsvError ? new CourierError('ORGANIZATION_ROW_INVALID', { detail: error.message, cause: error }) : error;
  }
};

/** One object per organization, its site rows under `sites`, with the line it came from. Throws ORGANIZATION_ROW_INVALID. */
export const organizationRows = (text: string): { line: number; values: object }[] => {
  const rows = readRows(text);
  const guid = ({ values }: CsvRow): string => (values['clientguid'] ?? '').replace(/[{}]/g, '').toLowerCase();
  const [owners, overrides] = [rows.filter(({ values }) => !values['site']), rows.filter(({ values }) => values['site'])];
  overrides.forEach((row) => {
    if (!owners.some((owner) => guid(owner) === guid(row))) throw invalid(row.line, 'this site belongs to no organization of the list');
    const wrong = OWN.find((column) => row.values[fold(column)]);
    if (wrong !== undefined) throw invalid(row.line, `${wrong} cannot differ by site`);
    const twin = overrides.find((other) => other !== row && guid(other) === guid(row) && other.values['site'] === row.values['site']);
    if (twin !== undefined) throw invalid(Math.max(row.line, twin.line), 'this site stands twice');
  });
  return owners.map((owner) => {
    const own = overrides.filter((row) => guid(row) === guid(owner)).map(({ values }) => [values['site']!, values]);
    return { line: owner.line, values: { ...owner.values, sites: Object.fromEntries(own) as object } };
  });
};

const addressCells = ({ street = [], ...rest }: Partial<PostalAddress> = {}): Record<string, string> =>
  ({ street1: street[0] ?? '', street2: street.slice(1).join('\n'), ...rest });

const deadlineCells = (deadlines: Deadlines = {}): Record<string, string> => Object.fromEntries(
  PRIORITIES.map((priority) => [deadlineColumn(priority), String(deadlines[priority] ?? '')]));

interface Nested { address?: PostalAddress; deadlines?: Deadlines; recipientDomains?: DomainRule[] }

const rowOf = (clientGuid: string, site: string, { address, deadlines, recipientDomains, ...settings }: Nested): Record<string, string> => {
  const cells: Record<string, unknown> = {
    ...settings, ...addressCells(address), ...deadlineCells(deadlines), clientGuid, site,
    ...(recipientDomains && { recipientDomains: JSON.stringify(recipientDomains) }),
  };
  return Object.fromEntries(ORGANIZATION_COLUMNS.map((column) => [column, String(cells[column] ?? '')]));
};

/** The same list as CSV; `parseOrganizations` reads it back. */
export const writeOrganizationsCsv = (organizations: readonly Organization[]): string =>
  writeCsv(ORGANIZATION_COLUMNS, organizations.flatMap(({ clientGuid, sites = {}, ...own }) =>
    [rowOf(clientGuid, '', own), ...Object.entries(sites).map(([site, settings]) => rowOf(clientGuid, site, settings))]));
