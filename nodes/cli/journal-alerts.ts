// Alerts: what waits for a person, and saying what was done about it.
import { sentence } from '../errors.ts';
import type { AlertRecord } from '../journal/port.ts';
import { say } from './command.ts';
import { told } from './journal-act.ts';
import { changing, looking } from './journal-access.ts';
import { readCall, wrong } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';
import { iso } from './times.ts';

const COLUMNS = ['ALERT', 'PRIORITY', 'STATE', 'CODE', 'SINCE', 'TOLD', 'MESSAGE', 'DELIVERY', 'CLOSED'];

/** Ids, codes and times; nothing that could tell of a patient, and no address. */
const cells = ({ id, priority, state, code, since, count, messageId, deliveryId, closed }: AlertRecord): string[] => [
  id, priority, state, code ?? '', iso(since), String(count), messageId, deliveryId ?? '',
  closed === null ? '' : [iso(closed.at), closed.code, ...(closed.actor === null ? [] : [`${closed.actor}: ${closed.reason}`])].join(' '),
];

export const alerts = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, [], ['all']);
  const found = await looking(call, async (journal) => await journal.alerts({ all: call.flag('all') }));
  if (call.json) for (const alert of found) say(JSON.stringify(alert));
  else say(found.length === 0 ? JOURNAL_TEXTS.nothing : align([COLUMNS, ...found.map(cells)]));
  const codes = new Set(found.filter(({ closed }) => closed === null).flatMap(({ code }) => code ?? []));
  if (!call.json) for (const code of codes) say(`${code}: ${sentence(code)}`);
  return 0;
};

const TARGETS = ['alert', 'delivery', 'message'] as const;

export const acknowledge = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, TARGETS);
  const [name, ...others] = TARGETS.filter((target) => call.text(target) !== undefined);
  if (name === undefined || others.length > 0) throw wrong(JOURNAL_TEXTS.oneOf(TARGETS));
  const id = call.needed(name);
  const about = name === 'alert' ? { alertId: id } : name === 'delivery' ? { deliveryId: id } : { messageId: id };
  const person = call.byPerson();
  return told(call, await changing(call, async ({ methods }) => await methods.act({ kind: 'acknowledge', ...about, ...person })));
};
