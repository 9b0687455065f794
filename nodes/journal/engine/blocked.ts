// The do-not-send list: kept here, where no flow edit, redirect or correction gets around it. Entries are sealed and found by their marks.
import { BLOCK_KINDS, type BlockKind, blockingKeys, type DoNotSendEntry, findBlocked, readBlocked, whyBlocked } from '../../0-order/do-not-send.ts';
import type { Recipient } from '../../0-order/message.ts';
import { CourierError } from '../../errors.ts';
import type { BlockedRecord, ByPerson } from '../port.ts';
import { afterBlock } from '../states.ts';
import { plain, refuse } from './asking.ts';
import { applyStep, deliveryRow, type DeliveryRow, detailColumns, detailsOf, factsOf, lockDelivery } from './deliveries.ts';
import type { Rest } from './selection.ts';
import { all, first, insert, list, lockName, opened, run, sealed, type Store, unlessDamaged } from './store.ts';

interface BlockedRow {
  id: string; kind: BlockKind; value: Uint8Array; at: number; actor: string; reason: string;
  removed_at: number | null; removed_by: string | null; removed_why: string | null;
}

const markOf = (store: Pick<Store, 'vault'>, kind: BlockKind, value: string): Uint8Array => store.vault.mark('blocked', `${kind} ${value}`);

const entryOf = async (store: Store, { id, kind, value, at, actor, reason }: BlockedRow): Promise<DoNotSendEntry> =>
  ({ id, kind, value: await opened<string>(store, 'blocked', value), at, actor, reason });

/** The entry that keeps this recipient from getting anything. */
export const blockOf = async (store: Store, recipient: { address: string | null; npi: string | null }): Promise<DoNotSendEntry | null> => {
  const { sql, values } = list('mark', blockingKeys(recipient).map(({ kind, value }) => markOf(store, kind, value)));
  const rows = await all<BlockedRow>(store, `SELECT * FROM blocked WHERE removed_at IS NULL AND mark IN ${sql}`, values);
  const entries: DoNotSendEntry[] = [];
  for (const row of rows) entries.push(await entryOf(store, row));
  return findBlocked(recipient, entries);
};

/** Whoever is on the list gets nothing, whatever names them; everybody else stays as they are. */
export const withoutBlocked = async (store: Store, recipient: Recipient): Promise<Recipient> => {
  const entry = recipient.state === 'RESOLVING' ? await blockOf(store, recipient) : null;
  return entry === null ? recipient : { ...recipient, state: 'SUPPRESSED', code: 'DO_NOT_SEND', why: whyBlocked(entry) };
};

/** Ends a delivery that has not gone yet because of an entry. The row is locked by the caller. */
export const suppress = async (store: Store, row: DeliveryRow, entry: DoNotSendEntry): Promise<void> => {
  const details = await detailsOf(store, row);
  await run(store, 'UPDATE delivery SET details = :details WHERE id = :id',
    { id: row.id, details: detailColumns(store, { ...details, why: whyBlocked(entry) }).details });
  await applyStep(store, (await deliveryRow(store, row.id))!, afterBlock(factsOf(row)));
};

/** Whether the delivery is for somebody on the list; one whose recipient cannot be read is found out when it is claimed. */
export const blockedDelivery = (store: Store, row: DeliveryRow): Promise<DoNotSendEntry | null> =>
  unlessDamaged(async () => blockOf(store, await detailsOf(store, row)));

const OPEN = `('RESOLVING', 'QUEUED', 'HELD')`;
const AT_ONCE = 200;

export interface BlockOutcome { changed: string[]; skipped: { id: string; code: string }[]; created?: string; rest?: Rest }

/** One batch of what waits to be sent: what is for the entry ends. Claims look at the list as well, so that nothing slips through meanwhile. */
const sweep = async (store: Store, entry: DoNotSendEntry, from: Rest): Promise<BlockOutcome> => {
  const rows = await all<{ id: string; seq: number }>(store, `SELECT id, seq FROM delivery WHERE state IN ${OPEN} AND seq > :seq AND seq <= :until
    ORDER BY seq LIMIT :limit`, { seq: from.seq, until: from.until, limit: AT_ONCE });
  const changed: string[] = [];
  for (const { id } of rows) {
    const seen = await deliveryRow(store, id);
    const details = seen === undefined ? null : await unlessDamaged(() => detailsOf(store, seen));
    if (details === null || findBlocked(details, [entry]) === null) continue;
    const row = await lockDelivery(store, id);
    if (row === undefined || afterBlock(factsOf(row)).trail.length === 0) continue;
    await suppress(store, row, entry);
    changed.push(id);
  }
  const last = rows.at(-1);
  return { changed, skipped: [], ...(last !== undefined && rows.length === AT_ONCE && { rest: { ...from, seq: last.seq } }) };
};

const enter = async (store: Store, kind: BlockKind, value: string, { actor, reason }: ByPerson): Promise<DoNotSendEntry> => {
  const mark = markOf(store, kind, value);
  await lockName(store, `blocked ${Buffer.from(mark).toString('hex')}`);
  const known = await first<BlockedRow>(store, 'SELECT * FROM blocked WHERE mark = :mark AND removed_at IS NULL', { mark });
  if (known !== undefined) return entryOf(store, known);
  const entry = { id: store.newId(), kind, at: store.now, actor, reason };
  await insert(store, 'blocked', { ...entry, mark, value: sealed(store, 'blocked', value) });
  return { ...entry, value };
};

const begin = async (store: Store): Promise<Rest> =>
  ({ until: (await first<{ seq: number | null }>(store, 'SELECT max(seq) AS seq FROM delivery'))?.seq ?? 0, state: 0, at: 0, seq: 0 });

/**
 * Enters it (an entry that is there already stays as it is) and ends what waits to be sent to it; `created` is the entry's id, `changed` the
 * deliveries that ended. Throws REQUEST_INVALID (`block`), ADDRESS_INVALID, NPI_INVALID.
 */
export const block = async (store: Store, kind: unknown, value: unknown, person: ByPerson, rest?: Rest): Promise<BlockOutcome> => {
  const asked = BLOCK_KINDS.find((known) => known === kind) ?? refuse('block');
  const read = readBlocked(asked, plain('value', value));
  if (read === null) throw new CourierError(asked === 'npi' ? 'NPI_INVALID' : 'ADDRESS_INVALID', { path: 'value' });
  const entry = await enter(store, asked, read, person);
  return { ...await sweep(store, entry, rest ?? await begin(store)), created: entry.id };
};

export const unblock = async (store: Store, id: string, { actor, reason }: ByPerson): Promise<BlockOutcome> => {
  const done = await run(store, `UPDATE blocked SET removed_at = :now, removed_by = :actor, removed_why = :reason
    WHERE id = :id AND removed_at IS NULL`, { id, now: store.now, actor, reason });
  return done > 0 ? { changed: [id], skipped: [] } : { changed: [], skipped: [{ id, code: 'BLOCK_UNKNOWN' }] };
};

/** The list as it stands; with `all` also what was removed from it. Oldest first. */
export const blocked = async (store: Store, filter: { all?: boolean } = {}): Promise<BlockedRecord[]> => {
  const rows = await all<BlockedRow>(store, `SELECT * FROM blocked ${filter.all === true ? '' : 'WHERE removed_at IS NULL'} ORDER BY seq`);
  const records: BlockedRecord[] = [];
  for (const row of rows) {
    const { removed_at: at, removed_by: actor, removed_why: reason } = row;
    records.push({ ...await entryOf(store, row), removed: at === null ? null : { at, actor: actor!, reason: reason! } });
  }
  return records;
};
