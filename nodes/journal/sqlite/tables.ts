// The tables of schema version 1. Released tables change only by a further migration. Instants are epoch ms.
export const TABLES = `
-- Bytes by their SHA-256: raw input, documents, reports, mails, notifications.
CREATE TABLE content (
  sha256 BLOB NOT NULL UNIQUE,
  bytes BLOB NOT NULL
) STRICT;

-- Everything that came in, whatever became of it.
CREATE TABLE input (
  id TEXT PRIMARY KEY,
  received_at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  name TEXT,
  content BLOB NOT NULL REFERENCES content (sha256),
  outcome TEXT NOT NULL,
  code TEXT,
  path TEXT,
  text TEXT,
  order_local_id TEXT
) STRICT;
CREATE INDEX input_by_outcome ON input (outcome);

-- state: open, cancelled, held (unknown organization: joined to nothing), replaced (was held, came again).
CREATE TABLE orders (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  site TEXT,
  local_id TEXT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX orders_by_number ON orders (organization, site, local_id) WHERE state IN ('open', 'cancelled');
CREATE INDEX orders_by_local_id ON orders (local_id, site);

-- Each content an order has had: a message keeps the one it was joined to. submitted_key tells a repetition, body_key an effect.
CREATE TABLE order_version (
  order_id TEXT NOT NULL REFERENCES orders (id),
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  control TEXT NOT NULL,
  submitted_key TEXT NOT NULL,
  body_key TEXT NOT NULL,
  body TEXT NOT NULL,
  input_id TEXT NOT NULL REFERENCES input (id),
  PRIMARY KEY (order_id, version)
) STRICT;

-- organization: that of the joined order, before that the one the node is bound to, else null.
CREATE TABLE message (
  id TEXT PRIMARY KEY,
  input_id TEXT NOT NULL REFERENCES input (id),
  received_at INTEGER NOT NULL,
  organization TEXT,
  bound_to TEXT,
  site TEXT NOT NULL,
  order_local_id TEXT NOT NULL,
  order_id TEXT REFERENCES orders (id),
  order_version INTEGER,
  result TEXT NOT NULL,
  result_pdf BLOB REFERENCES content (sha256),
  replay_key TEXT,
  content_key TEXT NOT NULL,
  priority TEXT NOT NULL,
  rank INTEGER NOT NULL,
  resend_of TEXT REFERENCES message (id),
  state TEXT NOT NULL,
  code TEXT,
  why TEXT,
  planned_at INTEGER,
  report BLOB REFERENCES content (sha256)
) STRICT;
CREATE INDEX message_by_number ON message (order_local_id, site);
CREATE INDEX message_by_order ON message (order_id);
CREATE INDEX message_by_state ON message (state);

CREATE TABLE stage_event (
  message_id TEXT NOT NULL REFERENCES message (id),
  at INTEGER NOT NULL,
  stage TEXT NOT NULL,
  outcome TEXT NOT NULL,
  code TEXT
) STRICT;
CREATE INDEX stage_event_by_message ON stage_event (message_id);

CREATE TABLE document (
  message_id TEXT NOT NULL REFERENCES message (id),
  profile TEXT NOT NULL,
  id TEXT NOT NULL,
  content BLOB NOT NULL REFERENCES content (sha256),
  warnings TEXT NOT NULL,
  PRIMARY KEY (message_id, profile)
) STRICT;

CREATE TABLE delivery (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES message (id),
  ordinal INTEGER NOT NULL,
  level TEXT NOT NULL,
  also_from TEXT NOT NULL,
  address TEXT,
  npi TEXT,
  source TEXT NOT NULL,
  why TEXT NOT NULL,
  final_delivery INTEGER NOT NULL,
  warnings TEXT NOT NULL,
  state TEXT NOT NULL,
  code TEXT,
  rank INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  account TEXT,
  node TEXT,
  sender TEXT,
  mail_message_id TEXT,
  mail BLOB REFERENCES content (sha256),
  evidence TEXT,
  deadline_ms INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  unknown_outcome INTEGER NOT NULL DEFAULT 0,
  accepted_at INTEGER,
  deadline_at INTEGER,
  processed_at INTEGER,
  dispatched_at INTEGER,
  failed_at INTEGER,
  late_success INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX delivery_by_message ON delivery (message_id, ordinal);
CREATE UNIQUE INDEX delivery_by_mail ON delivery (mail_message_id) WHERE mail_message_id IS NOT NULL;
CREATE INDEX delivery_by_state ON delivery (state);
CREATE INDEX delivery_due ON delivery (rank, received_at) WHERE state = 'QUEUED';
CREATE INDEX delivery_deadline ON delivery (deadline_at) WHERE state = 'SENT';

CREATE TABLE delivery_history (
  delivery_id TEXT NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  code TEXT
) STRICT;
CREATE INDEX delivery_history_by_delivery ON delivery_history (delivery_id);

CREATE TABLE attempt (
  delivery_id TEXT NOT NULL REFERENCES delivery (id),
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT,
  code TEXT,
  response TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (delivery_id, number)
) STRICT;

-- delivery_id is null for a notification that fits no delivery.
CREATE TABLE notice (
  key TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  delivery_id TEXT REFERENCES delivery (id),
  kind TEXT NOT NULL,
  event TEXT NOT NULL,
  original_message_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  detail TEXT NOT NULL,
  outcome TEXT NOT NULL,
  content BLOB NOT NULL REFERENCES content (sha256)
) STRICT;
CREATE INDEX notice_by_delivery ON notice (delivery_id);

CREATE TABLE chargeable (
  delivery_id TEXT NOT NULL REFERENCES delivery (id),
  kind TEXT NOT NULL,
  sequence INTEGER NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  organization TEXT NOT NULL,
  site TEXT NOT NULL,
  account TEXT,
  rated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (delivery_id, kind)
) STRICT;
CREATE INDEX chargeable_unrated ON chargeable (sequence) WHERE rated = 0;

CREATE TABLE ledger (
  delivery_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  organization TEXT NOT NULL,
  site TEXT NOT NULL,
  at INTEGER NOT NULL,
  rated_at INTEGER NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (delivery_id, kind),
  FOREIGN KEY (delivery_id, kind) REFERENCES chargeable (delivery_id, kind)
) STRICT;
`;
