// What stands on every page: the mark, on later pages title and patient, and the signature at the foot.
import type { ReportContent } from './content.ts';
import { COLOR, STYLE } from './look.ts';
import { lineHeight } from './rows.ts';
import { decorate, drawLine, MARGIN, type Sheet, widthOf } from './sheet.ts';
import type { Texts } from './texts.ts';
import { shorten, wrapText } from './wrap.ts';

const SIGNATURE_LINES = 2;
const MARK_PAD = 7;

export const markWidth = (sheet: Sheet, text: string | undefined): number =>
  text === undefined ? 0 : widthOf(sheet, STYLE.mark)(text) + 2 * MARK_PAD;

const signatureLines = (sheet: Sheet, signature: string): string[] =>
  wrapText(sheet.lettering.letter(signature).replace(/\n/g, ' '), sheet.width, widthOf(sheet, STYLE.footer));

/** Whether the foot of the page holds the whole signature; else it must stand in the report as well. */
export const signatureFits = (sheet: Sheet, signature: string): boolean => signatureLines(sheet, signature).length <= SIGNATURE_LINES;

const drawMark = (sheet: Sheet, text: string): void => {
  const width = markWidth(sheet, text);
  const x = sheet.left + sheet.width - width;
  sheet.doc.roundedRect(x, MARGIN.top, width, 17, 3).fill(COLOR.mark);
  drawLine(sheet, text, STYLE.mark, x + MARK_PAD, MARGIN.top + 3.5);
};

/** The running lines, fitted once: a hostile name on a hundred pages is measured a single time. */
interface Running { head: string; mark: string | undefined; signature: string[]; documentId: string }

const PAGE_ROOM = 70;

const fitted = (sheet: Sheet, { title, mark, patient, signature, documentId }: ReportContent, texts: Texts): Running => {
  const measure = widthOf(sheet, STYLE.footer);
  const beside = mark === undefined ? 0 : markWidth(sheet, mark) + 10;
  const head = sheet.lettering.letter(`${title}  \u00b7  ${patient.name}  \u00b7  ${patient.birthDate}`);
  const lines = signatureLines(sheet, signature);
  return {
    head: shorten(head, sheet.width - beside, widthOf(sheet, STYLE.quiet)),
    mark,
    signature: lines.length <= SIGNATURE_LINES ? lines : [lines[0]!, shorten(lines.slice(1, 3).join(' '), sheet.width, measure)],
    documentId: shorten(sheet.lettering.letter(texts.document(documentId)), sheet.width - PAGE_ROOM, measure),
  };
};

const ruleAt = ({ doc, left, width }: Sheet, y: number): void => {
  doc.lineWidth(0.8).moveTo(left, y).lineTo(left + width, y).stroke(COLOR.rule);
};

const drawHead = (sheet: Sheet, head: string): void => {
  drawLine(sheet, head, STYLE.quiet, sheet.left, MARGIN.top + 3);
  ruleAt(sheet, MARGIN.top + 20);
};

const drawFoot = (sheet: Sheet, { signature, documentId }: Running, page: string): void => {
  let y = sheet.bottom + 12;
  ruleAt(sheet, y - 5);
  for (const line of signature) {
    drawLine(sheet, line, { ...STYLE.footer, color: COLOR.ink }, sheet.left, y);
    y += lineHeight(STYLE.footer);
  }
  drawLine(sheet, documentId, STYLE.footer, sheet.left, y);
  drawLine(sheet, page, STYLE.footer, sheet.left + sheet.width - widthOf(sheet, STYLE.footer)(page), y);
};

/** Goes over all pages once their number is known. */
export const drawRunning = (sheet: Sheet, content: ReportContent, texts: Texts): void => {
  const running = fitted(sheet, content, texts);
  const { count } = sheet.doc.bufferedPageRange();
  for (let page = 0; page < count; page += 1) {
    sheet.doc.switchToPage(page);
    decorate(sheet, () => {
      if (page > 0) drawHead(sheet, running.head);
      if (running.mark !== undefined) drawMark(sheet, running.mark);
      drawFoot(sheet, running, texts.page(page + 1, count));
    }, 'Pagination');
  }
};
