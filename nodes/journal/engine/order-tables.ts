// What version 3 adds for the life of orders and the versions of documents. The words are those of tables.ts.
export const ORDER_TABLES = `
-- What IRIS said of its own number of an order. organization: that of the node which read the event, '' where it reads for all.
CREATE TABLE order_link (
  seq $SEQ, iris_id TEXT NOT NULL, order_local_id TEXT NOT NULL, patient_mark $BYTES, organization TEXT NOT NULL, at $INT NOT NULL,
  input_id TEXT NOT NULL REFERENCES input (id), UNIQUE (iris_id, organization, order_local_id)
);
CREATE INDEX order_link_by_input ON order_link (input_id);

-- grade_key: evaluation types, ResultCode and GradedTime as one mark, so that a change without a correction is seen.
ALTER TABLE message ADD COLUMN grade_key $BYTES;

-- A document as a version of others: the set it belongs to, and which one it is there. Null in documents made before.
ALTER TABLE document ADD COLUMN set_id TEXT;
ALTER TABLE document ADD COLUMN version $INT;
CREATE INDEX document_by_set ON document (set_id) WHERE set_id IS NOT NULL;
`;
