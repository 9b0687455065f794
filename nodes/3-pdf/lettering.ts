// From any string to letters that the fonts can draw.
import type { Warning } from '../0-order/model.ts';
import { CODES } from '../errors.ts';
import { type Face, fonts } from './fonts.ts';

/** Drawn for a character that no font has. */
const BOX = '\u25a1';
const LISTED = 20;

/** Composed, without control and invisible characters; line ends are LF, every other space but the no-break one is a plain space. */
export const cleanText = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd').normalize('NFC')
  .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
  .replace(/\t|(?!\u00a0)\p{Zs}/gu, ' ')
  .replace(/(?!\n)\p{Cc}|\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}/gu, '');

const covers = (face: Face, text: string): boolean => {
  const font = fonts()[face];
  for (const character of text) if (character !== '\n' && !font.hasGlyphForCodePoint(character.codePointAt(0)!)) return false;
  return true;
};

/** The wanted face, or the regular one where only that has the letters. */
export const faceFor = (face: Face, text: string): Face => face === 'regular' || covers(face, text) ? face : 'regular';

export interface Lettering {
  /** Clean text, boxes for what cannot be drawn. */
  letter: (text: string) => string;
  /** Not more than one warning: which characters were missing, never the text they stood in. */
  warnings: () => Warning[];
}

export const openLettering = (): Lettering => {
  const missing = new Set<number>();
  const drawable = (character: string): string => {
    const codePoint = character.codePointAt(0)!;
    if (character === '\n' || fonts().regular.hasGlyphForCodePoint(codePoint)) return character;
    missing.add(codePoint);
    return BOX;
  };
  return {
    letter: (text) => {
      const clean = cleanText(text);
      return covers('regular', clean) ? clean : Array.from(clean, drawable).join('');
    },
    warnings: () => {
      if (missing.size === 0) return [];
      const names = [...missing].sort((a, b) => a - b).map((codePoint) => `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`);
      const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
      return [{ code: 'GLYPH_MISSING', text: `${CODES.GLYPH_MISSING.text} ${names.slice(0, LISTED).join(' ')}${more}` }];
    },
  };
};

export interface Run { text: string; rightToLeft: boolean }

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}](?:[^\p{L}\p{N}]*[\p{Script=Hebrew}\p{Script=Arabic}\p{M}])*/gu;

/** A line cut into runs of one direction; the line itself reads left to right. */
export const runsOf = (line: string): Run[] => {
  const runs: Run[] = [];
  let from = 0;
  for (const match of line.matchAll(RIGHT_TO_LEFT)) {
    if (match.index > from) runs.push({ text: line.slice(from, match.index), rightToLeft: false });
    runs.push({ text: match[0], rightToLeft: true });
    from = match.index + match[0].length;
  }
  if (from < line.length) runs.push({ text: line.slice(from), rightToLeft: false });
  return runs;
};
