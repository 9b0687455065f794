// Who a patient is, in the form that is compared: what systems spell differently for one person is folded away.
import type { Patient } from './model.ts';

export interface PatientKey { localId: string; birthDate: string; family: string }

// Letters that no Unicode decomposition takes apart.
const PLAIN: Record<string, string> = { ł: 'l', ø: 'o', đ: 'd', ð: 'd', ħ: 'h', ı: 'i', æ: 'ae', œ: 'oe', þ: 'th' };

/** Upper case first: it takes ß apart and makes all sigmas one. */
const caseFold = (text: string): string => text.trim().toUpperCase().toLowerCase();

/** Without case, accents, blanks and punctuation. */
export const foldName = (text: string): string => {
  // Combining diacritical marks only: the marks of Indic scripts are vowels.
  const folded = caseFold(text.normalize('NFKD').replace(/[\u0300-\u036f]/g, ''))
    .normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/[łøđðħıæœþ]/g, (letter) => PLAIN[letter]!);
  const letters = folded.replace(/[^\p{L}\p{M}\p{N}]/gu, '');
  return letters === '' ? folded : letters;
};

/** Local id without case, birth date, family name without case, accents, blanks and punctuation. */
export const patientKey = ({ localId, birthDate, name }: Pick<Patient, 'localId' | 'birthDate' | 'name'>): PatientKey =>
  ({ localId: caseFold(localId), birthDate, family: foldName(name.family) });
