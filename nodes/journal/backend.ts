// What the journal's worker needs of a database: transactions that are durable when they resolve, and news of work.
import type { Database, Tickets } from './engine/store.ts';
import type { Work } from './port.ts';

/** What one transaction works with; fresh for every try. */
export interface Parts { db: Database; tickets: Tickets | null; now: number; works: Set<Work> }

export interface Backend {
  /** One transaction, committed with fsync when this resolves; undone when `work` throws. May call `work` again after a conflict. */
  perform<T>(work: (parts: Parts) => Promise<T>, now?: number): Promise<T>;
  /** Told after each commit that made work, here or in another instance. */
  onWork(listener: (work: Work) => void): () => void;
  /** What the database's own check finds wrong; empty when sound. Outside of any transaction. */
  structure(): Promise<string[]>;
  /** Gives freed space back, a bounded piece at a time. Resolves to whether there is more. */
  reclaim(): Promise<boolean>;
  close(): Promise<void>;
}
