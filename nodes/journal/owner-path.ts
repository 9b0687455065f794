// Where the socket of the process that has a journal open is: beside the file, or, where such a path is too long for a socket, in a folder
// of the system's temporary one, which a note beside the file names.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere, its end's zero included. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

const uid = (): number => process.getuid?.() ?? -1;

const noteOf = (file: string): string => `${file}.owner`;

const fits = (path: string): boolean => Buffer.byteLength(path) <= LONGEST;

/** Whether the thing at a path belongs to that user and is nobody else's to use. */
const belongsTo = (owner: number, path: string, kind: 'isSocket' | 'isFile' | 'isDirectory'): boolean => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found[kind]() && found.uid === owner && (found.mode & 0o077) === 0;
};

const shortPath = (file: string): string | null => {
  const folder = join(tmpdir(), `direct-courier-${uid()}`);
  const path = join(folder, `${createHash('sha256').update(file).digest('hex').slice(0, 24)}.sock`);
  if (!fits(path)) return null;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return belongsTo(uid(), folder, 'isDirectory') ? path : null;
};

/** Where the owner of this file is to listen. Null where it cannot: no path is short enough, or somebody else's folder is in the way. */
export const placeSocket = (journal: string): string | null => {
  const file = realpathSync(journal);
  if (fits(`${file}.sock`)) return `${file}.sock`;
  const path = shortPath(file);
  if (path === null) return null;
  rmSync(noteOf(file), { force: true });
  writeFileSync(noteOf(file), path, { mode: 0o600, flag: 'wx' });
  return path;
};

/** Where the owner of this file listens, if there is one; only a socket of the file's own user counts, so that nobody can pose as the owner. */
export const findSocket = (journal: string): string | null => {
  if (!existsSync(journal)) return null;
  const file = realpathSync(journal);
  const beside = `${file}.sock`;
  const user = statSync(file).uid;
  const path = fits(beside) ? beside : belongsTo(user, noteOf(file), 'isFile') ? readFileSync(noteOf(file), 'utf8') : null;
  return path !== null && fits(path) && belongsTo(user, path, 'isSocket') ? path : null;
};

/** Takes away what `placeSocket` left. */
export const forgetSocket = (journal: string, path: string): void => {
  rmSync(path, { force: true });
  if (existsSync(journal)) rmSync(noteOf(realpathSync(journal)), { force: true });
};
