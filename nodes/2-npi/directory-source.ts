// Where a directory comes from: a file that may change while the flow runs, or a list kept in the node.
import { readFile, stat } from 'node:fs/promises';
import { CourierError, isCourierError } from '../errors.ts';
import { type Directory, readDirectoryJson, readDirectoryText, unavailableDirectory } from './directory.ts';

export interface DirectoryFiles {
  /** Changes whenever the file does. */
  stamp(path: string): Promise<string>;
  read(path: string): Promise<string>;
}

const DISK: DirectoryFiles = {
  stamp: async (path) => {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  },
  read: (path) => readFile(path, 'utf8'),
};

const orUnavailable = async (open: () => Promise<Directory>): Promise<Directory> => {
  try {
    return await open();
  } catch (error) {
    if (isCourierError(error)) return unavailableDirectory(error);
    const { code } = error as NodeJS.ErrnoException;
    return unavailableDirectory(new CourierError('DIRECTORY_UNAVAILABLE', { cause: error, ...(code !== undefined && { detail: code }) }));
  }
};

/** Opens a CSV or JSON file, again whenever it has changed. Never rejects: an unreadable file is a directory with a `problem`. */
export const directoryFile = (path: string, files: DirectoryFiles = DISK): (() => Promise<Directory>) => {
  let stamp: string | undefined;
  let opened: Promise<Directory> | undefined;
  const open = async (): Promise<Directory> => {
    const current = await files.stamp(path);
    if (opened === undefined || stamp !== current) {
      stamp = current;
      opened = orUnavailable(async () => readDirectoryText(await files.read(path)));
    }
    const directory = await opened;
    // A file that could be seen but not read gets another chance; one that was read and is wrong does not until it changes.
    if (directory.problem?.code === 'DIRECTORY_UNAVAILABLE') opened = undefined;
    return directory;
  };
  return () => orUnavailable(open);
};

/** A list of rows; undefined when it is empty, which is no directory at all. */
export const directoryList = (rows: unknown): (() => Promise<Directory | undefined>) => {
  const opened = Array.isArray(rows) && rows.length === 0 ? Promise.resolve(undefined) : orUnavailable(async () => readDirectoryJson(rows));
  return () => opened;
};
