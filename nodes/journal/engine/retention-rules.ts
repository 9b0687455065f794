// What has had its time, as conditions on rows. Pruning and its dry run use the same ones, so that they come to the same counts.
// They rest on states and instants alone, not on what was pruned before; none of them is ever NULL, so that each can be negated.
import type { RetentionSettings } from '../port.ts';

/**
 * Epoch ms; what ended at that instant or before has had its time. `rows`: ledger, notifications and history, and everything about them.
 * `type`, not `interface`: these are the values of the parameters of the same names.
 */
export type Limits = { content: number; correction: number; orders: number; rows: number; audit: number };

type Limit = 'content' | 'correction' | 'rows';

const DAY = 86_400_000;

export const limitsOf = ({ openOrders, correction, content, ledger }: RetentionSettings, now: number): Limits => {
  const before = (days: number): number => now - days * DAY;
  return {
    content: before(content), correction: before(correction), orders: before(openOrders), audit: before(ledger),
    // A line of the ledger never goes before what it stands for.
    rows: before(Math.max(ledger, correction, content)),
  };
};

/** Deliveries in these states may still be sent or answered. */
const UNDER_WAY = `('RESOLVING', 'QUEUED', 'SENDING', 'SENT', 'HELD')`;

/** Messages in other states wait for something or somebody. */
const AT_REST = `('DONE', 'DONE_WITH_PROBLEMS', 'FILTERED')`;

/** Of this message alone: nobody holds it, nothing of it is under way, and its last delivery ended in time. */
const ended = (m: string, limit: Limit): string => `(${m}.legal_hold = 0 AND ${m}.ended_at IS NOT NULL AND ${m}.ended_at <= :${limit}
  AND ${m}.state IN ${AT_REST} AND ${m}.flow IN ('none', 'ended') AND NOT EXISTS (SELECT 1 FROM delivery ${m}d WHERE ${m}d.message_id = ${m}.id
    AND (${m}d.state IN ${UNDER_WAY} OR (${m}d.ended_at IS NOT NULL AND ${m}d.ended_at > :${limit}))))`;

/** What resends it, or was made from it, sends its documents and proves its inputs: all of them must fulfil the condition. */
const withKin = (m: string, condition: (m: string) => string): string => `(${condition(m)}
  AND NOT EXISTS (SELECT 1 FROM message ${m}k WHERE ${m}k.resend_of = ${m}.id AND NOT ${condition(`${m}k`)})
  AND NOT EXISTS (SELECT 1 FROM message ${m}k WHERE ${m}k.link_of = ${m}.id AND NOT ${condition(`${m}k`)}))`;

/** A message whose contents of this kind have had their time. */
export const messageOver = (m: string, limit: Limit): string => withKin(m, (one) => ended(one, limit));

/** A message `x` whose mails were not taken yet, or that got others since. As its index has it, word for word. */
export const TRIMMABLE = '(x.trimmed_at IS NULL OR x.trimmed_at < x.ended_at)';

/** A message that can go altogether: every fee of it stands in the ledger and is old enough itself. */
export const recordOver = (m: string): string => withKin(m, (one) => `(${ended(one, 'rows')} AND NOT EXISTS (SELECT 1 FROM delivery ${one}x
  JOIN chargeable ${one}c ON ${one}c.delivery_id = ${one}x.id LEFT JOIN ledger ${one}l ON ${one}l.delivery_id = ${one}c.delivery_id
  AND ${one}l.kind = ${one}c.kind WHERE ${one}x.message_id = ${one}.id
  AND (${one}c.rated = 0 OR coalesce(${one}l.rated_at, 0) > :rows OR coalesce(${one}l.at, 0) > :rows)))`);

/**
 * An order that nothing needs any more: all its results have had their time; or it has none, and was cancelled, replaced, or last
 * spoken of too long ago.
 */
export const orderOver = (o: string, limit: Limit): string => `(
  NOT EXISTS (SELECT 1 FROM message ${o}m WHERE ${o}m.order_id = ${o}.id AND NOT ${messageOver(`${o}m`, limit)})
  AND (${o}.state IN ('cancelled', 'replaced') OR EXISTS (SELECT 1 FROM message ${o}m WHERE ${o}m.order_id = ${o}.id)
    OR NOT EXISTS (SELECT 1 FROM order_version ${o}v WHERE ${o}v.order_id = ${o}.id AND ${o}v.at > :orders)))`;

/** Bytes that came in: those of a result go with it, those of an order with all its results, others so long after they came. */
export const inputOver = (i: string): string => `(${i}.received_at <= :content
  AND NOT EXISTS (SELECT 1 FROM message ${i}m WHERE ${i}m.input_id = ${i}.id AND NOT ${messageOver(`${i}m`, 'content')})
  AND NOT EXISTS (SELECT 1 FROM order_version ${i}v JOIN orders ${i}o ON ${i}o.id = ${i}v.order_id
    WHERE ${i}v.input_id = ${i}.id AND NOT ${orderOver(`${i}o`, 'content')}))`;

export const orderRecordOver = (o: string): string => `(${o}.stored_at <= :rows
  AND NOT EXISTS (SELECT 1 FROM order_version ${o}v WHERE ${o}v.order_id = ${o}.id AND (${o}v.at > :rows OR ${o}v.at > :orders))
  AND NOT EXISTS (SELECT 1 FROM message ${o}m WHERE ${o}m.order_id = ${o}.id AND NOT ${recordOver(`${o}m`)}))`;

export const inputRecordOver = (i: string): string => `(${i}.received_at <= :rows
  AND NOT EXISTS (SELECT 1 FROM message ${i}m WHERE ${i}m.input_id = ${i}.id AND NOT ${recordOver(`${i}m`)})
  AND NOT EXISTS (SELECT 1 FROM order_version ${i}v JOIN orders ${i}o ON ${i}o.id = ${i}v.order_id
    WHERE ${i}v.input_id = ${i}.id AND NOT ${orderRecordOver(`${i}o`)}))`;

/** A notification of a delivery proves its line in the ledger; a stray one proves nothing. */
export const strayOver = (n: string): string => `(${n}.delivery_id IS NULL AND ${n}.at <= :content)`;

/** Where contents are referred to: table, column, and when the reference goes. `x` is the row that refers. */
const REFERENCES: readonly { table: string; column: string; over: string }[] = [
  { table: 'input x', column: 'x.content', over: inputOver('x') },
  { table: 'input x', column: 'x.pdf', over: inputOver('x') },
  { table: 'message x', column: 'x.result_pdf', over: messageOver('x', 'correction') },
  { table: 'message x', column: 'x.report', over: messageOver('x', 'correction') },
  { table: 'document x JOIN message m ON m.id = x.message_id', column: 'x.content', over: messageOver('m', 'correction') },
  { table: 'delivery x JOIN message m ON m.id = x.message_id', column: 'x.mail', over: messageOver('m', 'content') },
  {
    table: 'notice x', column: 'x.content',
    over: `(${strayOver('x')} OR EXISTS (SELECT 1 FROM delivery y JOIN message m ON m.id = y.message_id
      WHERE y.id = x.delivery_id AND ${recordOver('m')}))`,
  },
];

const none = (condition: (reference: typeof REFERENCES[number]) => string): string => REFERENCES.map((reference) =>
  `NOT EXISTS (SELECT 1 FROM ${reference.table} WHERE ${reference.column} = c.id${condition(reference)})`).join('\n  AND ');

/** Nobody refers to the content `c`. */
export const UNREFERENCED = `(${none(() => '')})`;

/** Nobody will refer to the content `c` when all has gone that has had its time. */
export const CONTENT_OVER = `(${none(({ over }) => ` AND NOT ${over}`)} AND NOT ${UNREFERENCED})`;
