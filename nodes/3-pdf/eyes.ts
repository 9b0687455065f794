// Images and findings: right eye and left eye side by side, as one faces the patient.
import type { EyeContent } from './eye.ts';
import { COLOR, PAD, STYLE } from './look.ts';
import type { Picture } from './picture.ts';
import { bullet, fitting, heightOf, lineHeight, paragraph } from './rows.ts';
import { type Block, decorate, drawLine, drawRows, mark, nextPage, openBlock, type Row, type Sheet, widthOf } from './sheet.ts';
import type { Texts } from './texts.ts';

export interface EyeImage { picture: Picture | null }

/** What stands in one column; `image` is absent when the report shows no images at all. */
export interface EyeColumn { content: EyeContent; image?: EyeImage }

interface Column extends EyeColumn { x: number; heading: Block; rows: Row[]; figure: Block }

const BETWEEN = 14;
const BAND = 21;
const TALLEST = 236;
const SHORTEST = 118;
const PLACEHOLDER = 44;
/** Below this no column is begun at the foot of a page. */
const START = BAND + 80;

const columnWidth = (sheet: Sheet): number => (sheet.width - BETWEEN) / 2;

const column = (sheet: Sheet, eye: EyeColumn, index: number): Column => {
  const width = columnWidth(sheet) - 2 * PAD;
  const { statement, items } = eye.content;
  const heading = openBlock(sheet, 'H3');
  const rows = [
    ...(statement === undefined ? [] : paragraph(sheet, statement, STYLE.value, width)),
    ...items.flatMap((item) => bullet(sheet, item, STYLE.body, width)),
  ];
  const figure = openBlock(sheet, 'Figure', eye.content.imageText);
  return { ...eye, x: sheet.left + index * (columnWidth(sheet) + BETWEEN), heading, rows, figure };
};

/** How high the images want to be: as wide as the column, in their own ratio. */
const wantedHeight = (columns: readonly Column[], width: number): number => {
  if (columns.every(({ image }) => image === undefined)) return 0;
  const heights = columns.flatMap(({ image }) => image?.picture ? [image.picture.height * width / image.picture.width] : []);
  return heights.length === 0 ? PLACEHOLDER : Math.min(TALLEST, Math.max(PLACEHOLDER, ...heights));
};

const drawBand = (sheet: Sheet, { x, content, heading }: Column, text: string): void => {
  decorate(sheet, (doc) => doc.rect(x, sheet.y, columnWidth(sheet), BAND).fill(COLOR.accent));
  const top = sheet.y + (BAND - lineHeight(STYLE.eye)) / 2 + 1;
  mark(sheet, text === content.heading ? heading : openBlock(sheet, 'P'), () => drawLine(sheet, text, STYLE.eye, x + PAD, top));
};

const frame = (sheet: Sheet, { x }: Column, height: number): void =>
  decorate(sheet, (doc) => doc.lineWidth(0.8).rect(x + 0.4, sheet.y + 0.4, columnWidth(sheet) - 0.8, height - 0.8).stroke(COLOR.rule));

const drawPlaceholder = (sheet: Sheet, { content, figure }: Column, box: { x: number; y: number; width: number; height: number }): void => {
  decorate(sheet, (doc) => doc.rect(box.x, box.y, box.width, box.height).fill(COLOR.tint));
  const text = content.placeholder;
  const x = box.x + (box.width - widthOf(sheet, STYLE.quiet)(text)) / 2;
  figure.tag = 'P';
  delete figure.alt;
  mark(sheet, figure, () => drawLine(sheet, text, STYLE.quiet, x, box.y + (box.height - lineHeight(STYLE.quiet)) / 2));
};

const drawImage = (sheet: Sheet, shown: Column, y: number, height: number): void => {
  if (shown.image === undefined) return;
  const box = { x: shown.x + PAD, y, width: columnWidth(sheet) - 2 * PAD, height };
  const { picture } = shown.image;
  if (picture === null) return drawPlaceholder(sheet, shown, box);
  const fit = { fit: [box.width, height] as [number, number], align: 'center' as const, valign: 'center' as const };
  mark(sheet, shown.figure, () => sheet.doc.image(picture.source, box.x, y, fit));
};

/** One slice of both columns: as many findings as fit, and the images when they are the last and have room. */
interface Slice { rows: Row[][]; rest: Row[][]; above: number; imageHeight: number; height: number }

const sliceOf = (sheet: Sheet, rows: Row[][], wanted: number): Slice => {
  const room = sheet.bottom - sheet.y - BAND - 2 * PAD;
  const taken = rows.map((column) => column.slice(0, fitting(column, room)));
  const rest = rows.map((column, index) => column.slice(taken[index]!.length));
  const findings = Math.max(...taken.map(heightOf));
  const above = findings > 0 ? findings + PAD : 0;
  const fits = rest.every(({ length }) => length === 0) && room - above >= Math.min(wanted, SHORTEST);
  const imageHeight = fits ? Math.min(wanted, room - above) : 0;
  return { rows: taken, rest, above, imageHeight, height: BAND + 2 * PAD + (imageHeight > 0 ? above + imageHeight : findings) };
};

const drawSlice = (sheet: Sheet, columns: readonly Column[], slice: Slice, title: (eye: EyeContent) => string): void => {
  const { rows, above, imageHeight, height } = slice;
  const top = sheet.y + BAND + PAD;
  for (const [index, shown] of columns.entries()) {
    frame(sheet, shown, height);
    drawBand(sheet, shown, title(shown.content));
    drawRows(sheet, rows[index]!, shown.x + PAD, top);
    if (imageHeight > 0) drawImage(sheet, shown, top + above, imageHeight);
  }
  sheet.y += height;
};

/** Draws both columns, page by page: first the findings, after the last of them the images. */
export const drawEyes = (sheet: Sheet, eyes: readonly EyeColumn[], texts: Texts): void => {
  const heading = paragraph(sheet, texts.findings, STYLE.heading, sheet.width, 'H2');
  const columns = eyes.map((eye, index) => column(sheet, eye, index));
  const wanted = wantedHeight(columns, columnWidth(sheet) - 2 * PAD);
  if (sheet.bottom - sheet.y < START + Math.min(wanted, SHORTEST)) nextPage(sheet);
  sheet.y = drawRows(sheet, heading, sheet.left + PAD, sheet.y) + 4;
  let slice = sliceOf(sheet, columns.map(({ rows }) => rows), wanted);
  drawSlice(sheet, columns, slice, ({ heading: title }) => title);
  let due = slice.imageHeight > 0 ? 0 : wanted;
  while (due > 0 || slice.rest.some(({ length }) => length > 0)) {
    nextPage(sheet);
    slice = sliceOf(sheet, slice.rest, due);
    drawSlice(sheet, columns, slice, ({ heading: title }) => texts.continued(title));
    if (slice.imageHeight > 0) due = 0;
  }
};
