import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractImages, getDocumentProxy } from 'unpdf';
import type { ImageReference } from '../../nodes/0-order/model.ts';
import { checkImages, loadImages } from '../../nodes/3-pdf/images.ts';
import { imageHeader } from '../../nodes/3-pdf/picture.ts';
import { decodePng, readPng } from '../../nodes/3-pdf/png.ts';
import { renderReport } from '../../nodes/3-pdf/render.ts';
import { fundusPng, greyJpeg, pngChunk, pngFile } from '../support/images.ts';
import { input, readPdf, result } from './sample-report.ts';

const codes = (warnings: { code: string; path?: string }[]) => warnings.map(({ code, path }) => `${code} ${path}`);
const png = fundusPng('OD', 32);
const right = (fileName: string, context?: string): ImageReference => ({ fileName, laterality: 'OD', ...(context && { context }) });

/** Draws one picture as the right eye; how many pictures PDF.js finds, with their channels and middle pixel. */
const drawn = async (data: Buffer) => {
  const rendered = await renderReport(input({ images: [{ laterality: 'OD', mediaType: 'image/png', data }] }));
  const found = await extractImages(await getDocumentProxy(rendered.data.slice()), 1);
  return {
    codes: rendered.warnings.map(({ code }) => code), text: (await readPdf(rendered.data)).text,
    images: found.map(({ width, height, channels, data: pixels }) => {
      const middle = (Math.floor(height / 2) * width + Math.floor(width / 2)) * channels;
      return { width, height, middle: [...pixels.slice(middle, middle + Math.min(3, channels))] };
    }),
  };
};

/** Rows of one colour, with filter byte 0. */
const flat = (width: number, height: number, pixel: number[]): Buffer =>
  Buffer.concat(Array.from({ length: height }, () => Buffer.from([0, ...Array.from({ length: width }, () => pixel).flat()])));

describe('images from a folder', () => {
  let folder: string;
  let outside: string;
  before(() => {
    outside = mkdtempSync(join(tmpdir(), 'images-'));
    folder = join(outside, 'in');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    for (const name of ['a.png', 'sub/c.png', '../secret.png']) writeFileSync(join(folder, name), png);
    writeFileSync(join(folder, 'b.png'), fundusPng('OS', 32));
    writeFileSync(join(folder, 'd.jpg'), greyJpeg());
    writeFileSync(join(folder, 'text.png'), 'not a picture');
    writeFileSync(join(folder, 'huge.png'), png);
    truncateSync(join(folder, 'huge.png'), 20 * 1024 * 1024 + 1);
    symlinkSync(join(outside, 'secret.png'), join(folder, 'link.png'));
    symlinkSync(outside, join(folder, 'up'));
    symlinkSync(join(folder, 'a.png'), join(folder, 'within.png'));
  });
  after(() => rmSync(outside, { recursive: true }));

  it('takes one image per eye, the first primary one, and tells the kind by the bytes', async () => {
    const { images, warnings } = await loadImages([
      right('b.png', 'Secondary'), right('a.png', 'Primary'), right('b.png', 'Primary'),
      { fileName: 'd.jpg', laterality: 'OS' }, { fileName: 'a.png' }, { laterality: 'OS' },
    ], folder);
    expect(warnings).to.deep.equal([]);
    expect(images.map(({ laterality, mediaType }) => [laterality, mediaType])).to.deep.equal([['OD', 'image/png'], ['OS', 'image/jpeg']]);
    expect(images[0]!.data.equals(fundusPng('OD', 32))).to.equal(true);
    expect(Buffer.isBuffer(images[0]!.data)).to.equal(true);
  });

  it('follows names and links that stay inside', async () => {
    for (const name of ['sub/c.png', './a.png', 'within.png']) expect((await loadImages([right(name)], folder)).images, name).to.have.length(1);
  });

  it('refuses every way out of the folder without saying the name', async () => {
    const names = [
      '../secret.png', 'sub/../../secret.png', join(outside, 'secret.png'), '/etc/hostname', 'C:\\x.png', 'c:x.png', '..\\secret.png',
      'a.png\0', 'link.png', 'up/secret.png', 'sub//c.png', '\\\\host\\x.png',
    ];
    for (const name of names) {
      const { images, warnings } = await loadImages([right(name)], folder);
      expect(images, name).to.deep.equal([]);
      expect(codes(warnings), name).to.deep.equal(['IMAGE_PATH_REFUSED Images[0].FileName']);
      expect(warnings[0]!.text).to.not.include('secret');
    }
  });

  it('goes on to the next image of an eye when one cannot be used, primary ones first', async () => {
    const { images, warnings } = await loadImages([
      right('b.png', 'Secondary'), right('../secret.png', 'Primary'), right('none.png', 'Primary'), right('a.png', 'Primary'),
      right('text.png', 'Primary'),
    ], folder);
    expect(images.map(({ data }) => data.equals(png))).to.deep.equal([true]);
    expect(codes(warnings)).to.deep.equal(['IMAGE_PATH_REFUSED Images[1].FileName', 'IMAGE_MISSING Images[2].FileName']);
    expect((await loadImages([right('none.png', 'Primary'), right('b.png')], folder)).images).to.have.length(1);
  });

  it('tells missing from damaged files', async () => {
    const cases = [['none.png', 'IMAGE_MISSING'], ['text.png', 'IMAGE_INVALID'], ['sub', 'IMAGE_INVALID'], ['huge.png', 'IMAGE_INVALID']];
    for (const [name = '', code] of cases) {
      const { warnings } = await loadImages([right('x'), { fileName: name, laterality: 'OS' }], folder);
      expect(codes(warnings)[1], name).to.equal(`${code} Images[1].FileName`);
    }
    expect(codes((await loadImages([right('a.png')], join(folder, 'nowhere'))).warnings)).to.deep.equal(['IMAGE_MISSING Images[0].FileName']);
  });
});

describe('images of the message', () => {
  it('are checked: side, bytes, kind', () => {
    const { images, warnings } = checkImages([
      { laterality: 'OU', data: png }, { laterality: 'OS', data: new Uint8Array(greyJpeg()), mediaType: 'image/png' },
      { laterality: 'OD', data: 'text' }, null, { laterality: 'OD', data: png.subarray(0, 20) },
      { laterality: 'OD', data: png }, { laterality: 'OD', data: greyJpeg() },
    ]);
    expect(images.map(({ laterality, mediaType }) => [laterality, mediaType])).to.deep.equal([['OD', 'image/png'], ['OS', 'image/jpeg']]);
    expect(images.every(({ data }) => Buffer.isBuffer(data))).to.equal(true);
    expect(codes(warnings)).to.deep.equal([0, 2, 3, 4].map((index) => `IMAGE_INVALID msg.images[${index}]`));
    expect(codes(checkImages('nonsense').warnings)).to.deep.equal(['IMAGE_INVALID msg.images[0]']);
  });
});

describe('images on the report', () => {
  it('are found by PDF.js with their pixels, whatever kind of PNG they were', async () => {
    const halfByteRows = Buffer.concat(Array.from({ length: 6 }, () => Buffer.from([0, 0x11, 0x11, 0x11, 0x11])));
    const paletted = pngFile({ width: 8, height: 6, bits: 4, colorType: 3 }, halfByteRows, [pngChunk('PLTE', Buffer.from([0, 0, 0, 200, 100, 50]))]);
    const interlaced = pngFile({ width: 2, height: 2, interlace: 1 }, Buffer.from([0, 9, 9, 9, 0, 9, 9, 9, 0, 200, 100, 50, 200, 100, 50]));
    const kinds: [string, Buffer, number[]][] = [
      ['colour', pngFile({ width: 8, height: 6 }, flat(8, 6, [200, 100, 50])), [200, 100, 50]],
      ['alpha', pngFile({ width: 8, height: 6, colorType: 6 }, flat(8, 6, [200, 100, 50, 0])), [255, 255, 255]],
      ['half alpha', pngFile({ width: 8, height: 6, colorType: 6 }, flat(8, 6, [155, 55, 5, 51])), [235, 215, 205]],
      ['alpha of 16 bits', pngFile({ width: 8, height: 6, colorType: 6, bits: 16 }, flat(8, 6, [200, 0, 100, 0, 50, 0, 255, 255])), [200, 100, 50]],
      ['palette', paletted, [200, 100, 50]],
      ['interlaced', interlaced, [200, 100, 50]],
    ];
    for (const [kind, bytes, middle] of kinds) {
      const { codes: warned, images } = await drawn(bytes);
      expect(warned, kind).to.deep.equal([]);
      expect(images.map((image) => image.middle), kind).to.deep.equal([middle]);
    }
  });

  it('undo all five row filters', async () => {
    // Every row says "the pixel above": filter 0 writes it, 1 and 3 and 4 reach it by their own sums.
    const [width, colour] = [4, [200, 100, 50, 255]];
    const same = (first: number[]): number[] => [...first, ...Array<number>(4 * (width - 1)).fill(0)];
    const average = (index: number): number => colour[index]! - (colour[index]! >> 1);
    const rows = [
      [0, ...Array(width).fill(colour).flat() as number[]], [1, ...same(colour)], [2, ...same([0, 0, 0, 0])],
      [3, ...[0, 1, 2, 3].map(average), ...Array<number>(4 * (width - 1)).fill(0)], [4, ...same([0, 0, 0, 0])],
    ];
    const bytes = pngFile({ width, height: 5, colorType: 6 }, Buffer.from(rows.flat()));
    const pixels = decodePng(readPng(bytes)!)!;
    expect([...pixels]).to.deep.equal(Array(width * 5).fill(colour).flat());
  });

  it('never stop the report when they are damaged', async () => {
    const flipped = Buffer.from(png);
    flipped[60]! ^= 0xff;
    const badStream = pngFile({ width: 8, height: 6 }, Buffer.from([1, 2, 3]));
    const badFilter = pngFile({ width: 2, height: 1, colorType: 6 }, Buffer.from([9, 1, 2, 3, 4, 5, 6, 7, 8]));
    const bomb = pngFile({ width: 65_000, height: 65_000, colorType: 6 }, Buffer.alloc(1000));
    for (const bytes of [flipped, badStream, badFilter, bomb, png.subarray(0, png.length - 20), Buffer.from('nonsense'), Buffer.alloc(0)]) {
      const { codes: warned, images, text } = await drawn(bytes);
      expect(warned).to.deep.equal(['IMAGE_INVALID']);
      expect(images).to.deep.equal([]);
      expect(text).to.include('Image not available');
      expect(text).to.include('Diabetic Retinopathy: Mild');
    }
  });

  it('leave a note where the result speaks of one that is not there', async () => {
    const { data } = await renderReport(input({ result: result({ images: [right('a.png')] }) }));
    expect((await readPdf(data)).text.match(/Image not available/g)).to.have.length(2);
    expect((await readPdf((await renderReport(input())).data)).text).to.not.include('Image not available');
  });

  it('draw a JPEG as it is', async () => {
    const { codes: warned, images } = await drawn(greyJpeg());
    expect(warned).to.deep.equal([]);
    expect(images.map(({ width, height }) => [width, height])).to.deep.equal([[16, 8]]);
  });

  it('are read as JPEG only with a frame that PDF can hold, from SOI to EOI', () => {
    const jpeg = greyJpeg();
    expect(imageHeader(jpeg)).to.deep.equal({ mediaType: 'image/jpeg', width: 16, height: 8 });
    expect(imageHeader(jpeg.subarray(0, jpeg.length - 2))).to.equal(null);
    const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'));
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(jpeg);
      copy[at] = value;
      return copy;
    };
    expect(imageHeader(changed(frame + 1, 0xc3))).to.equal(null);
    expect(imageHeader(changed(frame + 4, 12))).to.equal(null);
    expect(imageHeader(changed(frame + 9, 4))).to.equal(null);
    for (let length = 0; length < jpeg.length; length += 1) expect(imageHeader(jpeg.subarray(0, length))).to.equal(null);
  });
});
