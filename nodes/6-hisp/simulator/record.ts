// What the simulated network took, one JSON line per mail: written before the answer goes out, so that no kill can lose a line.
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

/** `messageId` without brackets; `sha256` is over the DATA bytes, hex; `at` epoch ms. `answer` `none`: the connection was dropped in place of it. */
export interface MailRecord { at: number; messageId: string; from: string; to: string; sha256: string; size: number; answer: '250' | 'none' }

export const recordOf = (mail: Omit<MailRecord, 'sha256' | 'size'>, raw: Uint8Array): MailRecord =>
  ({ ...mail, sha256: createHash('sha256').update(raw).digest('hex'), size: raw.byteLength });

/** Appends to the file; each line has left the process when `write` returns. */
export const recordFile = (path: string): { write: (record: MailRecord) => void; close: () => void } => {
  const file = openSync(path, 'a', 0o600);
  return { write: (record) => { writeSync(file, `${JSON.stringify(record)}\n`); }, close: () => { closeSync(file); } };
};
