// Reading MIME (RFC 5322, 2045, 2046) without losing an octet: signatures are verified over what `raw` holds.
// Line ends may be LF or CRLF. What is broken beyond use, or larger than any honest mail, is MIME_MALFORMED.
import { isUtf8 } from 'node:buffer';
import { CourierError } from '../errors.ts';
import { readHeaderValue } from './header-value.ts';
import { decodeBase64, decodeQuotedPrintable } from './transfer-encoding.ts';

export interface MimeHeader { name: string; value: string }

/** A MIME entity over received bytes. `raw` is the exact octets (header block, blank line, body); values are not unfolded. */
export interface MimeEntity { headers: MimeHeader[]; raw: Buffer; body: Buffer; depth?: number }

const LIMITS = { headerBytes: 1 << 18, headers: 1000, parts: 1000, depth: 20 };

const LF = 10, CR = 13, SPACE = 32, TAB = 9, DASH = 45;

const malformed = (detail: string): CourierError => new CourierError('MIME_MALFORMED', { detail });

const text = (bytes: Buffer): string => bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');

/** Where the header block ends and where the body starts; both the length when there is no blank line. */
const headerEnd = (raw: Buffer): { end: number; body: number } => {
  let line = 0;
  while (line < raw.length) {
    if (raw[line] === LF) return { end: line, body: line + 1 };
    if (raw[line] === CR && raw[line + 1] === LF) return { end: line, body: line + 2 };
    const next = raw.indexOf(LF, line);
    if (next < 0) break;
    line = next + 1;
    if (line > LIMITS.headerBytes) throw malformed('header block too large');
  }
  if (raw.length > LIMITS.headerBytes) throw malformed('header block too large');
  return { end: raw.length, body: raw.length };
};

const readHeaders = (block: Buffer): MimeHeader[] => {
  // A header is a line with the folded lines that follow it (RFC 5322 §2.2.3).
  const fields = text(block).split(/\r?\n(?![ \t])/);
  if (fields.length > LIMITS.headers) throw malformed('too many headers');
  return fields.flatMap((field) => {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(colon, 0)).trimEnd();
    return /^[!-9;-~]+$/.test(name) ? [{ name, value: field.slice(colon + 1) }] : [];
  });
};

const entityAt = (raw: Buffer, depth: number): MimeEntity => {
  const { end, body } = headerEnd(raw);
  return { headers: readHeaders(raw.subarray(0, end)), raw, body: raw.subarray(body), depth };
};

/** Splits header block and body; lines that are no header are passed over. Errors: MIME_MALFORMED. */
export const parseEntity = (raw: Buffer): MimeEntity => entityAt(raw, 0);

const unfold = (value: string): string => value.replace(/\r?\n(?=[ \t])/g, '').trim();

/** The unfolded values of all headers of that name (any case). */
export const headersOf = (entity: MimeEntity, name: string): string[] =>
  entity.headers.filter((header) => header.name.toLowerCase() === name.toLowerCase()).map(({ value }) => unfold(value));

/** The unfolded value of the first header of that name (any case), or undefined. */
export const headerOf = (entity: MimeEntity, name: string): string | undefined => headersOf(entity, name)[0];

/** `type` in lower case, parameters by lower-case name. Default text/plain (RFC 2045 §5.2). */
export const contentType = (entity: MimeEntity): { type: string; parameters: Record<string, string> } => {
  const { value, parameters } = readHeaderValue(headerOf(entity, 'content-type') ?? '');
  return /^[^/]+\/[^/]+$/.test(value) ? { type: value, parameters } : { type: 'text/plain', parameters: {} };
};

/** The part's file name from Content-Disposition, else from Content-Type; untrusted. */
export const fileNameOf = (entity: MimeEntity): string | undefined =>
  readHeaderValue(headerOf(entity, 'content-disposition') ?? '').parameters['filename'] ?? contentType(entity).parameters['name'];

/** The body with base64 or quoted-printable undone. */
export const decodedBody = (entity: MimeEntity): Buffer => {
  const { value } = readHeaderValue(headerOf(entity, 'content-transfer-encoding') ?? '');
  if (value === 'base64') return decodeBase64(entity.body);
  if (value === 'quoted-printable') return decodeQuotedPrintable(entity.body);
  return entity.body;
};

interface Delimiter { start: number; next: number; final: boolean }

// RFC 2046 §5.1.1: the line break before "--boundary" belongs to the delimiter; white space may follow it.
const delimiterAt = (body: Buffer, at: number, length: number): Delimiter | null => {
  if (at > 0 && body[at - 1] !== LF) return null;
  let after = at + length;
  const final = body[after] === DASH && body[after + 1] === DASH;
  if (final) after += 2;
  while (body[after] === SPACE || body[after] === TAB || body[after] === CR) after += 1;
  if (after < body.length && body[after] !== LF) return null;
  const start = at === 0 ? 0 : body[at - 2] === CR ? at - 2 : at - 1;
  return { start, next: after + 1, final };
};

const delimiters = (body: Buffer, boundary: string): Delimiter[] => {
  const needle = Buffer.from(`--${boundary}`, 'latin1');
  const found: Delimiter[] = [];
  for (let at = body.indexOf(needle); at >= 0; at = body.indexOf(needle, at + needle.length)) {
    const delimiter = delimiterAt(body, at, needle.length);
    if (delimiter === null) continue;
    found.push(delimiter);
    if (delimiter.final) break;
    if (found.length > LIMITS.parts) throw malformed('too many parts');
  }
  return found;
};

/**
 * The parts of a multipart entity, exact octets kept in `raw`; [] when it is not multipart. A missing last delimiter is
 * tolerated. Errors: MIME_MALFORMED (no boundary, no part, too many parts, nested too deeply).
 */
export const partsOf = (entity: MimeEntity): MimeEntity[] => {
  const { type, parameters } = contentType(entity);
  if (!type.startsWith('multipart/')) return [];
  const depth = (entity.depth ?? 0) + 1;
  if (depth > LIMITS.depth) throw malformed('nested too deeply');
  const boundary = parameters['boundary']?.trimEnd();
  if (!boundary) throw malformed('multipart without boundary');
  const found = delimiters(entity.body, boundary);
  if (found.length === 0 || found[0]!.final) throw malformed('multipart without parts');
  return found.filter(({ final }) => !final).map(({ next }, index) => {
    const end = found[index + 1]?.start ?? entity.body.length;
    return entityAt(entity.body.subarray(Math.min(next, entity.body.length), Math.max(next, end)), depth);
  });
};

/** The message inside a message/rfc822 part (its transfer encoding undone), one level deeper. */
export const innerMessage = (part: MimeEntity): MimeEntity => {
  const depth = (part.depth ?? 0) + 1;
  if (depth > LIMITS.depth) throw malformed('nested too deeply');
  return entityAt(decodedBody(part), depth);
};
