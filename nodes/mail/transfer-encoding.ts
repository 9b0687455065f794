// Content-Transfer-Encoding, RFC 2045 §6.7 (quoted-printable) and §6.8 (base64). Readers are tolerant, writers exact.

const LF = 10, CR = 13, SPACE = 32, TAB = 9, EQUALS = 61;

const hexDigit = (byte: number | undefined): number => {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const upper = byte & ~32;
  return upper >= 65 && upper <= 70 ? upper - 55 : -1;
};

/** Undoes quoted-printable; a stray `=` stays as it is, trailing white space of a line goes (RFC 2045 §6.7 rule 3). */
export const decodeQuotedPrintable = (bytes: Uint8Array): Buffer => {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === EQUALS) {
      const [high, low] = [hexDigit(bytes[at + 1]), hexDigit(bytes[at + 2])];
      if (high >= 0 && low >= 0) {
        out[length++] = high * 16 + low;
        at += 3;
        continue;
      }
      let end = at + 1;
      while (bytes[end] === SPACE || bytes[end] === TAB || bytes[end] === CR) end += 1;
      if (bytes[end] === LF || end === bytes.length) {
        at = end + 1;
        continue;
      }
    } else if (byte === SPACE || byte === TAB) {
      let end = at;
      while (bytes[end] === SPACE || bytes[end] === TAB) end += 1;
      const lineEnds = end === bytes.length || bytes[end] === LF || (bytes[end] === CR && bytes[end + 1] === LF);
      while (!lineEnds && at < end) out[length++] = bytes[at++]!;
      at = end;
      continue;
    }
    out[length++] = byte;
    at += 1;
  }
  return out.subarray(0, length);
};

/** Undoes base64: any line length and line end, junk between the characters is ignored (RFC 2045 §6.8). */
export const decodeBase64 = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1'), 'base64');

const quoted = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;

// RFC 2045 §6.7: at most 76 characters in a line, the soft break's "=" among them.
const encodeLine = (line: string): string => {
  const bytes = Buffer.from(line, 'utf8');
  const out: string[] = [];
  let column = 0;
  for (const [index, byte] of bytes.entries()) {
    const last = index === bytes.length - 1;
    const literal = (byte >= 33 && byte <= 126 && byte !== EQUALS) || ((byte === SPACE || byte === TAB) && !last);
    const text = literal ? String.fromCharCode(byte) : quoted(byte);
    if (column + text.length > (last ? 76 : 75)) {
      out.push('=\r\n');
      column = 0;
    }
    out.push(text);
    column += text.length;
  }
  return out.join('');
};

/** Quoted-printable of UTF-8 text, lines ended by CRLF. */
export const encodeQuotedPrintable = (text: string): string => text.split(/\r\n|\n|\r/).map(encodeLine).join('\r\n');
