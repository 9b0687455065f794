// Line breaking: at spaces, and inside a word only when it is wider than the whole line.

export type Measure = (text: string) => number;

/** Longer words are cut without being measured as a whole. */
const LONG_WORD = 400;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts a word that no line can hold. Widths of single letters are added up, so that any length stays cheap. */
const cut = (word: string, width: number, measure: Measure): string[] => {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of graphemes.segment(word)) {
    const wide = measure(segment);
    if (piece !== '' && used + wide > width) {
      pieces.push(piece);
      [piece, used] = ['', 0];
    }
    piece += segment;
    used += wide;
  }
  return [...pieces, piece];
};

const wrapParagraph = (paragraph: string, width: number, measure: Measure): string[] => {
  const lines: string[] = [];
  const space = measure(' ');
  let line = '';
  let used = 0;
  for (const word of paragraph.split(/ +/).filter((part) => part !== '')) {
    const wide = word.length > LONG_WORD ? Infinity : measure(word);
    if (line !== '' && used + space + wide <= width) {
      line += ` ${word}`;
      used += space + wide;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = wide <= width ? [word] : cut(word, width, measure);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1)!;
    used = measure(line);
  }
  return [...lines, line];
};

/** Lines no wider than `width`; line ends in the text are kept, runs of empty lines shortened to one. */
export const wrapText = (text: string, width: number, measure: Measure): string[] =>
  text.replace(/\n\s*\n/g, '\n\n').trim().split('\n').flatMap((paragraph) => wrapParagraph(paragraph, width, measure));

/** No line of the report holds more; what lies behind need not be measured to be left out. */
const LINE_LIMIT = 1000;

/** One line, ended by an ellipsis where it had to be cut. */
export const shorten = (text: string, width: number, measure: Measure): string => {
  const [first = '', ...rest] = wrapText(text.slice(0, LINE_LIMIT).replace(/\n/g, ' '), width, measure);
  if (rest.length === 0) return first;
  const room = width - measure('\u2026');
  const [kept = ''] = wrapText(`${first} ${rest[0]}`, room, measure);
  return `${kept}\u2026`;
};
