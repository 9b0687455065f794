// Deliveries as a table for a terminal.
import type { DeliveryRecord } from '../journal/port.ts';
import { type Outcome, summaryJson } from './outcome.ts';
import { TEXTS } from './texts.ts';

const cut = (text: string, width: number): string => text.length <= width ? text : `${text.slice(0, width - 1)}…`;
/** The end of a text: where a long story comes to its point. */
const cutStart = (text: string, width: number): string => text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;

const row = (delivery: DeliveryRecord): string[] => [
  delivery.orderLocalId, delivery.recipient ?? `NPI ${delivery.npi ?? '?'}`, delivery.level, delivery.state, delivery.code ?? '',
  String(delivery.attempts.length), delivery.fee === null ? '' : `${delivery.fee.amount} ${delivery.fee.currency}`,
  delivery.code === null ? cut(delivery.why, 110) : cutStart(delivery.why, 110),
];

/** Columns as wide as their widest cell. */
export const align = (rows: string[][]): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()).join('\n');
};

const lines = (title: string, entries: { file?: string | null; code: string | null; why?: string | null; text?: string | null }[]): string[] =>
  entries.map(({ file, code, why, text }) => `${title}  ${file ?? ''}  ${code ?? ''}  ${cut(why ?? text ?? '', 140)}`);

/** Deliveries first, then what never became one, then the fees. */
export const outcomeTable = (outcome: Outcome): string => {
  const { held, waiting, rejected, fees } = summaryJson(outcome);
  const sorted = [...outcome.deliveries].sort((a, b) => a.orderLocalId < b.orderLocalId ? -1 : 1);
  const replays = outcome.inputs.filter((input) => input.outcome === 'replay').map(({ name }) => ({ file: name, code: 'REPLAY', why: TEXTS.replay }));
  return [
    align([[...TEXTS.columns], ...sorted.map(row)]),
    ...lines('held', held), ...lines('waiting', waiting), ...lines('rejected', rejected), ...lines('replay', replays),
    `fees: ${[fees, ...fees.others ?? []].map(({ total, currency }) => `${total} ${currency}`).join(', ')}`,
  ].join('\n');
};
