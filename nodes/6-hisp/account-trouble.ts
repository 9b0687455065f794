// Which of the accounts that are deployed stand still, for a node's status. Names and codes only.
import type { AccountRecord, Journal } from '../journal/port.ts';

/** `code` is null for an account that a person paused. `more`: how many others stand still too. */
export interface AccountTrouble { name: string; code: string | null; more: number }

/** The node's own account first, faults before pauses; null when all of them go. */
export const troubleOf = (records: AccountRecord[], deployed: readonly string[], own: string | undefined): AccountTrouble | null => {
  const rank = ({ name, fault }: AccountRecord): number => (name === own ? 0 : 2) + (fault === null ? 1 : 0);
  const stuck = records.filter(({ name, paused, fault }) => deployed.includes(name) && (paused !== null || fault !== null))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const [worst] = stuck;
  return worst === undefined ? null : { name: worst.name, code: worst.fault?.code ?? null, more: stuck.length - 1 };
};

export interface TroubleWatch {
  journal: Pick<Journal, 'accounts'>;
  /** Tells when an account may have changed; returns the way to stop that. */
  watch: (listener: () => void) => () => void;
  deployed: () => string[];
  own: () => string | undefined;
  /** Told at each look while there is trouble, and once when it is over. */
  show: (trouble: AccountTrouble | null) => void;
  /** How often it looks by itself, in ms: whoever pauses an account may do so elsewhere. */
  everyMs?: number;
}

/** Returns the way to stop. A journal that cannot be asked is shown by others. */
export const watchTrouble = ({ journal, watch, deployed, own, show, everyMs = 10_000 }: TroubleWatch): (() => void) => {
  let [asking, stopped, shown] = [false, false, false];
  const look = (): void => {
    if (asking || stopped) return;
    asking = true;
    journal.accounts().then((records) => {
      const trouble = troubleOf(records, deployed(), own());
      if (!stopped && (trouble !== null || shown)) show(trouble);
      shown = trouble !== null;
    }).catch(() => undefined).finally(() => { asking = false; });
  };
  const timer = setInterval(look, everyMs).unref();
  const unwatch = watch(look);
  look();
  return () => {
    stopped = true;
    clearInterval(timer);
    unwatch();
  };
};
