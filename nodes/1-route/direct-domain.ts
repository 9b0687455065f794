// Which domains can be Direct domains. Free mail has no HISP behind it, whatever the address looks like.
import { domainOf } from '../0-order/direct-address.ts';

/** Providers of ordinary e-mail that turn up in fields meant for Direct addresses. */
export const FREE_MAIL_DOMAINS: readonly string[] = [
  'aim.com', 'aol.com', 'att.net', 'bellsouth.net', 'charter.net', 'comcast.net', 'cox.net', 'earthlink.net', 'fastmail.com',
  'frontier.com', 'gmail.com', 'gmx.com', 'gmx.de', 'gmx.net', 'googlemail.com', 'hotmail.co.uk', 'hotmail.com', 'icloud.com',
  'juno.com', 'live.com', 'mac.com', 'mail.com', 'me.com', 'msn.com', 'optonline.net', 'outlook.com', 'pm.me', 'proton.me',
  'protonmail.com', 'rocketmail.com', 'sbcglobal.net', 'verizon.net', 'web.de', 'yahoo.ca', 'yahoo.co.uk', 'yahoo.com',
  'yandex.com', 'ymail.com', 'zoho.com',
];

export interface DomainRules {
  /** When not empty, only these domains and those below them are Direct domains. */
  trustedDomains: readonly string[];
  freeMailDomains: readonly string[];
}

export type DomainVerdict = 'direct' | 'free-mail' | 'untrusted';

/** Domains from a list or from text with commas, semicolons or white space between them; lower case, a leading `@` removed. */
export const readDomains = (input: string | readonly string[] | undefined): string[] => {
  const words = (typeof input === 'string' ? [input] : input ?? []).flatMap((text) => text.split(/[\s,;]+/));
  return [...new Set(words.map((word) => word.toLowerCase().replace(/^[@.]+/, '')).filter((word) => word !== ''))];
};

const within = (domain: string, list: readonly string[]): boolean =>
  list.some((entry) => domain === entry || domain.endsWith(`.${entry}`));

/** Judges a normalised address. A domain that a person put on the trusted list is never called free mail. */
export const judgeDomain = (address: string, { trustedDomains, freeMailDomains }: DomainRules): DomainVerdict => {
  const domain = domainOf(address);
  if (within(domain, trustedDomains)) return 'direct';
  if (within(domain, freeMailDomains)) return 'free-mail';
  return trustedDomains.length > 0 ? 'untrusted' : 'direct';
};
