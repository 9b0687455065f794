// One address, one mail: recipients that turned out to be the same are merged, and the survivor says who else named it.
import type { Level, Recipient } from '../0-order/message.ts';
import { distinctWarnings } from '../0-order/warnings.ts';
import { mergeWishes } from './delivery-wishes.ts';
import { LEVELS } from './policy.ts';

const rank = ({ level }: Recipient): number => LEVELS.indexOf(level);

const otherLevels = (keeper: Recipient, others: readonly Recipient[]): Level[] => {
  const named = new Set([keeper, ...others].flatMap(({ level, alsoFrom }) => [level, ...alsoFrom]));
  return LEVELS.filter((level) => level !== keeper.level && named.has(level));
};

const mergeGroup = (group: readonly Recipient[]): Recipient => {
  const [keeper, ...others] = group.toSorted((one, other) => rank(one) - rank(other)) as [Recipient, ...Recipient[]];
  if (others.length === 0) return keeper;
  const sources = others.map(({ level, source }) => `the ${level} level (${source})`).join(' and ');
  // Whoever else names the address means it, whatever is in doubt about the keeper.
  const { hold, ...certain } = keeper;
  return {
    ...(group.every((recipient) => recipient.hold !== undefined) ? { ...certain, hold } as Recipient : certain),
    alsoFrom: otherLevels(keeper, others),
    npi: keeper.npi ?? others.find(({ npi }) => npi !== null)?.npi ?? null,
    why: `${keeper.why} The same address is also named by ${sources}.`,
    ...mergeWishes([keeper, ...others]),
    warnings: distinctWarnings(group.flatMap(({ warnings }) => warnings)),
  };
};

/**
 * Merges RESOLVING recipients with the same address: the most specific level stays with its id, the other levels stand in
 * `alsoFrom`; on final delivery and deadline see `mergeWishes`. Recipients without an address and those that get nothing stay as they are.
 */
export const mergeRecipients = (recipients: readonly Recipient[]): Recipient[] => {
  const mergeable = (recipient: Recipient): boolean => recipient.state === 'RESOLVING' && recipient.address !== null;
  const groups = new Map<string | null, Recipient[]>();
  for (const recipient of recipients.filter(mergeable)) {
    groups.set(recipient.address, [...groups.get(recipient.address) ?? [], recipient]);
  }
  const merged = new Map([...groups].map(([address, group]) => [address, mergeGroup(group)]));
  return recipients.flatMap((recipient) => {
    if (!mergeable(recipient)) return [recipient];
    return groups.get(recipient.address)?.[0] === recipient ? [merged.get(recipient.address)!] : [];
  });
};
