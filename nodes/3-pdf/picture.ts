// Pictures as a PDF can hold them: JPEG as it is, PNG as it is where possible, else decoded onto white.
import { deflateSync } from 'node:zlib';
import { type ImageHeader, jpegHeader } from './jpeg.ts';
import { decodePng, holdsRows, type Png, pngHeader, readPng } from './png.ts';

/** Size and kind by the bytes alone; null for anything that is neither JPEG nor PNG or has a broken header. */
export const imageHeader = (bytes: Buffer): ImageHeader | null => jpegHeader(bytes) ?? pngHeader(bytes);

/** What pdfkit's image() takes beside bytes: something with a size that embeds itself once. */
interface PdfImage { width: number; height: number; label: string; obj: PDFKit.PDFKitReference | null; embed(document: PDFKit.PDFDocument): void }

interface PngPlan { bits: number; colors: 1 | 3; data: Buffer; predictor: 1 | 15; palette: Buffer }

/** Samples with their alpha laid onto white; 16 bits keep their upper byte. */
const withoutAlpha = (pixels: Buffer, samples: number, bits: number): Buffer => {
  const [step, colors] = [bits / 8, samples - 1];
  const flat = Buffer.alloc(pixels.length / samples / step * colors);
  for (let from = 0, to = 0; from < pixels.length; from += samples * step) {
    const alpha = pixels[from + colors * step]! / 255;
    for (let color = 0; color < colors; color += 1) flat[to++] = Math.round(255 - (255 - pixels[from + color * step]!) * alpha);
  }
  return flat;
};

const pngPlan = (png: Png): PngPlan | null => {
  const colors = png.samples >= 3 ? 3 : 1;
  if (!png.interlaced && png.samples === colors) {
    return holdsRows(png) ? { bits: png.bits, colors, data: png.stream, predictor: 15, palette: png.palette } : null;
  }
  const pixels = decodePng(png);
  if (pixels === null) return null;
  if (png.samples === colors) return { bits: png.bits, colors, data: deflateSync(pixels), predictor: 1, palette: png.palette };
  return { bits: 8, colors, data: deflateSync(withoutAlpha(pixels, png.samples, png.bits)), predictor: 1, palette: png.palette };
};

const pdfPng = (png: Png, label: string): PdfImage | null => {
  const plan = pngPlan(png);
  return plan && {
    width: png.width, height: png.height, label, obj: null,
    embed(document) {
      const space = plan.colors === 3 ? 'DeviceRGB' : 'DeviceGray';
      this.obj = document.ref({
        Type: 'XObject', Subtype: 'Image', Width: png.width, Height: png.height, BitsPerComponent: plan.bits, Filter: 'FlateDecode',
        ColorSpace: png.colorType === 3 ? ['Indexed', 'DeviceRGB', plan.palette.length / 3 - 1, paletteRef(document, plan.palette)] : space,
        DecodeParms: { Predictor: plan.predictor, Colors: plan.colors, BitsPerComponent: plan.bits, Columns: png.width },
      });
      this.obj.end(plan.data);
    },
  };
};

const paletteRef = (document: PDFKit.PDFDocument, palette: Buffer): PDFKit.PDFKitReference => {
  const ref = document.ref({});
  ref.end(palette);
  return ref;
};

export interface Picture { width: number; height: number; source: PDFKit.Mixins.ImageSrc }

/** Pictures turned by their camera (EXIF orientation 5 to 8) swap their sides. */
const sized = (source: { width: number; height: number; orientation?: number }): Picture => {
  const turned = (source.orientation ?? 1) > 4;
  return { width: turned ? source.height : source.width, height: turned ? source.width : source.height, source: source as never };
};

/** A picture ready to be drawn, or null when its bytes are damaged. */
export const openPicture = (document: PDFKit.PDFDocument, bytes: Buffer, label: string): Picture | null => {
  try {
    if (jpegHeader(bytes)) return sized((document as unknown as { openImage(bytes: Buffer): PdfImage }).openImage(bytes));
    const png = readPng(bytes);
    const image = png && pdfPng(png, label);
    return image && sized(image);
  } catch {
    return null;
  }
};
