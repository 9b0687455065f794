// What the organizations form asks the server: to read pasted text, or to write its rows as text.
import { type Refusal, refusalOf } from '../errors.ts';
import { type OrganizationChange, settingChanges } from './organization-changes.ts';
import type { Organization } from './organization.ts';
import { checkOrganizations, parseOrganizations, readOrganizations, writeOrganizationsCsv, writeOrganizationsJson } from './organizations.ts';

export type ExchangeAnswer =
  | { status: 200; body: { organizations: Organization[]; csv: string; json: string; changes: OrganizationChange[]; current: Organization[] } }
  | { status: 400; body: Refusal };

export interface ExchangeQuestion {
  /** CSV or JSON; without it `organizations` is the list itself. */
  text?: unknown;
  organizations?: unknown;
  /** The list that the new one would take the place of: what would change is told. Entries that cannot be used count as none. */
  current?: unknown;
}

/** Bad entries answer 400 with code, path and a sentence. */
export const exchangeOrganizations = ({ text, organizations: listed, current: rows }: ExchangeQuestion): ExchangeAnswer => {
  try {
    const organizations = typeof text === 'string' ? parseOrganizations(text) : readOrganizations(listed);
    const current = Array.isArray(rows) ? checkOrganizations(rows).organizations : [];
    const changes = rows === undefined ? [] : settingChanges(current, organizations);
    return {
      status: 200,
      body: { organizations, csv: writeOrganizationsCsv(organizations), json: writeOrganizationsJson(organizations), changes, current },
    };
  } catch (error) {
    return { status: 400, body: refusalOf(error) };
  }
};
