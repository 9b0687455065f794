// The journal of version 0.1.0 brought over: everything that it kept in the clear is sealed or marked, nothing is lost on the way.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { addressMark } from '../engine/deliveries.ts';
import { laneOf } from '../engine/lanes.ts';
import { patientMark } from '../engine/messages.ts';
import { contentContext, sealed } from '../engine/store.ts';
import type { Vault } from '../vault.ts';

type Row = Record<string, SQLInputValue>;

interface Copy { db: DatabaseSync; vault: Vault; now: number; contents: Map<string, Uint8Array> }

const TABLES = [
  'ledger', 'chargeable', 'notice', 'attempt', 'delivery_history', 'delivery', 'document', 'stage_event', 'message', 'order_version', 'orders',
  'input', 'content',
];

/** Makes room for the new tables; foreign keys are off meanwhile. */
export const setVersion1Aside = (db: DatabaseSync): void => {
  const indexes = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`).all() as { name: string }[];
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  for (const table of TABLES) db.exec(`ALTER TABLE ${table} RENAME TO v1_${table}`);
};

const insert = ({ db }: Copy, table: string, row: Row): void => {
  const columns = Object.keys(row);
  db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`).run(row);
};

const each = ({ db }: Copy, table: string, copy: (row: Row) => void): void => {
  for (const row of db.prepare(`SELECT * FROM v1_${table} ORDER BY rowid`).iterate()) copy(row as Row);
};

const hex = (bytes: SQLInputValue): string => Buffer.from(bytes as Uint8Array).toString('hex');
const json = (text: SQLInputValue): Record<string, unknown> => JSON.parse(text as string) as Record<string, unknown>;

const contentOf = (copy: Copy, sha256: SQLInputValue): Uint8Array | null => sha256 === null ? null : copy.contents.get(hex(sha256))!;

const copyContents = (copy: Copy): void => each(copy, 'content', ({ sha256, bytes }) => {
  const plain = bytes as Uint8Array;
  const id = copy.vault.mark('content', plain);
  copy.contents.set(hex(sha256!), id);
  insert(copy, 'content', { id, sealed: copy.vault.seal(plain, contentContext(id)), size: plain.byteLength, kept_at: copy.now });
});

const patientOf = (body: Record<string, unknown>): string | undefined => (body['patient'] as { localId?: string } | undefined)?.localId;

const copyOrders = (copy: Copy): void => {
  const { db, vault } = copy;
  const storedAt = db.prepare('SELECT min(at) AS at FROM v1_order_version WHERE order_id = :id');
  each(copy, 'orders', (row) => {
    const { at } = storedAt.get({ id: row['id']! }) as { at: number | null };
    insert(copy, 'orders', { ...row, stored_at: at ?? copy.now });
  });
  each(copy, 'order_version', (row) => {
    const body = json(row['body']!);
    const patient = patientOf(body);
    insert(copy, 'order_version', {
      ...row, submitted_key: vault.mark('order', row['submitted_key'] as string), body_key: vault.mark('order', row['body_key'] as string),
      body: sealed(copy, 'order', body), has_patient: Number(body['patient'] !== undefined),
      patient_mark: patient === undefined ? null : patientMark(copy, patient),
    });
  });
};

/** The earlier version forgot what was in the flow when it ended: that goes there again. */
const flowOf = (copy: Copy, row: Row): string => {
  if (row['order_id'] === null) return 'none';
  const resolving = copy.db.prepare(`SELECT 1 FROM v1_delivery WHERE message_id = :id AND state = 'RESOLVING'`).get({ id: row['id']! });
  const unfinished = (row['state'] === 'RECEIVED' && row['code'] === null) || (row['state'] === 'ROUTED' && resolving !== undefined);
  return unfinished ? 'waiting' : 'ended';
};

const lastInstant = ({ db }: Copy, messageId: SQLInputValue): number | null => (db.prepare(`SELECT max(h.at) AS at FROM v1_delivery_history h
  JOIN v1_delivery d ON d.id = h.delivery_id WHERE d.message_id = :messageId`).get({ messageId }) as { at: number | null }).at;

const copyMessages = (copy: Copy): void => each(copy, 'message', (row) => {
  const { vault } = copy;
  const result = json(row['result']!) as { resultCode: string; transactionId?: string; patient: { localId: string } };
  const ended = ['DONE', 'DONE_WITH_PROBLEMS', 'FILTERED'].includes(row['state'] as string);
  insert(copy, 'message', {
    ...row, result: sealed(copy, 'result', result), result_pdf: contentOf(copy, row['result_pdf']!), report: contentOf(copy, row['report']!),
    result_code: result.resultCode, patient_mark: patientMark(copy, result.patient.localId),
    transaction_mark: result.transactionId === undefined ? null : vault.mark('transaction', result.transactionId),
    replay_key: row['replay_key'] === null ? null : vault.mark('replay', row['replay_key'] as string),
    content_key: vault.mark('content-key', row['content_key'] as string), flow: flowOf(copy, row),
    ended_at: ended ? lastInstant(copy, row['id']!) ?? row['received_at']! : null,
  });
});

const TERMINAL = ['DELIVERED', 'PROCESSED', 'SUPPRESSED', 'FAILED', 'UNCONFIRMED', 'CANCELLED', 'DEAD', 'UNRESOLVED'];

const lastOf = ({ db }: Copy, deliveryId: SQLInputValue): number | null =>
  (db.prepare('SELECT max(at) AS at FROM v1_delivery_history WHERE delivery_id = :deliveryId').get({ deliveryId }) as { at: number | null }).at;

const copyDeliveries = (copy: Copy): void => each(copy, 'delivery', (row) => {
  const { also_from: alsoFrom, address, npi, source, why, warnings, mail, ...same } = row;
  const mark = address === null ? null : addressMark(copy, address as string);
  const order = copy.db.prepare('SELECT order_id FROM v1_message WHERE id = :id').get({ id: row['message_id']! }) as { order_id: string | null };
  insert(copy, 'delivery', {
    ...same, mail: contentOf(copy, mail!), address_mark: mark,
    details: sealed(copy, 'delivery', { alsoFrom: json(alsoFrom!), address, npi, source, why, warnings: json(warnings!) }),
    lane: mail === null || mark === null ? null : laneOf(order.order_id, mark),
    tries: row['attempt']!, seen: Number((row['attempt'] as number) > 0), sealed_at: mail === null ? null : row['received_at']!, age_from: copy.now,
    ended_at: TERMINAL.includes(row['state'] as string) ? lastOf(copy, row['id']!) ?? copy.now : null,
  });
});

const copyTraces = (copy: Copy): void => {
  each(copy, 'stage_event', (row) => insert(copy, 'stage_event', row));
  each(copy, 'document', (row) => insert(copy, 'document', { ...row, content: contentOf(copy, row['content']!) }));
  each(copy, 'delivery_history', (row) => insert(copy, 'delivery_history', row));
  each(copy, 'attempt', (row) => insert(copy, 'attempt', { ...row, response: sealed(copy, 'attempt', row['response']) }));
  each(copy, 'notice', ({ recipient, detail, ...row }) =>
    insert(copy, 'notice', { ...row, content: contentOf(copy, row['content']!), about: sealed(copy, 'notice', { recipient, detail }) }));
};

const copyFees = (copy: Copy): void => {
  each(copy, 'chargeable', ({ sequence, ...row }) => insert(copy, 'chargeable', { ...row, seq: sequence! }));
  each(copy, 'ledger', (row) => insert(copy, 'ledger', row));
};

/** Within the transaction that made the new tables. */
export const copyVersion1 = (db: DatabaseSync, vault: Vault, now: number): void => {
  const copy: Copy = { db, vault, now, contents: new Map() };
  copyContents(copy);
  each(copy, 'input', (row) => insert(copy, 'input', {
    ...row, content: contentOf(copy, row['content']!), name: row['name'] === null ? null : sealed(copy, 'input', row['name']),
  }));
  copyOrders(copy);
  copyMessages(copy);
  copyDeliveries(copy);
  copyTraces(copy);
  copyFees(copy);
  for (const table of TABLES) db.exec(`DROP TABLE v1_${table}`);
};
