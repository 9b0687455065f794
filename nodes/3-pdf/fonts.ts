// The embedded fonts: DejaVu covers Latin, Greek, Cyrillic, Hebrew and Arabic. Parsed once per worker and shared by
// all documents (six times faster than handing the file to each). The standard 14 fonts are never used: they are not
// embedded and turn unknown letters into wrong ones.
import { createRequire } from 'node:module';

export type Face = 'regular' | 'bold';

/** Shaped letters. pdfkit scales the positions in place. */
interface GlyphRun { glyphs: { codePoints: number[]; path: object }[]; positions: object[] }

/** The part of a fontkit font that is used here; pdfkit takes it as it is. */
export interface ParsedFont {
  characterSet: number[];
  hasGlyphForCodePoint(codePoint: number): boolean;
  glyphForCodePoint(codePoint: number): object;
  layout(text: string, ...features: unknown[]): GlyphRun;
}

const FILES: Record<Face, string> = { regular: 'DejaVuSansCondensed.ttf', bold: 'DejaVuSansCondensed-Bold.ttf' };

/** Most words of a report stand in every report, and shaping them is half of its cost. */
const REMEMBERED = { words: 1000, letters: 40 };

const copyOf = (run: GlyphRun): GlyphRun =>
  Object.assign(Object.create(Object.getPrototypeOf(run) as object) as GlyphRun, run, {
    positions: run.positions.map((position) => ({ ...position })),
  });

/** The font with a memory for words laid out with its default features. */
const remembering = (font: ParsedFont): ParsedFont => {
  const layout = font.layout.bind(font);
  const words = new Map<string, GlyphRun>();
  font.layout = (text, ...features) => {
    if (text.length > REMEMBERED.letters || features.some((feature) => feature !== undefined)) return layout(text, ...features);
    let run = words.get(text);
    if (run === undefined) {
      run = layout(text);
      if (words.size >= REMEMBERED.words) words.clear();
      words.set(text, run);
    }
    return copyOf(run);
  };
  return font;
};

/** Below it no character is a presentation form, whose glyph must keep the letters that it is shaped from. */
const LETTERS_END = 0x2800;

/**
 * fontkit makes each glyph once. One that is first met as a part of another (the A of Å) is made without its letter, and every
 * later text would be drawn right but read back without it. So each is made by its letter first.
 */
const lettered = (font: ParsedFont): ParsedFont => {
  for (const codePoint of font.characterSet) if (codePoint < LETTERS_END) font.glyphForCodePoint(codePoint);
  return font;
};

let parsed: Record<Face, ParsedFont> | undefined;

/** fontkit is taken from pdfkit, so that both speak of the same font objects. */
const parse = (): Record<Face, ParsedFont> => {
  const require = createRequire(import.meta.url);
  const fontkit = createRequire(require.resolve('pdfkit'))('fontkit') as { openSync(path: string): ParsedFont };
  const open = (face: Face): ParsedFont => remembering(lettered(fontkit.openSync(require.resolve(`dejavu-fonts-ttf/ttf/${FILES[face]}`))));
  return { regular: open('regular'), bold: open('bold') };
};

export const fonts = (): Record<Face, ParsedFont> => parsed ??= parse();
