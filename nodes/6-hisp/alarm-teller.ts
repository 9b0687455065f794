// Tells alerts and hand-offs of one HISP send node as they fall due: at once when the journal says that there are some, and by its own clock.
import { CourierError } from '../errors.ts';
import type { AlertRecord, HandoffRecord, Journal } from '../journal/port.ts';
import { createPump } from './pump.ts';

export interface AlarmTellerOptions {
  journal: Pick<Journal, 'claimAlerts' | 'settleAlerts' | 'claimHandoffs' | 'settleHandoffs' | 'subscribeWork'>;
  /** Id of the node, and of the others of the same journal that are deployed. */
  node: string;
  otherNodes: () => string[];
  /** How often an alert is told until somebody acknowledges it, in ms. */
  repeatMs: number;
  /** Whether an UNCONFIRMED delivery is handed off, too. */
  unconfirmed: boolean;
  onAlert: (alert: AlertRecord) => void;
  onHandoff: (handoff: HandoffRecord) => void;
  onFault: (fault: unknown) => void;
  now: () => number;
  random: () => number;
}

const AT_ONCE = 50;

const earliest = (...instants: (number | null)[]): number | null => {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
};

/** Returns the way to stop. What was claimed and not told by then is told by whoever comes next, a minute later. */
export const tellAlarms = (options: AlarmTellerOptions): (() => Promise<void>) => {
  const { journal, node, otherNodes, repeatMs, unconfirmed, onAlert, onHandoff, onFault, now, random } = options;
  let stopped = false;

  const handOff = async (): Promise<{ told: number; nextAt: number | null }> => {
    const { handoffs, nextAt } = await journal.claimHandoffs(node, otherNodes(), unconfirmed, AT_ONCE);
    if (stopped || handoffs.length === 0) return { told: 0, nextAt };
    handoffs.forEach(onHandoff);
    await journal.settleHandoffs(handoffs.map(({ deliveryId }) => deliveryId));
    return { told: handoffs.length, nextAt };
  };
  const alarm = async (): Promise<{ told: number; nextAt: number | null }> => {
    const { alerts, nextAt } = await journal.claimAlerts(node, otherNodes(), AT_ONCE);
    if (stopped || alerts.length === 0) return { told: 0, nextAt };
    alerts.forEach(onAlert);
    await journal.settleAlerts(alerts.map(({ id }) => id), repeatMs);
    // What the journal said stands for the claim, which is settled now.
    return { told: alerts.length, nextAt: earliest(nextAt, now() + repeatMs) };
  };

  const pump = createPump({
    round: async () => {
      const [alerts, handoffs] = [await alarm(), await handOff()];
      return { next: earliest(alerts.nextAt, handoffs.nextAt), worked: alerts.told + handoffs.told > 0 };
    },
    now, random, onFault,
  });
  const unsubscribe = journal.subscribeWork((work) => { if (work === 'alarm') pump.wake(); });
  pump.wake();
  return async () => {
    stopped = true;
    unsubscribe();
    await pump.stop();
  };
};

export const REPEAT_MINUTES = 15;

/** Minutes as a form saves them, as ms. A slip is told, and leaves nobody without alerts. */
export const readRepeat = (value: unknown, onFault: (fault: CourierError) => void): number => {
  const standard = REPEAT_MINUTES * 60_000;
  if (value === undefined || value === null || value === '') return standard;
  const minutes = Number(value);
  if (minutes >= 0.01 && minutes <= 1440) return minutes * 60_000;
  onFault(new CourierError('FIELD_INVALID', { path: 'alertEvery', detail: 'minutes from 0.01 to 1440' }));
  return standard;
};
