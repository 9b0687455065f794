// What stands in a journal, for people: counts, one message with its whole story, accounts, incidents.
import { sentence } from '../errors.ts';
import type { AccountRecord, DeliveryRecord, IncidentRecord, MessageRecord } from '../journal/port.ts';
import { say } from './command.ts';
import { looking, requireMessage } from './journal-access.ts';
import { readCall } from './journal-call.ts';
import { CONTENT_OPTIONS, showContent } from './journal-content.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';
import { iso } from './times.ts';

const counted = (title: string, counts: Record<string, number>): string[][] =>
  Object.entries(counts).sort().map(([state, count]) => [title, state, String(count)]);

export const stats = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd);
  const found = await looking(call, async (journal) => await journal.stats());
  if (call.json) say(JSON.stringify(found));
  else {
    say(align([
      ...counted('messages', found.messages), ...counted('deliveries', found.deliveries),
      ['fees', 'without a price', String(found.unrated)], ['queue', 'oldest since', iso(found.oldestQueuedAt)],
      ['accounts', 'open incidents', String(found.incidents)],
      ['contents', 'kept', String(found.contents)], ['contents', 'bytes', String(found.bytes)],
    ]));
  }
  return 0;
};

const events = (rows: { at: number; word: string; code?: string | null; more?: string }[]): string[] => rows.length === 0 ? []
  : align(rows.map(({ at, word, code, more }) => ['   ', iso(at), word, code ?? '', more ?? ''])).split('\n');

const evidenceLines = (evidence: DeliveryRecord['evidence']): string[] => {
  if (evidence === null) return [];
  if (evidence.sealedBy === 'hisp') return [JOURNAL_TEXTS.sealedByHisp];
  return [`   certificate ${evidence.recipientCertificates.join(', ')}, anchor ${evidence.anchor}`];
};

const deliveryLines = (delivery: DeliveryRecord): string[] => [
  '', `delivery ${delivery.id}  ${[delivery.state, delivery.code].filter(Boolean).join(' ')}${delivery.lateSuccess ? JOURNAL_TEXTS.late : ''}`,
  `   to ${delivery.recipient ?? `NPI ${delivery.npi ?? '?'}`}, ${[delivery.level, ...delivery.alsoFrom].join(' and ')}: ${delivery.why}`,
  ...delivery.mailMessageId === null ? [] : [`   ${delivery.mailMessageId} from ${delivery.from ?? '?'} by ${delivery.account ?? '?'}`],
  ...evidenceLines(delivery.evidence),
  ...events(delivery.history.map(({ at, state, code }) => ({ at, word: state, ...(code !== undefined && { code }) }))),
  ...events(delivery.attempts.map(({ number, at, code, response }) => ({ at, word: `attempt ${number}`, code, more: response }))),
  ...events(delivery.notices.map(({ at, kind, event, detail }) => ({ at, word: `${kind.toUpperCase()} ${event}`, more: detail }))),
  ...delivery.nextAttemptAt === null ? [] : [`   next attempt ${iso(delivery.nextAttemptAt)}`],
  ...delivery.deadlineAt === null ? [] : [`   notifications are waited for until ${iso(delivery.deadlineAt)}`],
  ...delivery.fee === null ? [] : [`   fee ${delivery.fee.amount} ${delivery.fee.currency}`],
];

const linkLine = ({ kind, of, actor, reason }: NonNullable<MessageRecord['link']>): string =>
  `   ${kind}${of === null ? '' : ` of message ${of}`} by ${actor}: ${reason}`;

const messageLines = (message: MessageRecord): string[] => [
  `message ${message.id}  ${[message.state, message.code].filter(Boolean).join(' ')}`,
  `   order ${message.orderLocalId}, organization ${message.organization ?? '?'}, site ${message.site}, ${message.priority}`,
  `   received ${iso(message.receivedAt)} as input ${message.inputId}${message.inputName === null ? '' : ` (${message.inputName})`}`,
  `   ${message.runs} time(s) in the flow${message.lastStage === null ? '' : `, last stage ${message.lastStage}`}`,
  ...message.why === null ? [] : [`   ${message.why}`],
  ...message.code === null ? [] : [`   ${sentence(message.code)}`],
  ...message.resendOf === null ? [] : [`   sends again what message ${message.resendOf} held`],
  ...message.test ? ['   test: nobody\'s result'] : [],
  ...message.link === null ? [] : [linkLine(message.link)],
  ...message.legalHold ? ['   on legal hold: nothing of it is pruned'] : [],
  ...events(message.events.map(({ at, stage, outcome, code }) => ({ at, word: `${stage} ${outcome}`, ...(code !== undefined && { code }) }))),
];

export const show = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['message', ...CONTENT_OPTIONS]);
  const id = call.needed('message');
  if (call.text('content') !== undefined) return await showContent(call, id);
  const { message, deliveries } = await looking(call, async (journal) =>
    ({ message: await requireMessage(journal, id), deliveries: await journal.deliveries({ messageId: id }) }));
  say(call.json ? JSON.stringify({ message, deliveries }) : [...messageLines(message), ...deliveries.flatMap(deliveryLines)].join('\n'));
  return 0;
};

const accountCells = ({ name, queued, paused, fault }: AccountRecord): string[] => [
  name, String(queued), paused === null ? '' : `${iso(paused.at)} by ${paused.by}: ${paused.reason}`,
  fault === null ? '' : `${iso(fault.since)} ${fault.code}, probe ${fault.probes + 1} at ${iso(fault.nextProbeAt)}`,
];

export const accounts = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd);
  const found = await looking(call, async (journal) => await journal.accounts());
  say(call.json ? JSON.stringify(found) : align([['ACCOUNT', 'QUEUED', 'PAUSED', 'FAULT'], ...found.map(accountCells)]));
  return 0;
};

const INCIDENT_COLUMNS = ['ID', 'ACCOUNT', 'CODE', 'OPENED', 'RESOLVED', 'PROBES'];

const incidentCells = ({ id, account, code, openedAt, resolvedAt, probes }: IncidentRecord): string[] =>
  [id, account, code, iso(openedAt), iso(resolvedAt), String(probes)];

export const incidents = async (args: string[], cwd: string): Promise<number> => {
  const call = readCall(args, cwd, ['account'], ['open']);
  const account = call.text('account');
  const found = await looking(call, async (journal) =>
    await journal.incidents({ ...(account !== undefined && { account }), ...(call.flag('open') && { open: true }) }));
  if (call.json) for (const incident of found) say(JSON.stringify(incident));
  else say(found.length === 0 ? JOURNAL_TEXTS.nothing : align([INCIDENT_COLUMNS, ...found.map(incidentCells)]));
  return 0;
};
