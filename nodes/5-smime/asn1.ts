// Reading BER and DER (X.690) in one pass, with limits: what comes here comes from strangers. Definite and indefinite lengths;
// no high tag numbers (X.690 §8.1.2.4), which neither CMS nor X.509 uses. Everything wrong is CMS_MALFORMED.
import { CourierError } from '../errors.ts';

/** One element. `tag` is the identifier octet; offsets are into `bytes`; `children` is filled for constructed elements. */
export interface Asn1 {
  bytes: Buffer;
  tag: number;
  start: number;
  content: number;
  contentEnd: number;
  /** After the end-of-contents octets where there are any. */
  end: number;
  children: Asn1[];
}

/** Identifier octets, X.690 §8.1.2 and X.680. */
export const TAG = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, oid: 0x06, utcTime: 0x17, generalizedTime: 0x18,
  constructedOctetString: 0x24, sequence: 0x30, set: 0x31,
} as const;

/** The identifier octet of the constructed context tag [n], and of the primitive one. */
export const context = (number: number): number => 0xa0 | number;
export const primitiveContext = (number: number): number => 0x80 | number;

const LIMITS = { depth: 32, elements: 250_000 };
const CONSTRUCTED = 0x20;

export const malformed = (detail: string): CourierError => new CourierError('CMS_MALFORMED', { detail });

interface Budget { elements: number }

/** X.690 §8.1.3: the length at `at`; -1 for the indefinite form. */
const readLength = (bytes: Buffer, at: number, limit: number): { length: number; content: number } => {
  if (at >= limit) throw malformed('truncated length');
  const first = bytes[at]!;
  if (first < 0x80) return { length: first, content: at + 1 };
  if (first === 0x80) return { length: -1, content: at + 1 };
  const octets = first & 0x7f;
  if (octets > 4) throw malformed('length too long');
  if (at + 1 + octets > limit) throw malformed('truncated length');
  return { length: bytes.readUIntBE(at + 1, octets), content: at + 1 + octets };
};

const isEnd = (bytes: Buffer, at: number, limit: number): boolean => at + 2 <= limit && bytes[at] === 0 && bytes[at + 1] === 0;

const readChildren = (parent: Asn1, limit: number, depth: number, budget: Budget): void => {
  const indefinite = parent.contentEnd < 0;
  let at = parent.content;
  while (at < limit) {
    if (indefinite && isEnd(parent.bytes, at, limit)) {
      parent.contentEnd = at;
      parent.end = at + 2;
      return;
    }
    const child = readElement(parent.bytes, at, limit, depth, budget);
    parent.children.push(child);
    at = child.end;
  }
  if (indefinite) throw malformed('no end of contents');
};

const readElement = (bytes: Buffer, start: number, limit: number, depth: number, budget: Budget): Asn1 => {
  if (depth > LIMITS.depth) throw malformed('nested too deeply');
  if ((budget.elements += 1) > LIMITS.elements) throw malformed('too many elements');
  const tag = bytes[start];
  if (tag === undefined || start >= limit) throw malformed('truncated');
  if ((tag & 0x1f) === 0x1f) throw malformed('high tag number');
  if (tag === 0) throw malformed('end of contents out of place');
  const { length, content } = readLength(bytes, start + 1, limit);
  if (length < 0 && !(tag & CONSTRUCTED)) throw malformed('indefinite length of a primitive');
  if (length > limit - content) throw malformed('length beyond the end');
  const end = length < 0 ? -1 : content + length;
  const element: Asn1 = { bytes, tag, start, content, contentEnd: end, end, children: [] };
  if (tag & CONSTRUCTED) readChildren(element, end < 0 ? limit : end, depth + 1, budget);
  return element;
};

/** Reads one element. With `trailing`, octets after it are passed over. Errors: CMS_MALFORMED. */
export const readAsn1 = (bytes: Buffer, trailing: 'refused' | 'ignored' = 'refused'): Asn1 => {
  const element = readElement(bytes, 0, bytes.length, 0, { elements: 0 });
  if (trailing === 'refused' && element.end !== bytes.length) throw malformed('octets after the end');
  return element;
};

/** The element's octets, tag and length included. */
export const rawOf = (element: Asn1): Buffer => element.bytes.subarray(element.start, element.end);

/** The content octets of an element. */
export const contentOf = (element: Asn1): Buffer => element.bytes.subarray(element.content, element.contentEnd);

/** The element if it has that identifier octet, else CMS_MALFORMED naming what was expected. */
export const expectTag = (element: Asn1 | undefined, tag: number, what: string): Asn1 => {
  if (element?.tag !== tag) throw malformed(`${what} expected`);
  return element;
};

export const childrenOf = (element: Asn1 | undefined, tag: number, what: string): Asn1[] => expectTag(element, tag, what).children;

/** An OBJECT IDENTIFIER in dotted form (X.690 §8.19). */
export const oidOf = (element: Asn1 | undefined, what = 'object identifier'): string => {
  const content = contentOf(expectTag(element, TAG.oid, what));
  if (content.length === 0 || content.length > 64 || content.at(-1)! & 0x80) throw malformed('bad object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw malformed('bad object identifier');
    arc = arc * 128 + (octet & 0x7f);
    if (octet & 0x80) continue;
    if (arcs.length === 0) arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
};

/** A small non-negative INTEGER. */
export const smallIntegerOf = (element: Asn1 | undefined, what: string): number => {
  const content = contentOf(expectTag(element, TAG.integer, what));
  if (content.length === 0 || content.length > 4 || content[0]! & 0x80) throw malformed(`${what}: bad integer`);
  return content.readUIntBE(0, content.length);
};

const isOctetString = (tag: number): boolean => tag === TAG.octetString || tag === TAG.constructedOctetString;

const collect = (element: Asn1, into: Buffer[]): void => {
  if (!(element.tag & CONSTRUCTED)) {
    into.push(contentOf(element));
    return;
  }
  for (const child of element.children) {
    if (!isOctetString(child.tag)) throw malformed('octet string expected');
    collect(child, into);
  }
};

/** The pieces of an OCTET STRING, primitive or constructed (X.690 §8.7); also of one with an implicit context tag. */
export const octetPieces = (element: Asn1): Buffer[] => {
  const pieces: Buffer[] = [];
  collect(element, pieces);
  return pieces;
};

/** The octets of an OCTET STRING in one piece. */
export const octetsOf = (element: Asn1 | undefined, what: string): Buffer => {
  if (element === undefined || !isOctetString(element.tag)) throw malformed(`${what} expected`);
  const pieces = octetPieces(element);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
};

/** The octets of a BIT STRING and how many bits of the last one do not count (X.690 §8.6). */
export const bitsOf = (element: Asn1 | undefined, what: string): { unused: number; octets: Buffer } => {
  const content = contentOf(expectTag(element, TAG.bitString, what));
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1)) throw malformed(`${what}: bad bit string`);
  return { unused, octets: content.subarray(1) };
};

// RFC 5280 §4.1.2.5: UTCTime YYMMDDHHMMSSZ (1950–2049), GeneralizedTime YYYYMMDDHHMMSSZ.
const TIME = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

export const timeOf = (element: Asn1 | undefined, what: string): Date => {
  if (element?.tag !== TAG.utcTime && element?.tag !== TAG.generalizedTime) throw malformed(`${what} expected`);
  const [, year = '', month, day, hour, minute, second] = TIME.exec(contentOf(element).toString('latin1')) ?? [];
  if (year.length !== (element.tag === TAG.utcTime ? 2 : 4)) throw malformed(`${what}: bad time`);
  const full = year.length === 4 ? year : `${Number(year) < 50 ? '20' : '19'}${year}`;
  const written = `${full}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = new Date(`${written}Z`);
  // The constructor takes 30 February for 2 March.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(written)) throw malformed(`${what}: bad time`);
  return time;
};
