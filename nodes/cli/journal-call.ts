// A call of `direct-courier journal`: its options read and checked before anything is opened.
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BACKENDS, type Backend, type JournalLocation } from '../journal/location.ts';
import { UsageError } from './command.ts';
import { JOURNAL_HELP, JOURNAL_TEXTS } from './journal-texts.ts';
import { TEXTS } from './texts.ts';

export interface Call<Text extends string = never, Flag extends string = never> {
  cwd: string;
  json: boolean;
  location: JournalLocation;
  keyFile: string | undefined;
  text(name: Text): string | undefined;
  needed(name: Text): string;
  flag(name: Flag): boolean;
  /** A whole number within limits. */
  number(name: Text, least: number, most: number): number | undefined;
  /** Comma-separated. */
  list(name: Text): string[] | undefined;
  /** Throws a UsageError when no reason is given. */
  byPerson(): { actor: string; reason: string };
}

export const wrong = (sentence: string): UsageError => new UsageError(sentence, JOURNAL_HELP);

const COMMON = ['journal', 'key-file', 'backend', 'schema', 'actor', 'reason'] as const;

const DATABASE = /^postgres(ql)?:\/\//i;

const backendOf = (asked: string | undefined): Backend => {
  const found = asked === undefined ? 'postgres' : BACKENDS.find((backend) => backend === asked);
  if (found === undefined) throw wrong(TEXTS.wrongChoice('backend', BACKENDS));
  return found;
};

export interface PlaceOptions { journal?: string | undefined; backend?: string | undefined; schema?: string | undefined }

export const locationOf = ({ journal = process.env['DIRECT_JOURNAL_URL'], backend, schema }: PlaceOptions, cwd: string): JournalLocation => {
  if (journal === undefined || journal === '') throw wrong(JOURNAL_TEXTS.needsOption('journal'));
  if (!DATABASE.test(journal)) return resolve(cwd, journal);
  return { kind: 'postgres', url: journal, backend: backendOf(backend), ...(schema !== undefined && { schema }) };
};

const LINE = /^[^\u0000-\u001F\u007F-\u009F\u2028\u2029]{1,500}$/;

/** Who the system says that it is, with the name given beside it: nobody can act under another's name alone. */
const personOf = (values: Record<string, unknown>): { actor: string; reason: string } => {
  const reason = (values['reason'] as string | undefined)?.trim() ?? '';
  if (reason === '') throw wrong(JOURNAL_TEXTS.needsReason);
  const named = (values['actor'] as string | undefined)?.trim();
  const actor = named === undefined || named === '' ? userInfo().username : `${named} (${userInfo().username})`;
  if (!LINE.test(reason) || !LINE.test(actor)) throw wrong(JOURNAL_TEXTS.reasonLong);
  return { actor, reason };
};

/** Options as typed, those of every call included. Throws a UsageError for what is not named here. */
const parsed = (args: string[], texts: readonly string[], flags: readonly string[]): Record<string, unknown> => {
  const options = Object.fromEntries([
    ...[...COMMON, ...texts].map((name) => [name, { type: 'string' as const }]),
    ...['json', ...flags].map((name) => [name, { type: 'boolean' as const }]),
  ]);
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw wrong((error as Error).message);
  }
};

export const readCall = <Text extends string = never, Flag extends string = never>(
  args: string[], cwd: string, texts: readonly Text[] = [], flags: readonly Flag[] = [],
): Call<Text, Flag> => {
  const values = parsed(args, texts, flags);
  const text = (name: Text): string | undefined => values[name] as string | undefined;
  const keyFile = values['key-file'] as string | undefined;
  return {
    cwd, text, json: values['json'] === true,
    location: locationOf(values as PlaceOptions, cwd), keyFile: keyFile === undefined ? undefined : resolve(cwd, keyFile),
    flag: (name) => values[name] === true,
    needed: (name) => {
      const value = text(name);
      if (value === undefined || value === '') throw wrong(JOURNAL_TEXTS.needsOption(name));
      return value;
    },
    number: (name, least, most) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < least || number > most) throw wrong(JOURNAL_TEXTS.unlikeNumber(name, least, most));
      return number;
    },
    list: (name) => text(name)?.split(',').map((part) => part.trim()).filter((part) => part !== ''),
    byPerson: () => personOf(values),
  };
};

const DAY = /^\d{4}-\d{2}-\d{2}/;
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Epoch ms of an ISO 8601 date or time; undefined for anything else, days that no calendar has included. */
export const instantOf = (text: string): number | undefined => {
  const [day] = DAY.exec(text) ?? [];
  const at = TIME.test(text) ? Date.parse(text) : NaN;
  const real = day !== undefined && !Number.isNaN(at) && new Date(Date.parse(`${day}T00:00Z`)).toISOString().startsWith(day);
  return real ? at : undefined;
};
