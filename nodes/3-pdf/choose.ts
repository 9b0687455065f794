// Which PDF goes out: the one that came with the result, or one rendered here.
import type { CourierMessage, ReportDocument, ReportImage } from '../0-order/message.ts';
import type { Result, StoredOrder } from '../0-order/model.ts';
import { CODES } from '../errors.ts';
import type { Journal } from '../journal/port.ts';
import { asBuffer } from '../pool.ts';
import { checkImages, type LoadedImages } from './images.ts';
import { renderInPool } from './render.ts';
import type { PageSize } from './sheet.ts';

/** `absent`: render only when the result has no PDF of its own; `render`: always; `pass`: never. */
export type PdfMode = 'absent' | 'render' | 'pass';

export interface PdfSettings {
  mode: PdfMode;
  pageSize: PageSize;
  /** Where `Images[].FileName` is looked for; empty: nowhere. */
  imageFolder: string;
  /** Where the paths of organizations' logos begin; absent: the process's own folder. */
  logoFolder?: string;
}

export interface PdfRequest {
  result: Result;
  order: StoredOrder;
  organization: CourierMessage['organization'];
  /** `msg.images`, unchecked. */
  images: unknown;
}

export type PdfOutcome =
  | { kind: 'report'; pdf: ReportDocument; images?: ReportImage[] }
  | { kind: 'held'; code: 'NO_PDF'; why: string };

/** What can be handed in: the renderer and the clock. */
export interface PdfTools { render: typeof renderInPool; now: () => number }

const TOOLS: PdfTools = { render: renderInPool, now: Date.now };

export const sourceOf = (mode: PdfMode, result: Result): 'result' | 'rendered' | 'none' => {
  if (mode !== 'render' && result.document !== undefined) return 'result';
  // A test message never brings a report.
  return mode === 'pass' && result.test !== true ? 'none' : 'rendered';
};

/** What the message brought, checked; null when it brought nothing. */
const imagesGiven = (images: unknown): LoadedImages | null =>
  images === undefined || images === null || (Array.isArray(images) && images.length === 0) ? null : checkImages(images);

/** The report that the journal keeps of the message, or of the one that it sends again: a flow that runs again sends the same. */
export const keptReport = async (journal: Pick<Journal, 'report'>, messageId: string): Promise<ReportDocument | undefined> => {
  const data = await journal.report(messageId);
  return data === null ? undefined : { data: asBuffer(data), source: 'rendered', warnings: [] };
};

/** The report of a message, or why there is none. Throws PDF_FAILED. */
export const reportFor = async (request: PdfRequest, settings: PdfSettings, { render, now }: PdfTools = TOOLS): Promise<PdfOutcome> => {
  const { result, order, organization } = request;
  const source = sourceOf(settings.mode, result);
  if (source === 'none') return { kind: 'held', code: 'NO_PDF', why: CODES.NO_PDF.text };
  if (source === 'result') {
    return { kind: 'report', pdf: { data: Buffer.from(result.document!.base64, 'base64'), source, warnings: [] } };
  }
  const given = imagesGiven(request.images);
  const { data, images, warnings } = await render({
    result, order, organization, given, imageFolder: settings.imageFolder, logoFolder: settings.logoFolder ?? '.',
    pageSize: settings.pageSize, now: now(),
  });
  return { kind: 'report', images: given?.images ?? images, pdf: { data, source, warnings } };
};
