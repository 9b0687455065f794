// What the organizations form asks the server: to read pasted text, or to write its rows as text.
import { asCourierError } from '../errors.ts';
import type { Organization } from './organization.ts';
import { parseOrganizations, readOrganizations, writeOrganizationsCsv, writeOrganizationsJson } from './organizations.ts';

export type ExchangeAnswer =
  | { status: 200; body: { organizations: Organization[]; csv: string; json: string } }
  | { status: 400; body: { code: string; path: string | undefined; text: string } };

/** `text` is CSV or JSON; without it `organizations` is the list itself. Bad entries answer 400 with code, path and a sentence. */
export const exchangeOrganizations = ({ text, organizations: listed }: { text?: unknown; organizations?: unknown }): ExchangeAnswer => {
  try {
    const organizations = typeof text === 'string' ? parseOrganizations(text) : readOrganizations(listed);
    return { status: 200, body: { organizations, csv: writeOrganizationsCsv(organizations), json: writeOrganizationsJson(organizations) } };
  } catch (error) {
    const { code, path, message } = asCourierError(error);
    return { status: 400, body: { code, path, text: message } };
  }
};
