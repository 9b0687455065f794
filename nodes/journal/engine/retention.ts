// Pruning: small batches, each a transaction of its own, so that nobody waits long; whatever is under way or held is left alone.
import type { PruneOutcome, PruneRequest } from '../port.ts';
import { saying } from './asking.ts';
import { appendAudit } from './audit.ts';
import { metaOf, setMeta } from './meta.ts';
import { beginCount, countOn, countOutcome, type CountWalk } from './retention-counts.ts';
import { dropAudit, RECORDS, type RecordStep } from './retention-records.ts';
import { type Limits, limitsOf } from './retention-rules.ts';
import { addTaken, EMPTYING, NOTHING, type Step, type Taken } from './retention-steps.ts';
import { all, lockName, parsed, run, type Store } from './store.ts';

/** Rows that a batch works on at once. Each may have a megabyte of contents, whose pages are freed one by one. */
const AT_ONCE = 16;

/** Rows that a batch looks at, at most, before it lets others have their turn. */
const SEEN = 256;

/** A run over everything that was left in the middle, of age above this, begins anew; epoch ms. */
const STALE = 600_000;

/** How far a run over everything has come: `step`, and the last row seen in it. */
interface Place { step: number; at: number; seq: number; touched: number }

const BEGINNING = { step: 0, at: Number.MIN_SAFE_INTEGER, seq: 0 };

interface Seen { id: string; at: number; seq: number }

/** What one look of a step has found; `last` null: it has seen everything. */
interface Look { taken: Taken; seen: number; last: Pick<Place, 'at' | 'seq'> | null }

const lookAt = async (store: Store, step: Step, limits: Limits, { at, seq }: Place): Promise<Look> => {
  const rows = await all<Seen>(store, `SELECT x.${step.id} AS id, ${step.time} AS at, x.seq FROM ${step.table} WHERE ${step.live}
    AND ${step.time} <= :until AND (${step.time}, x.seq) > (:at, :seq) ORDER BY ${step.time}, x.seq LIMIT :most`,
  { until: step.until(limits), at, seq, most: AT_ONCE });
  const taken = rows.length === 0 ? NOTHING : await step.take(store, rows.map(({ id }) => id), limits);
  return { taken, seen: rows.length, last: rows.length < AT_ONCE ? null : rows.at(-1)! };
};

/** Clocks may have been wrong for a while: the end is where a whole batch is too young. */
const lookAtRecords = async (store: Store, { table, time, drop }: RecordStep, limits: Limits, { seq }: Place): Promise<Look> => {
  const id = table === 'notice' ? 'key' : 'id';
  const rows = await all<Seen>(store, `SELECT ${id} AS id, ${time} AS at, seq FROM ${table} WHERE seq > :seq ORDER BY seq LIMIT :most`,
    { seq, most: AT_ONCE });
  const old = rows.filter((row) => row.at <= limits.rows);
  const taken = old.length === 0 ? NOTHING : await drop(store, old.map((row) => row.id), limits);
  return { taken, seen: rows.length, last: old.length === 0 || rows.length < AT_ONCE ? null : rows.at(-1)! };
};

const lookAtAudit = async (store: Store, limits: Limits): Promise<Look> => {
  const taken = await dropAudit(store, limits, SEEN);
  const { auditEntries = 0 } = taken.counts;
  return { taken, seen: auditEntries, last: auditEntries < SEEN ? null : BEGINNING };
};

const STEPS: readonly ((store: Store, limits: Limits, place: Place) => Promise<Look>)[] = [
  ...EMPTYING.map((step) => (store: Store, limits: Limits, place: Place) => lookAt(store, step, limits, place)),
  ...RECORDS.map((step) => (store: Store, limits: Limits, place: Place) => lookAtRecords(store, step, limits, place)),
  lookAtAudit,
];

const isSomething = ({ counts }: Taken): boolean => Object.values(counts).some((count) => count > 0);

/** Goes on until something was taken, enough was seen, or everything was. */
const batch = async (store: Store, limits: Limits, from: Place): Promise<{ taken: Taken; place: Place }> => {
  let place = from;
  let taken = NOTHING;
  for (let seen = 0; place.step < STEPS.length && seen < SEEN && !isSomething(taken);) {
    const look = await STEPS[place.step]!(store, limits, place);
    seen += look.seen;
    taken = addTaken(taken, look.taken);
    place = { ...place, ...(look.last ?? { ...BEGINNING, step: place.step + 1 }), touched: store.now };
  }
  return { taken, place: { step: place.step, at: place.at, seq: place.seq, touched: store.now } };
};

/** Runs with different settings do not get in each other's way. */
const placeName = ({ settings: { openOrders, correction, content, ledger } }: PruneRequest): string =>
  `prune ${openOrders} ${correction} ${content} ${ledger}`;

const placeOf = async (store: Store, name: string): Promise<{ place: Place; kept: boolean }> => {
  const value = await metaOf(store, name);
  const place = value === undefined ? null : parsed<Place>(value);
  const isFresh = place !== null && Math.abs(store.now - place.touched) <= STALE;
  return { place: isFresh ? place : { ...BEGINNING, touched: store.now }, kept: place !== null };
};

/** Under which settings contents go is part of the record: by the timer, or by whoever asks. */
const recordSettings = async (store: Store, { actor, reason, settings }: PruneRequest): Promise<void> => {
  const name = `retention ${actor}`;
  const before = await metaOf(store, name);
  const now = JSON.stringify(settings);
  if (before === now) return;
  await setMeta(store, name, now);
  await appendAudit(store, { actor, action: 'retention', target: 'journal', reason, detail: JSON.stringify({ before: before ?? null, now }) });
};

const nonZero = ({ counts, bytes }: Taken): Pick<PruneOutcome, 'counts' | 'bytes'> =>
  ({ counts: Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)), bytes });

/** The dry run. `perform` runs one piece of it in a transaction. */
export const countBy = async (
  perform: (piece: (store: Store) => Promise<CountWalk>) => Promise<CountWalk>, { settings }: PruneRequest,
): Promise<PruneOutcome> => {
  let walk = await perform((store) => countOn(store, beginCount(limitsOf(settings, store.now))));
  while (!walk.done) {
    const from = walk;
    walk = await perform((store) => countOn(store, from));
  }
  return countOutcome(walk);
};

/** One batch; `more` until everything has been looked at. The dry run counts everything and writes nothing. Throws REQUEST_INVALID. */
export const prune = async (store: Store, asked: PruneRequest): Promise<PruneOutcome> => {
  const request = { ...asked, actor: saying('actor', asked.actor), reason: saying('reason', asked.reason) };
  if (request.dryRun) return countBy((piece) => piece(store), request);
  const limits = limitsOf(request.settings, store.now);
  await lockName(store, 'prune');
  const name = placeName(request);
  const from = await placeOf(store, name);
  const { taken, place } = await batch(store, limits, from.place);
  const more = place.step < STEPS.length;
  if (more) await setMeta(store, name, JSON.stringify(place));
  else if (from.kept) await run(store, 'DELETE FROM meta WHERE name = :name', { name });
  const outcome = { ...nonZero(taken), more };
  await recordSettings(store, request);
  if (isSomething(taken)) {
    const detail = JSON.stringify({ ...outcome.counts, bytes: outcome.bytes });
    await appendAudit(store, { actor: request.actor, action: 'prune', target: 'journal', reason: request.reason, detail });
  }
  return outcome;
};
