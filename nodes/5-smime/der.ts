// Writing DER (X.690 §10, §11): each function gives the octets of one element.
import { TAG } from './asn1.ts';

/** Tag and length of an element with `length` content octets (X.690 §8.1.3, shortest form). */
export const header = (tag: number, length: number): Buffer => {
  if (length < 0x80) return Buffer.from([tag, length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  return Buffer.from([tag, 0x80 | octets.length, ...octets]);
};

export const element = (tag: number, ...contents: Uint8Array[]): Buffer => {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([header(tag, length), ...contents]);
};

export const sequence = (...contents: Uint8Array[]): Buffer => element(TAG.sequence, ...contents);

/** SET OF in DER: members in ascending order of their octets (X.690 §11.6); `tag` for an implicit one. */
export const setOf = (members: Uint8Array[], tag: number = TAG.set): Buffer => element(tag, ...members.toSorted(Buffer.compare));

export const octetString = (octets: Uint8Array): Buffer => element(TAG.octetString, octets);

export const nullValue: Buffer = element(TAG.null);

/** A non-negative INTEGER. */
export const integer = (value: number): Buffer => {
  const octets: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  if (octets.length === 0 || octets[0]! & 0x80) octets.unshift(0);
  return element(TAG.integer, Buffer.from(octets));
};

/** An OBJECT IDENTIFIER from its dotted form. */
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const base128 = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) base128.unshift(0x80 | (left % 128));
    return base128;
  });
  return element(TAG.oid, Buffer.from(octets));
};

/** An AlgorithmIdentifier; without parameters when none are given. */
export const algorithm = (dotted: string, ...parameters: Uint8Array[]): Buffer => sequence(oid(dotted), ...parameters);

/** Time as CMS and X.509 write it: UTCTime until 2049, then GeneralizedTime (RFC 5652 §11.3). */
export const time = (date: Date): Buffer => {
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : element(TAG.generalizedTime, Buffer.from(digits, 'latin1'));
};
