import { expect } from 'chai';
import fc from 'fast-check';
import { readNpi } from '../../nodes/0-order/npi.ts';
import { NPI } from '../support/samples.ts';

/** The Luhn formula from the long form, as the specification tells it: over all fifteen digits. */
const luhn15 = (npi: string): boolean => [...`80840${npi}`].reverse()
  .reduce((sum, digit, index) => sum + (index % 2 === 0 ? Number(digit) : [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][Number(digit)]!), 0) % 10 === 0;

describe('NPI', () => {
  it('takes the published example and our synthetic numbers', () => {
    for (const npi of ['1234567893', ...Object.values(NPI)]) expect(readNpi(npi), npi).to.deep.include({ npi, valid: true, code: null });
  });

  for (const form of [
    ' 1234567893 ', 'NPI:1234567893', 'npi: 1234567893', 'NPI 1234567893', 'http://hl7.org/fhir/sid/us-npi|1234567893',
    '2.16.840.1.113883.4.6|1234567893', 'urn:oid:2.16.840.1.113883.4.6|1234567893', '2.16.840.1.113883.4.6^1234567893',
    '1234567893^ORDERER^ALEX^^^^^^^^^^NPI', '1234567893^ORDERER^ALEX^^^^^NPI&2.16.840.1.113883.4.6&ISO',
      'CLINIC^^^^^^NPI^^^1'.replace('CLINIC', '1234567893'),
  ]) {
    it(`reads ${JSON.stringify(form)}`, () => expect(readNpi(form)).to.deep.include({ npi: '1234567893', valid: true }));
  }

  for (const [form, reason] of [
    ['1234567890', /check digit/], ['1234567983', /check digit/], ['3234567899', /begins with 1 or 2/], ['123456789', /ten digits/],
      ['12345678930', /ten digits/],
    ['808401234567893', /15-digit card issuer form.*after 80840/], ['', /No NPI/], ['NPI:', /No NPI/], ['orderer@clinic.example', /ten digits/],
    ['1234567893^ORDERER^ALEX^^^^^^^^^^EI', /ten digits/], ['１２３４５６７８９３', /ten digits/], ['1234 567893', /ten digits/],
  ] as const) {
    it(`refuses ${JSON.stringify(form)} and says why`, () => {
      expect(readNpi(form)).to.deep.include({ valid: false, code: 'NPI_INVALID' });
      expect(readNpi(form).text).to.match(reason);
    });
  }

  it('agrees with the long form of the Luhn formula, so that one wrong digit never passes', () => {
    fc.assert(fc.property(fc.integer({ min: 1_000_000_000, max: 2_999_999_999 }), fc.nat(9), fc.integer({ min: 1, max: 9 }), (number, place, add) => {
      const npi = String(number);
      expect(readNpi(npi).valid).to.equal(luhn15(npi));
      const wrong = [...npi].map((digit, index) => (index === place ? String((Number(digit) + add) % 10) : digit)).join('');
      if (readNpi(npi).valid) expect(readNpi(wrong).valid).to.equal(false);
    }));
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => { expect(readNpi(text).valid).to.equal(false); }));
  });
});
