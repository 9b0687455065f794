// The name that an input came under, for the people who look for it.
import { basename, win32 } from 'node:path';
import { withoutSsn } from './ssn.ts';

/** A header carries other than ASCII characters percent-encoded (RFC 3986 §2.1); what is not well encoded stays as it is. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * The last step of a path, whatever system it is from, without social security numbers; undefined when there is none. `encoded`: it came
 * in a header.
 */
export const inputName = (fileName: unknown, encoded: boolean): string | undefined =>
  typeof fileName === 'string' ? withoutSsn(win32.basename(basename(encoded ? decoded(fileName) : fileName))) : undefined;
