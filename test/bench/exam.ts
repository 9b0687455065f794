// The exam that is sent again and again: a made-up patient, two fundus pictures, a report of about 200 KB.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fundusPng } from '../support/images.ts';
import { inputPair } from '../support/samples.ts';

/** Side of a picture in pixels: with the fonts the report then has about 200 KB. */
export const PICTURE = 350;
const DOMAINS = 4;

export const writePictures = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  for (const side of ['OD', 'OS'] as const) await writeFile(join(folder, `${side}.png`), fundusPng(side, PICTURE));
};

const images = (['OD', 'OS'] as const).map((side) => ({ LocalId: side, FileName: `${side}.png`, Laterality: side, ImageContext: 'Primary' }));

/** Who gets exam number n: some practices with some doctors each, all of whom answer with both notifications. */
export const recipientOf = (n: number): string => `dr.${n % 16}@good.practice${n % DOMAINS}.sim.example`;

/** Order and result number n as IRIS sends them. */
export const examOf = (n: number): { order: object; result: object } => {
  const [order, result] = Object.values(inputPair(n, { address: recipientOf(n), result: { Images: images } }));
  return { order: order!, result: result! };
};
