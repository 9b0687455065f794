// Whether a result is one to be sent at all: preliminary ones only to organizations that want them.
import type { RouteExplanation } from '../0-order/message.ts';
import type { Result } from '../0-order/model.ts';
import type { Organization } from '../0-order/organization.ts';

/** `code` stands in the table of codes, `why` is for people. */
export interface Withheld { code: 'PRELIMINARY_OFF'; why: string }

/** What the site says goes before what the organization says; who says nothing gets final results only. Null: the result is to be sent. */
export const withheld = (
  result: Pick<Result, 'resultCode'> | undefined, organization: Pick<Organization, 'preliminary' | 'sites'> | undefined, site: string,
): Withheld | null => {
  if (result?.resultCode !== 'P') return null;
  const { sites = {}, preliminary = false } = organization ?? {};
  const own = Object.hasOwn(sites, site) ? sites[site]!.preliminary : undefined;
  if (own ?? preliminary) return null;
  const who = own === undefined ? 'The organization' : 'The site';
  return { code: 'PRELIMINARY_OFF', why: `${who} gets final results only, and this one is preliminary, so nothing is sent.` };
};

/** Who was considered, and that it came to nothing. */
export const withholding = (route: RouteExplanation, stop: Withheld): RouteExplanation =>
  ({ ...route, considered: route.considered.map((one) => ({ ...one, used: false })), withheld: stop });
