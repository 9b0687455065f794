// Requests that take long, in pieces of a transaction each, so that others have their turn in between; and space given back after pruning.
import type { Backend } from './backend.ts';
import { countBy } from './engine/retention.ts';
import type { Store } from './engine/store.ts';
import { verifyBy } from './engine/verify.ts';
import type { PruneOutcome, PruneRequest, VerifyRequest } from './port.ts';

type InTransaction = <T>(work: (store: Store) => Promise<T>) => Promise<T>;

interface Asked { method: string; input: unknown[] }

export const isDryRun = ({ method, input }: Asked): boolean => method === 'prune' && (input[0] as PruneRequest | undefined)?.dryRun === true;

/** Null for a request that is one transaction. */
export const inPieces = (asked: Asked, backend: Pick<Backend, 'structure'>, perform: InTransaction): Promise<unknown> | null => {
  if (asked.method === 'verify') return verifyBy(perform, () => backend.structure(), asked.input[0] as VerifyRequest | undefined);
  return isDryRun(asked) ? countBy(perform, asked.input[0] as PruneRequest) : null;
};

/** Told of every answer: after the last batch of pruning, the space that the batches left is given back. */
export const createReclaimer = (backend: Pick<Backend, 'reclaim'>): ((asked: Asked, output: unknown) => void) => {
  let freed = false;
  const reclaim = async (): Promise<void> => { while (await backend.reclaim()); };
  return (asked, output) => {
    if (asked.method !== 'prune' || isDryRun(asked)) return;
    const { counts, more } = output as PruneOutcome;
    freed ||= Object.keys(counts).length > 0;
    if (more || !freed) return;
    freed = false;
    // What fails here is tried again after the next run.
    reclaim().catch(() => { freed = true; });
  };
};
