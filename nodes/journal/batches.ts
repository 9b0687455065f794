// An action for many deliveries takes many transactions, so that everyone else gets their turn in between.
import type { BatchOutcome } from './engine/actions.ts';
import type { Action, ActionOutcome } from './port.ts';

type Rest = BatchOutcome['rest'];

/** What was done before a batch that fails stays done, and stands in the audit chain. */
export const inBatches = async (batch: (action: Action, rest: Rest) => Promise<BatchOutcome>, action: Action): Promise<ActionOutcome> => {
  const { rest: more, ...whole } = await batch(action, undefined);
  for (let rest = more; rest !== undefined;) {
    const next = await batch(action, rest);
    whole.changed.push(...next.changed);
    whole.skipped.push(...next.skipped);
    rest = next.rest;
  }
  return whole;
};
