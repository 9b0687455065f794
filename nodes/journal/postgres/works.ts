// What commits made possible, told to whoever waits for it: here at once, to other instances by NOTIFY, and to all now and then in case it got lost.
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Pg from 'pg';
import type { Backend } from '../location.ts';
import type { Work } from '../port.ts';
import type { PgModule } from './drivers.ts';

const WORKS: readonly Work[] = ['flow', 'queue', 'alarm'];

/** In ms. The net also catches the tickets of instances that died. */
const NET = { listening: 5_000, alone: 2_000 };

/** Commits this close together are told in one notification. In ms. */
const TOGETHER = 20;

/** First and longest time until a lost connection is tried again, in ms. */
const RECONNECT = { first: 250, longest: 10_000 };

/** The connection is asked this often whether it is still there, in ms. */
const ASKED = 10_000;

export interface Works {
  /** After the commit. */
  announce(works: Iterable<Work>): void;
  subscribe(listener: (work: Work) => void): () => void;
  stop(): Promise<void>;
}

export interface WorksOptions {
  pg: PgModule;
  url: string;
  backend: Backend;
  schema: string;
  /** Tells this instance's notifications from others'. */
  instance: string;
  random?: () => number;
}

/** A connection that listens and sends; it comes back by itself. Resolves once it has listened or failed for the first time. */
const openLine = async ({ pg, url, schema, instance, random = Math.random }: WorksOptions, heard: (works: readonly Work[]) => void) => {
  const channel = `${schema}_works`;
  let client: Pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let asking: NodeJS.Timeout | undefined;
  let failures = 0;
  let closed = false;

  const lost = (from: Pg.Client): void => {
    if (closed || client !== from) return;
    client = null;
    clearInterval(asking);
    from.removeAllListeners().on('error', () => undefined);
    void from.end().catch(() => undefined);
    again();
  };
  const again = (): void => {
    const wait = Math.min(RECONNECT.longest, RECONNECT.first * 2 ** failures);
    failures += 1;
    timer = setTimeout(() => void connect(), wait * (0.5 + random() / 2));
  };
  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 5_000, keepAlive: true, application_name: 'direct-courier works',
    });
    client = next;
    next.on('error', () => lost(next)).on('end', () => lost(next));
    next.on('notification', ({ payload = '' }) => {
      const [sender, ...works] = payload.split(' ');
      if (sender !== instance) heard(WORKS.filter((work) => works.includes(work)));
    });
    try {
      await next.connect();
      await next.query(`LISTEN ${channel}`);
      if (closed) return;
      if (failures > 0) heard(WORKS);
      failures = 0;
      asking = setInterval(() => void next.query('SELECT 1').catch(() => lost(next)), ASKED);
    } catch {
      lost(next);
    }
  };
  await connect();
  return {
    send: async (works: readonly Work[]): Promise<void> => {
      const line = client;
      if (line === null) return;
      await line.query('SELECT pg_notify($1, $2)', [channel, [instance, ...works].join(' ')]).catch(() => lost(line));
    },
    close: async (): Promise<void> => {
      closed = true;
      clearTimeout(timer);
      clearInterval(asking);
      client?.removeAllListeners().on('error', () => undefined);
      await client?.end().catch(() => undefined);
    },
  };
};

export const startWorks = async (options: WorksOptions): Promise<Works> => {
  const listeners = new Set<(work: Work) => void>();
  const tell = (works: readonly Work[]): void => {
    for (const work of works) for (const listener of listeners) listener(work);
  };
  // Other backends have no NOTIFY.
  const line = options.backend === 'cockroachdb' ? null : await openLine(options, tell);
  const net = setInterval(() => tell(WORKS), line === null ? NET.alone : NET.listening);
  const pending = new Set<Work>();
  let flushing = false;
  let stopped = false;

  // NOTIFY within the transaction would have all commits of the cluster wait for one another's disk: it is sent right after them.
  const flush = async (send: (works: readonly Work[]) => Promise<void>): Promise<void> => {
    flushing = true;
    while (pending.size > 0 && !stopped) {
      const works = [...pending];
      pending.clear();
      await send(works);
      await sleep(TOGETHER);
    }
    flushing = false;
  };

  return {
    announce(works) {
      const made = [...works];
      tell(made);
      if (line === null) return;
      for (const work of made) pending.add(work);
      if (!flushing) void flush(line.send);
    },
    subscribe(listener) {
      const own: typeof listener = (work) => listener(work);
      listeners.add(own);
      return () => { listeners.delete(own); };
    },
    async stop() {
      stopped = true;
      clearInterval(net);
      await line?.close();
    },
  };
};
