// The images of a report: from the message, or from a folder by the names that the result gives. Names are untrusted.
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ReportImage } from '../0-order/message.ts';
import type { ImageReference, Laterality, Warning } from '../0-order/model.ts';
import { CODES } from '../errors.ts';
import { imageHeader } from './picture.ts';

export interface LoadedImages { images: ReportImage[]; warnings: Warning[] }

type ImageFault = 'IMAGE_MISSING' | 'IMAGE_INVALID' | 'IMAGE_PATH_REFUSED';
type Loaded = { data: Buffer } | { fault: ImageFault };

const SIZE_LIMIT = 20 * 1024 * 1024;
const LATERALITIES: readonly Laterality[] = ['OD', 'OS'];

/** Names the place only: a file name may hold a patient's name. */
const warning = (code: ImageFault, path: string): Warning => ({ code, path, text: CODES[code].text });

const acceptedImage = (laterality: Laterality, data: Buffer): ReportImage | null => {
  const header = data.length <= SIZE_LIMIT ? imageHeader(data) : null;
  return header && { laterality, mediaType: header.mediaType, data };
};

/** Relative, downwards, and the same on every operating system. */
const isPlainPath = (name: string): boolean =>
  !/[\0\\]|^[a-z]:|^\//i.test(name) && name.split('/').every((part) => part !== '..' && part !== '');

/** Neither follows a link at the last step nor waits for the other end of a pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const readWithin = async (path: string): Promise<Loaded> => {
  const file = await open(path, FLAGS);
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > SIZE_LIMIT) return { fault: 'IMAGE_INVALID' };
    return { data: await file.readFile() };
  } finally {
    await file.close();
  }
};

const load = async (name: string, folder: string): Promise<Loaded> => {
  if (!isPlainPath(name)) return { fault: 'IMAGE_PATH_REFUSED' };
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, name));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return { fault: 'IMAGE_PATH_REFUSED' };
    return await readWithin(path);
  } catch {
    return { fault: 'IMAGE_MISSING' };
  }
};

interface Named { name: string; path: string; primary: boolean }

/** The images of an eye in the order in which they are tried: primary ones first. */
const named = (references: readonly ImageReference[], laterality: Laterality): Named[] => references
  .map(({ fileName, context, ...reference }, index) => ({
    name: reference.laterality === laterality ? fileName ?? '' : '', path: `Images[${index}].FileName`, primary: context?.toLowerCase() === 'primary',
  }))
  .filter(({ name }) => name !== '')
  .sort((one, other) => Number(other.primary) - Number(one.primary));

/**
 * Reads not more than one image per eye out of `folder`, the first that can be used. A name that leads outside, a missing or a
 * damaged file becomes a warning, never an error.
 */
export const loadImages = async (references: readonly ImageReference[], folder: string): Promise<LoadedImages> => {
  const loaded: LoadedImages = { images: [], warnings: [] };
  for (const laterality of LATERALITIES) {
    for (const { name, path } of named(references, laterality)) {
      const result = await load(name, folder);
      const image = 'data' in result ? acceptedImage(laterality, result.data) : null;
      if (image) {
        loaded.images.push(image);
        break;
      }
      loaded.warnings.push(warning('fault' in result ? result.fault : 'IMAGE_INVALID', path));
    }
  }
  return loaded;
};

const bytesOf = (data: unknown): Buffer | null => {
  if (Buffer.isBuffer(data)) return data;
  return data instanceof Uint8Array ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : null;
};

const checkedImage = (entry: unknown): ReportImage | null => {
  if (typeof entry !== 'object' || entry === null) return null;
  const { laterality, data } = entry as { laterality?: unknown; data?: unknown };
  const bytes = bytesOf(data);
  const side = LATERALITIES.find((known) => known === laterality);
  return side !== undefined && bytes !== null ? acceptedImage(side, bytes) : null;
};

/** `msg.images` as somebody set it: the first usable image of each eye; what cannot be used becomes a warning. The bytes decide on the media type. */
export const checkImages = (value: unknown): LoadedImages => {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  const checked = entries.map(checkedImage);
  return {
    images: LATERALITIES.flatMap((laterality) => checked.find((image) => image?.laterality === laterality) ?? []),
    warnings: checked.flatMap((image, index) => image === null ? [warning('IMAGE_INVALID', `msg.images[${index}]`)] : []),
  };
};
