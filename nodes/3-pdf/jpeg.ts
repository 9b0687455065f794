// What a JPEG says about itself (ITU-T T.81 annex B), as far as a PDF may hold it.

export interface ImageHeader { mediaType: 'image/jpeg' | 'image/png'; width: number; height: number }

/** Baseline, extended sequential and progressive: the kinds that PDF's DCTDecode knows (ISO 32000-1 7.4.8). */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);
const START_OF_SCAN = 0xda;

const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Grey or three colours, eight bits: four-colour pictures have no place beside an sRGB output intent. */
const frameHeader = (bytes: Buffer, at: number, marker: number): ImageHeader | null => {
  if (!FRAMES.has(marker) || at + 10 > bytes.length) return null;
  const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
  const fits = bytes[at + 4] === 8 && [1, 3].includes(bytes[at + 9]!) && width > 0 && height > 0;
  return fits ? { mediaType: 'image/jpeg', width, height } : null;
};

/** The size of a JPEG whose segments hold together from SOI to EOI; null for any other bytes. */
export const jpegHeader = (bytes: Buffer): ImageHeader | null => {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  let header: ImageHeader | null = null;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === START_OF_SCAN) return bytes.lastIndexOf('\xff\xd9', undefined, 'latin1') > at ? header : null;
    if (isFrame(marker)) header ??= frameHeader(bytes, at, marker);
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2) return null;
    at += 2 + length;
  }
  return null;
};
