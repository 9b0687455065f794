// Accepting results with fsync, beside a bare loop of node:sqlite that inserts the same bytes as durably.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Result } from '../../../nodes/0-order/model.ts';
import type { Journal } from '../../../nodes/journal/port.ts';
import { benchJournal, inFolder, median, orderOf, percentile, resultOf, tell } from './scene.ts';

const MESSAGE = 8_500;
const DOCUMENT = 100_000;
const UNDER_WAY = 64;
const ROUND = 400;
const ROUNDS = 5;
const STEADY_SECONDS = 15;

export interface AcceptFigures { perSecond: number; floorPerSecond: number; ratio: number; steadyPerSecond: number; p50: number; p99: number; longest: number }

interface Input { result: Result; bytes: Buffer }

/** A message of its size with a document that no other has, as the source sends it: base64 within JSON. */
const inputOf = (number: number): Input => {
  const document = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(DOCUMENT - 9)]).toString('base64');
  const result = { ...resultOf(number), document: { mediaType: 'application/pdf' as const, base64: document } };
  const slim = JSON.stringify(resultOf(number));
  return { result, bytes: Buffer.from(JSON.stringify({ ...result, filler: 'x'.repeat(Math.max(0, MESSAGE - slim.length)) })) };
};

const bareLoop = (file: string): ((inputs: Input[]) => void) => {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE message (id INTEGER PRIMARY KEY, message BLOB, document BLOB)');
  const insert = db.prepare('INSERT INTO message (message, document) VALUES (?, ?)');
  return (inputs) => {
    for (const { bytes } of inputs) insert.run(bytes.subarray(0, MESSAGE), bytes.subarray(MESSAGE, MESSAGE + DOCUMENT));
  };
};

const accept = async (journal: Journal, { result, bytes }: Input): Promise<void> => {
  const { outcome } = await journal.acceptResult(result, { bytes, source: 'bench' }, null);
  if (outcome !== 'ready') throw new Error(`a result was ${outcome}`);
};

const acceptAll = async (journal: Journal, inputs: Input[]): Promise<void> => {
  const waiting = [...inputs];
  await Promise.all(Array.from({ length: UNDER_WAY }, async () => {
    for (let input = waiting.pop(); input !== undefined; input = waiting.pop()) await accept(journal, input);
  }));
};

/** Arrivals by the clock, whether or not the ones before were answered: milliseconds to each answer. */
const steady = async (journal: Journal, inputs: () => Promise<Input>, perSecond: number): Promise<number[]> => {
  const waits: Promise<number>[] = [];
  const begun = performance.now();
  for (let n = 0; n < perSecond * STEADY_SECONDS; n += 1) {
    const due = begun + (n * 1000) / perSecond;
    const input = await inputs();
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, due - performance.now())); });
    const start = performance.now();
    waits.push(accept(journal, input).then(() => performance.now() - start));
  }
  return Promise.all(waits);
};

await inFolder(async (folder) => {
  const journal = await benchJournal(join(folder, 'journal.sqlite'));
  const floor = bareLoop(join(folder, 'floor.sqlite'));
  let number = 0;
  const next = async (): Promise<Input> => {
    const own = number += 1;
    await journal.storeOrder(orderOf(own), { bytes: Buffer.from('{}'), source: 'bench' }, true);
    return inputOf(own);
  };
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const inputs = await Promise.all(Array.from({ length: ROUND }, next));
    const start = performance.now();
    await acceptAll(journal, inputs);
    const middle = performance.now();
    floor(inputs);
    // The first round warms up.
    if (round > 0) ours.push((ROUND * 1000) / (middle - start)), bare.push((ROUND * 1000) / (performance.now() - middle));
  }
  const [perSecond, floorPerSecond] = [median(ours), median(bare)];
  const waits = await steady(journal, next, perSecond / 4);
  await journal.close();
  tell({
    perSecond, floorPerSecond, ratio: perSecond / floorPerSecond, steadyPerSecond: perSecond / 4,
    p50: percentile(waits, 50), p99: percentile(waits, 99), longest: Math.max(...waits),
  } satisfies AcceptFigures);
});
