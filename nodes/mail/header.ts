// Writing header fields (RFC 5322 §2.2, §3.6) so that nothing handed in can start another line.
import { CourierError } from '../errors.ts';

const refused = (path: string, detail: string): CourierError => new CourierError('FIELD_INVALID', { path, detail });

// RFC 5322 §2.2: printable US-ASCII except colon.
const FIELD_NAME = /^[!-9;-~]+$/;
// RFC 5322 §3.2.3 dot-atom on both sides; a domain literal has no use here.
const MESSAGE_ID = /^<[\w!#$%&'*+/=?^`{|}~.-]{1,128}@[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?>$/i;
const WORD_BYTES = 45;

/** Refuses control characters (line breaks among them) and, unless they are allowed, characters outside ASCII. */
export const safeText = (path: string, value: string, foreign = false): string => {
  if (/[\u0000-\u001f\u007f\u2028\u2029]/.test(value)) throw refused(path, 'control character');
  if (!foreign && /[^\u0000-\u007f]/.test(value)) throw refused(path, 'character outside ASCII');
  return value;
};

// RFC 2047 §2: an encoded word is at most 75 characters and never splits a character.
const encodedWords = (value: string): string => {
  const words: string[] = [];
  let word = '';
  for (const character of value) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ');
};

// RFC 5322 §2.2.3: folded at spaces, so that lines stay below 78 where they can; 998 is the hard limit (§2.1.1).
const fold = (name: string, value: string): string => {
  const lines: string[] = [];
  let line = `${name}:`;
  for (const word of value.split(' ')) {
    if (line.length + 1 + word.length > 78 && line.trim() !== '' && line !== `${name}:` && word !== '') {
      lines.push(line);
      line = ` ${word}`;
    } else line += ` ${word}`;
  }
  const folded = [...lines, line];
  if (folded.some((each) => each.length > 998)) throw refused(name, 'line longer than 998 characters');
  return `${folded.join('\r\n')}\r\n`;
};

/** One header field with its CRLF. Errors: FIELD_INVALID naming the header. */
export const headerField = (name: string, value: string): string => {
  if (!FIELD_NAME.test(name)) throw refused('header name', 'not a header name');
  const text = safeText(name, value, true);
  return fold(name, /[^\u0000-\u007f]/.test(text) ? encodedWords(text) : text);
};

/** `<left@domain>`, made of a unique left part and the sender's domain. Errors: FIELD_INVALID. */
export const writeMessageId = (left: string, domain: string): string => messageId(`<${left}@${domain}>`);

/** A Message-ID that is safe to write, unchanged. Errors: FIELD_INVALID. */
export const messageId = (value: string): string => {
  if (!MESSAGE_ID.test(value)) throw refused('Message-ID', 'not a message id');
  return value;
};

/** RFC 5322 §3.3, in UTC: `Tue, 06 Jan 2026 14:15:00 +0000`. */
export const writeDate = (date: Date): string => {
  if (Number.isNaN(date.getTime())) throw refused('Date', 'not a date');
  return date.toUTCString().replace('GMT', '+0000');
};
