// The join inside the journal: the stored orders, what IRIS said of their numbers, and what was said of them before.
import { decideJoin } from '../../0-order/join.ts';
import type { Result } from '../../0-order/model.ts';
import { CHANGED, CHANGED_WHY, contradicts } from './contradiction.ts';
import { isLinkedElsewhere } from './events.ts';
import type { JoinedOrder } from './messages.ts';
import { bodyOf, findCandidates } from './order-rows.ts';
import type { Store } from './store.ts';

/**
 * The join as the journal writes it: `code` and `why` as they stand on the message. `organization`: whose result it must be, joined or not.
 * One that is joined can be held all the same.
 */
export type Verdict = { organization: string | null } & (
  | { outcome: 'ready'; joined: JoinedOrder; code: null; why: null }
  | { outcome: 'waiting'; joined: null; code: string; why: string }
  | { outcome: 'held'; joined: JoinedOrder | null; code: string; why: string });

export const AWAITS = 'No order of a known organization with this site and order number is stored.';

const PRUNED = 'The data of the order of this result has been removed after its time.';

export const LINKED_ELSEWHERE = 'IRIS has given its number in this result to another order.';

/** By number and patient alone. */
const joinByNumber = async (store: Store, result: Result, boundTo: string | null): Promise<Verdict> => {
  const rows = await findCandidates(store, boundTo, result.site.localId, result.order.localId);
  const candidates = [];
  for (const row of rows) {
    if (row.body === null) return { outcome: 'held', organization: row.organization, joined: null, code: 'ORDER_PRUNED', why: PRUNED };
    candidates.push({ ...row, order: await bodyOf(store, { body: row.body }) });
  }
  const decision = decideJoin(candidates.map(({ order, state }) => ({ order, state })), result);
  const organization = boundTo ?? (rows.length === 1 ? rows[0]!.organization : null);
  switch (decision.outcome) {
    case 'ready': {
      const { id, version, order } = candidates.find((candidate) => candidate.order === decision.order)!;
      return { outcome: 'ready', organization, joined: { id, version, order }, code: null, why: null };
    }
    case 'waiting': return { outcome: 'waiting', organization, joined: null, code: 'AWAITS_ORDER', why: AWAITS };
    case 'held': return { outcome: 'held', organization, joined: null, code: decision.code, why: decision.why };
  }
};

export const join = async (store: Store, result: Result, boundTo: string | null): Promise<Verdict> => {
  const verdict = await joinByNumber(store, result, boundTo);
  const { outcome, organization } = verdict;
  if (outcome === 'held' || !await isLinkedElsewhere(store, result, organization)) return verdict;
  return { outcome: 'held', organization, joined: null, code: 'ORDER_LINK_CONFLICT', why: LINKED_ELSEWHERE };
};

/** A join, unless the result contradicts what was said before it. `before`: the message's own place, where it has one. */
export const weigh = async (store: Store, verdict: Verdict, result: Result, before?: number): Promise<Verdict> => {
  if (verdict.outcome !== 'ready' || !await contradicts(store, verdict.joined.id, result, before)) return verdict;
  return { ...verdict, outcome: 'held', code: CHANGED, why: CHANGED_WHY };
};

export const joinAndWeigh = async (store: Store, result: Result, boundTo: string | null, before?: number): Promise<Verdict> =>
  weigh(store, await join(store, result, boundTo), result, before);
