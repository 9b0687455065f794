// A panel: rows on a tinted ground, going on over as many pages as they need.
import { COLOR, GAP, PAD } from './look.ts';
import { fitting, heightOf } from './rows.ts';
import { decorate, drawRows, nextPage, type Row, type Sheet } from './sheet.ts';

export interface PanelLook { tint: boolean; bar: boolean }

/** Rows that must stay with what follows them, so that no heading stands alone at the foot of a page. */
const TOGETHER = 3;

export const panelWidth = (sheet: Sheet): number => sheet.width - 2 * PAD;

const ground = (sheet: Sheet, { tint, bar }: PanelLook, y: number, height: number): void => decorate(sheet, (doc) => {
  if (tint) doc.rect(sheet.left, y, sheet.width, height).fill(COLOR.tint);
  if (bar) doc.rect(sheet.left, y, 3, height).fill(COLOR.accent);
});

export const drawPanel = (sheet: Sheet, rows: readonly Row[], look: PanelLook): void => {
  let rest = rows;
  while (rest.length > 0) {
    const pad = look.tint || look.bar ? PAD : 0;
    if (fitting(rest, sheet.bottom - sheet.y - 2 * pad) < Math.min(TOGETHER, rest.length)) nextPage(sheet);
    const take = Math.max(1, fitting(rest, sheet.bottom - sheet.y - 2 * pad));
    const slice = rest.slice(0, take);
    const height = heightOf(slice) + 2 * pad;
    if (pad > 0) ground(sheet, look, sheet.y, height);
    drawRows(sheet, slice, sheet.left + PAD, sheet.y + pad);
    sheet.y += height + GAP;
    rest = rest.slice(take);
  }
};
