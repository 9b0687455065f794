// From texts to rows of lines.
import { LEADING, STYLE } from './look.ts';
import { type Block, openBlock, type Row, type Sheet, type Style, widthOf } from './sheet.ts';
import { wrapText } from './wrap.ts';

export const lineHeight = ({ size }: Style): number => size * LEADING;

const lines = (sheet: Sheet, text: string, style: Style, width: number): string[] =>
  wrapText(sheet.lettering.letter(text), width, widthOf(sheet, style));

/** A paragraph. */
export const paragraph = (sheet: Sheet, text: string, style: Style, width: number, tag = 'P'): Row[] => {
  const block = openBlock(sheet, tag);
  const height = lineHeight(style);
  return lines(sheet, text, style, width).map((line) => ({ height, cells: line === '' ? [] : [{ x: 0, text: line, style, block }] }));
};

const BULLET = '\u2022';
const INDENT = 10;

/** A list item with its bullet. */
export const bullet = (sheet: Sheet, text: string, style: Style, width: number): Row[] => {
  const block = openBlock(sheet, 'LI');
  return lines(sheet, text, style, width - INDENT).map((line, index) => ({
    height: lineHeight(style) + (index === 0 ? 0.5 : 0),
    cells: [...(index === 0 ? [{ x: 0, text: BULLET, style, block }] : []), ...(line === '' ? [] : [{ x: INDENT, text: line, style, block }])],
  }));
};

export const space = (height: number): Row => ({ height, cells: [] });

/** Labelled values side by side; a long value grows downwards in its own column. */
export const fieldRows = (sheet: Sheet, fields: readonly { label: string; value: string }[], width: number): Row[] => {
  const column = width / fields.length;
  const blocks: Block[] = fields.map(() => openBlock(sheet, 'P'));
  const values = fields.map(({ value }) => lines(sheet, value, STYLE.value, column - 8));
  const rowOf = (style: Style, text: (index: number) => string | undefined): Row => ({
    height: lineHeight(style),
    cells: fields.flatMap((_, index) => text(index) ? [{ x: index * column, text: text(index)!, style, block: blocks[index]! }] : []),
  });
  const depth = Math.max(...values.map(({ length }) => length));
  return [
    rowOf(STYLE.label, (index) => fields[index]!.label),
    ...Array.from({ length: depth }, (_, line) => rowOf(STYLE.value, (index) => values[index]![line])),
  ];
};

export const heightOf = (rows: readonly Row[]): number => rows.reduce((sum, { height }) => sum + height, 0);

/** How many of the rows fit into the height. */
export const fitting = (rows: readonly Row[], height: number): number => {
  let used = 0;
  const tooMany = rows.findIndex((row) => (used += row.height) > height);
  return tooMany === -1 ? rows.length : tooMany;
};
