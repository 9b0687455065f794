// What the journal's benchmarks share: made-up orders and results by number, a folder that goes, and figures for the parent.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ReadModule from '../../../nodes/0-order/iris/read.ts';
import type { Order, Result } from '../../../nodes/0-order/model.ts';
import type { HispAccount } from '../../../nodes/6-hisp/types.ts';
import type * as DriverModule from '../../../nodes/journal/driver.ts';
import type { JournalLocation } from '../../../nodes/journal/location.ts';
import type { Journal } from '../../../nodes/journal/port.ts';
import { irisOrder, irisResult } from '../../support/samples.ts';
import { built } from '../built.ts';

const { readObject } = await built<typeof ReadModule>('0-order/iris/read');
const { openDriver } = await built<typeof DriverModule>('journal/driver');

const TODAY = '2026-02-01';

/** Of no real journal. */
export const BENCH_KEY = new Uint8Array(createHash('sha256').update('a journal under measurement').digest());

export const benchJournal = (location: JournalLocation): Promise<Journal> => openDriver(location, { key: BENCH_KEY, demo: true, now: Date.now });

export const CLINIC = '00000000-0000-4000-8000-0000000000aa';
export const SITE = 'SITE01';
export const ACCOUNT = 'bench';

/** Some write to the same address, as practices do. */
export const recipientOf = (number: number): string => `dr${number % 50_000}@direct.lakeside.example`;

export const account: HispAccount = {
  name: ACCOUNT, host: '127.0.0.1', port: 1, security: 'starttls', user: '', password: '', anyFrom: true,
  sealing: 'courier', simulated: true, imap: { host: '127.0.0.1', port: 993, security: 'implicit' }, connections: 4, retryFirstMs: 60_000,
  retryMaxMs: 3_600_000, maxAttempts: 30, maxAgeMs: 72 * 3_600_000, answers: [], unknown: 'retry', probeFirstMs: 5_000, probeMaxMs: 300_000,
  deadlines: { routine: 3_600_000, urgent: 3_600_000, emergent: 3_600_000 },
};

const numberOf = (number: number): string => `BENCH${String(number).padStart(7, '0')}`;

export const orderOf = (number: number): Order => {
  const read = readObject(irisOrder({ Order: { LocalId: numberOf(number) }, Patient: { LocalId: `MRN${number}` } }), TODAY);
  if (read.kind !== 'order') throw new Error('not an order');
  return read.order;
};

export const resultOf = (number: number): Result => {
  const read = readObject(irisResult({ Order: { LocalId: numberOf(number) }, Patient: { LocalId: `MRN${number}` } }), TODAY);
  if (read.kind !== 'result') throw new Error('not a result');
  return read.result;
};

/** Not in memory where the system's own folder for what goes is: COURIER_BENCH_FOLDER. */
export const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(process.env['COURIER_BENCH_FOLDER'] ?? tmpdir(), 'courier-bench-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export const percentile = (values: number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor((values.length * part) / 100))] ?? 0;

export const median = (values: number[]): number => percentile(values, 50);

/** The last line of a benchmark's output. */
export const tell = (figures: object): void => { process.stdout.write(`${JSON.stringify(figures)}\n`); };
