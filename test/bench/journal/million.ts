// Looking things up in a journal of a million messages, through the port, as people and commands do.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FindQuery, Journal } from '../../../nodes/journal/port.ts';
import { fill, orderNumber } from './fill.ts';
import { benchJournal, inFolder, percentile, recipientOf, tell } from './scene.ts';

export interface LookUpFigures { messages: number; fileMb: number; rows: { by: string; p50: number; p95: number; longest: number }[] }

const { values } = parseArgs({ options: { messages: { type: 'string', default: '1000000' } } });
const MESSAGES = Number(values.messages);
const TIMES = 200;
const DAY = 86_400_000;

/** The same every time. */
const spread = (n: number): number => (n * 7919 * 104_729) % MESSAGES;

const now = Date.now();
const QUERIES: Record<string, (n: number, ids: string[]) => FindQuery> = {
  'id': (n, ids) => ({ what: 'messages', id: ids[n % ids.length]! }),
  'order number': (n) => ({ what: 'messages', orderLocalId: orderNumber(spread(n)) }),
  'recipient': (n) => ({ what: 'deliveries', recipient: recipientOf(spread(n)) }),
  'medical record number': (n) => ({ what: 'messages', mrn: `MRN${spread(n) % 300_000}` }),
  'state': () => ({ what: 'messages', state: 'DONE_WITH_PROBLEMS' }),
  'day': (n) => ({ what: 'messages', from: now - (n % 360) * DAY, to: now - (n % 360) * DAY + DAY }),
  'state within a month': (n) => ({ what: 'deliveries', state: 'FAILED', from: now - (n % 300) * DAY - 30 * DAY, to: now - (n % 300) * DAY }),
  'recipient and state': (n) => ({ what: 'deliveries', recipient: recipientOf(spread(n)), state: 'FAILED' }),
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** Each page begins where the one before ended, from the newest to a year ago. */
const pages = async (journal: Journal, count: number): Promise<number[]> => {
  const waits: number[] = [];
  let cursor: string | null = null;
  for (let n = 0; n < count; n += 1) {
    waits.push(await timed(async () => { ({ next: cursor } = await journal.find({ what: 'messages', limit: 100, ...(cursor !== null && { cursor }) })); }));
  }
  return waits;
};

await inFolder(async (folder) => {
  const file = join(folder, 'journal.sqlite');
  await fill({ file, messages: MESSAGES, state: 'DELIVERED', mail: 200 });
  rmSync(`${file}.sum`, { force: true });
  const journal = await benchJournal(file);
  const { rows: some } = await journal.find({ what: 'messages', limit: 200 });
  const ids = some.map(({ id }) => id);
  const rows: LookUpFigures['rows'] = [];
  const note = (by: string, waits: number[]): void => {
    rows.push({ by, p50: percentile(waits, 50), p95: percentile(waits, 95), longest: Math.max(...waits) });
  };
  for (const [by, query] of Object.entries(QUERIES)) {
    const waits: number[] = [];
    for (let n = 0; n < TIMES; n += 1) waits.push(await timed(() => journal.find(query(n, ids))));
    note(by, waits);
  }
  note('next page of 100', await pages(journal, TIMES));
  const { bytes } = await journal.stats();
  await journal.close();
  tell({ messages: MESSAGES, fileMb: bytes / 1e6, rows } satisfies LookUpFigures);
});
