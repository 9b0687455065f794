// `npm run bench:journal [-- --write] [-- --messages 1000000]`: the journal alone, each measurement in a process of its own, as a table for the README.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { ROOT } from '../built.ts';
import { withFigures } from '../readme.ts';
import type { AcceptFigures } from './accept.ts';
import type { InstancesFigures } from './instances.ts';
import type { LookUpFigures } from './million.ts';
import type { QueuedFigures } from './queued.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean' }, messages: { type: 'string', default: '1000000' } } });
const say = (text: string): void => { process.stdout.write(`${text}\n`); };

const measured = async <Figures>(file: string, ...args: string[]): Promise<Figures> => {
  say(`${file} …`);
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL(`${file}.ts`, import.meta.url)), ...args], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Figures;
};

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
const thousands = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
const row = (cells: string[]): string => `| ${cells.join(' | ')} |`;

const table = (accept: AcceptFigures, { messages, rows }: LookUpFigures, queued: QueuedFigures, instances: Partial<InstancesFigures>): string => [
  row(['the journal alone', 'measured', 'target']),
  '|---|---:|---:|',
  row(['results accepted per second with fsync (8.5 kB and a document of 100 kB)', thousands(accept.perSecond), '']),
  row(['the same bytes in a bare insert loop of `node:sqlite`, per second', thousands(accept.floorPerSecond), '']),
  row(['ratio', accept.ratio.toFixed(2), '≥ 0.5']),
  row([`time to the acknowledgement at a quarter of that rate (${accept.steadyPerSecond.toFixed(0)}/s), p99`, ms(accept.p99), '< 50 ms']),
  ...rows.map(({ by, p50, p95 }) => row([`${thousands(messages)} messages: look-up by ${by}, p95 (median)`, `${ms(p95)} (${ms(p50)})`, '< 50 ms'])),
  row([`start with ${thousands(queued.queued)} queued deliveries: first mail sent after`, ms(queued.firstSendMs), '< 5 s']),
  row(['growth of memory (RSS) meanwhile', `${queued.rssGrowthMb.toFixed(0)} MB`, '< 150 MB']),
  ...(instances.ratio === undefined ? [row(['PostgreSQL', 'not available', ''])] : [
    row([`PostgreSQL, HISP answers in ${instances.answerMs} ms, ${instances.connections} connections: one instance sends per second`, instances.one!.toFixed(0), '']),
    row(['two instances', instances.two!.toFixed(0), '']),
    row(['ratio', instances.ratio.toFixed(2), '≥ 1.5']),
  ]),
].join('\n');

const figures = table(await measured<AcceptFigures>('accept'), await measured<LookUpFigures>('million', '--messages', values.messages), await measured<QueuedFigures>('queued'),
  await measured<Partial<InstancesFigures>>('instances'));
say(`\n${figures}`);
const readme = join(ROOT, 'README.md');
if (values.write) await writeFile(readme, withFigures(await readFile(readme, 'utf8'), figures, 'bench-journal'));
