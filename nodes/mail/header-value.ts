// Structured header values: Content-Type, Content-Disposition. RFC 2045 §5.1, comments as in RFC 5322 §3.2.2,
// long and foreign parameter values as in RFC 2231.

export interface HeaderValue { value: string; parameters: Record<string, string> }

// RFC 2045 §5.1: token = 1*<any CHAR except SPACE, CTLs, tspecials>; taken wider here, because real mail is.
const TOKEN = /[^\s;="(]+/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"?/y;
const SKIP = /[\s;]+/y;

const skipComment = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && (depth -= 1) === 0) return at + 1;
  }
  return text.length;
};

const match = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

interface Cursor { text: string; at: number }

const skipFiller = (cursor: Cursor): void => {
  for (;;) {
    if (cursor.text[cursor.at] === '(') cursor.at = skipComment(cursor.text, cursor.at);
    else if (match(SKIP, cursor.text, cursor.at)) cursor.at = SKIP.lastIndex;
    else return;
  }
};

const takeToken = (cursor: Cursor): string => {
  const found = match(TOKEN, cursor.text, cursor.at);
  if (found) cursor.at = TOKEN.lastIndex;
  return found?.[0] ?? '';
};

const takeValue = (cursor: Cursor): string => {
  skipFiller(cursor);
  const quoted = match(QUOTED, cursor.text, cursor.at);
  if (!quoted) {
    // An unquoted value may hold "=" (base64-like boundaries); only white space, ";" and a comment end it.
    const [bare] = /^[^\s;(]*/.exec(cursor.text.slice(cursor.at)) ?? [''];
    cursor.at += bare.length;
    return bare;
  }
  cursor.at = QUOTED.lastIndex;
  return quoted[1]!.replace(/\\([^])/g, '$1');
};

const percentDecoded = (text: string, charset: string): string => {
  const bytes = Buffer.from(text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1');
  return bytes.toString(/^(iso-8859-1|us-ascii|latin1)$/i.test(charset) ? 'latin1' : 'utf8');
};

// RFC 2231 §3, §4: name*=charset'language'value, name*0=…, name*1*=…
const joinExtended = (plain: Map<string, string>, extended: Map<string, Map<number, { value: string; encoded: boolean }>>): void => {
  for (const [name, pieces] of extended) {
    const ordered = [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece);
    const [, charset = '', rest] = /^([^']*)'[^']*'([^]*)$/.exec(ordered[0]!.value) ?? [];
    const first = ordered[0]!.encoded && rest !== undefined ? [{ value: rest, encoded: true }] : [ordered[0]!];
    plain.set(name, [...first, ...ordered.slice(1)]
      .map(({ value, encoded }) => encoded ? percentDecoded(value, charset) : value).join(''));
  }
};

/** The value before the first `;` in lower case, and the parameters by lower-case name; the first of two equal names counts. */
export const readHeaderValue = (text: string): HeaderValue => {
  const cursor: Cursor = { text, at: 0 };
  skipFiller(cursor);
  const value = takeToken(cursor).toLowerCase();
  const plain = new Map<string, string>();
  const extended = new Map<string, Map<number, { value: string; encoded: boolean }>>();
  while (cursor.at < text.length) {
    skipFiller(cursor);
    const name = takeToken(cursor).toLowerCase();
    skipFiller(cursor);
    if (text[cursor.at] !== '=') {
      if (name === '') cursor.at += 1;
      continue;
    }
    cursor.at += 1;
    const parameter = takeValue(cursor);
    const [, base, index, star] = /^(.+?)(?:\*(\d{1,3}))?(\*)?$/.exec(name) ?? [];
    if (base === undefined) continue;
    if (index === undefined && star === undefined) {
      if (!plain.has(base)) plain.set(base, parameter);
      continue;
    }
    const pieces = extended.get(base) ?? new Map<number, { value: string; encoded: boolean }>();
    if (!pieces.has(Number(index ?? 0))) pieces.set(Number(index ?? 0), { value: parameter, encoded: star !== undefined });
    extended.set(base, pieces);
  }
  joinExtended(plain, extended);
  return { value, parameters: Object.fromEntries(plain) };
};
