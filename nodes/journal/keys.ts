// The journal's key: where it comes from, and how a new one is made. A key is never overwritten and never taken from a place that is unfit.
import { randomBytes } from 'node:crypto';
import {
  closeSync, constants, existsSync, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, realpathSync, renameSync, rmSync, writeSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CourierError } from '../errors.ts';
import type { JournalLocation } from './location.ts';
import { fingerprint } from './sealed.ts';
import { KEY_BYTES } from './vault.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
type Random = (size: number) => Uint8Array;

export interface KeySources {
  location: JournalLocation;
  /** From the settings; goes before the environment's file. */
  keyFile?: string;
  demo: boolean;
  env: Environment;
  random?: Random;
}

/** Longer than any way to write 32 bytes. */
const LARGEST_FILE = 1024;

/** Fewer different bytes than 32 random ones have in all the journals of the world: a placeholder. */
const LEAST_VARIETY = 12;

/** 32 bytes as 64 hexadecimal digits, base64 or base64url, blanks around them ignored. Throws KEY_INVALID, which shows nothing of the text. */
export const readKey = (text: string): Uint8Array => {
  const trimmed = text.trim();
  const hex = /^[0-9a-f]{64}$/i.test(trimmed);
  if (!hex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) throw new CourierError('KEY_INVALID', { detail: `${trimmed.length} characters` });
  const key = Buffer.from(trimmed, hex ? 'hex' : 'base64');
  if (key.byteLength !== KEY_BYTES || new Set(key).size < LEAST_VARIETY) throw new CourierError('KEY_INVALID', { detail: 'not random' });
  return key;
};

const systemCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';

/** Of a pipe too, which would wait for a writer. */
const OPEN_TO_READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Looks at the open file, so that it is the one that is read. Windows has no modes. */
const readKeyFile = (file: string): Uint8Array => {
  let handle: number;
  try {
    handle = openSync(file, OPEN_TO_READ);
  } catch (error) {
    throw new CourierError('KEY_MISSING', { path: file, detail: systemCode(error) });
  }
  try {
    const { mode, size } = fstatSync(handle);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > LARGEST_FILE) throw new CourierError('KEY_INVALID', { path: file });
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new CourierError('KEY_EXPOSED', { path: file, detail: `mode ${(mode & 0o777).toString(8).padStart(4, '0')}` });
    }
    const text = Buffer.alloc(size);
    return readKey(text.toString('latin1', 0, readSync(handle, text)));
  } finally {
    closeSync(handle);
  }
};

const realPath = (path: string): string => existsSync(path) ? realpathSync(path) : resolve(path);

/** Throws KEY_INSIDE_DATA for a file in or below the folder of the journal, also by way of a link. */
const checkOutside = (file: string, location: JournalLocation): void => {
  if (typeof location !== 'string') return;
  const folder = realPath(dirname(resolve(location)));
  for (const place of [realPath(file), join(realPath(dirname(file)), basename(file))]) {
    const way = relative(folder, place);
    if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) throw new CourierError('KEY_INSIDE_DATA', { path: file });
  }
};

const syncFolder = (folder: string): void => {
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** A link is refused where a file is. Some file systems know no links. */
const nameOnce = (draft: string, file: string): void => {
  try {
    linkSync(draft, file);
  } catch (error) {
    if (systemCode(error) === 'EEXIST' || existsSync(file)) throw new CourierError('KEY_EXISTS', { path: file });
    renameSync(draft, file);
  }
};

/** Complete and on disk under its name, or not there at all. */
const writeKeyFile = (file: string, key: Uint8Array): void => {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, `${Buffer.from(key).toString('base64')}\n`);
    fsyncSync(handle);
    nameOnce(draft, file);
  } finally {
    closeSync(handle);
    rmSync(draft, { force: true });
  }
  if (process.platform !== 'win32') syncFolder(folder);
};

/** Makes a key in a new file that only its owner may read. Throws KEY_EXISTS, or the system's error. */
export const makeKeyFile = (file: string, random: Random = randomBytes): { fingerprint: string } => {
  const key = random(KEY_BYTES);
  writeKeyFile(resolve(file), key);
  return { fingerprint: fingerprint(key) };
};

/** Beside the journal, where only a demonstration may have it. */
const demoKey = (journal: string, random: Random | undefined): Uint8Array => {
  const file = `${resolve(journal)}.key`;
  if (!existsSync(file)) {
    try {
      makeKeyFile(file, random);
    } catch (error) {
      // Another process was first: its key it is.
      if (!existsSync(file)) throw error;
    }
  }
  return readKeyFile(file);
};

/**
 * The journal's key: DIRECT_JOURNAL_KEY, else the file of the settings or of DIRECT_JOURNAL_KEY_FILE, else, in a demonstration, a file
 * beside the journal that is made once. Throws KEY_MISSING, KEY_INVALID, KEY_EXPOSED or KEY_INSIDE_DATA.
 */
export const resolveKey = ({ location, keyFile, demo, env, random }: KeySources): Uint8Array => {
  const text = env['DIRECT_JOURNAL_KEY']?.trim() ?? '';
  if (text !== '') return readKey(text);
  const file = (keyFile ?? '').trim() || (env['DIRECT_JOURNAL_KEY_FILE'] ?? '').trim();
  if (file !== '') {
    checkOutside(file, location);
    return readKeyFile(file);
  }
  if (demo && typeof location === 'string') return demoKey(location, random);
  throw new CourierError('KEY_MISSING');
};
