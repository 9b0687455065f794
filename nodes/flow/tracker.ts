// The one account of this process's messages in the flow: it belongs to the process, because redeploys replace every node.
import { performance } from 'node:perf_hooks';
import type { NodeAPI } from 'node-red';
import { asCourierError } from '../errors.ts';
import { createFlights } from './flights.ts';
import { watchNodeRed } from './hooks.ts';
import { startKeeper } from './keeper.ts';
import type { Runtime } from './verdict.ts';

// A monotonic clock: leases and graces survive a change of the time of day.
export const flights = createFlights(() => performance.now());

export const runtime: Runtime = { running: false, closing: false, startedAt: 0, isDeployed: () => true };

let complain: (fault: unknown) => void = () => undefined;

export const keeper = startKeeper({ flights, runtime, onFault: (fault) => { complain(fault); } });

/** Called by every node of ours that starts. */
export const follow = (RED: NodeAPI): void => {
  let told: string | undefined;
  // The same fault again and again is told once.
  complain = (fault) => {
    const { code, message } = fault === undefined ? { code: undefined, message: '' } : asCourierError(fault, 'JOURNAL_FAILED');
    if (code !== undefined && code !== told) RED.log.error(`direct: ${message}`);
    told = code;
  };
  watchNodeRed(RED, flights, runtime, () => {
    keeper.wake();
    for (const listener of flights.listeners) listener();
  });
};
