// The engine's SQL in PostgreSQL's words: named parameters become numbered ones. Pure.
import { CourierError } from '../../errors.ts';
import type { Value, Values } from '../engine/store.ts';

export interface Statement {
  text: string;
  /** What stands for $1, $2, … in order. */
  parameters: readonly string[];
}

// What a colon may stand in without being a parameter: strings ('' or, after E, \' within), quoted identifiers, comments, dollar quotes, casts.
const TOKEN = /[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|\$(\w*)\$[^]*?\$\1\$|::|:([A-Za-z_]\w*)/g;

/** Every occurrence gets a number of its own, because PostgreSQL infers one type per number from all the places where it stands. */
export const translated = (sql: string): Statement => {
  const parameters: string[] = [];
  const text = sql.replace(TOKEN, (token, _quote: string | undefined, name: string | undefined) =>
    name === undefined ? token : `$${parameters.push(name)}`);
  return { text, parameters };
};

/** Throws for a value that is missing: `undefined` would silently become NULL. */
export const valuesOf = ({ parameters }: Statement, values: Values): Value[] => parameters.map((name) => {
  const value = values[name];
  if (value === undefined) throw new CourierError('JOURNAL_FAILED', { detail: `no value for :${name}` });
  return value;
});

/** More different texts than this (lists of all lengths) are not worth remembering, here or on the server's side. */
const REMEMBERED = 1_000;

export interface Prepared extends Statement {
  /** Under which the server keeps its plan, per connection. Absent beyond what is remembered. */
  name?: string;
}

/** Translates each text once and names it. */
export const createStatements = (prefix: string): { named: (sql: string) => Prepared; numbered: (text: string) => Prepared } => {
  const known = new Map<string, Prepared>();
  const remember = (key: string, statement: () => Statement): Prepared => {
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier;
    if (known.size >= REMEMBERED) return statement();
    const prepared = { ...statement(), name: `${prefix}${known.size}` };
    known.set(key, prepared);
    return prepared;
  };
  return {
    named: (sql) => remember(`:${sql}`, () => translated(sql)),
    numbered: (text) => remember(`$${text}`, () => ({ text, parameters: [] })),
  };
};
