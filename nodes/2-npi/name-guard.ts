// Is the provider whom the order names the one whom the directory has? Compared by family name, with patience for the ways in which one name is
// written, because what is held needs a person; but a name that is plainly another one is a wrong NPI, and a result for a stranger.
import { foldName } from '../0-order/folding.ts';
import type { PersonName } from '../0-order/model.ts';

/** `unsure`: there is nothing to compare. */
export type NameVerdict = 'agrees' | 'differs' | 'unsure';

/** Words that stand in names of organizations and not in those of people. `Care`, `Day` and the like are family names too. */
const ORGANIZATION = new RegExp(String.raw`\b(?:${[
  'clinics?', 'cent(?:er|re)', 'hospitals?', 'health(?:care)?', 'medical', 'medicine', 'group', 'associates', 'practice', 'partners',
  'inc', 'llc', 'llp', 'pllc', 'pc', 'corp(?:oration)?', 'company', 'foundation', 'university', 'college', 'dep(?:artmen)?t', 'physicians',
  'services', 'systems?', 'institute', 'office', 'desk', 'records', 'results',
].join('|')})\b`, 'i');

/** Credentials and generations behind a name. */
const AFTER = new Set([
  'md', 'do', 'od', 'dpm', 'np', 'fnp', 'fnpbc', 'fnpc', 'aprn', 'arnp', 'crnp', 'cnp', 'dnp', 'pa', 'pac', 'rn', 'rph', 'pharmd', 'phd', 'mph',
  'mbbs', 'mba', 'ms', 'facp', 'faafp', 'faap', 'facs', 'jr', 'sr', 'ii', 'iii', 'iv',
]);

/** Parts of family names that many have in common, and titles. */
const PARTICLES = new Set([
  'de', 'la', 'las', 'los', 'del', 'da', 'das', 'do', 'dos', 'di', 'du', 'le', 'van', 'von', 'der', 'den', 'ter', 'ten', 'el', 'al', 'bin', 'ibn',
  'abu', 'st', 'san', 'santa', 'mac', 'mc', 'dr', 'mr', 'mrs', 'ms', 'prof',
]);

/** Whether a directory's name is an organization's rather than a person's. */
export const namesOrganization = (name: string): boolean => !name.includes(',') && ORGANIZATION.test(name);

const wordsOf = (text: string): string[] => text.split(/[\s\-\u2010-\u2015/.()]+/).map(foldName).filter((word) => word !== '');

/** The words that tell a family from others; a name of particles alone is made of them. */
const telling = (words: readonly string[]): string[] => {
  const own = words.filter((word) => !PARTICLES.has(word));
  return own.length > 0 ? own : [...words];
};

const withoutCredentials = (words: readonly string[]): string[] => {
  const end = words.findLastIndex((word) => !AFTER.has(word));
  return words.slice(0, end + 1);
};

/** A name as words, and in one piece: `Van der Berg` is also `Vanderberg`. */
interface Family { words: string[]; whole: string }

const familyOf = (text: string): Family => {
  const words = withoutCredentials(wordsOf(text));
  return { words: telling(words), whole: words.join('') };
};

/** `Family, Given`; without a comma, or with credentials alone behind it, words in any order. */
const readDirectoryName = (name: string): { family: Family; given: string[] } => {
  const [before = '', ...rest] = name.split(',');
  return { family: familyOf(before), given: withoutCredentials(wordsOf(rest.join(' '))) };
};

/** Levenshtein distance, as far as `most`. */
const distance = (a: string, b: string, most: number): number => {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
};

/** One letter off in a name of five, two in one of nine; a field that was cut off begins as the whole name does. */
const alike = (a: string, b: string): boolean => {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  if (shorter === longer || (shorter.length >= 5 && longer.startsWith(shorter))) return true;
  const most = shorter.length >= 9 ? 2 : shorter.length >= 5 ? 1 : 0;
  return most > 0 && distance(shorter, longer, most) <= most;
};

const share = (some: readonly string[], others: readonly string[]): boolean =>
  some.some((word) => others.some((other) => alike(word, other)));

/**
 * Whether the directory's name can be that of the person on the order: one part of a family name in common is enough (double and maiden names),
 * and given and family name may have been exchanged.
 */
export const compareNames = (ordered: Pick<PersonName, 'family'> & Partial<Pick<PersonName, 'given'>>, directoryName: string): NameVerdict => {
  const family = familyOf(ordered.family);
  const known = readDirectoryName(directoryName);
  if (family.words.length === 0 || known.family.words.length === 0 || namesOrganization(directoryName)) return 'unsure';
  if (share(family.words, known.family.words) || alike(family.whole, known.family.whole)) return 'agrees';
  const given = wordsOf(ordered.given ?? '');
  return share(family.words, known.given) && share(given, known.family.words) ? 'agrees' : 'differs';
};
