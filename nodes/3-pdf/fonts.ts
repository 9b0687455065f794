// The embedded fonts: DejaVu covers Latin, Greek, Cyrillic, Hebrew and Arabic. Parsed once per worker and shared by
// all documents (six times faster than handing the file to each). The standard 14 fonts are never used: they are not
// embedded and turn unknown letters into wrong ones.
import { createRequire } from 'node:module';

export type Face = 'regular' | 'bold';

/** The part of a fontkit font that is used here; pdfkit takes it as it is. */
export interface ParsedFont { hasGlyphForCodePoint(codePoint: number): boolean }

const FILES: Record<Face, string> = { regular: 'DejaVuSansCondensed.ttf', bold: 'DejaVuSansCondensed-Bold.ttf' };

let parsed: Record<Face, ParsedFont> | undefined;

/** fontkit is taken from pdfkit, so that both speak of the same font objects. */
const parse = (): Record<Face, ParsedFont> => {
  const require = createRequire(import.meta.url);
  const fontkit = createRequire(require.resolve('pdfkit'))('fontkit') as { openSync(path: string): ParsedFont };
  const open = (face: Face): ParsedFont => fontkit.openSync(require.resolve(`dejavu-fonts-ttf/ttf/${FILES[face]}`));
  return { regular: open('regular'), bold: open('bold') };
};

export const fonts = (): Record<Face, ParsedFont> => parsed ??= parse();
