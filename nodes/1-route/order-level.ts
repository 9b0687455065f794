// The order level: the primary care provider whom the order names by Direct address, by NPI, or by both.
import { normalizeAddress } from '../0-order/direct-address.ts';
import type { PrimaryCareProvider } from '../0-order/model.ts';
import { readNpi } from '../0-order/npi.ts';
import { type Candidate, named, switchedOff, unusable, unused } from './candidate.ts';
import { type DomainRules, judgeDomain } from './direct-domain.ts';
import type { Wishes } from './delivery-wishes.ts';
import type { RouteRow } from './route-row.ts';

export const ADDRESS_SOURCE = 'HealthPlan.PrimaryCareProvider.EmailAddress';
export const NPI_SOURCE = 'HealthPlan.PrimaryCareProvider.NPI';

// RFC 5321 §4.5.3.1.3: a path holds at most 256 octets, two of them the angle brackets.
const MAX_ADDRESS = 254;

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const cut = (text: string): string => [...text].slice(0, MAX_ADDRESS).join('').trim();

/** An address that cannot be used, in a form that is safe to store and show. */
export const showAddress = (text: string): string => cut(text.replace(UNSEEN, '').trim().toLowerCase());

// Replaced, not removed: taking a character out could turn a number that is refused into one that is looked up.
const showNpi = (text: string): string => cut(text.replace(UNSEEN, '?'));

type Fault = { code: 'ADDRESS_INVALID' | 'ADDRESS_NOT_DIRECT'; says: string };

const faultOf = (address: string | null, rules: DomainRules): Fault | undefined => {
  if (address === null) return { code: 'ADDRESS_INVALID', says: 'is not well-formed' };
  switch (judgeDomain(address, rules)) {
    case 'free-mail': return { code: 'ADDRESS_NOT_DIRECT', says: 'is ordinary e-mail, not a Direct address' };
    case 'untrusted': return { code: 'ADDRESS_NOT_DIRECT', says: 'is not on a trusted Direct domain' };
    case 'direct': return undefined;
  }
};

/** Zero or one candidate: address and NPI of one provider are one recipient, an empty provider is none. */
export const orderLevel = (
  provider: PrimaryCareProvider | undefined, row: RouteRow | undefined, wishes: Wishes, rules: DomainRules,
): Candidate[] => {
  const text = provider?.address ?? '';
  const npiText = provider?.npi?.trim() ?? '';
  const blank = text.trim() === '';
  if (blank && npiText === '') return [];
  const npi = npiText === '' ? null : showNpi(readNpi(npiText).npi);
  const normalized = normalizeAddress(text);
  const address = blank ? null : normalized ?? showAddress(text);
  const who = { level: 'order', source: blank ? NPI_SOURCE : ADDRESS_SOURCE, npi, ...wishes } as const;

  if (row && !row.enabled) {
    const why = `The order level names a provider (${who.source}), but route:${row.line} switches the order level off, so nothing is sent.`;
    return [switchedOff({ ...who, address, why })];
  }
  if (blank) {
    const why = `The order level names a provider by NPI only (${NPI_SOURCE}), so the directory is asked for the Direct address.`;
    return [named({ ...who, why })];
  }
  const fault = faultOf(normalized, rules);
  if (fault === undefined) {
    const aside = npi === null ? [] : [unused('order', NPI_SOURCE, `The NPI (${NPI_SOURCE}) stands aside because the address beside it is used.`)];
    return [named({ ...who, address, why: `The order level names the provider's Direct address (${ADDRESS_SOURCE}), so it is used.` }, aside)];
  }
  if (npi === null) {
    const why = `The order level's address (${ADDRESS_SOURCE}) ${fault.says} and no NPI stands beside it, so nothing is sent.`;
    return [unusable({ ...who, address, why }, fault.code)];
  }
  const why = `The order level's address (${ADDRESS_SOURCE}) ${fault.says}, so the NPI beside it (${NPI_SOURCE}) is tried.`;
  return [named({ ...who, source: NPI_SOURCE, why }, [unused('order', ADDRESS_SOURCE, `The address (${ADDRESS_SOURCE}) ${fault.says}.`)])];
};
