// Rules for the domains of recipients: what their HISPs can and cannot do. Read from JSON, a form's rows or a CSV cell that holds JSON.
import { asCourierError, type CourierError } from '../errors.ts';
import { domainOf } from '../mail/mail-address.ts';
import { normalizeAddress } from './direct-address.ts';
import { parseJson } from './json.ts';
import type { Recipient } from './message.ts';
import type { DomainRule, Organization, PatientIdentifier } from './organization.ts';
import { checked, entryOf, fold, isObject, oneOf, readSwitch, rowInvalid, withoutAbsent, type Entry } from './setting-cells.ts';

const KEYS = ['domain', 'finalDelivery', 'patientIdentifier', 'maxMegabytes'] as const;
const RULES_MAX = 10_000;

const domainName = (text: string): string | undefined => {
  const below = text.startsWith('*.');
  const bare = (below ? text.slice(2) : text.replace(/^@/, '')).toLowerCase();
  // `*.example` has no dot of its own.
  const name = normalizeAddress(`x@${below && !bare.includes('.') ? `x.${bare}` : bare}`);
  return name === null || bare.endsWith('.') ? undefined : `${below ? '*.' : ''}${bare}`;
};

const megabytes = (text: string): number | undefined => {
  const size = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return size > 0 && size <= 1000 ? size : undefined;
};

const identifier = oneOf<PatientIdentifier>(['none', 'null', 'mrn']);

const readRule = (value: unknown, where: string, path: string): DomainRule => {
  if (!isObject(value)) throw rowInvalid({ where, path }, 'domain', 'an object was expected');
  const entry = entryOf(value, where, path);
  // A misspelt limit would be none.
  const unknown = Object.keys(value).find((key) => !KEYS.some((known) => fold(known) === fold(key)));
  if (unknown !== undefined) throw rowInvalid(entry, fold(unknown), `unknown; a rule has ${KEYS.join(', ')}`);
  const domain = checked(entry, 'domain', domainName, 'not a domain; write for example direct.hisp.example or *.hisp.example');
  if (domain === undefined) throw rowInvalid(entry, 'domain', 'the domain is missing');
  return {
    domain,
    ...withoutAbsent({
      finalDelivery: readSwitch(entry, 'finalDelivery'),
      patientIdentifier: checked(entry, 'patientIdentifier', identifier, 'one of none, null, mrn was expected'),
      maxMegabytes: checked(entry, 'maxMegabytes', megabytes, 'a number of megabytes from 0.001 to 1000 was expected'),
    }),
  };
};

const listOf = (given: unknown, where: Pick<Entry, 'where' | 'path'>): unknown[] => {
  let list = given;
  try {
    if (typeof given === 'string') list = given.trim() === '' ? [] : parseJson(given);
  } catch (error) {
    throw rowInvalid(where, 'recipientDomains', `not JSON, ${asCourierError(error).detail}`);
  }
  if (!Array.isArray(list) || list.length > RULES_MAX) throw rowInvalid(where, 'recipientDomains', 'a list of rules was expected');
  return list as unknown[];
};

export interface CheckedRules { rules: DomainRule[]; errors: CourierError[] }

const checkList = (list: readonly unknown[], { where, path }: Pick<Entry, 'where' | 'path'>): CheckedRules => {
  const known = new Map<string, DomainRule>();
  const errors: CourierError[] = [];
  list.forEach((value, index) => {
    const at = { where: `${where}, domain rule ${index + 1}`, path: `${path}.recipientDomains[${index}]` };
    try {
      const rule = readRule(value, at.where, at.path);
      // Two rules for one domain leave open which of them is meant.
      if (known.has(rule.domain)) throw rowInvalid(at, 'domain', 'this domain stands twice');
      known.set(rule.domain, rule);
    } catch (error) {
      errors.push(asCourierError(error, 'ORGANIZATION_ROW_INVALID'));
    }
  });
  return { rules: [...known.values()], errors };
};

/** Every good rule for all organizations, and a coded error for every bad one. */
export const checkDomainRules = (given: unknown): CheckedRules => {
  const at = { where: 'recipient domains', path: 'all' };
  try {
    return checkList(listOf(given ?? [], at), at);
  } catch (error) {
    return { rules: [], errors: [asCourierError(error, 'ORGANIZATION_ROW_INVALID')] };
  }
};

/** The rules of one organization's entry. Throws ORGANIZATION_ROW_INVALID. */
export const readOwnRules = (entry: Entry): DomainRule[] => {
  const { rules, errors: [first] } = checkList(listOf(entry.values.get(fold('recipientDomains')) ?? [], entry), entry);
  if (first !== undefined) throw first;
  return rules;
};

const bareDomain = ({ domain }: DomainRule): string => domain.replace(/^\*\./, '');

/** The narrower rule first: exact ones, then those for longer names. */
const byNarrowness = (one: DomainRule, other: DomainRule): number =>
  Number(one.domain.startsWith('*.')) - Number(other.domain.startsWith('*.')) || bareDomain(other).length - bareDomain(one).length;

/** The organization with the rules that hold for it: its own come before those for all. */
export const withRules = (organization: Organization, forAll: readonly DomainRule[]): Organization => {
  const recipientDomains = [...(organization.recipientDomains ?? []).toSorted(byNarrowness), ...forAll.toSorted(byNarrowness)];
  return recipientDomains.length === 0 ? organization : { ...organization, recipientDomains };
};

const holdsFor = (rule: DomainRule, domain: string): boolean =>
  bareDomain(rule) === domain || (rule.domain.startsWith('*.') && domain.endsWith(`.${bareDomain(rule)}`));

type Ruled = Pick<Organization, 'recipientDomains'>;

const rulesFor = (organization: Ruled | undefined, address: string): DomainRule[] => {
  const domain = domainOf(address).toLowerCase();
  return (organization?.recipientDomains ?? []).filter((rule) => holdsFor(rule, domain));
};

/**
 * What the organization's rules say together about an address, setting by setting: the first rule that fits and says something decides.
 * `domain` is that of the first rule that fits; undefined when none does.
 */
export const domainRuleFor = (organization: Ruled | undefined, address: string): DomainRule | undefined => {
  const rules = rulesFor(organization, address);
  return rules.length === 0 ? undefined : Object.assign({}, ...rules.toReversed()) as DomainRule;
};

/**
 * A recipient as the rules for its domain have it: whether final delivery is asked, unless a row of the route table says so itself.
 * Whoever has no address yet, or gets nothing, stays as it is. To be called again once look-up has found the address.
 */
export const withDomainRules = (recipient: Recipient, organization: Ruled | undefined): Recipient => {
  if (recipient.state !== 'RESOLVING' || recipient.address === null || recipient.finalDeliveryBy === 'row') return recipient;
  const rule = rulesFor(organization, recipient.address).find(({ finalDelivery }) => finalDelivery !== undefined);
  if (rule === undefined) return recipient;
  const says = `Final delivery is ${rule.finalDelivery ? '' : 'not '}asked there (rule for the domain ${rule.domain}).`;
  return {
    ...recipient, finalDelivery: rule.finalDelivery!, finalDeliveryBy: 'domain',
    why: recipient.why.includes(says) ? recipient.why : `${recipient.why} ${says}`,
  };
};
