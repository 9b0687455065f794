// The Direct address: an RFC 5322 addr-spec restricted to a dot-atom and a DNS name
// (Applicability Statement for Secure Health Transport v1.3 §2.1), lower case throughout.

const PREFIX = /^(?:mailto|smtp|direct):[ \t]*/i;
// RFC 5321 §4.5.3.1: local part 64, domain 255, path 256 with its angle brackets.
const [LOCAL_MAX, DOMAIN_MAX, ADDRESS_MAX] = [64, 255, 254];
// RFC 5322 §3.2.3 dot-atom-text: no dot first, last or doubled.
const LOCAL = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
// RFC 1123 §2.1 labels; a number as last label would be an IPv4 address.
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

/** Without spaces and tabs at its ends; line breaks stay, they are never harmless. Linear in time, unlike a pattern. */
export const trimBlanks = (text: string): string => {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
};

/**
 * The address in the one form that is stored and compared: trimmed of blanks, without `mailto:`, `smtp:`, `direct:`
 * and without a trailing dot, local part and domain in lower case. Null when it is not a well-formed address:
 * a line break anywhere, a display name, a quoted local part, non-ASCII text.
 */
export const normalizeAddress = (text: string): string | null => {
  const bare = trimBlanks(text).replace(PREFIX, '').replace(/\.$/, '');
  // Before lower-casing: the Kelvin sign would become an ASCII k.
  if (bare.length > ADDRESS_MAX || !/^[\x21-\x7e]+$/.test(bare)) return null;
  const address = bare.toLowerCase();
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
  const fits = at > 0 && local.length <= LOCAL_MAX && domain.length <= DOMAIN_MAX && LOCAL.test(local) && DOMAIN.test(domain);
  return fits ? address : null;
};

export { domainOf } from '../mail/mail-address.ts';
