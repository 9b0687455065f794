// Where a text stops being JSON (RFC 8259): a scanner that walks once over it, run only when JSON.parse has refused.

type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'comma' | 'end';

/** `last` is the last punctuation mark before the fault. */
export interface JsonFault { at: number; expected: Expected; last: string }

type Kind = '[' | ']' | '{' | '}' | ',' | ':' | 'string' | 'scalar';

const ALLOWED: Record<Expected, readonly Kind[]> = {
  value: ['[', '{', 'string', 'scalar'], 'first value': ['[', '{', 'string', 'scalar', ']'],
  key: ['string'], 'first key': ['string', '}'], colon: [':'], comma: [',', ']', '}'], end: [],
};

const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

const matchEnd = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
};

/** Behind the closing quotation mark, or -1. */
const stringEnd = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length;) {
    const char = text[at]!;
    if (char === '"') return at + 1;
    if (char < ' ') return -1;
    at = char === '\\' ? matchEnd(ESCAPE, text, at) : at + 1;
    if (at === -1) return -1;
  }
  return -1;
};

const readToken = (text: string, at: number): { kind: Kind; end: number } | undefined => {
  const char = text[at];
  if (char === undefined) return undefined;
  if ('[]{},:'.includes(char)) return { kind: char as Kind, end: at + 1 };
  const end = char === '"' ? stringEnd(text, at) : matchEnd(SCALAR, text, at);
  return end === -1 ? undefined : { kind: char === '"' ? 'string' : 'scalar', end };
};

/** What may follow a token; `open` holds the brackets that are open, and is changed. */
const follow = (kind: Kind, expected: Expected, open: Kind[]): Expected | undefined => {
  if (!ALLOWED[expected].includes(kind)) return undefined;
  switch (kind) {
    case '{': open.push(kind); return 'first key';
    case '[': open.push(kind); return 'first value';
    case ':': return 'value';
    case ',': return open.at(-1) === '{' ? 'key' : 'value';
    case 'string': if (expected === 'key' || expected === 'first key') return 'colon'; break;
    case '}': case ']': if (open.pop() !== (kind === '}' ? '{' : '[')) return undefined; break;
    default:
  }
  return open.length === 0 ? 'end' : 'comma';
};

/** The first place where the text is not JSON; its end when it is cut off. */
export const locateFault = (text: string): JsonFault => {
  const open: Kind[] = [];
  let expected: Expected = 'value';
  let last = '';
  for (let at = 0; ;) {
    while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
    const token = readToken(text, at);
    const after: Expected | undefined = token && follow(token.kind, expected, open);
    if (token === undefined || after === undefined) return { at, expected, last };
    last = token.kind;
    at = token.end;
    expected = after;
  }
};
