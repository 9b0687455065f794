// A sum over the whole file, left behind when the journal is closed in good order and looked at when it is opened again:
// what changed in between, be it one bit of a page that no other check covers, is told. After a crash there is none to look at.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { CourierError } from '../../errors.ts';
import { CHECKED_AT_OPENING } from './file.ts';

const sumFile = (file: string): string => `${file}.sum`;

const CHUNK = 1 << 20;

const sumOf = (file: string): string => {
  const hash = createHash('sha256');
  const handle = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK);
    for (let read = readSync(handle, chunk); read > 0; read = readSync(handle, chunk)) hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
};

const hasLog = (file: string): boolean => existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;

/** After closing. A file too large to be read twice a day goes without. */
export const leaveSum = (file: string): void => {
  if (hasLog(file) || statSync(file).size > CHECKED_AT_OPENING) return;
  const handle = openSync(sumFile(file), 'w', 0o600);
  try {
    writeSync(handle, sumOf(file));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** Before opening. Throws JOURNAL_DAMAGED. */
export const checkSum = (file: string): void => {
  if (!existsSync(sumFile(file)) || hasLog(file)) return;
  const stated = readFileSync(sumFile(file), 'utf8');
  if (stated !== sumOf(file)) throw new CourierError('JOURNAL_DAMAGED', { detail: `changed since it was closed, against ${sumFile(file)}` });
};

/** Once it is open for writing the sum is of yesterday. */
export const dropSum = (file: string): void => rmSync(sumFile(file), { force: true });
