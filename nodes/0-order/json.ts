// Strict JSON from untrusted bytes: limits of depth and number, and faults told by line and column. The texts never quote the input,
// which is why the messages of JSON.parse itself are not used.
import { CourierError } from '../errors.ts';
import { locateFault, type JsonFault } from './json-fault.ts';

const DEPTH_MAX = 64;
// An honest result holds some hundreds. A million take a second to parse, and nobody else gets a turn meanwhile.
const VALUES_MAX = 200_000;

const isEscaped = (text: string, quote: number): boolean => {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
};

/** What is too much, checked before parsing, where hostile text would eat the memory. What stands in strings does not count. */
const excess = (text: string): string | undefined => {
  let [depth, values] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      do at = text.indexOf('"', at + 1); while (at !== -1 && isEscaped(text, at));
      if (at === -1) return undefined;
    } else if (char === '{' || char === '[') {
      depth += 1;
      values += 1;
      if (depth > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX} levels`;
    } else if (char === '}' || char === ']') depth -= 1;
    else if (char === ',') values += 1;
    if (values > VALUES_MAX) return `more than ${VALUES_MAX} values`;
  }
  return undefined;
};

const EXPECTED: Record<JsonFault['expected'], string> = {
  value: 'a value was expected', 'first value': 'a value was expected',
  key: 'a property name was expected', 'first key': 'a property name was expected',
  colon: 'a colon was expected', comma: 'a comma or closing bracket was expected', end: 'text follows the end of the object',
};

const hint = (text: string, { at, expected, last }: JsonFault): string => {
  const [head, here] = [text.slice(0, 200).trimStart(), text.slice(at, at + 2)];
  if (/^(?:MSH|FHS|BHS)\|/.test(head)) return 'this looks like HL7 v2';
  if (head.startsWith('<')) return 'this looks like XML';
  if (here === '') return 'the text ends too early';
  if (last === ',' && /^[\]}]/.test(here)) return 'a trailing comma is not allowed';
  if (here === '//' || here === '/*') return 'comments are not allowed';
  if (here.startsWith('\'')) return 'strings stand in double quotation marks';
  if (here.startsWith('"') && ALLOW_STRING.has(expected)) return 'a string is never closed, or holds a line break or a wrong escape';
  return EXPECTED[expected];
};
const ALLOW_STRING = new Set<JsonFault['expected']>(['value', 'first value', 'key', 'first key']);

const position = (text: string, at: number): string => {
  let [line, start] = [1, 0];
  for (let lineEnd = text.indexOf('\n'); lineEnd !== -1 && lineEnd < at; lineEnd = text.indexOf('\n', start)) {
    line += 1;
    start = lineEnd + 1;
  }
  return `line ${line}, column ${at - start + 1}`;
};

/** Parses strict JSON. Throws INPUT_NOT_JSON with line, column and a hint. A byte order mark is tolerated. */
export const parseJson = (source: string): unknown => {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const detail = excess(text);
  if (detail !== undefined) throw new CourierError('INPUT_NOT_JSON', { detail });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const fault = locateFault(text);
    throw new CourierError('INPUT_NOT_JSON', { detail: `${position(text, fault.at)}: ${hint(text, fault)}` });
  }
};
