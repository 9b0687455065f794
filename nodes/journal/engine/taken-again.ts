// A result that a person takes in once more, as it came or as they have edited it: where it goes on, whom it is for, and what becomes of the
// message whose place it takes.
import type { Result } from '../../0-order/model.ts';
import { CourierError } from '../../errors.ts';
import type { LinkRequest, RawInput, ResultOutcome } from '../port.ts';
import { plain, saying } from './asking.ts';
import { appendAudit } from './audit.ts';
import { marksOf } from './choice.ts';
import { DELIVERY, type DeliveryRow } from './deliveries.ts';
import { giveUp, isInFlow, lockMessage } from './linking.ts';
import { endJob } from './message-state.ts';
import type { MessageRow } from './messages.ts';
import { acceptResult as acceptFirst } from './results.ts';
import { all, lockName, orderName, run, type Store } from './store.ts';

/** Throws MESSAGE_UNKNOWN, MESSAGE_BUSY, SUPERSEDED. */
const lockEarlier = async (store: Store, id: string): Promise<MessageRow> => {
  const row = await lockMessage(store, id);
  if (row.code === 'SUPERSEDED') throw new CourierError('SUPERSEDED', { detail: id });
  if (isInFlow(row)) throw new CourierError('MESSAGE_BUSY', { detail: id });
  return row;
};

/** Throws DELIVERY_UNKNOWN, and DELIVERY_SENDING: what the HISP is taking right now cannot give way. */
const chosenOf = async (store: Store, { id }: MessageRow, only: readonly string[] | undefined): Promise<DeliveryRow[]> => {
  const rows = await all<DeliveryRow>(store, `${DELIVERY} WHERE d.message_id = :id AND d.ordinal >= 0 ORDER BY d.ordinal`, { id });
  const missing = only?.find((wanted) => !rows.some((row) => row.id === plain('only', wanted)));
  if (missing !== undefined) throw new CourierError('DELIVERY_UNKNOWN', { detail: missing });
  const chosen = rows.filter((row) => only === undefined || only.includes(row.id));
  const sending = chosen.find(({ state }) => state === 'SENDING');
  if (sending !== undefined) throw new CourierError('DELIVERY_SENDING', { detail: sending.id });
  return chosen;
};

/** What has not gone yet is not to go beside what takes its place; a message that was never planned has nothing left to do. */
const giveWay = async (store: Store, earlier: MessageRow, chosen: readonly DeliveryRow[]): Promise<void> => {
  for (const row of chosen) if (['RESOLVING', 'QUEUED', 'HELD'].includes(row.state)) await giveUp(store, row, 'RERUN');
  if (earlier.planned_at !== null || !['RECEIVED', 'HELD', 'ERROR'].includes(earlier.state)) return;
  await run(store, `UPDATE message SET state = 'FILTERED', code = 'RERUN', ended_at = :now WHERE id = :id`, { id: earlier.id, now: store.now });
  await endJob(store, earlier.id);
};

const acceptLinked = async (store: Store, result: Result, raw: RawInput, boundTo: string | null, link: LinkRequest): Promise<ResultOutcome> => {
  const { only, ...asked } = link;
  const person = { actor: saying('actor', asked.actor), reason: saying('reason', asked.reason) };
  await lockName(store, orderName(result.order.localId));
  const earlier = await lockEarlier(store, plain('of', asked.of));
  const chosen = await chosenOf(store, earlier, only);
  const outcome = await acceptFirst(store, result, { ...raw, entry: raw.entry ?? earlier.entry }, boundTo, { ...asked, ...person });
  if (only !== undefined) {
    const marks = JSON.stringify(await marksOf(store, chosen));
    await run(store, 'UPDATE message SET only_these = :marks WHERE id = :id', { id: outcome.messageId, marks });
  }
  await giveWay(store, earlier, chosen);
  const detail = `from raw, created ${outcome.messageId}, ${only === undefined ? 'all recipients' : only.join(' ')}`;
  await appendAudit(store, { ...person, action: asked.kind, target: earlier.id, detail });
  return outcome;
};

/** As `acceptResult` of results.ts; with `link` it throws REQUEST_INVALID, MESSAGE_UNKNOWN, MESSAGE_BUSY, SUPERSEDED, DELIVERY_* besides. */
export const acceptResult = (
  store: Store, result: Result, raw: RawInput, boundTo: string | null, link?: LinkRequest,
): Promise<ResultOutcome> => link === undefined ? acceptFirst(store, result, raw, boundTo) : acceptLinked(store, result, raw, boundTo, link);
