// The figures as Markdown, for the terminal and for the README.
import { createRequire } from 'node:module';
import { cpus, release, type as systemType } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './built.ts';
import type { FlowFigures } from './flow.ts';
import type { StagesAnswer, StageTiming } from './stages.ts';

export const TARGETS = { perSecond: 15, delayP99: 50, peakRssMb: 400 };

const ms = (value: number): string => value < 10 ? value.toFixed(2) : value.toFixed(1);

const flowColumn = ({ perSecond, delay, peakRssMb, cpuMs }: FlowFigures): string[] =>
  [perSecond.toFixed(1), `${delay.p99.toFixed(0)} ms`, `${delay.max.toFixed(0)} ms`, `${peakRssMb.toFixed(0)} MB`, `${ms(cpuMs)} ms`];

const FLOW_ROWS = [
  ['messages per second, from the order to both notifications and the ledger line', `≥ ${TARGETS.perSecond}`],
  ['event-loop delay of the Node-RED process at saturation, p99', `< ${TARGETS.delayP99} ms`],
  ['longest', ''],
  ['peak memory (RSS) of the Node-RED process', `< ${TARGETS.peakRssMb} MB`],
  ['CPU time per message, all threads of that process', ''],
] as const;

/** One column for each journal that was measured. */
const flowRows = (columns: string[][]): string[][] =>
  FLOW_ROWS.map(([name, target], index) => [name, ...columns.map((column) => column[index]!), target]);

const stageRow = ({ stage, own, floor }: StageTiming): string[] =>
  [stage, ms(own.ms), ms(own.cpuMs), floor === null ? '–' : ms(floor.cpuMs), floor === null ? '–' : (own.cpuMs / floor.cpuMs).toFixed(1)];

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

const stageRows = ({ stages }: StagesAnswer, { cpuMs }: FlowFigures): string[][] => {
  const known = sum(stages.map(({ own }) => own.cpuMs));
  const floor = sum(stages.map((stage) => stage.floor?.cpuMs ?? 0));
  return [
    ...stages.map(stageRow),
    ['everything else: Node-RED, HTTP, between threads, garbage', '', ms(Math.max(0, cpuMs - known)), '–', '–'],
    ['**whole flow**', ms(cpuMs), ms(cpuMs), ms(floor), (cpuMs / floor).toFixed(1)],
  ];
};

const row = (cells: string[]): string => `| ${cells.join(' | ')} |`;

const table = (head: string[], rows: string[][]): string =>
  [row(head), `|${head.map((_, index) => index === 0 ? '---' : '---:').join('|')}|`, ...rows.map(row)].join('\n');

const versionOf = (name: string): string => (createRequire(join(ROOT, 'package.json'))(`${name}/package.json`) as { version: string }).version;

const machine = (pinned: boolean): string => {
  const [cpu] = cpus();
  const cores = pinned
    ? 'Node-RED bound to one core, the simulated HISP and the load to another'
    : '**not bound to cores** (no `taskset`, or a single core)';
  const versions = `Node ${process.versions.node} (OpenSSL ${process.versions.openssl}), Node-RED ${versionOf('node-red')}`;
  return `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${systemType()} ${release()}; ${versions}; ${cores}.`;
};

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} KB`;

export const report = (flow: FlowFigures, shared: FlowFigures | null, stages: StagesAnswer, pinned: boolean): string => {
  const columns = [flow, ...(shared === null ? [] : [shared])].map(flowColumn);
  const { pdf, cda, mail } = stages.sizes;
  return [
    `One report of ${kilobytes(pdf)} with two pictures makes a document of ${kilobytes(cda)} and a mail of ${kilobytes(mail)}. ${machine(pinned)}`,
    table(['whole flow', 'SQLite', ...(shared === null ? [] : ['PostgreSQL']), 'target'], flowRows(columns)),
    table(['stage, alone in a hot loop', 'ms', 'CPU ms', 'floor CPU ms', 'ratio'], stageRows(stages, flow)),
    'The floor is the same bytes through base64, SHA-256, RSA-2048 and AES-256-CBC of `node:crypto`, `fdatasync` and a bare socket, measured in turns with the stages.'
      + ' An event-loop delay of 10 ms is the resolution of the timer that measures it.',
  ].join('\n\n');
};
