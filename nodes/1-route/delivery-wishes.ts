// What is wished for a delivery beside its address: whether final delivery is asked, and by when notifications must come.
import type { Recipient } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import type { RouteRow } from './route-row.ts';

export type Wishes = Pick<Recipient, 'finalDelivery' | 'finalDeliveryBy' | 'deadlineMinutes'>;

/**
 * Before the rules for domains are looked at: what the row says itself, else the organization as it is in force for the site, else final delivery
 * is asked. A deadline only where the row has one of its own.
 */
export const wishesOf = (row: RouteRow | undefined, submitter: Organization | undefined): Wishes => {
  const deadline = row?.deadlineMinutes == null ? {} : { deadlineMinutes: row.deadlineMinutes };
  if (row?.finalDelivery != null) return { finalDelivery: row.finalDelivery, finalDeliveryBy: 'row', ...deadline };
  return submitter?.finalDelivery === undefined
    ? { finalDelivery: true, ...deadline }
    : { finalDelivery: submitter.finalDelivery, finalDeliveryBy: 'organization', ...deadline };
};

const WEIGHT: readonly Recipient['finalDeliveryBy'][] = [undefined, 'organization', 'domain', 'row'];

const weightOf = ({ finalDeliveryBy }: Wishes): number => WEIGHT.indexOf(finalDeliveryBy);

/**
 * The wishes of several recipients that turned out to be one address, the survivor first. Whose word weighs most decides on final delivery (a row,
 * then the rule for the domain, then the organization): an unspoken standard must not bring back a question that somebody switched off
 * because this HISP never answers it. Among words of one weight, asking wins. The survivor's own deadline holds, else the shortest.
 */
export const mergeWishes = (group: readonly [Wishes, ...Wishes[]]): Wishes => {
  const heaviest = Math.max(...group.map(weightOf));
  const deciding = group.filter((wishes) => weightOf(wishes) === heaviest);
  const deadlines = group.flatMap(({ deadlineMinutes }) => deadlineMinutes ?? []);
  const [{ deadlineMinutes: own = deadlines.length === 0 ? undefined : Math.min(...deadlines) }] = group;
  const by = WEIGHT[heaviest];
  return {
    finalDelivery: deciding.some(({ finalDelivery }) => finalDelivery),
    ...(by !== undefined && { finalDeliveryBy: by }), ...(own !== undefined && { deadlineMinutes: own }),
  };
};
