// What people hand in, made fit to be stored: actors, reasons, ids. Everything else about a request is checked where it is used.
import { withoutSsn } from '../../0-order/ssn.ts';
import { CourierError } from '../../errors.ts';

const LONGEST = { actor: 200, reason: 1_000, account: 200, target: 200 } as const;

/** Without control characters and social security numbers, cut. Throws REQUEST_INVALID when nothing is left, or when it is no text. */
export const saying = (path: keyof typeof LONGEST, text: unknown): string => {
  const whole = typeof text === 'string' ? withoutSsn(text.replace(/\p{C}+/gu, ' ')).trim() : '';
  // A cut must not leave half a character.
  const clean = whole.slice(0, LONGEST[path]).replace(/\p{Cs}+$/u, '').trim();
  if (clean === '') throw new CourierError('REQUEST_INVALID', { path });
  return clean;
};

export const refuse = (path: string): never => {
  throw new CourierError('REQUEST_INVALID', { path });
};

/** A text to look for. Databases differ in what they make of control characters, so that nothing with one is looked for. */
export const plain = (path: string, text: unknown): string =>
  typeof text === 'string' && text !== '' && text.length <= 300 && !/[\p{Cc}\p{Cs}]/u.test(text) ? text : refuse(path);
