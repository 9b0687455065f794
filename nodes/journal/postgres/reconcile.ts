// The safety net under the tickets: rows that somebody should look at and that have none get one. One too many changes nothing.
import { FLOW_FREE } from '../engine/flow.ts';
import { LANE_FREE } from '../engine/lanes.ts';
import { ticketId } from '../engine/store.ts';
import type { Work } from '../port.ts';
import type { Transaction, Transactions } from './database.ts';
import { type Jobs, queueName } from './jobs.ts';
import { jobsSchema } from './migrations.ts';
import { jobFor } from './tickets.ts';

/** In ms: how often, by whichever instance is first; and how long a delivery must have been due. */
export const RECONCILE_EVERY = 60_000;
const OVERDUE = 30_000;

/** Rows per transaction. */
const BATCH = 500;

interface Row { seq: number; id: string; name: string; rank: number; ticket: string | null }

const live = (schema: string, id: string): string => `EXISTS (SELECT 1 FROM ${jobsSchema(schema)}.job j
  WHERE j.singleton_key = ${id} AND j.state IN ('created', 'retry', 'active'))`;

// Held rows keep the ticket of their holder: issued again under its own id, whoever fetches it knows that the holder is gone.
const SELECT = {
  flow: (schema: string) => `SELECT m.seq, m.id, m.entry AS name, m.rank, m.ticket FROM message m
    WHERE (m.flow = 'running' AND m.ticket IS NOT NULL OR m.flow = 'waiting' AND ${FLOW_FREE})
    AND NOT ${live(schema, 'm.id')} AND m.seq > :after ORDER BY m.seq LIMIT ${BATCH}`,
  send: (schema: string) => `SELECT d.seq, d.id, d.account AS name, d.rank, d.ticket FROM delivery d
    WHERE (d.state = 'SENDING' AND d.ticket IS NOT NULL OR d.state = 'QUEUED' AND d.next_attempt_at <= :due AND ${LANE_FREE})
    AND NOT ${live(schema, 'd.id')} AND d.seq > :after ORDER BY d.seq LIMIT ${BATCH}`,
} as const;

const WORK = { flow: 'flow', send: 'queue' } as const satisfies Record<keyof typeof SELECT, Work>;

export interface Reconciliation { run: Transactions['run']; jobs: Jobs; schema: string }

const batch = async (
  { db, raw }: Transaction, { jobs, schema }: Reconciliation, kind: keyof typeof SELECT, now: number, after: number,
): Promise<Row[]> => {
  const rows = await db.all<Row>(SELECT[kind](schema), { after, ...(kind === 'send' && { due: now - OVERDUE }) });
  for (const name of new Set(rows.map((row) => row.name))) {
    const queue = queueName(kind, name);
    await jobs.ensure(queue);
    const own = rows.filter((row) => row.name === name);
    // One that somebody has cancelled stands in the way of its like.
    await jobs.remove(queue, own.flatMap(({ ticket }) => ticket === null ? [] : [ticketId(ticket)]), { db: raw });
    const again = own.map(({ id, rank, ticket }) => ({ ...jobFor(id, rank, now), ...(ticket !== null && { id: ticketId(ticket) }) }));
    await jobs.insert(queue, again, { db: raw });
  }
  return rows;
};

/** Resolves to the kinds of work that were without tickets. */
export const reconcile = async (net: Reconciliation, clock: (databaseNow: number) => number): Promise<Work[]> => {
  const works = new Set<Work>();
  for (const kind of ['flow', 'send'] as const) {
    for (let after: number | undefined = -1; after !== undefined;) {
      const from: number = after;
      const rows: Row[] = await net.run((transaction) => batch(transaction, net, kind, clock(transaction.now), from));
      if (rows.length > 0) works.add(WORK[kind]);
      after = rows.length < BATCH ? undefined : rows.at(-1)!.seq;
    }
  }
  return [...works];
};

/** Whether it is this instance's turn. */
export const takeTurn = async ({ run }: Pick<Reconciliation, 'run'>): Promise<boolean> => await run(async ({ db, now }) => await db.run(
  `INSERT INTO meta (name, value) VALUES ('reconciled_at', CAST(:now AS TEXT)) ON CONFLICT (name) DO UPDATE SET value = excluded.value
    WHERE CAST(meta.value AS BIGINT) NOT BETWEEN :before AND :latest`,
  { now: String(now), before: now - RECONCILE_EVERY + 1, latest: now + RECONCILE_EVERY },
)) === 1;
