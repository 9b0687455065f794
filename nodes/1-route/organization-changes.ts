// What another list of organizations, or another route table, means for the recipients: the routes of both are resolved and compared.
import { byGuid, type OrganizationChange, settingChanges, whose } from '../0-order/organization-changes.ts';
import type { Recipient } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import { FREE_MAIL_DOMAINS } from './direct-domain.ts';
import { mergeRecipients } from './merge.ts';
import { resolveRoute } from './resolve.ts';
import type { RouteRow } from './route-row.ts';

export interface RouteTables { routeBefore?: readonly RouteRow[]; routeAfter?: readonly RouteRow[] }

/** One way things stand, for one site: with and without a provider on the order. */
interface Standing { named: Recipient[]; unnamed: Recipient[] }

/** Stands for whatever provider an order may name. */
const PROVIDER = 'provider@any.invalid';
/** No LocalId is empty: the sites that neither list nor table names. */
const OTHER_SITES = '';

const going = (organization: Organization, table: readonly RouteRow[], site: string, address: string | undefined): Recipient[] => {
  const { recipients } = resolveRoute({
    order: { organization: organization.clientGuid, site: { localId: site }, ...(address !== undefined && { primaryCareProvider: { address } }) },
    organization, table, policy: 'organization', trustedDomains: [], freeMailDomains: FREE_MAIL_DOMAINS,
  });
  return mergeRecipients(recipients.filter(({ state }) => state === 'RESOLVING'));
};

const standing = (organization: Organization | undefined, table: readonly RouteRow[], site: string): Standing => organization === undefined
  ? { named: [], unnamed: [] }
  : { named: going(organization, table, site, PROVIDER), unnamed: going(organization, table, site, undefined) };

type Told = Pick<OrganizationChange, 'code' | 'before' | 'after'> & { says: string };

const bothDeliver = ({ unnamed }: Standing): boolean =>
  unnamed.some(({ level }) => level === 'site') && unnamed.some(({ level }) => level === 'organization');

const copies = (before: Standing, after: Standing): Told[] => {
  const [had, has] = [before.unnamed.length, after.unnamed.length];
  const beside = ({ named }: Standing): number => named.filter(({ level }) => level !== 'order').length;
  return [
    ...(!bothDeliver(before) && bothDeliver(after)
      ? [{ code: 'two-copies', says: 'site and organization will each get a copy of one result' }] : []),
    ...(bothDeliver(before) && !bothDeliver(after) && has > 0
      ? [{ code: 'one-copy', says: 'site and organization will no longer both get a copy' }] : []),
    ...(had > 0 && has === 0 ? [{ code: 'no-copy', says: 'neither site nor organization gets a copy any more' }] : []),
    ...(had > 0 && has > 0 && beside(before) > 0 && beside(after) === 0
      ? [{ code: 'no-copy-beside-provider', says: 'no copy any more where the order names a provider' }] : []),
  ];
};

const provider = (before: Standing, after: Standing): Told[] => {
  const [had, has] = [before, after].map(({ named }) => named.some(({ address }) => address === PROVIDER));
  if (had === has || before.named.length + after.named.length === 0) return [];
  return has ? [{ code: 'provider-on', says: 'the provider named on the order will get results' }]
    : [{ code: 'provider-off', says: 'the provider named on the order gets nothing any more' }];
};

const nameOf = ({ address }: Recipient): string => address === PROVIDER ? 'the provider named on the order' : address!;

const wishes = (one: Recipient, other: Recipient): Told[] => [
  ...(one.finalDelivery === other.finalDelivery ? [] : [{
    code: other.finalDelivery ? 'recipient-final-delivery-asked' : 'recipient-final-delivery-not-asked',
    before: String(one.finalDelivery), after: String(other.finalDelivery),
    says: `final delivery will ${other.finalDelivery ? 'be asked' : 'no longer be asked'} of ${nameOf(other)}`,
  }]),
  ...(one.deadlineMinutes === other.deadlineMinutes ? [] : [{
    code: 'recipient-deadline', ...(one.deadlineMinutes !== undefined && { before: `${one.deadlineMinutes} min` }),
    ...(other.deadlineMinutes !== undefined && { after: `${other.deadlineMinutes} min` }),
    says: `the deadline of ${nameOf(other)} is now ${other.deadlineMinutes === undefined ? 'that of its class' : `${other.deadlineMinutes} min`}`,
  }]),
];

const recipients = (before: Standing, after: Standing): Told[] => {
  const byAddress = ({ named, unnamed }: Standing): Map<string, Recipient> =>
    new Map([...named, ...unnamed].map((recipient) => [recipient.address!, recipient]));
  const [old, now] = [byAddress(before), byAddress(after)];
  const listed = (address: string): boolean => address !== PROVIDER;
  return [
    ...[...now.keys()].filter((address) => !old.has(address) && listed(address))
      .map((address) => ({ code: 'recipient-added', after: address, says: `${address} will get results` })),
    ...[...old.keys()].filter((address) => !now.has(address) && listed(address))
      .map((address) => ({ code: 'recipient-removed', before: address, says: `${address} gets no results any more` })),
    ...[...now].flatMap(([address, recipient]) => old.has(address) ? wishes(old.get(address)!, recipient) : []),
  ];
};

const sitesOf = (clientGuid: string, organizations: readonly (Organization | undefined)[], tables: readonly (readonly RouteRow[])[]): string[] => [
  ...new Set([
    ...organizations.flatMap((organization) => Object.keys(organization?.sites ?? {})),
    ...tables.flat().filter(({ organization }) => organization === clientGuid).flatMap(({ site }) => site ?? []),
  ]),
];

/**
 * Everything that the new list and table change: settings first, then what they mean for recipients, for the organization as a whole (no
 * `site`: every site that is not named) and for each site where that differs. Nodes are taken to follow the organization's policy; a
 * provider stands for any address on a domain without rules.
 */
export const organizationChanges = (
  before: readonly Organization[], after: readonly Organization[], { routeBefore = [], routeAfter = [] }: RouteTables = {},
): OrganizationChange[] => [...settingChanges(before, after), ...routeChanges(before, after, { routeBefore, routeAfter })];

/** The part of it that is about recipients. */
export const routeChanges = (
  before: readonly Organization[], after: readonly Organization[], { routeBefore = [], routeAfter = [] }: RouteTables,
): OrganizationChange[] => {
  const old = byGuid(before);
  return after.flatMap((organization) => {
    const { clientGuid } = organization;
    const earlier = old.get(clientGuid);
    const at = (site: string): Told[] => {
      const [one, other] = [standing(earlier, routeBefore, site), standing(organization, routeAfter, site)];
      return [...copies(one, other), ...provider(one, other), ...recipients(one, other)];
    };
    const everywhere = at(OTHER_SITES);
    const known = new Set(everywhere.map(({ says }) => says));
    const told = (site: string, { says, ...rest }: Told): OrganizationChange =>
      ({ ...rest, organization: clientGuid, ...(site !== OTHER_SITES && { site }), text: `${whose(organization, site)}: ${says}.` });
    return [
      ...everywhere.map((one) => told(OTHER_SITES, one)),
      ...sitesOf(clientGuid, [earlier, organization], [routeBefore, routeAfter])
        .flatMap((site) => at(site).filter(({ says }) => !known.has(says)).map((one) => told(site, one))),
    ];
  });
};
