// Paper: pages, the running lines on each, text, fills, and the tags that tell a screen reader what is what.
import { type Face, fonts } from './fonts.ts';
import { faceFor, type Lettering, runsOf } from './lettering.ts';

export type PageSize = 'letter' | 'a4';

/** A paragraph, heading or list item: what was drawn for it, wherever it was drawn. */
export interface Block { tag: string; alt?: string; contents: PDFKit.PDFStructureContent[] }

export interface Style { face: Face; size: number; color: string }

/** One line of text; `x` is counted from the left edge of the area that it is laid in. */
export interface Cell { x: number; text: string; style: Style; block: Block }

/** Cells side by side; a page never breaks inside a row. */
export interface Row { height: number; cells: Cell[] }

export interface Sheet {
  doc: PDFKit.PDFDocument;
  lettering: Lettering;
  left: number;
  width: number;
  /** Content ends here on every page. */
  bottom: number;
  /** Where the next content begins. */
  y: number;
  /** Blocks in reading order. */
  blocks: Block[];
}

export const MARGIN = { side: 48, top: 40, next: 70, bottom: 70 };

export interface SheetOptions { size: PageSize; title: string; created: Date; language: string; lettering: Lettering }

/** `& < >` would break the XMP packet, which pdfkit writes unescaped. */
const plainTitle = (title: string): string => title.replace(/[&<>]/g, ' ');

export const openSheet = async ({ size, title, created, language, lettering }: SheetOptions): Promise<Sheet> => {
  // Loaded where something is drawn, which is in a worker: the editor's thread can do without its 30 MB.
  const { default: PDFDocument } = await import('pdfkit');
  const doc = new PDFDocument({
    size: size === 'a4' ? 'A4' : 'LETTER', margin: 0, bufferPages: true, autoFirstPage: true,
    pdfVersion: '1.7', subset: 'PDF/A-2b', tagged: true, lang: language, displayTitle: true,
    // No default font: it would be one of the standard 14, not embedded.
    font: null as unknown as string,
    info: { Title: plainTitle(title), Creator: 'Direct Courier', Producer: 'Direct Courier', CreationDate: created },
  });
  for (const [face, font] of Object.entries(fonts())) doc.registerFont(face, font as unknown as Buffer);
  const { width, height } = doc.page;
  return {
    doc, lettering, left: MARGIN.side, width: width - 2 * MARGIN.side, bottom: height - MARGIN.bottom, y: MARGIN.top, blocks: [],
  };
};

export const nextPage = (sheet: Sheet): void => {
  sheet.doc.addPage();
  sheet.y = MARGIN.next;
};

export const openBlock = (sheet: Sheet, tag: string, alt?: string): Block => {
  const block: Block = { tag, contents: [], ...(alt !== undefined && { alt }) };
  sheet.blocks.push(block);
  return block;
};

/** Draws something that belongs to a block. */
export const mark = ({ doc }: Sheet, block: Block, draw: () => void): void => {
  block.contents.push(doc.markStructureContent(block.tag));
  draw();
  doc.endMarkedContent();
};

/** Draws decoration: no reader should read it out. */
export const decorate = ({ doc }: Sheet, draw: (doc: PDFKit.PDFDocument) => void, type: 'Layout' | 'Pagination' = 'Layout'): void => {
  doc.markContent('Artifact', { type });
  draw(doc);
  doc.endMarkedContent();
};

const wear = (doc: PDFKit.PDFDocument, face: Face, size: number): PDFKit.PDFDocument => doc.font(face as never).fontSize(size);

/** Width in points of lettered text. */
export const widthOf = ({ doc }: Sheet, { face, size }: Style) => (text: string): number =>
  wear(doc, faceFor(face, text), size).widthOfString(text);

/** Draws one line of lettered text with its top left corner at the point given. */
export const drawLine = ({ doc }: Sheet, text: string, { face, size, color }: Style, x: number, y: number): void => {
  let at = x;
  for (const run of runsOf(text)) {
    // `rtla`: the whole run is laid out from right to left, words included.
    const options = run.rightToLeft ? { features: ['rtla' as const] } : {};
    wear(doc, faceFor(face, run.text), size).fillColor(color).text(run.text, at, y, { lineBreak: false, ...options });
    at += doc.widthOfString(run.text, options);
  }
};

/** Draws rows from `y` on and returns where they end. */
export const drawRows = (sheet: Sheet, rows: readonly Row[], x: number, y: number): number => {
  let top = y;
  for (const row of rows) {
    for (const cell of row.cells) mark(sheet, cell.block, () => drawLine(sheet, cell.text, cell.style, x + cell.x, top));
    top += row.height;
  }
  return top;
};

const LISTS = new Set(['LI']);

/** Hangs all blocks into the document's structure tree; list items that follow one another make one list. */
const addStructure = ({ doc, blocks }: Sheet): void => {
  const root = doc.struct('Document');
  doc.addStructure(root);
  let list: PDFKit.PDFStructureElement | undefined;
  for (const { tag, alt, contents } of blocks.filter((block) => block.contents.length > 0)) {
    const element = doc.struct(tag, alt === undefined ? {} : { alt }, LISTS.has(tag) ? [doc.struct('LBody', {}, contents)] : contents);
    if (!LISTS.has(tag)) {
      root.add(element);
      list = undefined;
      continue;
    }
    if (list === undefined) {
      list = doc.struct('L');
      root.add(list);
    }
    list.add(element);
  }
  root.end();
};

/** Ends the document. */
export const closeSheet = async (sheet: Sheet): Promise<Uint8Array> => {
  const { doc } = sheet;
  const chunks: Uint8Array[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk)).on('end', resolve).on('error', reject);
  });
  addStructure(sheet);
  doc.end();
  await ended;
  const data = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    data.set(chunk, at);
    at += chunk.length;
  }
  return data;
};
