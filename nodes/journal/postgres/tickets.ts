// Tickets: jobs of the job engine that only say "look at this row". Issued, fetched and settled in the transaction that changes the row.
import { type Job, type Ticket, ticketId, type Tickets } from '../engine/store.ts';
import type { Transaction } from './database.ts';
import { type Held, type Jobs, type Note, queueName } from './jobs.ts';

/** Tickets that this process has fetched and not settled yet. */
export interface Registry {
  add(queue: string, held: Held): void;
  delete(queue: string, held: Held): void;
  byQueue(): [queue: string, held: Held[]][];
}

const textOf = ({ id, retryCount }: Held): string => `${id}:${retryCount}`;

const heldOf = (ticket: string): Held => ({ id: ticketId(ticket), retryCount: Number(ticket.slice(ticket.lastIndexOf(':') + 1)) });

export const createRegistry = (): Registry => {
  const queues = new Map<string, Map<string, Held>>();
  return {
    add(queue, held) {
      const known = queues.get(queue) ?? new Map<string, Held>();
      queues.set(queue, known.set(textOf(held), held));
    },
    delete(queue, held) {
      queues.get(queue)?.delete(textOf(held));
    },
    byQueue: () => [...queues].map(([queue, held]): [string, Held[]] => [queue, [...held.values()]]).filter(([, held]) => held.length > 0),
  };
};

const jobQueue = (job: Job): string => queueName(job.queue, job.queue === 'flow' ? job.entry : job.account);

/** Tells apart what one process issues within a millisecond. */
let serial = 0;

/** The job that issues a ticket. The row's id is its key, by which it can be found that a row has one. */
export const jobFor = (id: string, rank: number, now: number, at = now) => ({
  data: { id, rank, issued: now + (serial++ % 1_000) / 1_000 } satisfies Note, priority: -rank, singletonKey: id,
  ...(at > now && { startAfter: new Date(at) }),
});

/** Where the next fetch begins, so that no name starves behind another that is always full. */
const rotated = <T>(list: readonly T[], by: number): T[] => {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
};

/** The tickets of one transaction; `committed` is to be called once it is. */
export const createTickets = (jobs: Jobs, registry: Registry, { raw, now }: Pick<Transaction, 'raw' | 'now'>, turn: number) => {
  const within = { db: raw };
  const fetched: [string, Held][] = [];
  const settled: [string, Held][] = [];

  const tickets: Tickets = {
    async issue(job, at, rank) {
      const queue = jobQueue(job);
      await jobs.ensure(queue);
      await jobs.insert(queue, [jobFor(job.id, rank, now, at)], within);
    },
    async fetch(kind, names, limit) {
      const found: (Ticket & { note: Note })[] = [];
      for (const name of rotated(names, turn)) {
        if (found.length >= limit) break;
        const queue = queueName(kind, name);
        await jobs.ensure(queue);
        for (const { id, retryCount, data } of await jobs.fetch(queue, limit - found.length, within)) {
          const job: Job = kind === 'flow' ? { queue: kind, id: data.id, entry: name } : { queue: kind, id: data.id, account: name };
          fetched.push([queue, { id, retryCount }]);
          found.push({ job, ticket: textOf({ id, retryCount }), retries: retryCount, note: data });
        }
      }
      return found.sort((one, other) => one.note.rank - other.note.rank || one.note.issued - other.note.issued).map(({ note, ...ticket }) => ticket);
    },
    async settle(kind, name, ticket) {
      const queue = queueName(kind, name);
      const held = heldOf(ticket);
      await jobs.ensure(queue);
      settled.push([queue, held]);
      return jobs.end(queue, held, within);
    },
  };
  const committed = (): void => {
    for (const [queue, held] of fetched) registry.add(queue, held);
    for (const [queue, held] of settled) registry.delete(queue, held);
  };
  return { tickets, committed };
};
