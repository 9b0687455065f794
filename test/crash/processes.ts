// Processes of the test as its parent sees them: forked files of this folder that speak in plain messages.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Forked<Told> {
  pid: number;
  /** The first thing it says. */
  first: Promise<Told>;
  ask(question: unknown): Promise<Told>;
  /** Resolves to the signal or code it ended by. */
  ended: Promise<string>;
  kill(): void;
  /** Its last words on standard error. */
  said(): string;
}

const LAST_WORDS = 4000;

/** The answer, or an error when the process ends first. */
const answerOf = async <Told>(child: ChildProcess, ended: Promise<string>): Promise<Told> => {
  const quiet = new AbortController();
  const gone = ended.then((how) => { throw new Error(`the process ended (${how}) before it answered`); });
  try {
    return (await Promise.race([once(child, 'message', { signal: quiet.signal }), gone]))[0] as Told;
  } finally {
    quiet.abort();
  }
};

export const startProcess = <Told>(file: string, input: unknown, environment: Record<string, string>): Forked<Told> => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced', execArgv: [], env: { ...process.env, ...environment },
  });
  let words = '';
  child.stderr!.on('data', (chunk: Buffer) => { words = (words + chunk.toString()).slice(-LAST_WORDS); });
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const first = answerOf<Told>(child, ended);
  // A process that is killed while it starts says nothing; whoever waits for that gets to know.
  first.catch(() => undefined);
  child.send(input as object, () => undefined);
  return {
    pid: child.pid!, first, ended,
    ask: async (question) => {
      const answer = answerOf<Told>(child, ended);
      child.send(question as object, () => undefined);
      return await answer;
    },
    kill: () => { child.kill('SIGKILL'); },
    said: () => words,
  };
};
