// From a chargeable event to a ledger line. In this version a flat price per message that the HISP has accepted.
import type { ChargeableEvent, LedgerLine } from '../journal/port.ts';
import { isCourierError } from '../errors.ts';
import { type Money, priceOf as checkedPrice } from './money.ts';

/** The price in force for a site of an organization and a kind of fee (by default a delivery); undefined when nobody has set one. */
export type PriceList = (organization: string, site: string, kind?: ChargeableEvent['kind']) => Money | undefined;

export interface Rated { lines: LedgerLine[]; unrated: ChargeableEvent[] }

const lineOf = (event: ChargeableEvent, price: Money, ratedAt: number): LedgerLine => ({
  deliveryId: event.deliveryId, kind: event.kind, organization: event.organization, site: event.site, at: event.at, ratedAt, ...price,
});

/** A price that cannot be read is no price: the event waits, it is never free by accident. */
const usable = (price: Money | undefined): Money | undefined => {
  try {
    return price === undefined ? undefined : checkedPrice(price.amount, price.currency);
  } catch (error) {
    if (isCourierError(error)) return undefined;
    throw error;
  }
};

/** Deliveries and resends cost the same; a test has a price of its own. Events without a usable price come back as `unrated`. `now` is epoch ms. */
export const rateEvents = (events: readonly ChargeableEvent[], priceOf: PriceList, now: number): Rated => {
  const rated = events.map((event) => ({ event, price: usable(priceOf(event.organization, event.site, event.kind)) }));
  return {
    lines: rated.flatMap(({ event, price }) => (price === undefined ? [] : [lineOf(event, price, now)])),
    unrated: rated.filter(({ price }) => price === undefined).map(({ event }) => event),
  };
};
