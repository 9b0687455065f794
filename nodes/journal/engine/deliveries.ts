// Delivery rows: read as facts, moved by the steps of the state machine, their message kept in line, the change told.
import type { Level, Recipient } from '../../0-order/message.ts';
import type { Priority, Warning } from '../../0-order/model.ts';
import { CourierError } from '../../errors.ts';
import type { DeliveryChange, DeliveryState } from '../port.ts';
import { type DeliveryFacts, isTerminal, type Step } from '../states.ts';
import { followState } from './alarms.ts';
import { feeKindOf } from './fee-kind.ts';
import { advanceLane, isInLane } from './lanes.ts';
import { settleMessage } from './message-state.ts';
import { first, insert, lock, opened, run, sealed, type Store, unlessDamaged } from './store.ts';

/** The columns that the queue works on; those of the last line come from the message. */
export interface DeliveryRow {
  seq: number; id: string; message_id: string; level: Level; details: Uint8Array; address_mark: Uint8Array | null; final_delivery: number;
  state: DeliveryState; code: string | null; account: string | null; node: string | null; sender: string | null; mail_message_id: string | null;
  mail: Uint8Array | null; deadline_ms: number; lane: string | null; jumps: number; attempt: number; tries: number; seen: number;
  sealed_at: number | null; age_from: number | null; ticket: string | null; next_attempt_at: number | null; unknown_outcome: number;
  superseded: number; accepted_at: number | null; deadline_at: number | null; processed_at: number | null; dispatched_at: number | null;
  failed_at: number | null; late_success: number; ended_at: number | null; rank: number; instead_of: string | null;
  hold_code: string | null; released_code: string | null; handoff_at: number | null;
  organization: string; site: string; order_local_id: string; priority: Priority; resend_of: string | null; link_of: string | null;
  link_kind: string | null; test: number;
}

/** What stands sealed in `details`. `address` is in lower case. */
export interface DeliveryDetails {
  alsoFrom: Level[]; address: string | null; npi: string | null; source: string; why: string; warnings: Warning[];
  finalDeliveryBy?: NonNullable<Recipient['finalDeliveryBy']>; deadlineMinutes?: number;
}

export const DELIVERY = `
  SELECT d.*, m.organization, m.site, m.order_local_id, m.priority, m.resend_of, m.link_of, m.link_kind, m.test
  FROM delivery d JOIN message m ON m.id = d.message_id`;

export const deliveryRow = (store: Store, id: string): Promise<DeliveryRow | undefined> => first(store, `${DELIVERY} WHERE d.id = :id`, { id });

const noDelivery = (id: string): never => {
  throw new CourierError('JOURNAL_FAILED', { detail: `no delivery ${id}` });
};

export const requireDelivery = async (store: Store, id: string): Promise<DeliveryRow> => await deliveryRow(store, id) ?? noDelivery(id);

/** Locks the message that the delivery belongs to, then reads. */
export const lockDelivery = async (store: Store, id: string): Promise<DeliveryRow | undefined> => {
  const found = await deliveryRow(store, id);
  if (found === undefined) return undefined;
  await lock(store, 'message', found.message_id);
  return deliveryRow(store, id);
};

/** The same of one that must exist. Throws JOURNAL_FAILED. */
export const lockKnownDelivery = async (store: Store, id: string): Promise<DeliveryRow> => await lockDelivery(store, id) ?? noDelivery(id);

export const detailsOf = (store: Store, row: Pick<DeliveryRow, 'details'>): Promise<DeliveryDetails> => opened(store, 'delivery', row.details);

/** A Message-ID as it is compared: without its brackets. */
export const bareMessageId = (messageId: string): string => messageId.trim().replace(/^<(.*)>$/s, '$1');

/** The same as it stands in a mail. */
export const fullMessageId = (bare: string | null): string | null => bare === null ? null : `<${bare}>`;

/** An address as it is compared: in lower case. */
export const addressMark = (store: Pick<Store, 'vault'>, address: string): Uint8Array => store.vault.mark('address', address.trim().toLowerCase());

/** The columns that hold the details. */
export const detailColumns = (store: Store, details: DeliveryDetails): { details: Uint8Array; address_mark: Uint8Array | null } => ({
  details: sealed(store, 'delivery', details), address_mark: details.address === null ? null : addressMark(store, details.address),
});

export const factsOf = (row: DeliveryRow): DeliveryFacts => ({
  state: row.state, code: row.code, finalDelivery: row.final_delivery === 1, deadlineMs: row.deadline_ms,
  unknownOutcome: row.unknown_outcome === 1, superseded: row.superseded === 1, nextAttemptAt: row.next_attempt_at, acceptedAt: row.accepted_at,
  deadlineAt: row.deadline_at, processedAt: row.processed_at, dispatchedAt: row.dispatched_at, failedAt: row.failed_at,
  lateSuccess: row.late_success === 1,
});

/** Nobody's result, that came in like one; not a test message, which a person has sent to where it goes. */
export const isTestTraffic = ({ test, link_kind: kind }: Pick<DeliveryRow, 'test' | 'link_kind'>): boolean => test === 1 && kind !== 'test';

export const stateStep = (row: DeliveryRow, state: DeliveryState, code: string | null = null): Step =>
  ({ facts: { ...factsOf(row), state, code, nextAttemptAt: null }, trail: [{ state, code }], accepted: false });

/** Null too where it cannot be read any more: the state of such a delivery must go on all the same, or it would keep all others. */
const addressOf = async (store: Store, row: DeliveryRow): Promise<string | null> =>
  (await unlessDamaged(() => detailsOf(store, row)))?.address ?? null;

const changeOf = async (
  store: Store, row: DeliveryRow, state: DeliveryState, code: string | null, chargeable: boolean,
): Promise<DeliveryChange> => ({
  deliveryId: row.id, messageId: row.message_id, node: row.node, state, code, at: store.now, recipient: await addressOf(store, row),
  orderLocalId: row.order_local_id, organization: row.organization, site: row.site, priority: row.priority, resendOf: row.resend_of, chargeable,
  mailMessageId: fullMessageId(row.mail_message_id), ...(row.test === 1 && { test: true }),
});

/** The event that a fee is due for: once per delivery, whatever happens later. */
const charge = async (store: Store, row: DeliveryRow): Promise<number> => insert(store, 'chargeable', {
  delivery_id: row.id, kind: await feeKindOf(store, row), at: store.now,
  organization: row.organization, site: row.site, account: row.account,
}, 'ON CONFLICT (delivery_id, kind) DO NOTHING');

/** Tells of a state that a row already has. */
export const tell = async (
  store: Store, row: DeliveryRow, state: DeliveryState, code: string | null, chargeable = false,
): Promise<DeliveryChange> => {
  await insert(store, 'delivery_history', { delivery_id: row.id, at: store.now, state, code });
  const change = await changeOf(store, row, state, code, chargeable);
  store.changes.push(change);
  return change;
};

/** Columns that follow from the facts. `ended_at` is the end that counts for how long contents are kept. */
const columnsOf = (store: Store, row: DeliveryRow, facts: DeliveryFacts) => ({
  id: row.id, state: facts.state, code: facts.code, next: facts.nextAttemptAt, unknown: Number(facts.unknownOutcome),
  superseded: Number(facts.superseded), accepted: facts.acceptedAt, processed: facts.processedAt,
  dispatched: facts.dispatchedAt, failed: facts.failedAt, late: Number(facts.lateSuccess),
  ended: isTerminal(facts.state) ? row.ended_at ?? store.now : null,
});

/** Whether the message may be in another state after this: coming and going in the queue changes nothing for it. */
const matters = (from: DeliveryState, to: DeliveryState): boolean =>
  from !== to && [from, to].some((state) => state === 'RESOLVING' || isTerminal(state));

/** Writes a step: facts, history, fee event and message state together. Returns the last change, or null when nothing was to tell. */
export const applyStep = async (store: Store, row: DeliveryRow, { facts, trail, accepted }: Step): Promise<DeliveryChange | null> => {
  await run(store, `UPDATE delivery SET state = :state, code = :code, next_attempt_at = :next, unknown_outcome = :unknown, superseded = :superseded,
    accepted_at = :accepted, processed_at = :processed, dispatched_at = :dispatched, failed_at = :failed,
    late_success = :late, ended_at = :ended WHERE id = :id`, columnsOf(store, row, facts));
  // Apart, because clocks that run on after an outage move it at any time, under no lock of ours.
  if (accepted) await run(store, 'UPDATE delivery SET deadline_at = :at WHERE id = :id', { id: row.id, at: facts.deadlineAt });
  if (accepted) await charge(store, row);
  const changes: DeliveryChange[] = [];
  // A step's first state is the acceptance, where it holds one.
  for (const [index, { state, code }] of trail.entries()) changes.push(await tell(store, row, state, code, accepted && index === 0));
  if (accepted && trail.length === 0) {
    const proved = await changeOf(store, row, facts.state, facts.code, true);
    store.changes.push(proved);
    changes.push(proved);
  }
  if (trail.length > 0) await followState(store, row, row.state, facts.state, facts.code);
  if (matters(row.state, facts.state)) await settleMessage(store, row.message_id);
  if (isInLane(row.state) && !isInLane(facts.state)) await advanceLane(store, row);
  return changes.at(-1) ?? null;
};
