// A journal as it is after years, made in a minute: rows written straight into the tables, sealed and marked as the product does it.
import { createHash, randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type * as SealedModule from '../../../nodes/journal/engine/store.ts';
import type * as VaultModule from '../../../nodes/journal/vault.ts';
import { enveloped } from '../../support/enveloped.ts';
import { built } from '../built.ts';
import { ACCOUNT, BENCH_KEY, benchJournal, CLINIC, recipientOf, SITE } from './scene.ts';

const { createVault } = await built<typeof VaultModule>('journal/vault');
const { contentContext } = await built<typeof SealedModule>('journal/engine/store');

export interface Filling {
  file: string;
  messages: number;
  /** What each message's one delivery is in: delivered long ago, or waiting to be sent. */
  state: 'DELIVERED' | 'QUEUED';
  /** Bytes of each mail. */
  mail: number;
}

/** What a sealed mail begins with. */
const OUTSIDE = enveloped();

const PER_TRANSACTION = 10_000;
const YEAR = 365 * 86_400_000;

/** Places of the letters of a hash in a JSON of the right shape: what is sealed need not be read. */
const numberOf = (n: number): string => `FILL${String(n).padStart(7, '0')}`;
export const orderNumber = numberOf;

/** The journal is made by the product; the rows are added while nobody has it open. */
export const fill = async ({ file, messages, state, mail }: Filling): Promise<void> => {
  await (await benchJournal(file)).close();
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000');
  const vault = createVault({ key: BENCH_KEY });
  vault.learn(db.prepare('SELECT id, wrapped FROM data_key').all() as { id: string; wrapped: Uint8Array }[]);
  const seal = (context: string, value: unknown): Uint8Array => vault.seal(Buffer.from(JSON.stringify(value)), context);
  const insert = (table: string, columns: string[]) =>
    db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`);
  const statements = {
    content: insert('content', ['id', 'sealed', 'size', 'kept_at']),
    input: insert('input', ['id', 'received_at', 'kind', 'source', 'content', 'outcome', 'order_local_id']),
    message: insert('message', ['id', 'input_id', 'received_at', 'organization', 'site', 'order_local_id', 'result', 'result_code', 'patient_mark',
      'content_key', 'priority', 'rank', 'state', 'planned_at', 'ended_at', 'flow']),
    delivery: insert('delivery', ['id', 'message_id', 'ordinal', 'level', 'details', 'address_mark', 'final_delivery', 'state', 'rank', 'received_at',
      'account', 'node', 'sender', 'mail_message_id', 'mail', 'evidence', 'deadline_ms', 'sealed_at', 'age_from', 'next_attempt_at', 'accepted_at']),
    history: insert('delivery_history', ['delivery_id', 'at', 'state']),
  };
  const raw = Buffer.from('{}');
  const rawId = vault.mark('content', raw);
  const now = Date.now();
  statements.content.run({ id: rawId, sealed: vault.seal(raw, contentContext(rawId)), size: raw.length, kept_at: now });
  const result = seal('result', { resultCode: 'F' });

  const one = (n: number): void => {
    const at = state === 'QUEUED' ? now - 1000 : now - YEAR + Math.floor((n / messages) * YEAR);
    const [input, message, delivery] = [randomUUID(), randomUUID(), randomUUID()];
    const address = recipientOf(n);
    const bytes = Buffer.alloc(mail, `${n} `);
    OUTSIDE.copy(bytes);
    const content = vault.mark('content', bytes);
    const rank = n % 50 === 0 ? 0 : 2;
    statements.content.run({ id: content, sealed: vault.seal(bytes, contentContext(content)), size: mail, kept_at: at });
    statements.input.run({ id: input, received_at: at, kind: 'result', source: 'bench', content: rawId, outcome: 'ready', order_local_id: numberOf(n) });
    statements.message.run({
      id: message, input_id: input, received_at: at, organization: CLINIC, site: SITE, order_local_id: numberOf(n), result, result_code: 'F',
      patient_mark: vault.mark('patient', `mrn${n % 300_000}`), content_key: createHash('sha256').update(numberOf(n)).digest(),
      priority: rank === 0 ? 'emergent' : 'routine', rank, state: state === 'QUEUED' ? 'ROUTED' : n % 97 === 0 ? 'DONE_WITH_PROBLEMS' : 'DONE',
      planned_at: at, ended_at: state === 'QUEUED' ? null : at, flow: 'ended',
    });
    statements.delivery.run({
      id: delivery, message_id: message, ordinal: 0, level: 'order',
      details: seal('delivery', { alsoFrom: [], address, npi: null, source: 'bench', why: 'bench', warnings: [] }),
      address_mark: vault.mark('address', address), final_delivery: 1, state: state === 'QUEUED' ? 'QUEUED' : n % 97 === 0 ? 'FAILED' : 'DELIVERED', rank,
      received_at: at, account: ACCOUNT, node: 'bench', sender: 'results@direct.courier.example', mail_message_id: `${delivery}@direct.courier.example`,
      mail: content, evidence: '{"signer":"","recipientCertificates":[],"anchor":""}', deadline_ms: 3_600_000, sealed_at: at, age_from: at,
      next_attempt_at: state === 'QUEUED' ? at : null, accepted_at: state === 'QUEUED' ? null : at,
    });
    statements.history.run({ delivery_id: delivery, at, state: 'QUEUED' });
  };

  for (let from = 0; from < messages; from += PER_TRANSACTION) {
    db.exec('BEGIN');
    for (let n = from; n < Math.min(messages, from + PER_TRANSACTION); n += 1) one(n);
    db.exec('COMMIT');
  }
  db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize');
  db.close();
};
