// Whether the journal still holds what was stored: every content and sealed value is opened, the audit chain walked. Nothing is repaired.
// It goes in small pieces, so that a large journal fills no memory and holds nobody up.
import type { VerifyOutcome, VerifyRequest } from '../port.ts';
import { type AuditWalk, beginAuditWalk, walkAudit } from './audit.ts';
import { all, kept, opened, type Store, unlessDamaged, type Value } from './store.ts';

/** What a piece reads of contents, in bytes, and of rows. */
const BYTES = 2 * 1024 * 1024;
const ROWS = 100;

type Row = Record<string, Value>;

/** One look at some rows after `after`: how many, which are damaged, and the last; null when there are no more. */
interface Look { checked: number; damaged: string[]; last: Row | null }

/** How far a check has come. */
export interface VerifyWalk {
  request: VerifyRequest; audit: AuditWalk | null; step: number; after: Row | null; checked: number; damaged: string[]; done: boolean;
}

const isSound = async (look: () => Promise<boolean>): Promise<boolean> => await unlessDamaged(look) ?? false;

/** Where the contents belong: what people can look up. */
const OWNERS: readonly { kind: string; from: string; id: string; column: string }[] = [
  { kind: 'input', from: 'input', id: 'id', column: 'content' }, { kind: 'input-pdf', from: 'input', id: 'id', column: 'pdf' },
  { kind: 'result-pdf', from: 'message', id: 'id', column: 'result_pdf' },
  { kind: 'report', from: 'message', id: 'id', column: 'report' }, { kind: 'document', from: 'document', id: 'message_id', column: 'content' },
  { kind: 'mail', from: 'delivery', id: 'id', column: 'mail' }, { kind: 'notice', from: 'notice', id: 'delivery_id', column: 'content' },
];

const ownersOf = async (store: Store, id: Uint8Array): Promise<string[]> => {
  const found: string[] = [];
  for (const { kind, from, id: name, column } of OWNERS) {
    const rows = await all<{ id: string | null }>(store, `SELECT ${name} AS id FROM ${from} WHERE ${column} = :id LIMIT 10`, { id });
    found.push(...rows.map((row) => `${kind} ${row.id ?? 'without delivery'}`));
  }
  return found.length > 0 ? found : [`content ${Buffer.from(id).toString('hex', 0, 8)}`];
};

const lookAtContents = async (store: Store, after: Row | null): Promise<Look> => {
  const rows = await all<{ id: Uint8Array; size: number }>(store, 'SELECT id, size FROM content WHERE id > :after ORDER BY id LIMIT :rows',
    { after: after?.['id'] ?? new Uint8Array(0), rows: ROWS });
  const damaged: string[] = [];
  let [checked, bytes] = [0, 0];
  for (const { id, size } of rows) {
    if (!await isSound(async () => await kept(store, id) !== null)) damaged.push(...await ownersOf(store, id));
    checked += 1;
    bytes += Number(size);
    if (bytes > BYTES) break;
  }
  const isEnd = checked === rows.length && rows.length < ROWS;
  return { checked, damaged, last: isEnd ? null : { id: rows[checked - 1]!.id } };
};

/** Values that are sealed where they stand, in the order of a key. */
interface SealedColumn { table: string; column: string; context: string; key: readonly string[]; start: Row; owner: (row: Row) => string }

const SEALED: readonly SealedColumn[] = [
  { table: 'input', column: 'name', context: 'input', key: ['seq'], start: { seq: 0 }, owner: ({ id }) => `input ${id}` },
  {
    table: 'order_version', column: 'body', context: 'order', key: ['order_id', 'version'], start: { order_id: '', version: 0 },
    owner: ({ order_id: id, version }) => `order ${id} version ${version}`,
  },
  { table: 'message', column: 'result', context: 'result', key: ['seq'], start: { seq: 0 }, owner: ({ id }) => `result ${id}` },
  { table: 'delivery', column: 'details', context: 'delivery', key: ['seq'], start: { seq: 0 }, owner: ({ id }) => `delivery ${id}` },
  {
    table: 'attempt', column: 'response', context: 'attempt', key: ['delivery_id', 'number'], start: { delivery_id: '', number: 0 },
    owner: ({ delivery_id: id, number }) => `attempt ${number} of ${id}`,
  },
  {
    table: 'notice', column: 'about', context: 'notice', key: ['seq'], start: { seq: 0 },
    owner: ({ delivery_id: of, seq }) => `notice ${of ?? seq}`,
  },
  { table: 'blocked', column: 'value', context: 'blocked', key: ['seq'], start: { seq: 0 }, owner: ({ id }) => `do-not-send entry ${id}` },
  { table: 'incident', column: 'response', context: 'incident', key: ['seq'], start: { seq: 0 }, owner: ({ id }) => `incident ${id}` },
];

const lookAtSealed = async (
  store: Store, { table, column, context, key, start, owner }: SealedColumn, after: Row | null,
): Promise<Look> => {
  const rows = await all<Row>(store, `SELECT * FROM ${table} WHERE (${key.join(', ')}) > (${key.map((name) => `:${name}`).join(', ')})
    ORDER BY ${key.join(', ')} LIMIT :rows`, { ...(after ?? start), rows: ROWS });
  const damaged: string[] = [];
  for (const row of rows) {
    const value = row[column];
    if (value instanceof Uint8Array && !await isSound(async () => await opened(store, context, value) !== undefined)) damaged.push(owner(row));
  }
  const last = rows.length < ROWS ? null : Object.fromEntries(key.map((name) => [name, rows.at(-1)![name]!]));
  return { checked: 0, damaged, last };
};

const STEPS: readonly ((store: Store, after: Row | null) => Promise<Look>)[] = [
  lookAtContents, ...SEALED.map((column) => (store: Store, after: Row | null) => lookAtSealed(store, column, after)),
];

export const beginVerify = (request: VerifyRequest = {}): VerifyWalk =>
  ({ request, audit: null, step: request.auditOnly === true ? STEPS.length : 0, after: null, checked: 0, damaged: [], done: false });

/** One piece further. */
export const verifyOn = async (store: Store, walk: VerifyWalk): Promise<VerifyWalk> => {
  if (walk.audit !== null || walk.step === STEPS.length) {
    const audit = await walkAudit(store, walk.audit ?? await beginAuditWalk(store, walk.request.head));
    return { ...walk, audit, done: audit.done };
  }
  const { checked, damaged, last } = await STEPS[walk.step]!(store, walk.after);
  return {
    ...walk, step: last === null ? walk.step + 1 : walk.step, after: last, checked: walk.checked + checked, damaged: [...walk.damaged, ...damaged],
  };
};

const outcomeOf = ({ request, audit, checked, damaged }: VerifyWalk, structure: string[]): VerifyOutcome => {
  const { entries, broken, mark, known } = audit!;
  const headKnown = request.head === undefined || known;
  return {
    ok: broken === null && headKnown && damaged.length === 0 && structure.length === 0,
    audit: { entries, firstBroken: broken, head: mark.hash, ...(request.head !== undefined && { headKnown }) },
    contents: { checked, damaged },
    structure,
  };
};

/** The whole check. `perform` runs one piece in a transaction; `structure` asks the database for its own check. */
export const verifyBy = async (
  perform: (piece: (store: Store) => Promise<VerifyWalk>) => Promise<VerifyWalk>, structure: () => Promise<string[]>, request?: VerifyRequest,
): Promise<VerifyOutcome> => {
  let walk = beginVerify(request);
  while (!walk.done) {
    const from = walk;
    walk = await perform((store) => verifyOn(store, from));
  }
  return outcomeOf(walk, walk.request.auditOnly === true ? [] : await structure());
};

/** In one transaction, without the database's own check: for a journal that is open for reading only. */
export const verify = (store: Store, request?: VerifyRequest): Promise<VerifyOutcome> => verifyBy((piece) => piece(store), async () => [], request);
