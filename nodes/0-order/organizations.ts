// The list of organizations: who may submit, who pays, who signs. Read from JSON or CSV, checked entry by entry.
import { asCourierError, CourierError } from '../errors.ts';
import { parseJson } from './json.ts';
import { readOid, readSettings } from './organization-settings.ts';
import type { Organization } from './organization.ts';
import { organizationRows } from './organizations-csv.ts';
import { checkDomainRules, readOwnRules, withRules } from './recipient-domains.ts';
import { cell, entryOf, isObject, rowInvalid, type Entry } from './setting-cells.ts';

export { writeOrganizationsCsv } from './organizations-csv.ts';

type Sites = NonNullable<Organization['sites']>;

const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** Sites stand in an object by LocalId, or in an array of objects that name theirs. */
const siteEntries = (entry: Entry): [string, object][] => {
  const given = entry.values.get('sites') ?? '';
  if (given === '') return [];
  const localIdOf = (site: unknown): unknown => (isObject(site) ? cell(entryOf(site, entry.where, `${entry.path}.sites`), 'localId') : undefined);
  const pairs: [unknown, unknown][] = Array.isArray(given) ? given.map((site: unknown) => [localIdOf(site), site])
    : isObject(given) ? Object.entries(given) : [[undefined, given]];
  return pairs.map(([localId, site]) => {
    const named = typeof localId === 'string' && localId.trim() !== '';
    if (!named || !isObject(site)) throw rowInvalid(entry, 'sites', 'an object of settings by site LocalId was expected');
    return [localId.trim(), site];
  });
};

const readSites = (entry: Entry): Sites => Object.fromEntries(siteEntries(entry).map(([localId, site]) =>
  [localId, readSettings(entryOf(site, `${entry.where}, site ${localId}`, `${entry.path}.sites.${localId}`))]));

const readEntry = (value: unknown, where: string, path: string): Organization => {
  if (!isObject(value)) throw new CourierError('ORGANIZATION_ROW_INVALID', { path, detail: `${where}: an object was expected` });
  const entry = entryOf(value, where, path);
  const clientGuid = GUID.exec(cell(entry, 'clientGuid') ?? '')?.[1]?.toLowerCase();
  if (clientGuid === undefined) throw rowInvalid(entry, 'clientGuid', 'not a GUID');
  const { name, ...settings } = readSettings(entry);
  if (name === undefined) throw rowInvalid(entry, 'name', 'the name is missing');
  const [npi, oid, recipientDomains, sites] = [cell(entry, 'npi'), readOid(entry), readOwnRules(entry), readSites(entry)];
  return {
    clientGuid, name, ...settings,
    ...(npi !== undefined && { npi }), ...(oid !== undefined && { oid }), ...(recipientDomains.length > 0 && { recipientDomains }),
    ...(Object.keys(sites).length > 0 && { sites }),
  };
};

interface Checked { organizations: Organization[]; errors: CourierError[] }

/** Every good entry, and a coded error for every bad one: one bad entry must not take the others away. */
export const checkOrganizations = (entries: readonly unknown[], where = (index: number) => `entry ${index + 1}`): Checked => {
  const known = new Map<string, Organization>();
  const errors: CourierError[] = [];
  entries.forEach((value, index) => {
    try {
      const path = `[${index}]`;
      const organization = readEntry(value, where(index), path);
      if (known.has(organization.clientGuid)) throw rowInvalid({ where: where(index), path }, 'clientGuid', 'this ClientGuid stands twice');
      known.set(organization.clientGuid, organization);
    } catch (error) {
      errors.push(asCourierError(error, 'ORGANIZATION_ROW_INVALID'));
    }
  });
  return { organizations: [...known.values()], errors };
};

/** What a `direct-organizations` node saves. */
export interface OrganizationsForm { organizations?: unknown; recipientDomains?: unknown }

/** The list of such a node, each organization with the rules for recipient domains that hold for it; what cannot be used is an error. */
export const organizationsOf = ({ organizations: entries, recipientDomains }: OrganizationsForm): Checked => {
  const { organizations, errors } = checkOrganizations(Array.isArray(entries) ? entries : []);
  const { rules, errors: wrongRules } = checkDomainRules(recipientDomains);
  return { organizations: organizations.map((organization) => withRules(organization, rules)), errors: [...errors, ...wrongRules] };
};

const orThrow = ({ organizations, errors: [first] }: Checked): Organization[] => {
  if (first !== undefined) throw first;
  return organizations;
};

const parsed = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new CourierError('ORGANIZATION_ROW_INVALID', { detail: `the list is not JSON, ${asCourierError(cause).detail}`, cause });
  }
};

/** An array of organizations as in JSON. Throws ORGANIZATION_ROW_INVALID, which names the entry and the key. */
export const readOrganizations = (list: unknown): Organization[] => {
  if (!Array.isArray(list)) throw new CourierError('ORGANIZATION_ROW_INVALID', { detail: 'an array of organizations was expected' });
  return orThrow(checkOrganizations(list));
};

/** The same from the text of a JSON file. */
export const readOrganizationsJson = (text: string): Organization[] => readOrganizations(parsed(text.replace(/^\uFEFF/, '')));

/** A file or pasted text: JSON when it begins with a bracket, else CSV. Throws ORGANIZATION_ROW_INVALID. */
export const parseOrganizations = (source: string): Organization[] => {
  const text = source.replace(/^\uFEFF/, '');
  if (/^\s*[[{]/.test(text)) return readOrganizationsJson(text);
  const rows = organizationRows(text);
  return orThrow(checkOrganizations(rows.map(({ values }) => values), (index) => `line ${rows[index]!.line}`));
};

export const writeOrganizationsJson = (organizations: readonly Organization[]): string => `${JSON.stringify(organizations, null, 2)}\n`;

/** The organization as it stands for one of its sites: what the site says overrides what the organization says, deadlines class by class. */
export const effectiveOrganization = (organization: Organization, siteLocalId: string): Organization => {
  const { sites = {}, ...own } = organization;
  const site = Object.hasOwn(sites, siteLocalId) ? sites[siteLocalId]! : {};
  const deadlines = { ...own.deadlines, ...site.deadlines };
  return { ...own, ...site, ...(Object.keys(deadlines).length > 0 && { deadlines }) };
};

/** OID of the assigning authority of an organization's record numbers; by default its ClientGuid as a decimal under 2.25 (ITU-T X.667). */
export const assigningAuthority = ({ oid, clientGuid }: Organization): string =>
  oid ?? `2.25.${BigInt(`0x${clientGuid.replaceAll('-', '')}`)}`;
