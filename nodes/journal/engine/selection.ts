// Which deliveries an action is for, in batches that one transaction can bear: named ones, or all that fit a filter.
import type { DeliverySelection, DeliveryState } from '../port.ts';
import { plain, refuse } from './asking.ts';
import { addressMark } from './deliveries.ts';
import { all, by, first, list, type Store, type Values } from './store.ts';

/** Deliveries per transaction: others wait for the journal meanwhile, and their ids fit one audit entry. */
export const BATCH = 48;

/** Where a filter goes on: what was there at its beginning (`until`), state by state, in order of time. */
export interface Rest { until: number; state: number; at: number; seq: number }

export interface Batch { ids: string[]; rest: Rest | null }

type Filter = Extract<DeliverySelection, { filter: unknown }>['filter'];

const KEYS = ['account', 'orderLocalId', 'recipient', 'state'] as const;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** An empty filter would mean everything: that is never meant. */
const readFilter = (filter: Filter): Filter => {
  if (!isObject(filter)) return refuse('deliveries.filter');
  const given = KEYS.filter((key) => filter[key] !== undefined);
  if (given.length === 0) refuse('deliveries.filter');
  for (const key of given) plain(`deliveries.filter.${key}`, filter[key]);
  return filter;
};

const conditions = (store: Store, { account, orderLocalId, recipient }: Filter): { sql: string; values: Values } => ({
  sql: [
    ...(account === undefined ? [] : ['AND d.account = :account']),
    ...(orderLocalId === undefined ? [] : ['AND d.message_id IN (SELECT id FROM message WHERE order_local_id = :orderLocalId)']),
    ...(recipient === undefined ? [] : ['AND d.address_mark = :recipient']),
  ].join(' '),
  values: {
    ...(account !== undefined && { account }), ...(orderLocalId !== undefined && { orderLocalId }),
    ...(recipient !== undefined && { recipient: addressMark(store, recipient) }),
  },
});

const indexFor = ({ recipient, orderLocalId }: Filter): string => {
  if (recipient !== undefined) return 'delivery_by_address';
  return orderLocalId === undefined ? 'delivery_by_state' : 'delivery_by_message';
};

interface Found { id: string; seq: number; at: number }

const inState = async (store: Store, filter: Filter, state: DeliveryState, { until, at, seq }: Rest, limit: number): Promise<Found[]> => {
  const { sql, values } = conditions(store, filter);
  return all<Found>(store, `SELECT d.id, d.seq, d.received_at AS at FROM delivery d ${by(store, indexFor(filter))}
    WHERE d.state = :state AND d.seq <= :until ${sql} AND d.received_at >= :at AND (d.received_at > :at OR d.seq > :seq)
    ORDER BY d.received_at, d.seq LIMIT :limit`,
  { ...values, state, until, at, seq, limit });
};

const begin = async (store: Store): Promise<Rest> =>
  ({ until: (await first<{ seq: number | null }>(store, 'SELECT max(seq) AS seq FROM delivery'))?.seq ?? 0, state: 0, at: 0, seq: 0 });

const fitting = async (store: Store, filter: Filter, states: readonly DeliveryState[], from: Rest): Promise<Batch> => {
  const ids: string[] = [];
  let rest = from;
  for (; rest.state < states.length; rest = { ...rest, state: rest.state + 1, at: 0, seq: 0 }) {
    const found = await inState(store, filter, states[rest.state]!, rest, BATCH - ids.length);
    ids.push(...found.map(({ id }) => id));
    const last = found.at(-1);
    if (last !== undefined && ids.length >= BATCH) return { ids, rest: { ...rest, at: last.at, seq: last.seq } };
  }
  return { ids, rest: null };
};

/** Named ones come in the order in which they were made, whoever asks, so that no two callers wait for each other in turn. */
const inOrder = async (store: Store, ids: string[]): Promise<string[]> => {
  const { sql, values } = list('id', ids);
  const known = await all<{ id: string }>(store, `SELECT id FROM delivery WHERE id IN ${sql} ORDER BY seq`, values);
  const found = new Set(known.map(({ id }) => id));
  return [...found, ...ids.filter((id) => !found.has(id))];
};

/**
 * `states`: those that the action is about; a filter finds no others. With `rest`, as the batch before gave it, the next batch.
 * Throws REQUEST_INVALID for a filter that says nothing.
 */
export const selected = async (store: Store, selection: DeliverySelection, states: readonly DeliveryState[], rest?: Rest): Promise<Batch> => {
  if (!isObject(selection)) return refuse('deliveries');
  if ('ids' in selection) {
    if (!Array.isArray(selection.ids) || selection.ids.length === 0) return refuse('deliveries.ids');
    const ids = [...new Set(selection.ids.map((id) => plain('deliveries.ids', id)))];
    const from = rest?.seq ?? 0;
    const slice = await inOrder(store, ids.slice(from, from + BATCH));
    return { ids: slice, rest: from + BATCH < ids.length ? { until: 0, state: 0, at: 0, seq: from + BATCH } : null };
  }
  const filter = readFilter(selection.filter);
  const wanted = filter.state === undefined ? states : states.filter((state) => state === filter.state);
  return fitting(store, filter, wanted, rest ?? await begin(store));
};
