// People's actions on deliveries, accounts and messages.
import type { Action, ActionOutcome, DeliveryRecord, DeliverySelection, DeliveryState, Journal } from '../journal/port.ts';
import { say } from './command.ts';
import { changing, looking } from './journal-access.ts';
import { type Call, readCall, wrong } from './journal-call.ts';
import { deliveryStateOf, pagesOf } from './journal-find.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';

const SELECTION = ['delivery', 'account', 'order', 'recipient', 'state'] as const;

type Selecting = Call<typeof SELECTION[number], 'dry-run'>;
type Kind = 'hold' | 'release' | 'cancel';

const filterOf = (call: Selecting): Exclude<DeliverySelection, { ids: string[] }>['filter'] => {
  const [account, orderLocalId, recipient] = [call.text('account'), call.text('order'), call.text('recipient')];
  const state = deliveryStateOf(call.text('state'));
  return {
    ...(account !== undefined && { account }), ...(orderLocalId !== undefined && { orderLocalId }),
    ...(recipient !== undefined && { recipient }), ...(state !== undefined && { state }),
  };
};

/** Never everything there is, by a slip. */
const selectionOf = (call: Selecting): DeliverySelection => {
  const ids = call.list('delivery');
  const filter = filterOf(call);
  if (ids !== undefined && Object.keys(filter).length > 0) throw wrong(JOURNAL_TEXTS.notBoth('delivery', Object.keys(filter)[0]!));
  if (ids !== undefined ? ids.length === 0 : Object.keys(filter).length === 0) throw wrong(JOURNAL_TEXTS.noSelection);
  return ids !== undefined ? { ids } : { filter };
};

/** 2: something of what was named stays as it was. */
export const told = (call: Pick<Call, 'json'>, outcome: ActionOutcome): number => {
  if (call.json) say(JSON.stringify(outcome));
  else {
    say(JOURNAL_TEXTS.changed(outcome.changed.length));
    if (outcome.overrode !== undefined) say(JOURNAL_TEXTS.overrode(outcome.overrode));
    if (outcome.created !== undefined) say(JOURNAL_TEXTS.created(outcome.created));
    if (outcome.skipped.length > 0) say(align([[JOURNAL_TEXTS.skipped, 'CODE'], ...outcome.skipped.map(({ id, code }) => [id, code])]));
  }
  return outcome.skipped.length > 0 ? 2 : 0;
};

/** The states that the action is for, and those that a filter would come upon besides; the journal itself decides again when it is meant. */
const FIT: Record<Kind, readonly DeliveryState[]> = { hold: ['QUEUED'], release: ['HELD'], cancel: ['RESOLVING', 'QUEUED', 'HELD'] };
const SEEN: Record<Kind, readonly DeliveryState[]> = { ...FIT, hold: [...FIT.hold, 'SENDING'], cancel: [...FIT.cancel, 'SENDING'] };

async function* selected(journal: Journal, kind: Kind, selection: DeliverySelection): AsyncGenerator<DeliveryRecord | null> {
  if ('ids' in selection) {
    for (const id of new Set(selection.ids)) yield await journal.delivery(id);
    return;
  }
  const { state: wanted, ...filter } = selection.filter;
  for (const state of SEEN[kind].filter((seen) => wanted === undefined || seen === wanted)) {
    for await (const { rows } of pagesOf(journal, { what: 'deliveries', ...filter, state })) yield* rows as DeliveryRecord[];
  }
}

/** What was held before it had a mail takes a run from a stage, not a release. */
const fits = (kind: Kind, delivery: DeliveryRecord | null): boolean =>
  delivery !== null && FIT[kind].includes(delivery.state) && (kind !== 'release' || delivery.evidence !== null);

const preview = async (call: Selecting, kind: Kind, selection: DeliverySelection): Promise<number> => {
  let [would, wouldNot] = [0, 0];
  await looking(call, async (journal) => {
    for await (const delivery of selected(journal, kind, selection)) if (fits(kind, delivery)) would += 1; else wouldNot += 1;
  });
  say(call.json ? JSON.stringify({ would, wouldNot }) : JOURNAL_TEXTS.wouldChange(would, wouldNot));
  return 0;
};

const onDeliveries = (kind: Kind) => async (args: string[], cwd: string): Promise<number> => {
  const call: Selecting = readCall(args, cwd, SELECTION, ['dry-run']);
  const deliveries = selectionOf(call);
  if (call.flag('dry-run')) return await preview(call, kind, deliveries);
  return await perform(call, { kind, deliveries, ...call.byPerson() });
};

const perform = async (call: Pick<Call, 'cwd' | 'json' | 'location' | 'keyFile'>, action: Action): Promise<number> =>
  told(call, await changing(call, async ({ methods }) => await methods.act(action)));

export const hold = onDeliveries('hold');
export const cancel = onDeliveries('cancel');

/** A message as a whole, or deliveries. */
export const release = async (args: string[], cwd: string): Promise<number> => {
  if (!args.some((arg) => /^--message(=|$)/.test(arg))) return await onDeliveries('release')(args, cwd);
  const call = readCall(args, cwd, ['message', 'organization']);
  const organization = call.text('organization')?.trim().toLowerCase();
  const message = { messageId: call.needed('message'), ...(organization !== undefined && { organization }) };
  return await perform(call, { kind: 'release-message', ...message, ...call.byPerson() });
};

export const close = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['message']);
  return await perform(call, { kind: 'close-message', messageId: call.needed('message'), ...call.byPerson() });
};

export const redirect = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['delivery', 'to']);
  return await perform(call, { kind: 'redirect', deliveryId: call.needed('delivery'), address: call.needed('to').trim(), ...call.byPerson() });
};

const onAccount = (kind: 'pause' | 'resume') => async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['account']);
  return await perform(call, { kind, account: call.needed('account'), ...call.byPerson() });
};

export const pause = onAccount('pause');
export const resume = onAccount('resume');

export const legalHold = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['message'], ['lift']);
  return await perform(call, { kind: call.flag('lift') ? 'legal-release' : 'legal-hold', messageId: call.needed('message'), ...call.byPerson() });
};
