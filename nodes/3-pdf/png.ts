// Reading PNG (ISO/IEC 15948): chunks, their checksums, and pixels where a PDF cannot take the stream as it is.
// pdfkit's own reader decodes in a callback, where a damaged file would end the process.
import { crc32, inflateSync } from 'node:zlib';
import type { ImageHeader } from './jpeg.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;
const DECODED_LIMIT = 128 * 1024 * 1024;

export interface Png extends ImageHeader {
  bits: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. */
  colorType: number;
  samples: number;
  interlaced: boolean;
  palette: Buffer;
  /** The joined IDAT chunks: one zlib stream. */
  stream: Buffer;
}

export const pngHeader = (bytes: Buffer): ImageHeader | null => {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(SIGNATURE) || bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  return width > 0 && height > 0 && width < 65_536 && height < 65_536 ? { mediaType: 'image/png', width, height } : null;
};

const chunksOf = (bytes: Buffer): { type: string; data: Buffer }[] | null => {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) return null;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IEND') return chunks;
    chunks.push({ type, data: bytes.subarray(at + 8, end) });
    at = end + 4;
  }
  return null;
};

/** The whole file, or null when a chunk is damaged or the kind of picture does not exist. Transparency of single colours is left out. */
export const readPng = (bytes: Buffer): Png | null => {
  const header = pngHeader(bytes);
  const chunks = header && chunksOf(bytes);
  if (!chunks) return null;
  const [bits, colorType, interlace] = [bytes[24]!, bytes[25]!, bytes[28]!];
  const samples = SAMPLES[colorType];
  const palette = chunks.find(({ type }) => type === 'PLTE')?.data ?? Buffer.alloc(0);
  const stream = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const paletteFits = colorType !== PALETTE || (palette.length > 0 && palette.length % 3 === 0 && palette.length <= 768);
  const bitsFit = [1, 2, 4, 8, 16].includes(bits) && (colorType === 0 || bits === 8 || (colorType === PALETTE ? bits < 8 : bits === 16));
  if (samples === undefined || interlace > 1 || !paletteFits || !bitsFit || stream.length === 0) return null;
  return { ...header, bits, colorType, samples, interlaced: interlace === 1, palette, stream };
};

const paeth = (left: number, up: number, corner: number): number => {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
};

/** Undoes the row filters (ISO/IEC 15948 clause 9) in place; false for a filter that does not exist. */
const unfilter = (rows: Buffer, rowBytes: number, step: number): boolean => {
  for (let start = 0; start < rows.length; start += rowBytes + 1) {
    const filter = rows[start]!;
    if (filter > 4) return false;
    for (let at = start + 1; at <= start + rowBytes && filter > 0; at += 1) {
      const left = at - start > step ? rows[at - step]! : 0;
      const up = start > 0 ? rows[at - rowBytes - 1]! : 0;
      const corner = start > 0 && at - start > step ? rows[at - rowBytes - 1 - step]! : 0;
      rows[at] = rows[at]! + [0, left, up, (left + up) >> 1, filter === 4 ? paeth(left, up, corner) : 0][filter]!;
    }
  }
  return true;
};

const ONCE = [[0, 0, 1, 1]] as const;
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const;

/** Pixels row by row, samples as stored; null for a damaged stream, for one that grows too large, and for interlaced samples under a byte. */
export const decodePng = ({ width, height, bits, samples, interlaced, stream }: Png): Buffer | null => {
  const step = samples * bits / 8;
  if (bits < 8 || width * height * step > DECODED_LIMIT) return null;
  const passes = (interlaced ? ADAM7 : ONCE)
    .map(([x, y, dx, dy]) => ({ x, y, dx, dy, columns: Math.ceil((width - x) / dx), rows: Math.ceil((height - y) / dy) }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (columns * step + 1), 0);
  const data = inflated(stream, size);
  if (data === null) return null;
  const pixels = Buffer.alloc(width * height * step);
  let from = 0;
  for (const { x, y, dx, dy, columns, rows } of passes) {
    const rowBytes = columns * step;
    if (!unfilter(data.subarray(from, from + rows * (rowBytes + 1)), rowBytes, step)) return null;
    for (let row = 0; row < rows; row += 1, from += rowBytes + 1) {
      for (let column = 0; column < columns; column += 1) {
        data.copy(pixels, ((y + row * dy) * width + x + column * dx) * step, from + 1 + column * step, from + 1 + (column + 1) * step);
      }
    }
  }
  return pixels;
};

/** Exactly `size` bytes out of a zlib stream, or null. */
const inflated = (stream: Buffer, size: number): Buffer | null => {
  try {
    // One piece of the right size: by default it would be put together from many.
    const data = inflateSync(stream, { maxOutputLength: size, chunkSize: Math.max(64, size + 1) });
    return data.length === size ? data : null;
  } catch {
    return null;
  }
};

/** Whether the stream holds the rows that the header speaks of, so that a reader of the PDF can draw them. */
export const holdsRows = ({ width, height, bits, samples, stream }: Png): boolean => {
  const size = height * (Math.ceil(width * samples * bits / 8) + 1);
  return size <= DECODED_LIMIT && inflated(stream, size) !== null;
};
