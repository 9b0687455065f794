// What another list of organizations would change, told before it takes the place of the one in force. Settings are compared as they are in
// force, so that a site that says what its organization said anyway changes nothing.
import { deadlineColumn, PRIORITIES } from './deadlines.ts';
import { isInline } from './logo.ts';
import type { DomainRule, Organization } from './organization.ts';
import { effectiveOrganization } from './organizations.ts';

/** One thing that would be different. `text` is a sentence; codes are stable. */
export interface OrganizationChange {
  code: string;
  /** ClientGuid. */
  organization: string;
  /** LocalId; absent: the organization, and every site that says nothing else. */
  site?: string;
  setting?: string;
  /** As a person reads it; absent: nothing was said. */
  before?: string;
  after?: string;
  text: string;
}

const NO_SITE = '';

/** Names an organization and, where it is about one, its site. */
export const whose = ({ name, clientGuid }: Pick<Organization, 'name' | 'clientGuid'>, site: string): string =>
  `${name} (${clientGuid})${site === NO_SITE ? '' : `, site ${site}`}`;

const logoText = (logo: string | undefined): string | undefined =>
  logo !== undefined && isInline(logo) ? `a picture of ${Math.round(logo.length * 3 / 4)} bytes` : logo;

const ruleText = ({ domain: _, ...says }: DomainRule): string => JSON.stringify(says);

/** Every setting as a text; only those that say something. */
const settingsOf = (organization: Organization): Map<string, string> => {
  const { clientGuid: _guid, sites: _sites, address, deadlines = {}, recipientDomains = [], logo, price, currency, ...plain } = organization;
  const texts: [string, unknown][] = [
    ...Object.entries(plain),
    ['address', address && [...address.street, address.city, address.state, address.postalCode, address.country].filter(Boolean).join(', ')],
    ['price', price && `${price} ${currency ?? 'USD'}`], ['logo', logoText(logo)],
    ...PRIORITIES.map((priority): [string, unknown] => [deadlineColumn(priority), deadlines[priority] && `${deadlines[priority]} min`]),
    ...recipientDomains.map((rule): [string, unknown] => [`recipientDomains ${rule.domain}`, ruleText(rule)]),
  ];
  return new Map(texts.flatMap(([setting, value]) => value === undefined ? [] : [[setting, String(value)]]));
};

type Diff = Required<Pick<OrganizationChange, 'setting'>> & Pick<OrganizationChange, 'before' | 'after'>;

const diffOf = (before: Map<string, string>, after: Map<string, string>): Diff[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((setting) => before.get(setting) !== after.get(setting)).map((setting) => ({
    setting, ...(before.has(setting) && { before: before.get(setting)! }), ...(after.has(setting) && { after: after.get(setting)! }),
  }));

interface Consequence { code: string; says: string }

/** What a setting's change means for patients, recipients and payers, where this is more than another value. */
const CONSEQUENCES: Readonly<Record<string, (diff: Diff) => Consequence | undefined>> = {
  preliminary: ({ before = 'false', after = 'false' }) => before === after ? undefined : after === 'true'
    ? { code: 'preliminary-sent', says: 'preliminary results will be sent' }
    : { code: 'preliminary-kept', says: 'preliminary results will be kept and no longer sent' },
  finalDelivery: ({ before = 'true', after = 'true' }) => before === after ? undefined : after === 'true'
    ? { code: 'final-delivery-asked', says: 'final delivery will be asked where no row and no rule for a domain says otherwise' }
    : { code: 'final-delivery-not-asked', says: 'final delivery will no longer be asked where no row and no rule for a domain says otherwise' },
  patientIdentifier: ({ before, after }) => after === 'mrn'
    ? { code: 'identifier-in-documents', says: 'documents will carry the medical record number' }
    : before === 'mrn' ? { code: 'identifier-not-in-documents', says: 'documents will no longer carry the medical record number' } : undefined,
  sender: () => ({ code: 'sender-changes', says: 'mails will come from another address' }),
  identity: () => ({ code: 'identity-changes', says: 'mails will be signed by another identity' }),
  account: () => ({ code: 'account-changes', says: 'mails will go over another HISP account' }),
  price: () => ({ code: 'price-changes', says: 'the price per message changes' }),
  policy: () => ({ code: 'policy-changes', says: 'the levels share results differently' }),
};

const valuesOf = ({ before, after }: Diff): string => `${before ?? 'nothing'} → ${after ?? 'nothing'}`;

const settingChange = (organization: Organization, site: string, diff: Diff): OrganizationChange => {
  const { code, says } = CONSEQUENCES[diff.setting]?.(diff) ?? { code: 'setting-changes', says: undefined };
  return {
    code, organization: organization.clientGuid, ...(site !== NO_SITE && { site }), ...diff,
    text: `${whose(organization, site)}: ${diff.setting} ${valuesOf(diff)}${says === undefined ? '' : `; ${says}`}.`,
  };
};

const same = (one: Diff) => (other: Diff): boolean => one.setting === other.setting && one.before === other.before && one.after === other.after;

const siteEntries = (before: Organization, after: Organization): OrganizationChange[] => {
  const [old, now] = [before.sites ?? {}, after.sites ?? {}];
  const entry = (code: string, site: string, says: string): OrganizationChange =>
    ({ code, organization: after.clientGuid, site, text: `${whose(after, site)}: ${says}.` });
  return [
    ...Object.keys(now).filter((site) => !Object.hasOwn(old, site)).map((site) => entry('site-added', site, 'the site gets settings of its own')),
    ...Object.keys(old).filter((site) => !Object.hasOwn(now, site))
      .map((site) => entry('site-removed', site, 'the site loses its own settings; those of the organization hold')),
  ];
};

const changed = (before: Organization, after: Organization): OrganizationChange[] => {
  const at = (site: string): Diff[] => diffOf(settingsOf(effectiveOrganization(before, site)), settingsOf(effectiveOrganization(after, site)));
  const own = at(NO_SITE);
  const sites = [...new Set([...Object.keys(before.sites ?? {}), ...Object.keys(after.sites ?? {})])];
  return [
    ...siteEntries(before, after),
    ...own.map((diff) => settingChange(after, NO_SITE, diff)),
    // What a site has in common with its organization was said already.
    ...sites.flatMap((site) => at(site).filter((diff) => !own.some(same(diff))).map((diff) => settingChange(after, site, diff))),
  ];
};

export const byGuid = (list: readonly Organization[]): Map<string, Organization> => new Map(list.map((one) => [one.clientGuid, one]));

/** What differs between the lists themselves, in the order of the new one; what was removed comes last. */
export const settingChanges = (before: readonly Organization[], after: readonly Organization[]): OrganizationChange[] => {
  const [old, now] = [byGuid(before), byGuid(after)];
  const entry = (code: string, one: Organization, says: string): OrganizationChange =>
    ({ code, organization: one.clientGuid, text: `${whose(one, NO_SITE)}: ${says}.` });
  return [
    ...after.flatMap((one) => {
      const earlier = old.get(one.clientGuid);
      return earlier !== undefined ? changed(earlier, one)
        : [entry('organization-added', one, 'the organization is new; its orders will be accepted')];
    }),
    ...before.filter(({ clientGuid }) => !now.has(clientGuid))
      .map((one) => entry('organization-removed', one, 'the organization is gone; its orders will be held with ORGANIZATION_UNKNOWN')),
  ];
};
