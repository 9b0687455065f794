// Processes of the benchmark: each on its core where the system can do that, ended with the one that started them.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ROOT } from './built.ts';

/** The core of what is measured, and that of everything around it. */
export const CORE = { measured: 0, around: 1 } as const;

/** Whether processes can be bound to cores here: taskset, and two cores. */
export const canPin = (): boolean =>
  [CORE.measured, CORE.around].every((core) => spawnSync('taskset', ['-c', String(core), 'true']).status === 0);

/** Binds this process, all of its threads. */
export const pinSelf = (core: number): void => {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]);
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

export interface Worker<Answer> {
  tell(message: unknown): void;
  /** Sends a message and waits for the first answer that fits. */
  ask(question: unknown, fits?: (answer: Answer) => boolean): Promise<Answer>;
  onTold(listener: (told: Answer) => void): void;
  stop(): Promise<void>;
}

export interface WorkerOptions { core: number; pin: boolean; input: unknown; nodeOptions?: string[]; env?: Record<string, string> }

/** Forks a file of this folder; it gets `input` as its first message and says one thing when it is ready. */
export const startWorker = async <Answer>(file: string, { core, pin, input, nodeOptions = [], env = {} }: WorkerOptions): Promise<{ worker: Worker<Answer>; ready: Answer }> => {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, [], {
    // Fork puts the Node options before the file: `taskset -c N node … file`.
    ...(pin && { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...nodeOptions] }),
    ...(!pin && { execArgv: nodeOptions }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...env }, serialization: 'advanced',
  });
  const listeners = new Set<(told: Answer) => void>();
  child.on('message', (told) => { for (const listener of [...listeners]) listener(told as Answer); });
  const next = (fits: (answer: Answer) => boolean = () => true): Promise<Answer> => new Promise((resolve, reject) => {
    const early = (): void => { reject(new Error(`${file} ended too early`)); };
    const listener = (told: Answer): void => {
      if (!fits(told)) return;
      listeners.delete(listener);
      child.off('exit', early);
      resolve(told);
    };
    listeners.add(listener);
    child.once('exit', early);
  });
  const tell = (message: unknown): void => { child.send(message as object); };
  const ready = next();
  tell(input);
  return {
    ready: await ready,
    worker: {
      tell,
      ask: async (question, fits) => {
        const answer = next(fits);
        tell(question);
        return await answer;
      },
      onTold: (listener) => { listeners.add(listener); },
      stop: async () => {
        child.disconnect();
        await ended(child);
      },
    },
  };
};

export interface Simulator { smtpPort: number; certificateUrl: string; stop(): Promise<void> }

export interface SimulatorOptions { core: number; pin: boolean; folder: string; privateFolder: string; notifyPort: number; user: string; password: string }

/** `direct-courier simulator`. */
export const startSimulator = async ({ core, pin, folder, privateFolder, notifyPort, user, password }: SimulatorOptions): Promise<Simulator> => {
  const command = [process.execPath, join(ROOT, 'bin/direct-courier'), 'simulator', '--folder', folder, '--private', privateFolder,
    '--notify-port', String(notifyPort), '--user', user, '--keep', '10'];
  const [program, ...args] = pin ? ['taskset', '-c', String(core), ...command] : command;
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SIMULATOR_PASSWORD: password } });
  const [line] = await once(createInterface(child.stdout), 'line') as [string];
  const { smtpPort, certificateUrl } = JSON.parse(line) as { smtpPort: number; certificateUrl: string };
  return {
    smtpPort, certificateUrl,
    stop: async () => {
      child.stdin.end();
      await ended(child);
    },
  };
};
