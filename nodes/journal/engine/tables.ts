// The tables, for both databases: those of schema version 2, and what later versions added. Released ones never change. Instants are epoch ms.
// What could tell of a patient is sealed (columns of bytes) or a mark: a keyed hash that finds equals and tells nothing.
import { ALARM_TABLES } from './alarm-tables.ts';
import { ORDER_TABLES } from './order-tables.ts';

const TABLES = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- Data keys, wrapped by the journal's key. 'index' is the key of the marks; the others seal.
CREATE TABLE data_key (id TEXT PRIMARY KEY, made_at $INT NOT NULL, wrapped $BYTES NOT NULL);

-- Rows that stand for names that are locked (order numbers, the audit's end).
CREATE TABLE mutex (name TEXT PRIMARY KEY);

-- Bytes by their mark: raw input, documents, reports, mails, notifications.
CREATE TABLE content (id $BYTES PRIMARY KEY, sealed $BYTES NOT NULL, size $INT NOT NULL, kept_at $INT NOT NULL);

CREATE INDEX content_by_size ON content (size);

-- Everything that came in, whatever became of it. name is sealed: people name files after patients. content is null once pruned.
-- A report within it is kept once, as pdf: its base64 stood at pdf_at.
CREATE TABLE input (
  seq $SEQ, id TEXT NOT NULL UNIQUE, received_at $INT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, name $BYTES,
  content $BYTES REFERENCES content (id), pdf $BYTES REFERENCES content (id), pdf_at $INT,
  outcome TEXT NOT NULL, code TEXT, path TEXT, text TEXT, order_local_id TEXT
);
CREATE INDEX input_by_outcome ON input (outcome);
CREATE INDEX input_by_content ON input (content);
CREATE INDEX input_by_pdf ON input (pdf) WHERE pdf IS NOT NULL;
CREATE INDEX input_by_time ON input (received_at);
CREATE INDEX input_to_prune ON input (received_at, seq) WHERE content IS NOT NULL;

-- state: open, cancelled, held (unknown organization: joined to nothing), replaced (was held, came again).
CREATE TABLE orders (
  seq $SEQ, id TEXT NOT NULL UNIQUE, organization TEXT NOT NULL, site TEXT, local_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'cancelled', 'held', 'replaced')), version $INT NOT NULL, stored_at $INT NOT NULL,
  pruned_at $INT
);
CREATE UNIQUE INDEX orders_by_number ON orders (organization, site, local_id) WHERE state IN ('open', 'cancelled');
CREATE INDEX orders_by_local_id ON orders (local_id, site);
CREATE INDEX orders_to_prune ON orders (stored_at, seq) WHERE pruned_at IS NULL;
CREATE INDEX orders_over ON orders (stored_at, seq) WHERE pruned_at IS NULL AND state IN ('cancelled', 'replaced');

-- Each content an order has had: a message keeps the one it was joined to. submitted_key tells a repetition, body_key an effect.
-- body is null once pruned.
CREATE TABLE order_version (
  order_id TEXT NOT NULL REFERENCES orders (id), version $INT NOT NULL, at $INT NOT NULL, control TEXT NOT NULL,
  submitted_key $BYTES NOT NULL, body_key $BYTES NOT NULL, body $BYTES, has_patient $INT NOT NULL, patient_mark $BYTES,
  input_id TEXT NOT NULL REFERENCES input (id), PRIMARY KEY (order_id, version)
);
CREATE INDEX order_version_by_patient ON order_version (patient_mark);
CREATE INDEX order_version_by_input ON order_version (input_id);

-- organization: that of the joined order, before that the one the node is bound to, else null.
-- flow: none (not joined, or not for the flow), waiting, running, ended. jumps: a correction, which waits behind nothing.
-- resend_of: whose documents it sends. link_*: why it exists, if it did not simply come in.
-- trimmed_at: its mails went after their time; pruned_at: its result, report and documents did.
CREATE TABLE message (
  seq $SEQ, id TEXT NOT NULL UNIQUE, input_id TEXT NOT NULL REFERENCES input (id), received_at $INT NOT NULL, organization TEXT, bound_to TEXT,
  site TEXT NOT NULL, order_local_id TEXT NOT NULL, order_id TEXT REFERENCES orders (id), order_version $INT,
  result $BYTES, result_pdf $BYTES REFERENCES content (id), result_code TEXT NOT NULL, patient_mark $BYTES, transaction_mark $BYTES,
  replay_key $BYTES, content_key $BYTES NOT NULL, priority TEXT NOT NULL, rank $INT NOT NULL, resend_of TEXT REFERENCES message (id),
  state TEXT NOT NULL CHECK (state IN ('RECEIVED', 'HELD', 'FILTERED', 'ERROR', 'ROUTED', 'DONE', 'DONE_WITH_PROBLEMS')),
  code TEXT, why TEXT, planned_at $INT, ended_at $INT, report $BYTES REFERENCES content (id),
  entry TEXT NOT NULL DEFAULT '', flow TEXT NOT NULL DEFAULT 'none' CHECK (flow IN ('none', 'waiting', 'running', 'ended')),
  run $INT NOT NULL DEFAULT 0, losses $INT NOT NULL DEFAULT 0, last_stage TEXT, jumps $INT NOT NULL DEFAULT 0, ticket TEXT,
  link_kind TEXT, link_of TEXT REFERENCES message (id), link_reason TEXT, link_actor TEXT, only_these TEXT,
  legal_hold $INT NOT NULL DEFAULT 0, trimmed_at $INT, pruned_at $INT
);
CREATE INDEX message_by_number ON message (order_local_id, site);
CREATE INDEX message_by_order ON message (order_id, seq);
CREATE INDEX message_by_state ON message (state, received_at);
CREATE INDEX message_by_time ON message (received_at);
CREATE INDEX message_by_organization ON message (organization, received_at);
CREATE INDEX message_by_patient ON message (patient_mark, received_at);
CREATE INDEX message_by_input ON message (input_id);
CREATE INDEX message_waiting ON message (entry, rank, seq) WHERE flow = 'waiting';
CREATE INDEX message_in_flow ON message (order_id, seq) WHERE flow IN ('waiting', 'running');
CREATE INDEX message_by_report ON message (report) WHERE report IS NOT NULL;
CREATE INDEX message_by_result_pdf ON message (result_pdf) WHERE result_pdf IS NOT NULL;
CREATE INDEX message_by_resend ON message (resend_of) WHERE resend_of IS NOT NULL;
CREATE INDEX message_by_link ON message (link_of) WHERE link_of IS NOT NULL;
CREATE INDEX message_to_trim ON message (ended_at, seq) WHERE (trimmed_at IS NULL OR trimmed_at < ended_at);
CREATE INDEX message_to_prune ON message (ended_at, seq) WHERE pruned_at IS NULL;

CREATE TABLE stage_event (
  seq $SEQ, message_id TEXT NOT NULL REFERENCES message (id), at $INT NOT NULL, stage TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT
);
CREATE INDEX stage_event_by_message ON stage_event (message_id, seq);

CREATE TABLE document (
  seq $SEQ, message_id TEXT NOT NULL REFERENCES message (id), profile TEXT NOT NULL, id TEXT NOT NULL,
  content $BYTES REFERENCES content (id), warnings TEXT NOT NULL, UNIQUE (message_id, profile)
);
CREATE INDEX document_by_content ON document (content);

-- details: recipient, NPI, source, why, warnings, sealed. lane: deliveries of one order to one address go one after another.
-- attempt is the fence; tries are the attempts that count. seen: the HISP may have had the bytes. age_from moves with pauses of the account.
CREATE TABLE delivery (
  seq $SEQ, id TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL REFERENCES message (id), ordinal $INT NOT NULL, level TEXT NOT NULL,
  details $BYTES NOT NULL, address_mark $BYTES, final_delivery $INT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('RESOLVING', 'UNRESOLVED', 'SUPPRESSED', 'QUEUED', 'SENDING', 'SENT', 'PROCESSED', 'DELIVERED',
    'UNCONFIRMED', 'FAILED', 'DEAD', 'HELD', 'CANCELLED')),
  code TEXT, rank $INT NOT NULL, received_at $INT NOT NULL, account TEXT, node TEXT, sender TEXT, mail_message_id TEXT,
  mail $BYTES REFERENCES content (id), evidence TEXT, deadline_ms $INT NOT NULL DEFAULT 0, lane TEXT, jumps $INT NOT NULL DEFAULT 0,
  attempt $INT NOT NULL DEFAULT 0, tries $INT NOT NULL DEFAULT 0, seen $INT NOT NULL DEFAULT 0, sealed_at $INT, age_from $INT, ticket TEXT,
  next_attempt_at $INT, unknown_outcome $INT NOT NULL DEFAULT 0, accepted_at $INT, deadline_at $INT, processed_at $INT, dispatched_at $INT,
  failed_at $INT, late_success $INT NOT NULL DEFAULT 0, ended_at $INT, superseded $INT NOT NULL DEFAULT 0,
  instead_of TEXT REFERENCES delivery (id)
);
CREATE INDEX delivery_by_message ON delivery (message_id, ordinal);
CREATE UNIQUE INDEX delivery_by_mail_id ON delivery (mail_message_id) WHERE mail_message_id IS NOT NULL;
CREATE INDEX delivery_by_state ON delivery (state, received_at);
CREATE INDEX delivery_by_address ON delivery (address_mark, received_at);
CREATE INDEX delivery_by_account ON delivery (account, received_at);
CREATE INDEX delivery_by_time ON delivery (received_at);
CREATE INDEX delivery_by_content ON delivery (mail) WHERE mail IS NOT NULL;
CREATE INDEX delivery_by_instead ON delivery (instead_of) WHERE instead_of IS NOT NULL;
CREATE INDEX delivery_due ON delivery (account, rank, next_attempt_at, seq) WHERE state = 'QUEUED';
CREATE INDEX delivery_lane ON delivery (lane, seq) WHERE state IN ('RESOLVING', 'QUEUED', 'SENDING', 'HELD');
CREATE INDEX delivery_deadline ON delivery (deadline_at) WHERE state = 'SENT';
CREATE INDEX delivery_sending ON delivery (id) WHERE state = 'SENDING';

CREATE TABLE delivery_history (
  seq $SEQ, delivery_id TEXT NOT NULL REFERENCES delivery (id) ON DELETE CASCADE, at $INT NOT NULL, state TEXT NOT NULL, code TEXT
);
CREATE INDEX delivery_history_by_delivery ON delivery_history (delivery_id, seq);

CREATE TABLE attempt (
  delivery_id TEXT NOT NULL REFERENCES delivery (id), number $INT NOT NULL, at $INT NOT NULL, ended_at $INT, outcome TEXT, code TEXT,
  response $BYTES, PRIMARY KEY (delivery_id, number)
);

-- delivery_id is null for a notification that fits no delivery. about: recipient and detail, sealed.
CREATE TABLE notice (
  seq $SEQ, key TEXT NOT NULL UNIQUE, at $INT NOT NULL, delivery_id TEXT REFERENCES delivery (id), kind TEXT NOT NULL, event TEXT NOT NULL,
  original_message_id TEXT NOT NULL, about $BYTES NOT NULL, outcome TEXT NOT NULL, content $BYTES REFERENCES content (id)
);
CREATE INDEX notice_by_delivery ON notice (delivery_id, seq);
CREATE INDEX notice_by_content ON notice (content);
CREATE INDEX notice_stray ON notice (delivery_id, at, seq) WHERE delivery_id IS NULL AND content IS NOT NULL;

CREATE TABLE chargeable (
  seq $SEQ, delivery_id TEXT NOT NULL REFERENCES delivery (id), kind TEXT NOT NULL, at $INT NOT NULL,
  organization TEXT NOT NULL, site TEXT NOT NULL, account TEXT, rated $INT NOT NULL DEFAULT 0, UNIQUE (delivery_id, kind)
);
CREATE INDEX chargeable_unrated ON chargeable (seq) WHERE rated = 0;

CREATE TABLE ledger (
  seq $SEQ, delivery_id TEXT NOT NULL, kind TEXT NOT NULL, organization TEXT NOT NULL, site TEXT NOT NULL, at $INT NOT NULL, rated_at $INT NOT NULL,
  amount TEXT NOT NULL, currency TEXT NOT NULL, UNIQUE (delivery_id, kind),
  FOREIGN KEY (delivery_id, kind) REFERENCES chargeable (delivery_id, kind)
);

-- One row per account that was ever paused or at fault. stopped_since: since when its deliveries' ages stand still, for either reason.
CREATE TABLE account (
  name TEXT PRIMARY KEY, paused_at $INT, paused_by TEXT, paused_why TEXT,
  fault_since $INT, fault_code TEXT, probes $INT NOT NULL DEFAULT 0, next_probe_at $INT,
  stopped_since $INT
);

CREATE TABLE incident (
  seq $SEQ, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, code TEXT NOT NULL, opened_at $INT NOT NULL, resolved_at $INT,
  probes $INT NOT NULL DEFAULT 0, response $BYTES
);
CREATE UNIQUE INDEX incident_open ON incident (account) WHERE resolved_at IS NULL;

-- Where notifications come in. down_since is null while it is up; seen_at is its last sign of life.
CREATE TABLE source (id TEXT PRIMARY KEY, domains TEXT NOT NULL, seen_at $INT NOT NULL, down_since $INT);

-- hash is over the row and the hash before it.
CREATE TABLE audit (
  seq $SEQ, at $INT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX audit_by_target ON audit (target);
`;

const ADDITIONS: readonly { to: number; sql: string }[] = [{
  to: 3,
  sql: `
-- test: nobody's result. It goes to simulated accounts only, or it is a test message that a person sent.
ALTER TABLE message ADD COLUMN test $INT NOT NULL DEFAULT 0;
-- account: whose mailbox the source is; it alone tells of deliveries over that account.
ALTER TABLE source ADD COLUMN account TEXT;
${ORDER_TABLES}${ALARM_TABLES}`,
}];

const WORDS = {
  sqlite: { $SEQ: 'INTEGER PRIMARY KEY AUTOINCREMENT', $INT: 'INTEGER', $BYTES: 'BLOB' },
  postgres: { $SEQ: 'BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY', $INT: 'BIGINT', $BYTES: 'BYTEA' },
} as const;

export type Dialect = keyof typeof WORDS;

const inWordsOf = (dialect: Dialect, statements: string): string =>
  Object.entries(WORDS[dialect]).reduce((sql, [word, type]) => sql.replaceAll(word, type), statements);

/** The statements that make the tables of version 2, in the words of one database. */
export const tablesFor = (dialect: Dialect): string => inWordsOf(dialect, TABLES);

/** What each version after 2 adds to the one before it, oldest first. */
export const additionsFor = (dialect: Dialect): { to: number; sql: string }[] =>
  ADDITIONS.map(({ to, sql }) => ({ to, sql: inWordsOf(dialect, sql) }));
