// The retinal result report: lays its content out on paper.
import type { Warning } from '../0-order/model.ts';
import type { ReportContent } from './content.ts';
import { drawEyes, type EyeColumn } from './eyes.ts';
import { COLOR, GAP, PAD, STYLE } from './look.ts';
import { drawLogo, type FittedLogo } from './logo.ts';
import { drawPanel, panelWidth } from './panel.ts';
import { bullet, fieldRows, heightOf, paragraph, space } from './rows.ts';
import { drawRunning, markWidth, signatureFits } from './running.ts';
import { decorate, drawRows, type Row, type Sheet } from './sheet.ts';
import type { Texts } from './texts.ts';

const PLAIN = { tint: false, bar: false };
const CARD = { tint: true, bar: false };
const BOX = { tint: true, bar: true };

/** Title and sender, beside the logo where there is one; what is too long for a page flows like everything else, and then without it. */
const drawTitle = (sheet: Sheet, { title, mark, sender }: ReportContent, logo: FittedLogo | null, texts: Texts): void => {
  const beside = mark === undefined ? 0 : markWidth(sheet, mark) + 12;
  const rowsIn = (width: number): Row[] =>
    [...paragraph(sheet, title, STYLE.title, width - beside, 'H1'), ...paragraph(sheet, sender, STYLE.sender, width)];
  const shown = logo !== null && heightOf(rowsIn(sheet.width - logo.room)) <= sheet.bottom - sheet.y ? logo : null;
  if (shown !== null) drawLogo(sheet, shown, texts.logoOf(sender));
  const indent = shown?.room ?? 0;
  const rows = rowsIn(sheet.width - indent);
  if (heightOf(rows) > sheet.bottom - sheet.y) return drawPanel(sheet, rows, PLAIN);
  sheet.y = Math.max(drawRows(sheet, rows, sheet.left + indent, sheet.y), sheet.y + (shown?.height ?? 0)) + 6;
  decorate(sheet, (doc) => doc.rect(sheet.left, sheet.y, sheet.width, 1.4).fill(COLOR.accent));
  sheet.y += GAP;
};

const drawBanner = (sheet: Sheet, { banner }: ReportContent): void => {
  if (banner === undefined) return;
  const rows = paragraph(sheet, banner.text, STYLE.banner, panelWidth(sheet));
  const height = heightOf(rows) + PAD + 2;
  decorate(sheet, (doc) => doc.rect(sheet.left, sheet.y, sheet.width, height).fill(COLOR[banner.level]));
  drawRows(sheet, rows, sheet.left + PAD, sheet.y + PAD / 2 + 1.5);
  sheet.y += height + GAP;
};

const drawPatient = (sheet: Sheet, { patient }: ReportContent): void => {
  const width = panelWidth(sheet);
  drawPanel(sheet, [
    ...paragraph(sheet, patient.name, STYLE.name, width),
    space(4),
    ...fieldRows(sheet, patient.fields, width),
    space(4),
    ...paragraph(sheet, patient.presented, STYLE.body, width),
  ], CARD);
};

const drawWords = (sheet: Sheet, { instructions, comments, diagnoses }: ReportContent, texts: Texts): void => {
  const width = panelWidth(sheet);
  const heading = (text: string) => [...paragraph(sheet, text, STYLE.heading, width, 'H2'), space(1)];
  drawPanel(sheet, [
    ...heading(texts.instructions),
    ...(instructions.title === undefined ? [] : paragraph(sheet, instructions.title, STYLE.strong, width)),
    ...(instructions.text === '' ? [] : paragraph(sheet, instructions.text, STYLE.body, width)),
  ], BOX);
  drawPanel(sheet, [...heading(texts.comments), ...comments.flatMap((comment) => paragraph(sheet, comment, STYLE.body, width))], PLAIN);
  drawPanel(sheet, [
    ...heading(texts.diagnoses),
    ...diagnoses.flatMap((diagnosis) => (diagnoses.length > 1 ? bullet : paragraph)(sheet, diagnosis, STYLE.body, width)),
  ], BOX);
};

/** Draws the whole report onto an open sheet; the images belong to the eyes by laterality. */
export const drawReport = (
  sheet: Sheet, content: ReportContent, eyes: readonly EyeColumn[], texts: Texts, logo: FittedLogo | null = null,
): Warning[] => {
  drawTitle(sheet, content, logo, texts);
  drawBanner(sheet, content);
  drawPatient(sheet, content);
  drawWords(sheet, content, texts);
  drawEyes(sheet, eyes, texts);
  if (!signatureFits(sheet, content.signature)) {
    sheet.y += GAP;
    drawPanel(sheet, [...paragraph(sheet, texts.signature, STYLE.heading, panelWidth(sheet), 'H2'),
      ...paragraph(sheet, content.signature, STYLE.body, panelWidth(sheet))], PLAIN);
  }
  drawRunning(sheet, content, texts);
  return sheet.lettering.warnings();
};
