// When the system's clock was set, all appointments move with it: nothing falls due early, and nothing waits for an hour that came twice.
import { run, type Store } from './store.ts';

/** `jump` in ms, as the clock went: forward is positive. */
export const moveAppointments = async (store: Store, jump: number): Promise<void> => {
  await run(store, `UPDATE delivery SET next_attempt_at = next_attempt_at + :jump, age_from = age_from + :jump, sealed_at = sealed_at + :jump
    WHERE state IN ('QUEUED', 'SENDING', 'HELD')`, { jump });
  await run(store, `UPDATE delivery SET deadline_at = deadline_at + :jump WHERE state = 'SENT'`, { jump });
  await run(store, `UPDATE account SET next_probe_at = next_probe_at + :jump, fault_since = fault_since + :jump, paused_at = paused_at + :jump,
    stopped_since = stopped_since + :jump
    WHERE fault_since IS NOT NULL OR paused_at IS NOT NULL`, { jump });
  await run(store, 'UPDATE source SET seen_at = seen_at + :jump, down_since = down_since + :jump', { jump });
  await run(store, 'UPDATE alert SET next_at = next_at + :jump WHERE closed_at IS NULL', { jump });
  await run(store, 'UPDATE delivery SET handoff_at = handoff_at + :jump WHERE handoff_at IS NOT NULL', { jump });
  store.works.add('queue');
  store.works.add('alarm');
};
