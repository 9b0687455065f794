// The sender's logo: read from its file or its data URI, drawn beside the title. A logo that cannot be used is missed by nobody but its owner,
// so it is a warning, never a fault.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inlineLogo, isInline, LOGO_LIMITS } from '../0-order/logo.ts';
import type { Organization } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import type { Picture } from './picture.ts';
import { mark, openBlock, type Sheet } from './sheet.ts';

/** Points: beside a title of one line and the sender's name below it. */
const LOGO = { width: 120, height: 42, gap: 12 } as const;

/** Does not wait for the other end of a pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const readLogo = async (path: string): Promise<Buffer | null> => {
  const file = await open(path, FLAGS);
  try {
    const stat = await file.stat();
    return stat.isFile() && stat.size > 0 && stat.size <= LOGO_LIMITS.file ? await file.readFile() : null;
  } finally {
    await file.close();
  }
};

/** Bytes of the logo that holds for the site; undefined: there is none; null: it cannot be read. Paths are relative to `folder`. */
export const loadLogo = async (organization: Organization | undefined, site: string, folder: string): Promise<Buffer | null | undefined> => {
  const logo = organization && effectiveOrganization(organization, site).logo;
  if (logo === undefined) return undefined;
  if (isInline(logo)) return inlineLogo(logo);
  return await readLogo(resolve(folder, logo)).catch(() => null);
};

/** A logo as it will stand on the report, in points; `room` is what it takes from the line of the title. */
export interface FittedLogo { picture: Picture; width: number; height: number; room: number }

export const fitLogo = (picture: Picture): FittedLogo => {
  const scale = Math.min(LOGO.width / picture.width, LOGO.height / picture.height);
  const width = picture.width * scale;
  return { picture, width, height: picture.height * scale, room: width + LOGO.gap };
};

/** Draws it in the upper left corner of what follows. */
export const drawLogo = (sheet: Sheet, { picture, width, height }: FittedLogo, alt: string): void => {
  // `fit`, because the picture may be turned by its camera.
  mark(sheet, openBlock(sheet, 'Figure', alt), () => sheet.doc.image(picture.source, sheet.left, sheet.y, { fit: [width, height] }));
};
