// What people do to deliveries, accounts and messages. Each call, or each batch of a long one, leaves one entry in the audit chain.
import type { Action, ActionOutcome, DeliverySelection, DeliveryState } from '../port.ts';
import { afterHold, afterRelease } from '../states.ts';
import { pauseAccount, resumeAccount } from './accounts.ts';
import { acknowledge, targetOf as acknowledged } from './alerts.ts';
import { plain, refuse, saying } from './asking.ts';
import { appendAudit } from './audit.ts';
import { block, unblock } from './blocked.ts';
import { applyStep, type DeliveryRow, factsOf, lockDelivery } from './deliveries.ts';
import { announce } from './lanes.ts';
import { giveUp } from './linking.ts';
import { closeMessage, releaseMessage } from './message-actions.ts';
import { redirect } from './redirect.ts';
import { type Rest, selected } from './selection.ts';
import { first, lock, run, type Store } from './store.ts';
import { sendTest } from './test-message.ts';

type Kind = 'hold' | 'release' | 'cancel';

/** What a filter looks at. `fit`: what the action is for; the others are told as skipped. */
const STATES: Record<Kind, { fit: readonly DeliveryState[]; seen: readonly DeliveryState[] }> = {
  hold: { fit: ['QUEUED'], seen: ['QUEUED', 'SENDING'] },
  release: { fit: ['HELD'], seen: ['HELD'] },
  cancel: { fit: ['RESOLVING', 'QUEUED', 'HELD'], seen: ['RESOLVING', 'QUEUED', 'HELD', 'SENDING'] },
};

const unfit = (kind: Kind, row: DeliveryRow): string | null => {
  if (row.state === 'SENDING') return 'DELIVERY_SENDING';
  if (!STATES[kind].fit.includes(row.state)) return 'ACTION_UNFIT';
  return kind === 'release' && row.mail === null ? 'RERUN_NEEDED' : null;
};

/** Whoever lets it go wants it tried: its limits begin anew. */
const release = async (store: Store, row: DeliveryRow): Promise<void> => {
  await run(store, `UPDATE delivery SET tries = 0, age_from = :now, released_code = coalesce(hold_code, released_code), hold_code = NULL
    WHERE id = :id`, { id: row.id, now: store.now });
  await applyStep(store, row, afterRelease(factsOf(row), store.now));
  await announce(store, row, store.now);
};

/** Null: done. Else the code that says why not. */
const actOn = async (store: Store, kind: Kind, id: string): Promise<string | null> => {
  const row = await lockDelivery(store, id);
  if (row === undefined) return 'DELIVERY_UNKNOWN';
  const code = unfit(kind, row);
  if (code !== null) return code;
  switch (kind) {
    case 'hold': await applyStep(store, row, afterHold(factsOf(row))); break;
    case 'release': await release(store, row); break;
    case 'cancel': await giveUp(store, row); break;
  }
  return null;
};

/** `rest`: a batch was done, and there is more of what was asked for. */
export interface BatchOutcome extends ActionOutcome { rest?: Rest }

const none = (changed: string[] = [], skipped: ActionOutcome['skipped'] = []): BatchOutcome => ({ changed, skipped });

const actOnMany = async (store: Store, kind: Kind, selection: DeliverySelection, before?: Rest): Promise<BatchOutcome> => {
  const { ids, rest } = await selected(store, selection, STATES[kind].seen, before);
  const outcome = none();
  for (const id of ids) {
    const code = await actOn(store, kind, id);
    if (code === null) outcome.changed.push(id);
    else outcome.skipped.push({ id, code });
  }
  return rest === null ? outcome : { ...outcome, rest };
};

const setLegalHold = async (store: Store, messageId: string, hold: number): Promise<BatchOutcome> => {
  await lock(store, 'message', messageId);
  const row = await first<{ hold: number }>(store, 'SELECT legal_hold AS hold FROM message WHERE id = :messageId', { messageId });
  if (row === undefined) return none([], [{ id: messageId, code: 'MESSAGE_UNKNOWN' }]);
  if (row.hold === hold) return none([], [{ id: messageId, code: 'ACTION_UNFIT' }]);
  await run(store, 'UPDATE message SET legal_hold = :hold WHERE id = :messageId', { messageId, hold });
  return none([messageId]);
};

const one = (id: string, done: boolean): BatchOutcome => done ? none([id]) : none([], [{ id, code: 'ACTION_UNFIT' }]);

const readMessageAction = (action: Extract<Action, { kind: 'release-message' }>): typeof action => ({
  ...action, messageId: plain('messageId', action.messageId),
  ...(action.organization !== undefined && { organization: plain('organization', action.organization) }),
});

const perform = async (store: Store, action: Action, actor: string, reason: string, before?: Rest): Promise<BatchOutcome> => {
  switch (action.kind) {
    case 'hold': case 'release': case 'cancel': return actOnMany(store, action.kind, action.deliveries, before);
    case 'redirect': return redirect(store, plain('deliveryId', action.deliveryId), action.address, { actor, reason });
    case 'pause': return one(saying('account', action.account), await pauseAccount(store, saying('account', action.account), actor, reason));
    case 'resume': return one(saying('account', action.account), await resumeAccount(store, saying('account', action.account)));
    case 'legal-hold': return setLegalHold(store, plain('messageId', action.messageId), 1);
    case 'legal-release': return setLegalHold(store, plain('messageId', action.messageId), 0);
    case 'release-message': return releaseMessage(store, readMessageAction(action), release);
    case 'close-message': return closeMessage(store, { ...action, messageId: plain('messageId', action.messageId) });
    case 'acknowledge': return acknowledge(store, action, { actor, reason });
    case 'block': return block(store, action.block, action.value, { actor, reason }, before);
    case 'unblock': return unblock(store, plain('id', action.id), { actor, reason });
    case 'test': return sendTest(store, action, { actor, reason });
    case 'viewed': case 'exported': return none();
    default: return refuse('kind');
  }
};

const targetOf = (action: Action, { created }: BatchOutcome): string => {
  switch (action.kind) {
    case 'hold': case 'release': case 'cancel': {
      const { deliveries } = action;
      return 'ids' in deliveries && deliveries.ids.length === 1 ? deliveries.ids[0]! : 'deliveries';
    }
    case 'redirect': return action.deliveryId;
    case 'pause': case 'resume': return `account ${saying('account', action.account)}`;
    case 'legal-hold': case 'legal-release': case 'release-message': case 'close-message': return action.messageId;
    case 'acknowledge': return acknowledged(action).id;
    case 'block': return `do-not-send ${created ?? ''} ${action.block}`;
    case 'unblock': return `do-not-send ${action.id}`;
    case 'test': return created ?? 'test message';
    case 'viewed': case 'exported': return saying('target', action.target);
  }
};

/** Codes and ids only: a filter's values may be an address, so that only its keys are told, and what was changed. */
const detailOf = (action: Action, { changed, skipped, created, overrode }: BatchOutcome): string => {
  const codes = [...new Set(skipped.map(({ code }) => code))].sort();
  return [
    ...('deliveries' in action && 'filter' in action.deliveries ? [`filter ${Object.keys(action.deliveries.filter).sort().join('+')}`] : []),
    ...('deliveries' in action || changed.length > 0 || skipped.length > 0 ? [`changed ${changed.length}`, `skipped ${skipped.length}`] : []),
    ...(codes.length > 0 ? [`codes ${codes.join('+')}`] : []),
    ...(overrode === undefined ? [] : [`overrode ${overrode}`]),
    ...(created === undefined ? [] : [`created ${created}`]),
    ...('deliveries' in action && changed.length > 0 ? [changed.join(' ')] : []),
  ].join(', ');
};

/**
 * One batch of an action; with `rest`, as the batch before gave it, the next one. Throws REQUEST_INVALID (path says what is missing or
 * malformed), ADDRESS_INVALID, and what `rerun` throws for a redirect; nothing is changed then.
 */
export const act = async (store: Store, action: Action, rest?: Rest): Promise<BatchOutcome> => {
  const [actor, reason] = [saying('actor', action.actor), saying('reason', action.reason)];
  const outcome = await perform(store, action, actor, reason, rest);
  await appendAudit(store, { actor, action: action.kind, target: targetOf(action, outcome), reason, detail: detailOf(action, outcome) });
  return outcome;
};
