// The DER of something received in BER: definite lengths, members of sets in order (X.690 §10, §11).
import { type Asn1, contentOf, octetPieces, TAG } from './asn1.ts';
import { element, setOf } from './der.ts';

const CONSTRUCTED = 0x20;

/** The DER of an element; `tag` replaces its own (for implicit tags). */
export const canonical = (from: Asn1, tag: number = from.tag): Buffer => {
  if (from.tag === TAG.constructedOctetString) return element(TAG.octetString, ...octetPieces(from));
  if (!(from.tag & CONSTRUCTED)) return element(tag, contentOf(from));
  const members = from.children.map((child) => canonical(child));
  return tag === TAG.set ? setOf(members) : element(tag, ...members);
};
