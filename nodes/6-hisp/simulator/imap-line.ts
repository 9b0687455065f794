// Reading the lines of IMAP4rev1 (RFC 3501 §9) as far as the simulated mailbox knows them. What it does not know is null, never guessed.
import type { StoredMail } from './mailbox.ts';

/** A word, or a list of words in parentheses. Strings come without their quotes. */
export type Token = string | Token[];

const WORD = /^(?:"((?:[^"\\\r\n]|\\["\\])*)"|([^\s()"{}]+))/;
const DEEPEST = 3;

/** The tokens of a line; null when it is none of ours (a literal, an open quote or parenthesis). */
export const tokensOf = (line: string): Token[] | null => {
  let rest = line;
  const read = (depth: number): Token[] | null => {
    const tokens: Token[] = [];
    for (;;) {
      rest = rest.replace(/^ /, '');
      if (rest === '' || rest.startsWith(')')) return tokens;
      if (rest.startsWith('(')) {
        rest = rest.slice(1);
        const inner = depth < DEEPEST ? read(depth + 1) : null;
        if (inner === null || !rest.startsWith(')')) return null;
        rest = rest.slice(1);
        tokens.push(inner);
        continue;
      }
      const [found, quoted, atom] = WORD.exec(rest) ?? [];
      if (found === undefined) return null;
      rest = rest.slice(found.length);
      tokens.push(quoted === undefined ? atom! : quoted.replace(/\\(["\\])/g, '$1'));
    }
  };
  const tokens = read(0);
  return rest === '' ? tokens : null;
};

/** The mails of a set such as `1:3,7,9:*`; null when it is none. */
export const mailsOf = (set: string, mails: readonly StoredMail[]): StoredMail[] | null => {
  const last = mails.at(-1)?.uid ?? 0;
  const numberOf = (text: string): number => text === '*' ? last : Number(text);
  const ranges = set.split(',').map((range) => /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/.exec(range));
  if (ranges.includes(null)) return null;
  const bounds = ranges.map((range) => [numberOf(range![1]!), numberOf(range![2] ?? range![1]!)].sort((a, b) => a - b) as [number, number]);
  return mails.filter(({ uid }) => bounds.some(([from, to]) => uid >= from && uid <= to));
};

type Test = (mail: StoredMail) => boolean;

const FLAGGED: Record<string, [flag: string, wanted: boolean]> = {
  SEEN: ['\\Seen', true], UNSEEN: ['\\Seen', false], DELETED: ['\\Deleted', true], UNDELETED: ['\\Deleted', false],
};

/** What a SEARCH asks for, all of it at once; null when something in it is not known. */
export const searchTest = (keys: readonly Token[]): Test | null => {
  const tests: Test[] = [];
  for (let at = 0; at < keys.length; at += 1) {
    const key = String(keys[at]).toUpperCase();
    const flagged = FLAGGED[key];
    if (key === 'ALL') continue;
    if (flagged !== undefined) tests.push(({ flags }) => flags.has(flagged[0]) === flagged[1]);
    else if (key === 'KEYWORD' || key === 'UNKEYWORD') {
      const keyword = keys[at += 1];
      if (typeof keyword !== 'string') return null;
      tests.push(({ flags }) => flags.has(keyword) === (key === 'KEYWORD'));
    } else return null;
  }
  return keys.length === 0 ? null : (mail) => tests.every((test) => test(mail));
};

/** One item of a FETCH: what is answered for a mail, in pieces; null when it is not known. */
export const fetchItem = (item: string, { uid, raw, flags }: StoredMail): (string | Buffer)[] | null => {
  const name = item.toUpperCase();
  if (name === 'UID') return [`UID ${uid}`];
  if (name === 'RFC822.SIZE') return [`RFC822.SIZE ${raw.length}`];
  if (name === 'FLAGS') return [`FLAGS (${[...flags].join(' ')})`];
  const [body, start, length] = /^BODY\.PEEK\[\](?:<(\d{1,10})\.(\d{1,10})>)?$/.exec(name) ?? [];
  if (body === undefined) return null;
  const bytes = start === undefined ? raw : raw.subarray(Number(start), Number(start) + Number(length));
  return [`BODY[]${start === undefined ? '' : `<${start}>`} {${bytes.length}}\r\n`, bytes];
};
