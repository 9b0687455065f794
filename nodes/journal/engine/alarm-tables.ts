// What version 3 adds for alerts, hand-offs, holds and the do-not-send list. The words are those of tables.ts.
export const ALARM_TABLES = `
CREATE INDEX message_alarming ON message (rank, seq) WHERE state IN ('HELD', 'ERROR');
CREATE INDEX message_test ON message (seq) WHERE link_kind = 'test';

-- hold_code: kept back for a person once it is sealed; released_code: what a person has let pass already.
-- handoff_at: when its bad end is to be told (again), null: there is nothing to tell.
ALTER TABLE delivery ADD COLUMN hold_code TEXT;
ALTER TABLE delivery ADD COLUMN released_code TEXT;
ALTER TABLE delivery ADD COLUMN handoff_at $INT;
CREATE INDEX delivery_handoff ON delivery (handoff_at, seq) WHERE handoff_at IS NOT NULL;

-- One row per cause of alarm: of a delivery, or (delivery_id null) of a message as a whole. next_at: when it is told next.
-- closed_code: ACKNOWLEDGED by a person, or PASSED by itself.
CREATE TABLE alert (
  seq $SEQ, id TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL REFERENCES message (id),
  delivery_id TEXT REFERENCES delivery (id) ON DELETE CASCADE, cause TEXT NOT NULL, state TEXT NOT NULL, code TEXT, opened_at $INT NOT NULL,
  next_at $INT NOT NULL, told $INT NOT NULL DEFAULT 0, closed_at $INT, closed_code TEXT, actor TEXT, reason TEXT
);
CREATE INDEX alert_due ON alert (next_at, seq) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX alert_of_message ON alert (message_id, cause) WHERE delivery_id IS NULL AND closed_at IS NULL;
CREATE INDEX alert_by_message ON alert (message_id, seq);
CREATE INDEX alert_by_delivery ON alert (delivery_id) WHERE delivery_id IS NOT NULL;

-- What waits for a person waits still; what has ended is history.
INSERT INTO alert (id, message_id, delivery_id, cause, state, code, opened_at, next_at)
  SELECT 'held-' || id, message_id, id, 'HELD', state, code, received_at, received_at FROM delivery
  WHERE state = 'HELD' AND rank < 2 AND ordinal >= 0;

-- Whom nothing is sent to. value is sealed and found by its mark; a row that was removed stays, with who removed it.
CREATE TABLE blocked (
  seq $SEQ, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('address', 'domain', 'npi')), mark $BYTES NOT NULL, value $BYTES NOT NULL,
  at $INT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, removed_at $INT, removed_by TEXT, removed_why TEXT
);
CREATE UNIQUE INDEX blocked_by_mark ON blocked (mark) WHERE removed_at IS NULL;
`;
