// Who did what, as a chain: each entry's hash is over the entry and the hash before it, so that none can be changed, removed or moved unseen.
import { createHash } from 'node:crypto';
import type { AuditEntry, AuditPage, AuditQuery } from '../port.ts';
import { metaOf, setMeta } from './meta.ts';
import { all, insert, lockName, parsed, run, type Store } from './store.ts';

/** What is told of an action. `target` and `detail` hold ids, counts and codes only; `reason` is the person's own word. */
export type NewAuditEntry = Pick<AuditEntry, 'actor' | 'action' | 'target' | 'reason' | 'detail'>;

/** A place in the chain: the entry of this number has this hash. Number 0 stands for the beginning. */
export interface AuditMark { seq: number; hash: string }

/** An end of the chain as the journal keeps it: `seal` is a keyed mark, so that nobody can write a chain of their own without the key. */
interface SealedMark extends AuditMark { seal: string }

/** The two ends: `head` is the newest entry, `base` the last one that was pruned. */
type End = 'head' | 'base';

const PAGE = 500;

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** What the first entry follows; another journal's chain does not fit. */
export const genesisOf = (journalId: string): AuditMark => ({ seq: 0, hash: digest(['Direct Courier audit', 1, journalId]) });

export const hashOf = (previous: string, { seq, at, actor, action, target, reason, detail }: Omit<AuditEntry, 'hash'>): string =>
  digest([previous, seq, at, actor, action, target, reason, detail]);

/** Walks on from `mark` over entries in order. `broken` is the number of the first entry that does not follow; entries after it prove nothing. */
export const follow = (mark: AuditMark, entries: readonly AuditEntry[]): { mark: AuditMark; broken: number | null } => {
  let last = mark;
  for (const entry of entries) {
    // A gap is told by the number that is missing.
    if (entry.seq !== last.seq + 1) return { mark: last, broken: Math.min(entry.seq, last.seq + 1) };
    if (hashOf(last.hash, entry) !== entry.hash) return { mark: last, broken: entry.seq };
    last = { seq: entry.seq, hash: entry.hash };
  }
  return { mark: last, broken: null };
};

/** As every database gives it back: well-formed, without control characters, of bounded length. */
const clean = (text: string, longest = 2_000): string => Buffer.from(text.replace(/\p{Cc}+/gu, ' ').trim().slice(0, longest)).toString();

/** A long list of ids. */
const LONGEST_DETAIL = 100_000;

const journalIdOf = async (store: Store): Promise<string | undefined> => metaOf(store, 'journal_id');

const requireJournalId = async (store: Store): Promise<string> => {
  const known = await journalIdOf(store);
  if (known !== undefined) return known;
  const made = store.newId();
  await insert(store, 'meta', { name: 'journal_id', value: made });
  return made;
};

const sealOf = (store: Store, journalId: string, end: End, { seq, hash }: AuditMark): string =>
  Buffer.from(store.vault.mark('audit', JSON.stringify([journalId, end, seq, hash]))).toString('hex');

const endOf = async (store: Store, end: End): Promise<SealedMark | null> => {
  const value = await metaOf(store, `audit_${end}`);
  return value === undefined ? null : parsed<SealedMark>(value);
};

const writeEnd = async (store: Store, journalId: string, end: End, mark: AuditMark): Promise<void> => {
  const value = JSON.stringify({ ...mark, seal: sealOf(store, journalId, end, mark) } satisfies SealedMark);
  await setMeta(store, `audit_${end}`, value);
};

/**
 * Adds one entry, in the transaction of what it tells. Call it last: with several instances the chain's end stays locked until the commit,
 * and an operation that then waited for a message would hold up the others, or they each other.
 */
export const appendAudit = async (store: Store, entry: NewAuditEntry): Promise<void> => {
  await lockName(store, 'audit');
  const journalId = await requireJournalId(store);
  const previous: AuditMark = await endOf(store, 'head') ?? genesisOf(journalId);
  const row = {
    seq: previous.seq + 1, at: store.now, actor: clean(entry.actor), action: clean(entry.action), target: clean(entry.target),
    reason: clean(entry.reason), detail: clean(entry.detail, LONGEST_DETAIL),
  };
  const hash = hashOf(previous.hash, row);
  await insert(store, 'audit', { ...row, hash });
  await writeEnd(store, journalId, 'head', { seq: row.seq, hash });
};

const COLUMNS = 'seq, at, actor, action, target, reason, detail, hash';

const entriesAfter = (store: Store, after: number, limit: number): Promise<AuditEntry[]> =>
  all(store, `SELECT ${COLUMNS} FROM audit WHERE seq > :after ORDER BY seq LIMIT :limit`, { after, limit });

/** Oldest first. */
export const audit = async (store: Store, { after = 0, limit = 50 }: AuditQuery = {}): Promise<AuditPage> => {
  const most = Math.min(Math.max(1, limit), PAGE);
  const found = await entriesAfter(store, after, most + 1);
  const rows = found.slice(0, most);
  return { rows, next: found.length > most ? String(rows.at(-1)!.seq) : null };
};

/** Where a walk over the chain stands. `head` was noted elsewhere at some time; `known` tells whether it has been met. */
export interface AuditWalk { mark: AuditMark; entries: number; broken: number | null; head?: string; known: boolean; done: boolean }

const isSealed = (store: Store, journalId: string, end: End, mark: SealedMark): boolean => mark.seal === sealOf(store, journalId, end, mark);

/** From the last pruned entry on, or from the beginning. */
export const beginAuditWalk = async (store: Store, head?: string): Promise<AuditWalk> => {
  const journalId = await journalIdOf(store) ?? '';
  const base = await endOf(store, 'base');
  const mark: AuditMark = base === null ? genesisOf(journalId) : { seq: base.seq, hash: base.hash };
  const forged = base !== null && !isSealed(store, journalId, 'base', base);
  return { mark, entries: 0, broken: forged ? base.seq : null, ...(head !== undefined && { head }), known: head === mark.hash, done: forged };
};

/** The walk has come to the last row: it must be the one that the journal remembers as the last. */
const endWalk = async (store: Store, walk: AuditWalk): Promise<AuditWalk> => {
  const journalId = await journalIdOf(store);
  const head = await endOf(store, 'head');
  if (head === null || journalId === undefined) return { ...walk, broken: walk.mark.seq === 0 ? null : walk.mark.seq, done: true };
  if (head.seq > walk.mark.seq) {
    // An entry may have come since the page was read.
    const isCut = (await entriesAfter(store, walk.mark.seq, 1)).length === 0;
    return isCut ? { ...walk, broken: walk.mark.seq + 1, done: true } : walk;
  }
  const holds = head.seq === walk.mark.seq && head.hash === walk.mark.hash && isSealed(store, journalId, 'head', head);
  return { ...walk, broken: holds ? null : walk.mark.seq, done: true };
};

/** What was pruned while the walk went on is stepped over. */
const pastBase = async (store: Store, walk: AuditWalk): Promise<AuditWalk> => {
  const base = await endOf(store, 'base');
  return base === null || base.seq <= walk.mark.seq ? walk : beginAuditWalk(store, walk.head);
};

/** One page further. */
export const walkAudit = async (store: Store, before: AuditWalk, limit = PAGE): Promise<AuditWalk> => {
  if (before.done) return before;
  const walk = await pastBase(store, before);
  if (walk.done) return walk;
  const entries = await entriesAfter(store, walk.mark.seq, limit);
  const { mark, broken } = follow(walk.mark, entries);
  const next: AuditWalk = {
    ...walk, mark, broken, entries: walk.entries + entries.length, known: walk.known || entries.some(({ hash }) => hash === walk.head),
  };
  if (broken !== null) return { ...next, done: true };
  return entries.length < limit ? endWalk(store, next) : next;
};

/** The whole chain, page by page. */
export const verifyAudit = async (store: Store, head?: string): Promise<AuditWalk> => {
  let walk = await beginAuditWalk(store, head);
  while (!walk.done) walk = await walkAudit(store, walk);
  return walk;
};

/** Drops entries from the chain's beginning that are as old as `before`, epoch ms. The last of them stays known, so that the rest can be checked. */
export const pruneAudit = async (store: Store, before: number, limit: number): Promise<number> => {
  await lockName(store, 'audit');
  const base = await endOf(store, 'base');
  const entries = await entriesAfter(store, base?.seq ?? 0, limit);
  const young = entries.findIndex(({ at }) => at > before);
  const old = young < 0 ? entries : entries.slice(0, young);
  const last = old.at(-1);
  if (last === undefined) return 0;
  await writeEnd(store, await requireJournalId(store), 'base', { seq: last.seq, hash: last.hash });
  return run(store, 'DELETE FROM audit WHERE seq <= :last', { last: last.seq });
};
