// From a result to the bytes of its report. Runs in the worker pool: fonts and layout would hold up the editor.
import type { ReportImage } from '../0-order/message.ts';
import type { Laterality, Warning } from '../0-order/model.ts';
import { CODES, CourierError, isCourierError } from '../errors.ts';
import { asBuffer, inPool } from '../pool.ts';
import { reportContent, type ReportSource } from './content.ts';
import type { EyeColumn } from './eyes.ts';
import { type LoadedImages, loadImages } from './images.ts';
import { openLettering } from './lettering.ts';
import { fitLogo, type FittedLogo, loadLogo } from './logo.ts';
import { openPicture } from './picture.ts';
import { drawReport } from './report.ts';
import { closeSheet, openSheet, type PageSize, type Sheet } from './sheet.ts';
import { type Locale, textsOf } from './texts.ts';
import { instantOf } from './times.ts';

export interface RenderInput extends ReportSource {
  /** Not more than one per eye. */
  images: (Omit<ReportImage, 'data'> & { data: Uint8Array })[];
  /** Bytes of the sender's logo; null: there is one, and it cannot be read. */
  logo?: Uint8Array | null;
  pageSize: PageSize;
  /** Epoch milliseconds: the document's date where the result has no graded time. */
  now: number;
  locale?: Locale;
}

/** `data`: a PDF/A-2b, tagged. The same input gives the same bytes. */
export interface RenderOutput { data: Uint8Array; warnings: Warning[] }

const eyeColumns = (sheet: Sheet, input: RenderInput, eyes: ReturnType<typeof reportContent>['eyes'], warnings: Warning[]): EyeColumn[] => {
  const pictureOf = (laterality: Laterality): EyeColumn['image'] => {
    const image = input.images.find((candidate) => candidate.laterality === laterality);
    const picture = image ? openPicture(sheet.doc, asBuffer(image.data), laterality) : null;
    if (image && picture === null) warnings.push({ code: 'IMAGE_INVALID', path: `images.${laterality}`, text: CODES.IMAGE_INVALID.text });
    return { picture };
  };
  // Without any image, given or spoken of, there is nothing to hold a place for.
  const withImages = input.images.length > 0 || input.result.images.length > 0;
  return eyes.map((content) => ({ content, ...(withImages && { image: pictureOf(content.laterality)! }) }));
};

const logoOf = (sheet: Sheet, { logo }: RenderInput, warnings: Warning[]): FittedLogo | null => {
  if (logo === undefined) return null;
  const picture = logo === null ? null : openPicture(sheet.doc, asBuffer(logo), 'logo');
  if (picture === null) warnings.push({ code: 'LOGO_UNREADABLE', path: 'organization.logo', text: CODES.LOGO_UNREADABLE.text });
  return picture && fitLogo(picture);
};

/** Throws PDF_FAILED. */
export const renderReport = async (input: RenderInput): Promise<RenderOutput> => {
  try {
    const locale = input.locale ?? 'en-US';
    const texts = textsOf(locale);
    const content = reportContent(input, texts);
    const lettering = openLettering();
    const sheet = await openSheet({
      size: input.pageSize, language: locale, lettering,
      title: lettering.letter([content.title, content.mark, content.documentId].filter((part) => part !== undefined).join(' ')),
      created: new Date(instantOf(input.result.gradings.gradedTime) ?? input.now),
    });
    const warnings: Warning[] = [];
    const eyes = eyeColumns(sheet, input, content.eyes, warnings);
    const lettered = drawReport(sheet, content, eyes, texts, logoOf(sheet, input, warnings));
    return { data: await closeSheet(sheet), warnings: [...warnings, ...lettered] };
  } catch (cause) {
    throw isCourierError(cause) ? cause : new CourierError('PDF_FAILED', { cause });
  }
};

export interface RenderTask extends Omit<RenderInput, 'images' | 'locale' | 'logo'> {
  /** Images that came with the message, already checked; null: those that the result names are read from `imageFolder`. */
  given: LoadedImages | null;
  /** Empty: there is none. */
  imageFolder: string;
  /** Where the paths of logos begin. */
  logoFolder: string;
}

/** `images`: those that were read, not those that were given. */
export interface RenderedTask extends RenderOutput { images: LoadedImages['images'] }

const NONE: LoadedImages = { images: [], warnings: [] };

/** The worker's side. Images are read here: a thousand waiting results do not hold theirs in memory. */
export const renderTask = async ({ given, imageFolder, logoFolder, ...input }: RenderTask): Promise<RenderedTask> => {
  const read = given === null && imageFolder !== '' ? await loadImages(input.result.images, imageFolder) : NONE;
  const { images, warnings } = given ?? read;
  const logo = await loadLogo(input.organization, input.order.site.localId, logoFolder);
  const report = await renderReport({ ...input, images, ...(logo !== undefined && { logo }) });
  return { data: report.data, warnings: [...warnings, ...report.warnings], images: read.images };
};

/** In a worker; the result's own PDF stays here. */
export const renderInPool = async ({ result, ...rest }: RenderTask): Promise<RenderedTask & { data: Buffer }> => {
  const { document: _unused, ...bare } = result;
  const { data, warnings, images } = await inPool<RenderTask, RenderedTask>(import.meta.url, 'renderTask', { ...rest, result: bare });
  return { data: asBuffer(data), warnings, images: images.map((image) => ({ ...image, data: asBuffer(image.data) })) };
};
