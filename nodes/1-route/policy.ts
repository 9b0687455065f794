// How the levels share a result. A policy weighs what the order and the table name, whether or not an address is found for it later:
// else a gap in the directory would quietly send the result to someone else.
import type { Level } from '../0-order/message.ts';
import type { Organization, RoutePolicy } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';

/** Most specific first: the order of recipients, and of precedence. */
export const LEVELS: readonly Level[] = ['order', 'site', 'organization'];

/** What the node's form offers: a policy of its own, or the organization's. */
export type PolicyChoice = RoutePolicy | 'organization';

/** The policy that holds: the node's own, else the site's, else the organization's, else union. */
export const policyFor = (choice: PolicyChoice, organization: Organization | undefined, site: string): RoutePolicy => {
  if (choice !== 'organization') return choice;
  return (organization && effectiveOrganization(organization, site).policy) ?? 'union';
};

/** The level that makes `level` stand aside, or undefined when it delivers. `named` holds the levels that name anybody. */
export const displacedBy = (policy: RoutePolicy, level: Level, named: ReadonlySet<Level>): Level | undefined => {
  switch (policy) {
    case 'union': return undefined;
    case 'site-over-organization': return level === 'organization' && named.has('site') ? 'site' : undefined;
    case 'most-specific': return LEVELS.slice(0, LEVELS.indexOf(level)).find((other) => named.has(other));
  }
};
