// Synthetic pictures that look a little like a fundus: an orange disc on black, a bright optic disc, dark vessels.
import { crc32, deflateSync } from 'node:zlib';

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
};

export interface PngKind { width: number; height: number; bits?: number; colorType?: number; interlace?: number }

/** A PNG file of already filtered rows (each begins with its filter byte). */
export const pngFile = ({ width, height, bits = 8, colorType = 2, interlace = 0 }: PngKind, rows: Buffer, extra: Buffer[] = []): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colorType, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), ...extra, chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0)),
  ]);
};

export const pngChunk = chunk;

const bump = (x: number, y: number, centre: [number, number], radius: number): number =>
  Math.max(0, 1 - Math.hypot(x - centre[0], y - centre[1]) / radius);

/** Distance to one of four arching vessels that leave the optic disc; 0 on the vessel. */
const vessel = (x: number, y: number, disc: number): number => {
  const along = (x - disc) * (disc > 0 ? -1 : 1);
  if (along < 0) return 1;
  return Math.min(...[0.62, 0.34, -0.36, -0.6].map((arch) => Math.abs(y - arch * Math.sqrt(along)) * 22));
};

const pixel = (x: number, y: number, disc: number, noise: number): [number, number, number] => {
  const edge = Math.hypot(x, y);
  if (edge > 0.96) return [4, 3, 3];
  const shade = 1 - 0.42 * edge ** 2 + noise;
  const bright = Math.min(1, 1.9 * bump(x, y, [disc, 0], 0.17));
  const macula = 0.45 * bump(x, y, [-disc * 0.55, 0.04], 0.26);
  const line = 0.45 * Math.max(0, 1 - vessel(x, y, disc));
  const level = shade * (1 - macula) * (1 - line);
  return [[208, 252], [96, 232], [38, 168]].map(([base, peak]) =>
    Math.max(0, Math.min(255, Math.round(base! * level * (1 - bright) + peak! * bright)))) as [number, number, number];
};

/** A fundus picture as PNG. `side` mirrors it: the optic disc lies towards the nose, right in the picture of a right eye. */
export const fundusPng = (side: 'OD' | 'OS', size = 360): Buffer => {
  const disc = side === 'OD' ? 0.46 : -0.46;
  const rows = Buffer.alloc(size * (1 + size * 3));
  let at = 0;
  let seed = side === 'OD' ? 7 : 11;
  for (let row = 0; row < size; row += 1) {
    at += 1;
    for (let column = 0; column < size; column += 1) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const noise = (seed / 2147483648 - 0.5) * 0.02;
      for (const value of pixel(2 * column / (size - 1) - 1, 2 * row / (size - 1) - 1, disc, noise)) rows[at++] = value;
    }
  }
  return pngFile({ width: size, height: size }, rows);
};

/** A small valid baseline JPEG: one grey block of 16 by 8 pixels. */
export const greyJpeg = (): Buffer => Buffer.concat([
  Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'),
  Buffer.from('ffdb004300', 'hex'), Buffer.alloc(64, 1),
  Buffer.from('ffc0000b080008001001011100', 'hex'),
  Buffer.from('ffc4001400010000000000000000000000000000', 'hex'), Buffer.from('0000', 'hex'),
  Buffer.from('ffc4001410010000000000000000000000000000', 'hex'), Buffer.from('0000', 'hex'),
  Buffer.from('ffda0008010100003f00', 'hex'), Buffer.from([0b00001111]), Buffer.from('ffd9', 'hex'),
]);
