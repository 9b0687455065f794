// Signs of life for the tickets that this process holds.
import type { Transactions } from './database.ts';
import type { Jobs } from './jobs.ts';
import type { Registry } from './tickets.ts';

/** In ms: three signs may get lost before a ticket lapses. */
const EVERY = 3_000;

export interface HeartbeatParts { run: Transactions['run']; jobs: Jobs; registry: Registry; onFault: (error: unknown) => void }

const touchAll = async ({ run, jobs, registry }: HeartbeatParts): Promise<void> => {
  for (const [queue, held] of registry.byQueue()) {
    const alive = await run(({ raw }) => jobs.touch(queue, held, { db: raw }));
    // Lapsed, or settled meanwhile: somebody else's business.
    for (const one of held) if (!alive.has(one.id)) registry.delete(queue, one);
  }
};

export interface Heartbeat {
  /** Stops, and lets others have what this process still holds. */
  stop(): Promise<void>;
}

export const startHeartbeat = (parts: HeartbeatParts): Heartbeat => {
  const { run, jobs, registry, onFault } = parts;
  let beating: Promise<void> | undefined;
  const beat = (): void => {
    beating ??= touchAll(parts).catch(onFault).finally(() => { beating = undefined; });
  };
  const timer = setInterval(beat, EVERY);
  return {
    async stop() {
      clearInterval(timer);
      await beating;
      for (const [queue, held] of registry.byQueue()) await run(({ raw }) => jobs.giveBack(queue, held, { db: raw })).catch(onFault);
    },
  };
};
