// Which command it is. Each command group is a module of its own, loaded only when asked for.
import { asCourierError, isCourierError } from '../errors.ts';
import { type Command, UsageError } from './command.ts';
import { JOURNAL_HELP } from './journal-texts.ts';
import { TEXTS } from './texts.ts';

const COMMANDS: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./start.ts')).start,
  demo: async () => (await import('./demo.ts')).demo,
  open: async () => (await import('./open.ts')).open,
  cda: async () => (await import('./cda.ts')).cda,
  npi: async () => (await import('./npi.ts')).npi,
  organizations: async () => (await import('./organizations.ts')).organizations,
  route: async () => (await import('./route.ts')).route,
  simulator: async () => (await import('./simulator.ts')).simulator,
  journal: async () => (await import('./journal.ts')).journal,
  audit: async () => (await import('./audit.ts')).audit,
};

/** Groups with more to say than fits the first screen. */
const HELP: Record<string, string> = { journal: JOURNAL_HELP, audit: JOURNAL_HELP };

/** npm changes the folder before it runs a script; `npm run demo` hands on where it was called. */
const calledFrom = (): string => process.env['COURIER_CWD'] ?? process.cwd();

const explain = (error: unknown): string => {
  if (error instanceof UsageError) return [error.message, error.help ?? TEXTS.help].filter((part) => part !== '').join('\n\n');
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')) return `${(error as Error).message}\n\n${TEXTS.help}`;
  // A file that is not there or may not be read: the system's own sentence names it.
  if ((error as NodeJS.ErrnoException | null)?.syscall !== undefined) return (error as Error).message;
  return isCourierError(error) ? `${error.code}: ${error.message}` : (error as Error).stack ?? asCourierError(error).message;
};

export const main = async (args: string[]): Promise<number> => {
  const [name = '--help', ...rest] = args;
  if (['--help', '-h', 'help'].includes(name) || rest.includes('--help')) {
    process.stdout.write(`${HELP[name] ?? TEXTS.help}\n`);
    return 0;
  }
  const load = COMMANDS[name];
  try {
    if (load === undefined) throw new UsageError(TEXTS.unknownCommand(name));
    return await (await load())(rest, { cwd: calledFrom() });
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
};
