// A demo run as a person would start it: the built command in a process of its own, a folder in, a folder out.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export interface DemoDelivery {
  folder: string;
  id: string; messageId: string; orderLocalId: string; organization: string; site: string; recipient: string; npi: string | null;
  level: string; alsoFrom: string[]; source: string; why: string; state: string; history: { state: string; at: string; code?: string }[];
  attempts: number; finalDelivery: boolean; warnings: string[]; fee: { amount: string; currency: string } | null; code: string | null;
}

interface Entry { orderLocalId: string; recipient: string | null; npi: string | null; code: string; why: string }
interface Stopped { file: string; orderLocalId: string; code: string; why: string }

export interface DemoRun {
  exit: number;
  out: string;
  stdout: string;
  stderr: string;
  deliveries: DemoDelivery[];
  summary: {
    inputs: number; deliveries: Record<string, number>; unresolved: Entry[]; suppressed: Entry[]; held: Stopped[]; waiting: Stopped[];
    rejected: { file: string; code: string; path: string | null; text: string }[]; fees: { currency: string; total: string };
  };
}

/** Runs the built command line and collects what it says. */
export const courier = async (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<{ exit: number; stdout: string; stderr: string }> => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/direct-courier'), ...args], {
    cwd: options.cwd ?? ROOT, env: { ...process.env, COURIER_CWD: options.cwd ?? ROOT, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.stderr.on('data', (chunk) => { stderr += chunk; });
  const exit = await new Promise<number>((done) => child.on('close', (code) => done(code ?? -1)));
  return { exit, stdout, stderr };
};

const folders: string[] = [];

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'courier-test-'));
  folders.push(folder);
  return folder;
};

/** For `after`: what the tests of a file left on disk. */
export const removeTemporaryFolders = (): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

/** Writes a folder of files: objects as JSON, texts and buffers as they are. */
export const writeFiles = (folder: string, files: Record<string, unknown>): void => {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  }
};

export interface DemoSetup {
  inputs: Record<string, unknown>;
  route?: string;
  directory?: string;
  organizations?: unknown[];
  expect?: unknown[];
  options?: string[];
  env?: NodeJS.ProcessEnv;
}

const readRun = (out: string): Pick<DemoRun, 'deliveries' | 'summary'> => ({
  summary: existsSync(join(out, 'summary.json')) ? JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as DemoRun['summary'] : undefined as never,
  deliveries: readdirSync(out).filter((name) => existsSync(join(out, name, 'delivery.json')))
    .map((name) => ({ ...JSON.parse(readFileSync(join(out, name, 'delivery.json'), 'utf8')) as DemoDelivery, folder: join(out, name) })),
});

export const runDemo = async ({ inputs, route, directory, organizations, expect, options = [], env }: DemoSetup): Promise<DemoRun> => {
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  writeFiles(join(folder, 'in'), inputs);
  const extras: Record<string, unknown> = {
    ...(route !== undefined && { 'route.csv': route }), ...(directory !== undefined && { 'directory.csv': directory }),
    ...(organizations !== undefined && { 'organizations.json': organizations }), ...(expect !== undefined && { 'expect.json': expect }),
  };
  writeFiles(folder, extras);
  const files = Object.keys(extras).flatMap((name) => [`--${name.replace(/\..*$/, '')}`, name]);
  const said = await courier(['demo', '--input', 'in', '--out', 'out', ...files, ...options], { cwd: folder, ...(env !== undefined && { env }) });
  return { ...said, out, ...(existsSync(out) ? readRun(out) : { deliveries: [], summary: undefined as never }) };
};

/** Order and result number n of a made-up patient, changed as asked. */
export const delivered = (run: DemoRun, orderLocalId: string): DemoDelivery[] => run.deliveries.filter((delivery) => delivery.orderLocalId === orderLocalId);
