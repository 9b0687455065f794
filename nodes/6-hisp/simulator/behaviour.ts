// How the simulated network treats an address: the first label of its domain says so.

export const SIMULATED_ZONE = 'sim.example';

const NAMES = [
  'processed', 'silent', 'bounce', 'refuse', 'greylist', 'untrusted', 'expired', 'nocert',
  // Put off before DATA, taken without an answer, and the connection broken in the middle of the mail.
  'later', 'swallow', 'poison',
] as const;

export type Behaviour = 'good' | typeof NAMES[number];

const NAMED = new Set<string>(NAMES);

// RFC 1035 §2.3.1: labels of letters, digits and hyphens. Nothing else becomes a file name.
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,}$/;

/** Lower-case domain of an address, or of a bare domain; null when it is none. */
export const domainOf = (address: string): string | null => {
  const domain = address.slice(address.lastIndexOf('@') + 1).trim().toLowerCase();
  return domain.length <= 253 && DOMAIN.test(domain) ? domain : null;
};

/** Null: not hosted here. Labels that name no behaviour are good. */
export const behaviourOf = (address: string): Behaviour | null => {
  const domain = domainOf(address);
  if (domain === null || (domain !== SIMULATED_ZONE && !domain.endsWith(`.${SIMULATED_ZONE}`))) return null;
  const label = domain.slice(0, domain.indexOf('.'));
  return NAMED.has(label) ? label as Behaviour : 'good';
};
