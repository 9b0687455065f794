import { expect } from 'chai';
import fc from 'fast-check';
import { isCourierError } from '../../nodes/errors.ts';
import { type Asn1, contentOf, octetsOf, oidOf, rawOf, readAsn1, smallIntegerOf, TAG, timeOf } from '../../nodes/5-smime/asn1.ts';
import { canonical } from '../../nodes/5-smime/canonical-set.ts';
import { element, integer, octetString, oid, sequence, setOf, time } from '../../nodes/5-smime/der.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const code = (bytes: Buffer): string => {
  try {
    readAsn1(bytes);
  } catch (error) {
    return isCourierError(error) ? error.code : String(error);
  }
  return 'read';
};
/** Only what is visible of an element. */
const shape = ({ tag, children, ...rest }: Asn1): unknown => children.length > 0 ? [tag, children.map(shape)] : [tag, contentOf({ tag, children, ...rest }).toString('hex')];

describe('ASN.1 reader', () => {
  it('reads definite and indefinite lengths to the same tree', () => {
    const definite = readAsn1(hex('30 0a 02 01 05 24 05 04 01 aa 04 00'));
    const indefinite = readAsn1(hex('30 80 02 01 05 24 80 04 01 aa 04 00 00 00 00 00'));
    expect(shape(indefinite)).to.deep.equal(shape(definite));
    expect(octetsOf(indefinite.children[1], 'octets').toString('hex')).to.equal('aa');
    expect(rawOf(indefinite.children[1]!).toString('hex')).to.equal('24800401aa04000000');
    expect(canonical(indefinite).toString('hex')).to.equal('30060201050401aa');
  });

  it('reads what the writer writes', () => {
    const bytes = sequence(integer(0), integer(128), integer(70_000), oid('1.2.840.113549.1.9.16.1.23'), oid('2.16.840.1.101.3.4.1.42'), time(new Date('2026-01-06T14:15:16Z')), time(new Date('2061-01-06T14:15:16Z')));
    const [zero, small, large, long, other, utc, generalized] = readAsn1(bytes).children;
    expect([zero, small, large].map((each) => smallIntegerOf(each, 'number'))).to.deep.equal([0, 128, 70_000]);
    expect([oidOf(long), oidOf(other)]).to.deep.equal(['1.2.840.113549.1.9.16.1.23', '2.16.840.1.101.3.4.1.42']);
    expect([utc!.tag, generalized!.tag]).to.deep.equal([TAG.utcTime, TAG.generalizedTime]);
    expect([utc, generalized].map((each) => timeOf(each, 'time').toISOString())).to.deep.equal(['2026-01-06T14:15:16.000Z', '2061-01-06T14:15:16.000Z']);
    for (const length of [0, 127, 128, 255, 256, 65_535, 65_536]) expect(contentOf(readAsn1(octetString(Buffer.alloc(length)))).length).to.equal(length);
  });

  it('writes sets in DER order', () => expect(setOf([hex('0403000000'), hex('020101'), hex('0202ffff')]).subarray(2).toString('hex')).to.equal('0201010202ffff0403000000'));

  const broken: [string, string][] = [
    ['nothing', ''], ['a tag alone', '30'], ['a length beyond the end', '04 05 00'], ['a high tag number', '1f 81 01 00'], ['a length of five octets', '04 85 00 00 00 00 01 00'],
    ['the reserved length', '04 ff 00'], ['an indefinite primitive', '04 80 00 00'], ['no end of contents', '30 80 02 01 05'], ['end of contents in a definite one', '30 02 00 00'],
    ['octets after the end', '02 01 05 00'], ['a child beyond its parent', '30 03 02 02 05 05'],
  ];
  for (const [what, bytes] of broken) it(`refuses ${what}`, () => expect(code(hex(bytes))).to.equal('CMS_MALFORMED'));

  it('refuses bombs of depth and number at once', () => {
    const deep = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0x30, 0x80])));
    const many = element(0x30, Buffer.alloc(1_200_000, Buffer.from([5, 0])));
    for (const bomb of [deep, many]) {
      const started = Date.now();
      expect(code(bomb)).to.equal('CMS_MALFORMED');
      expect(Date.now() - started).to.be.below(1000);
    }
  });

  it('refuses times and object identifiers that are none', () => {
    for (const text of ['2613010000Z', '260101000000', '260230000000Z', '20260101000000Z', '2601010000000Z']) {
      expect(() => timeOf(readAsn1(element(TAG.utcTime, Buffer.from(text))), 'time'), text).to.throw();
    }
    for (const bytes of ['06 00', '06 02 2a 86', `06 3c ${'ff '.repeat(59)}7f`]) expect(() => oidOf(readAsn1(hex(bytes))), bytes).to.throw();
  });

  it('reads or refuses any bytes, and throws nothing else', () => {
    const tags = fc.constantFrom(0x30, 0x31, 0x24, 0x04, 0x02, 0x06, 0xa0, 0x80, 0x00, 0x81, 0x03, 0x05, 0xff);
    fc.assert(fc.property(fc.array(fc.oneof(tags, fc.nat(255)), { maxLength: 60 }), (octets) => {
      expect(code(Buffer.from(octets))).to.be.oneOf(['read', 'CMS_MALFORMED']);
    }), { numRuns: 2000 });
  });
});
