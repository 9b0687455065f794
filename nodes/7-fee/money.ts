// Money as decimal strings, counted in millionths with BigInt: no floating point anywhere.
import { CourierError } from '../errors.ts';

/** `currency` is an ISO 4217 code; `amount` a decimal string with at least two places. */
export interface Money { amount: string; currency: string }

const SCALE = 6;
const UNIT = 10n ** BigInt(SCALE);

/** Millionths. Takes `0.25` and `1`, no sign, no exponent; more than six places only when the rest is zeros. Throws PRICE_INVALID. */
export const parseAmount = (text: string, path = 'price'): bigint => {
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  const places = match?.[2]?.replace(/0+$/, '') ?? '';
  if (match === null || places.length > SCALE) throw new CourierError('PRICE_INVALID', { path });
  return BigInt(match[1]!) * UNIT + BigInt(places.padEnd(SCALE, '0'));
};

/** At least two places, no further zeros: `0.25`, `1.00`, `0.125`. */
export const formatAmount = (millionths: bigint): string => {
  const sign = millionths < 0n ? '-' : '';
  const size = millionths < 0n ? -millionths : millionths;
  const places = String(size % UNIT).padStart(SCALE, '0').replace(/0+$/, '').padEnd(2, '0');
  return `${sign}${size / UNIT}.${places}`;
};

/** Three letters, in upper case. Throws PRICE_INVALID. */
export const parseCurrency = (text: string, path = 'currency'): string => {
  const currency = text.trim().toUpperCase();
  if (!/^[A-Z]{3}$/.test(currency)) throw new CourierError('PRICE_INVALID', { path });
  return currency;
};

/** A price as it is written on a ledger line. Throws PRICE_INVALID. */
export const priceOf = (amount: string, currency: string): Money =>
  ({ amount: formatAmount(parseAmount(amount)), currency: parseCurrency(currency) });

export const addAmounts = (amounts: readonly string[]): string =>
  formatAmount(amounts.reduce((sum, amount) => sum + parseAmount(amount, 'amount'), 0n));

/** One total per currency, in order of currency: different currencies are never added. */
export const totalsOf = (sums: readonly Money[]): Money[] =>
  [...new Set(sums.map(({ currency }) => currency))].sort().map((currency) =>
    ({ currency, amount: addAmounts(sums.filter((sum) => sum.currency === currency).map(({ amount }) => amount)) }));
