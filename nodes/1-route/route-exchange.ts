// What the route table's form asks the server, and the organizations form about recipients: to read rows, and to say what would change.
import type { OrganizationChange } from '../0-order/organization-changes.ts';
import type { Organization } from '../0-order/organization.ts';
import { checkOrganizations } from '../0-order/organizations.ts';
import { type Refusal, refusalOf } from '../errors.ts';
import { routeChanges } from './organization-changes.ts';
import { readRouteJson, readRouteText, type RouteRow, writeRouteCsv } from './route-table.ts';

type Refused = { status: 400; body: Refusal };

const answered = <Body>(work: () => Body): { status: 200; body: Body } | Refused => {
  try {
    return { status: 200, body: work() };
  } catch (error) {
    return { status: 400, body: refusalOf(error) };
  }
};

/** What is deployed in this runtime. */
export interface Deployed { organizations: readonly Organization[]; rows: readonly RouteRow[] }

/** Null: a form with a row that is not finished yet has nothing to compare with. */
const readable = (rows: unknown): RouteRow[] | null => {
  try {
    return readRouteJson(rows);
  } catch {
    return null;
  }
};

/** `current`: the rows that these would take the place of. Bad rows answer 400 with code, path and a sentence. */
export const exchangeRows = (
  { text, rows: listed, current }: { text?: unknown; rows?: unknown; current?: unknown }, { organizations }: Deployed,
): { status: 200; body: { rows: RouteRow[]; csv: string; changes: OrganizationChange[] } } | Refused => answered(() => {
  const rows = typeof text === 'string' ? readRouteText(text) : readRouteJson(listed);
  const routeBefore = current === undefined ? null : readable(current);
  const changes = routeBefore === null ? [] : routeChanges(organizations, organizations, { routeBefore, routeAfter: rows });
  return { rows, csv: writeRouteCsv(rows), changes };
});

/** What another list of organizations means for recipients, with the route tables that are deployed. Entries that cannot be used count as none. */
export const exchangeChanges = (
  { before, after }: { before?: unknown; after?: unknown }, { rows }: Deployed,
): { status: 200; body: { changes: OrganizationChange[] } } | Refused => answered(() => {
  const usable = (list: unknown): Organization[] => checkOrganizations(Array.isArray(list) ? list : []).organizations;
  return { changes: routeChanges(usable(before), usable(after), { routeBefore: rows, routeAfter: rows }) };
});
