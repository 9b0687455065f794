// The command as a person types it, and an engine beside it; both from the sources, each in a process of its own.
import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DeliveryRecord, MessageRecord } from '../../nodes/journal/port.ts';
import { temporaryFolder, ROOT } from '../support/demo.ts';
import type { Made } from './filling.ts';

export interface Said { exit: number; stdout: string; stderr: string }

const MAIN = `import { main } from ${JSON.stringify(join(ROOT, 'nodes/cli/main.ts'))}; process.exit(await main(process.argv.slice(1)));`;

/** What no test may take from the person who runs it. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DIRECT_') && name !== 'COURIER_CWD'));

/** Each time a process of its own; `input` is what is typed. */
export const typed = async (args: string[], input = '', cwd = ROOT): Promise<Said> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', MAIN, '--', ...args], { cwd, env: environment() });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.stderr.on('data', (chunk) => { stderr += chunk; });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [exit] = await once(child, 'close') as [number | null];
  return { exit: exit ?? -1, stdout, stderr };
};

interface Shell { run(args: string[], cwd?: string): Promise<Said>; stop(): void }

/** One process for many commands, one after the other. */
export const startShell = (env: NodeJS.ProcessEnv = {}): Shell => {
  const child = spawn(process.execPath, [join(ROOT, 'test/cli/shell-process.ts')], {
    env: { ...environment(), ...env }, stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (args, cwd = ROOT) => {
      child.stdin.write(`${JSON.stringify({ args, cwd })}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error('the shell ended');
      return JSON.parse(value) as Said;
    },
    stop: () => { child.stdin.end(); },
  };
};

/** A folder as the user directory has it. */
export const freshFile = (): string => {
  const folder = join(temporaryFolder(), 'direct-courier');
  mkdirSync(folder);
  return join(folder, 'journal.sqlite');
};

export interface Engine { child: ChildProcess; file: string; made: Made; stop(signal?: NodeJS.Signals): Promise<void> }

export const startEngine = async (file = freshFile(), ...filling: 'urgent'[]): Promise<Engine> => {
  const child = spawn(process.execPath, [join(ROOT, 'test/cli/engine-process.ts'), file, ...filling], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const line = await Promise.race([once(child.stdout!, 'data'), ended.then(([code]) => { throw new Error(`the engine ended with ${code}`); })]) as [Buffer];
  return {
    child, file, made: JSON.parse(line[0].toString()) as Made,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
};

/** A journal with its messages, and nobody who has it open. */
export const filledFile = async (): Promise<{ file: string; made: Made }> => {
  const engine = await startEngine();
  await engine.stop();
  return { file: engine.file, made: engine.made };
};

export const writeText = (text: string, name = 'file.json'): string => {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

export const lines = <Row>(stdout: string): Row[] => stdout.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Row);

export interface Shown { message: MessageRecord; deliveries: DeliveryRecord[] }
export interface Audited { actor: string; action: string; target: string; reason: string }

/** The journal command on one file, as the tests use it. */
export const commandOn = (shell: Pick<Shell, 'run'>, file: () => string) => {
  const journal = async (...args: string[]): Promise<Said> => await shell.run(['journal', ...args, '--journal', file()]);
  const done = async (...args: string[]): Promise<string> => {
    const { exit, stdout, stderr } = await journal(...args);
    expect([exit, stderr], args.join(' ')).to.deep.equal([0, '']);
    return stdout;
  };
  const answer = async <Answer>(...args: string[]): Promise<Answer> => JSON.parse(await done(...args, '--json')) as Answer;
  return {
    journal, done, answer,
    audit: async (...args: string[]): Promise<Said> => await shell.run(['audit', ...args, '--journal', file()]),
    shown: async (id: string): Promise<Shown> => await answer<Shown>('show', '--message', id),
    stateOf: async (delivery: string): Promise<string> =>
      lines<DeliveryRecord>(await done('find', '--what', 'deliveries', '--id', delivery, '--json'))[0]!.state,
    audited: async (): Promise<Audited[]> => lines((await shell.run(['audit', 'list', '--all', '--json', '--journal', file()])).stdout),
  };
};

export const REASON = ['--reason', 'a test'];
