// The conditions of a search as options, and its pages.
import { createInterface } from 'node:readline';
import type { DeliveryRecord, DeliveryState, FindPage, FindQuery, Journal, MessageRecord, MessageState } from '../journal/port.ts';
import { say } from './command.ts';
import { looking } from './journal-access.ts';
import { type Call, instantOf, readCall, wrong } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';
import { iso } from './times.ts';
import { TEXTS } from './texts.ts';

export const CONDITIONS = ['what', 'id', 'order', 'organization', 'recipient', 'mrn', 'state', 'account', 'from', 'to'] as const;

type FindCall = Call<typeof CONDITIONS[number] | 'limit' | 'cursor', 'all'>;
type ConditionCall = Pick<Call<typeof CONDITIONS[number]>, 'text'>;

const WHAT = ['messages', 'deliveries'] as const;

const STATES: { messages: readonly MessageState[]; deliveries: readonly DeliveryState[] } = {
  messages: ['RECEIVED', 'HELD', 'FILTERED', 'ERROR', 'ROUTED', 'DONE', 'DONE_WITH_PROBLEMS'],
  deliveries: [
    'RESOLVING', 'UNRESOLVED', 'SUPPRESSED', 'QUEUED', 'SENDING', 'SENT', 'PROCESSED', 'DELIVERED', 'UNCONFIRMED', 'FAILED', 'DEAD', 'HELD',
    'CANCELLED',
  ],
};

/** One of the choices, written in any case; undefined when it was not given. */
export const choiceOf = <Choice extends string>(name: string, text: string | undefined, choices: readonly Choice[]): Choice | undefined => {
  const found = choices.find((choice) => choice.toLowerCase() === text?.toLowerCase());
  if (text !== undefined && found === undefined) throw wrong(TEXTS.wrongChoice(name, choices));
  return found;
};

export const deliveryStateOf = (text: string | undefined): DeliveryState | undefined => choiceOf('state', text, STATES.deliveries);

const instant = (call: ConditionCall, name: 'from' | 'to'): number | undefined => {
  const text = call.text(name);
  const at = text === undefined ? undefined : instantOf(text);
  if (text !== undefined && at === undefined) throw wrong(JOURNAL_TEXTS.unlikeTime(name));
  return at;
};

const firstLine = async (): Promise<string> => {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
};

const given = <Fields extends object>(fields: { [Name in keyof Fields]: Fields[Name] | undefined }): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== '')) as Fields;

export const readQuery = async (call: ConditionCall): Promise<FindQuery> => {
  const what = choiceOf('what', call.text('what'), WHAT) ?? 'messages';
  const mrn = call.text('mrn');
  return {
    what,
    ...given<Omit<FindQuery, 'what'>>({
      id: call.text('id'), orderLocalId: call.text('order'), organization: call.text('organization')?.toLowerCase(),
      recipient: call.text('recipient'), mrn: mrn === '-' ? (await firstLine()).trim() : mrn,
      state: choiceOf<MessageState | DeliveryState>('state', call.text('state'), STATES[what]),
      account: call.text('account'), from: instant(call, 'from'), to: instant(call, 'to'),
    }),
  };
};

const LARGEST_PAGE = 500;

/** Page after page, newest first. */
export async function* pagesOf(journal: Pick<Journal, 'find'>, query: FindQuery): AsyncGenerator<FindPage> {
  for (let cursor = query.cursor; ;) {
    const page = await journal.find({ ...query, limit: LARGEST_PAGE, ...(cursor !== undefined && { cursor }) });
    yield page;
    if (page.next === null) return;
    cursor = page.next;
  }
}

const messageCells = ({ id, state, code, orderLocalId, organization, receivedAt }: MessageRecord): string[] =>
  [id, state, code ?? '', orderLocalId, organization ?? '', iso(receivedAt)];

const deliveryCells = ({ id, state, code, orderLocalId, organization, history, messageId }: DeliveryRecord): string[] =>
  [id, state, code ?? '', orderLocalId, organization, history.length === 0 ? '' : iso(history.at(-1)!.at), messageId];

const COLUMNS = ['ID', 'STATE', 'CODE', 'ORDER', 'ORGANIZATION'];

/** Ids, codes and times; nothing that could tell of a patient. */
const tableOf = (what: FindQuery['what'], rows: FindPage['rows']): string => align(what === 'messages'
  ? [[...COLUMNS, 'RECEIVED'], ...(rows as MessageRecord[]).map(messageCells)]
  : [[...COLUMNS, 'SINCE', 'MESSAGE'], ...(rows as DeliveryRecord[]).map(deliveryCells)]);

/** The journal looks at a bounded stretch a time: a page may be empty although there is more. */
const somePage = async (journal: Pick<Journal, 'find'>, query: FindQuery): Promise<FindPage> => {
  let page = await journal.find(query);
  while (page.rows.length === 0 && page.next !== null) page = await journal.find({ ...query, cursor: page.next });
  return page;
};

const onePage = async (call: FindCall, query: FindQuery, journal: Journal): Promise<void> => {
  const { rows, next } = await somePage(journal, query);
  if (call.json) {
    for (const row of rows) say(JSON.stringify(row));
    if (next !== null) say(JSON.stringify({ next }));
    return;
  }
  say(rows.length === 0 ? JOURNAL_TEXTS.nothing : tableOf(query.what, rows));
  if (next !== null) say(JOURNAL_TEXTS.more(next));
};

export const find = async (args: string[], cwd: string): Promise<number> => {
  const call: FindCall = readCall(args, cwd, [...CONDITIONS, 'limit', 'cursor'], ['all']);
  const [limit, cursor] = [call.number('limit', 1, LARGEST_PAGE), call.text('cursor')];
  const query = { ...await readQuery(call), ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) };
  if (call.flag('all') && cursor !== undefined) throw wrong(JOURNAL_TEXTS.notBoth('all', 'cursor'));
  await looking(call, async (journal) => {
    if (!call.flag('all')) return await onePage(call, query, journal);
    for await (const { rows } of pagesOf(journal, query)) {
      if (call.json) for (const row of rows) say(JSON.stringify(row));
      else if (rows.length > 0) say(tableOf(query.what, rows));
    }
  });
  return 0;
};
