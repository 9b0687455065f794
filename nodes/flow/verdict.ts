// What is to become of a message in the flow, from what is known of it: a pure decision.
import { type Flight, isAtRest } from './flights.ts';

/** What is known of the flows themselves. */
export interface Runtime {
  /** Between two deploys; nothing is handed out or judged while nodes stop and start. */
  running: boolean;
  /** All of them are being stopped: what is in them goes back to the journal before the process ends. */
  closing: boolean;
  /** When they last started. */
  startedAt: number;
  /** Whether a node is still part of the flows. */
  isDeployed: (node: object) => boolean;
}

/** In ms. */
export interface Patience {
  /** How long nothing must move before a message is at rest: nodes may send shortly after they are done. */
  rest: number;
  /** How long after a start messages that were in the flow before may still arrive. */
  start: number;
}

export const PATIENCE: Patience = { rest: 1000, start: 500 };

/**
 * `return`: hand it out again, nobody is to blame. `lost`: the same, but it counts. `failed`: a node failed on it and nothing followed.
 * `rest`: the flow has ended without an outcome.
 */
export type Verdict = 'wait' | 'return' | 'lost' | 'failed' | 'rest';

/** A part of it was at a node that is gone. */
const wasCutOff = ({ held }: Flight, { isDeployed }: Runtime): boolean => [...held.keys()].some((node) => !isDeployed(node));

export const judge = (flight: Flight, runtime: Runtime, { at, hooked }: { at: number; hooked: boolean }, patience = PATIENCE): Verdict => {
  const { working, returning, deployed, failedAt, renewedAt, movedAt, leaseMs } = flight;
  if (returning !== null) {
    if (at < returning.at) return 'wait';
    return returning.lost ? 'lost' : 'return';
  }
  if (!runtime.running) return 'wait';
  if (at - Math.max(renewedAt, runtime.startedAt) >= leaseMs) return 'lost';
  if (working > 0) return 'wait';
  const atRest = isAtRest(flight);
  if (deployed) return at - runtime.startedAt >= patience.start && (!hooked || atRest || wasCutOff(flight, runtime)) ? 'return' : 'wait';
  if (!hooked || !atRest || at - movedAt < patience.rest) return 'wait';
  return failedAt === null ? 'rest' : 'failed';
};
