// What a logo setting may say: the path of a PNG or JPEG file, or the picture itself as a data URI. The file is read when a report
// is drawn; what can be told beforehand is told here.

/** Bytes. A logo is small, and as a data URI it travels with every message. */
export const LOGO_LIMITS = { inline: 200 * 1024, file: 2 * 1024 * 1024 } as const;

const DATA_URI = /^data:image\/(?:png|jpeg|jpg);base64,/i;
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const JPEG = Buffer.from('ffd8ff', 'hex');

/** The bytes of a data URI; null when it is none, or no PNG or JPEG, or not base64. */
export const inlineLogo = (text: string): Buffer | null => {
  const head = DATA_URI.exec(text)?.[0];
  const base64 = head === undefined ? '' : text.slice(head.length);
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.subarray(0, 8).equals(PNG) || bytes.subarray(0, 3).equals(JPEG) ? bytes : null;
};

export const isInline = (text: string): boolean => /^data:/i.test(text);

/** Why the setting cannot be used; undefined when it can, as far as can be told without the file. */
export const logoFault = (text: string): string | undefined => {
  if (isInline(text)) {
    const bytes = text.length > LOGO_LIMITS.inline * 2 ? 'much' : inlineLogo(text);
    if (bytes === 'much' || (bytes?.length ?? 0) > LOGO_LIMITS.inline) return `the picture is larger than ${LOGO_LIMITS.inline / 1024} KB`;
    return bytes === null ? 'a data URI of a PNG or JPEG in base64 was expected' : undefined;
  }
  if (text.length > 1024 || /\p{Cc}/u.test(text)) return 'not a path';
  return /\.(?:png|jpe?g)$/i.test(text) ? undefined : 'the path of a .png, .jpg or .jpeg file, or a data URI, was expected';
};
