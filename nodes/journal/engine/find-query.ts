// A query of a person read into SQL: the one condition whose index is walked, and the others, which each row on the way is held against.
import { CourierError } from '../../errors.ts';
import type { DeliveryState, FindQuery, MessageState } from '../port.ts';
import { plain, refuse } from './asking.ts';
import { addressMark } from './deliveries.ts';
import { patientMark } from './messages.ts';
import type { Store, Values } from './store.ts';

const MESSAGE_STATES: ReadonlySet<string> = new Set<MessageState>(['RECEIVED', 'HELD', 'FILTERED', 'ERROR', 'ROUTED', 'DONE', 'DONE_WITH_PROBLEMS']);
const DELIVERY_STATES: ReadonlySet<string> = new Set<DeliveryState>(['RESOLVING', 'UNRESOLVED', 'SUPPRESSED', 'QUEUED', 'SENDING', 'SENT',
  'PROCESSED', 'DELIVERED', 'UNCONFIRMED', 'FAILED', 'DEAD', 'HELD', 'CANCELLED']);
/** What nearly everything ends as: the worst of conditions to walk along. */
const COMMON: ReadonlySet<string> = new Set(['DONE', 'DELIVERED', 'PROCESSED']);

const MOST = 500;
const USUAL = 50;

export type What = FindQuery['what'];

/** A place in the list: rows come newest first, those of one instant in the order in which they were made. */
export interface Place { at: number; seq: number }

export interface Walk {
  what: What;
  /** `m` is the message, `d` the delivery; `at` and `seq` say where in the list a row stands. */
  from: string; along: string; at: string; seq: string;
  /** SQL conditions. None: every row on the way fits. */
  filters: string[];
  values: Values;
  limit: number;
  after: Place | null;
}

export const cursorOf = (what: What, { at, seq }: Place): string => Buffer.from(`${what[0]}${at}.${seq}`).toString('base64url');

const readCursor = (what: What, cursor: unknown): Place => {
  const text = typeof cursor === 'string' ? Buffer.from(cursor.slice(0, 100), 'base64url').toString() : '';
  const [, kind, at, seq] = /^([md])(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  if (kind !== what[0]) throw new CourierError('CURSOR_INVALID');
  return { at: Number(at), seq: Number(seq) };
};

const instant = (path: 'from' | 'to', at: unknown): number =>
  typeof at === 'number' && Number.isFinite(at) ? Math.max(Math.min(Math.ceil(at), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER) : refuse(path);

const limitOf = (limit: unknown): number => {
  if (limit === undefined) return USUAL;
  return typeof limit === 'number' && limit >= 1 ? Math.min(Math.floor(limit), MOST) : 1;
};

type Key = 'id' | 'orderLocalId' | 'mrn' | 'recipient' | 'state' | 'organization' | 'account';

/** Texts to look for and what stands for them in SQL. */
const valuesOf = (store: Store, query: FindQuery): Partial<Record<Key, string | Uint8Array>> => {
  const { what, state, recipient, mrn } = query;
  const asked = (['id', 'orderLocalId', 'organization', 'account'] as const).filter((key) => query[key] !== undefined);
  const texts = asked.map((key) => [key, plain(key, query[key])]);
  if (state !== undefined && !(what === 'messages' ? MESSAGE_STATES : DELIVERY_STATES).has(state)) refuse('state');
  return {
    ...Object.fromEntries(texts) as Partial<Record<Key, string>>, ...(state !== undefined && { state }),
    ...(recipient !== undefined && { recipient: addressMark(store, plain('recipient', recipient)) }),
    ...(mrn !== undefined && { mrn: patientMark(store, plain('mrn', mrn)) }),
  };
};

/** The first of these that is asked for is walked along. */
const ORDER: readonly Key[] = ['id', 'orderLocalId', 'mrn', 'recipient', 'state', 'account', 'organization'];

const drivenBy = (values: Partial<Record<Key, unknown>>): Key | null => {
  const asked = ORDER.filter((key) => values[key] !== undefined);
  const better = COMMON.has(String(values.state)) ? asked.find((key) => key !== 'state') : undefined;
  return better ?? asked[0] ?? null;
};

const OF_MESSAGE: Record<Exclude<Key, 'id' | 'state' | 'recipient' | 'account'>, string> = {
  orderLocalId: 'm.order_local_id = :orderLocalId', mrn: 'm.patient_mark = :mrn', organization: 'm.organization = :organization',
};
const OF_DELIVERY = { recipient: 'd.address_mark = :recipient', account: 'd.account = :account' } as const;

/** By way of the message's few deliveries: no index on the condition itself may lure the database into walking along that. */
const toSome = (key: keyof typeof OF_DELIVERY): string =>
  `EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = m.id AND ${OF_DELIVERY[key].replace(/^\S+/, 'coalesce($&, NULL)')})`;

const conditionOf = (what: What, key: Key): string => {
  switch (key) {
    case 'id': return what === 'messages' ? 'm.id = :id' : 'd.id = :id';
    case 'state': return what === 'messages' ? 'm.state = :state' : 'd.state = :state';
    case 'recipient': case 'account': return OF_DELIVERY[key];
    default: return OF_MESSAGE[key];
  }
};

// The narrow columns of few rows, found before anything else is weighed: both databases stop merging a query at its LIMIT.
const ONE_ORDER = '(SELECT seq, id, received_at, organization, order_local_id, patient_mark, state FROM message WHERE order_local_id = :orderLocalId '
  + `LIMIT ${Number.MAX_SAFE_INTEGER}) m`;

const isOfDelivery = (key: Key | null): key is keyof typeof OF_DELIVERY => key === 'recipient' || key === 'account';

const isOfMessage = (key: Key | null): boolean => key !== null && key in OF_MESSAGE;

/** SQLite keeps to the order of a CROSS JOIN; PostgreSQL makes nothing of it. */
const fromOf = (what: What, key: Key | null, others: readonly Key[]): { from: string; join: string[] } => {
  const message = key === 'orderLocalId' ? ONE_ORDER : 'message m';
  const join = ['m.id = d.message_id'];
  if (what === 'messages') return isOfDelivery(key) ? { from: 'delivery d CROSS JOIN message m', join } : { from: message, join: [] };
  if (isOfMessage(key)) return { from: `${message} CROSS JOIN delivery d`, join };
  return others.some(isOfMessage) ? { from: 'delivery d CROSS JOIN message m', join } : { from: 'delivery d', join: [] };
};

/** Throws REQUEST_INVALID (its path says what of the query), CURSOR_INVALID. */
export const readQuery = (store: Store, query: FindQuery): Walk => {
  const { what, from: since, to: until, cursor } = query;
  if (what !== 'messages' && what !== 'deliveries') return refuse('what');
  const values = valuesOf(store, query);
  const key = drivenBy(values);
  const others = ORDER.filter((other) => other !== key && values[other] !== undefined);
  const { from, join } = fromOf(what, key, others);
  // The time of a message stands on its deliveries too, so that one index gives both.
  const at = from.startsWith('delivery') ? 'd.received_at' : 'm.received_at';
  return {
    what, from, at, seq: what === 'messages' ? 'm.seq' : 'd.seq',
    along: [
      ...join, ...(key === null ? [] : [conditionOf(what, key)]),
      ...(since === undefined ? [] : [`${at} >= :since`]), ...(until === undefined ? [] : [`${at} < :until`]),
    ].join(' AND '),
    filters: others.map((other) => what === 'messages' && isOfDelivery(other) ? toSome(other) : conditionOf(what, other)),
    values: {
      ...values, ...(since !== undefined && { since: instant('from', since) }), ...(until !== undefined && { until: instant('to', until) }),
    },
    limit: limitOf(query.limit), after: cursor === undefined ? null : readCursor(what, cursor),
  };
};
