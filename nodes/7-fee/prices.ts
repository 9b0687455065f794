// Which price holds for whom: the site's, else the organization's, else the meter's own.
import type { Organization } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import type { Money } from './money.ts';
import type { PriceList } from './rate.ts';

export interface PayerDirectory { find(clientGuid: string): Organization | undefined }

/** For a meter that has no list of organizations: its own price holds for all. */
export const NO_PAYERS: PayerDirectory = { find: () => undefined };

const free = ({ currency }: Money): Money => ({ amount: '0.00', currency });

/**
 * `payers` null: a list was chosen and is gone. Then nothing has a price, because the meter's own could be the wrong one.
 * `test`: what a test costs, whoever sent it; nothing, unless said otherwise.
 */
export const priceListOf = (
  payers: PayerDirectory | null, fallback: Money, test: Money = free(fallback),
): PriceList => (clientGuid, site, kind) => {
  if (kind === 'test') return test;
  if (payers === null) return undefined;
  const organization = payers.find(clientGuid);
  const { price, currency }: Pick<Organization, 'price' | 'currency'> = organization === undefined ? {} : effectiveOrganization(organization, site);
  // A currency without a price says nothing about the meter's own price.
  return price === undefined || price === '' ? fallback : { amount: price, currency: currency || fallback.currency };
};
