// Names, genders and record numbers as the report shows them.
import type { GenderContext, GenderEntry, PersonName, Provider } from '../0-order/model.ts';
import type { Texts } from './texts.ts';

const spaced = (parts: (string | undefined)[]): string => parts.filter((part) => part !== undefined && part.trim() !== '').join(' ');

export const personText = ({ prefix, given, middle, family, suffix }: PersonName): string => spaced([prefix, given, middle, family, suffix]);

/** Degrees take the title's place: `Gina Grader, MD`. */
export const providerText = ({ name, degrees }: Provider): string | undefined => {
  if (name === undefined) return undefined;
  const { prefix, ...plain } = name;
  return degrees ? `${personText(plain)}, ${degrees}` : personText(name);
};

const GENDER_ORDER: readonly GenderContext[] = ['birth', 'identity', 'unspecified'];

export const genderText = (genders: readonly GenderEntry[], texts: Texts): string | undefined => {
  const entry = GENDER_ORDER.flatMap((context) => genders.filter((gender) => gender.context === context))[0];
  return entry && (texts.genders[entry.code.toUpperCase()] ?? entry.code);
};
