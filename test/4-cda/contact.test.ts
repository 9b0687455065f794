import { expect } from 'chai';
import fc from 'fast-check';
import type { PostalAddress } from '../../nodes/0-order/model.ts';
import { addressOf, hl7Time, personName, telephone, telephoneUri, utcTime } from '../../nodes/4-cda/contact.ts';
import { isWrittenLikeSsn, looksLikeSsn } from '../../nodes/0-order/ssn.ts';

describe('telephone numbers', () => {
  for (const [from, to] of [
    ['(503) 555-0142', 'tel:+1-503-555-0142'], ['5035550142', 'tel:+1-503-555-0142'], ['503.555.0142', 'tel:+1-503-555-0142'],
    ['1 503 555 0142', 'tel:+1-503-555-0142'], ['+1 (503) 555-0142', 'tel:+1-503-555-0142'], ['tel:+1-503-555-0142', 'tel:+1-503-555-0142'],
    ['(503)555-0142 ext. 9999', 'tel:+1-503-555-0142;ext=9999'], ['503-555-0142 x12', 'tel:+1-503-555-0142;ext=12'],
    ['5035550142x99', 'tel:+1-503-555-0142;ext=99'], ['5035550142ext12', 'tel:+1-503-555-0142;ext=12'],
      ['503 555 0142 #7', 'tel:+1-503-555-0142;ext=7'],
    ['503-555-0142, Extension 12', 'tel:+1-503-555-0142;ext=12'], ['Cell: 503-555-0142', 'tel:+1-503-555-0142'],
      ['503-555-0142 (h)', 'tel:+1-503-555-0142'],
    ['+44 20 7946 0000', 'tel:+44-20-7946-0000'], ['011 44 20 7946 0000', 'tel:+44-20-7946-0000'], ['0044 20 7946 0000', 'tel:+44-20-7946-0000'],
    ['503–555–0142', 'tel:+1-503-555-0142'], ['555-0142', 'tel:555-0142;phone-context=+1'],
    ['none', undefined], ['n/a', undefined], ['503-555-014', undefined], ['503-555-0142 / 503-555-0143', undefined], ['1-800-FLOWERS', undefined],
    ['+', undefined], ['call <b>', undefined], ['javascript:5035550142', undefined],
  ] as const) {
    it(`${from} is ${to ?? 'no number'}`, () => expect(telephoneUri(from)).to.equal(to));
  }

  it('carry their use, and a warning when they cannot be read', () => {
    expect(telephone('(503) 555-0142', 'HP', 'Patient.Phone').node).to.deep.equal({ '@use': 'HP', '@value': 'tel:+1-503-555-0142' });
    expect(telephone('503-555-0142 (mobile)', 'HP', 'Patient.Phone').node['@use']).to.equal('MC');
    expect(telephone(undefined, 'HP', 'Patient.Phone')).to.deep.equal({ node: { '@nullFlavor': 'UNK' }, warnings: [] });
    expect(telephone('ask sister', 'HP', 'Patient.Phone').warnings).to.have.length(1);
    expect(telephone('ask sister', 'HP', 'Patient.Phone').warnings[0]).to.include({ code: 'PHONE_INVALID', path: 'Patient.Phone' });
  });

  it('come out as one form or not at all', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789+-() .x#extEXT:;') }), (text) => {
      expect(telephoneUri(text) ?? 'tel:+1-2').to.match(/^tel:(?:\+\d[\d-]*|\d{3}-\d{4})(?:;ext=\d+)?(?:;phone-context=\+1)?$/);
    }), { numRuns: 2000 });
  });
});

const parts = (address: PostalAddress | undefined): unknown => addressOf(address, 'HP', 'Patient.Address').node;
const warned = (address: PostalAddress): (string | undefined)[] => addressOf(address, 'HP', 'Patient.Address').warnings.map(({ path }) => path);
const unknown = { '@nullFlavor': 'UNK' };

describe('addresses', () => {
  it('are null when nothing is known', () => {
    expect([parts(undefined), parts({ street: [] }), parts({ street: [' '], city: '' })]).to.deep.equal([unknown, unknown, unknown]);
  });

  it('keep what is known and mark what is missing', () => {
    expect(parts({ street: [], city: 'Testville' }))
      .to.deep.equal({ '@use': 'HP', streetAddressLine: unknown, city: 'Testville', state: unknown, postalCode: unknown, country: undefined });
    expect(parts({ street: ['1 Test St'], state: 'fl', postalCode: '325011234' })).to.deep.equal(
      { '@use': 'HP', streetAddressLine: ['1 Test St'], city: unknown, state: 'FL', postalCode: '32501-1234', country: 'US' });
  });

  it('have four street lines at most', () => {
    expect(parts({ street: ['a', 'b', 'c', 'd', 'e'], city: 'x' })).to.deep.include({ streetAddressLine: ['a', 'b', 'c', 'd, e'] });
  });

  it('ask neither state nor ZIP code of other countries', () => {
    expect(parts({ street: ['1 Rue'], city: 'Paris', postalCode: '75001', country: 'FR' }))
      .to.deep.equal({ '@use': 'HP', streetAddressLine: ['1 Rue'], city: 'Paris', state: undefined, postalCode: '75001', country: 'FR' });
    expect(warned({ street: ['1 Rue'], city: 'Paris', state: 'IdF', postalCode: '1', country: 'FR' })).to.deep.equal([]);
  });

  it('keep a state or ZIP code in another form as text, with a warning', () => {
    expect(parts({ street: ['x'], city: 'y', state: 'Flordia', postalCode: '3250' })).to.include({ state: 'Flordia', postalCode: '3250' });
    expect(warned({ street: ['x'], city: 'y', state: 'Flordia', postalCode: '3250' })).to.deep.equal(['Patient.Address.State',
      'Patient.Address.PostalCode']);
  });
});

describe('names', () => {
  it('have their parts in order, and mark a part that does not exist', () => {
    expect(personName({ family: 'Cher', given: '' })).to.deep.include({ given: { '@nullFlavor': 'NA' }, family: 'Cher' });
    expect(personName({ family: '', given: 'Prince' })).to.deep.include({ given: ['Prince'], family: { '@nullFlavor': 'NA' } });
    expect(personName({ family: 'B', given: 'A', middle: 'M', suffix: 'Jr' }, 'MD'))
      .to.deep.include({ given: ['A', 'M'], suffix: ['Jr', { '@qualifier': 'AC', '#': 'MD' }] });
  });
});

describe('times', () => {
  for (const [from, to] of [
    ['2026-01-06T14:10:00.1234567+00:00', '20260106141000+0000'], ['2026-01-06T14:10:00-06:00', '20260106141000-0600'],
    ['2026-01-06T14:10:00Z', '20260106141000+0000'], ['2026-01-06T14:10+05:30', '20260106141000+0530'],
    ['2026-01-06T14:10:00', '20260106'], ['2026-01-06', '20260106'], ['1/6/2026', undefined], ['', undefined], [undefined, undefined],
  ] as const) {
    it(`${from ?? 'nothing'} is ${to ?? 'nothing'}`, () => expect(hl7Time(from)).to.equal(to));
  }

  it('now is told in UTC with its offset', () => expect(utcTime(new Date('2026-01-06T23:59:59.999-06:00'))).to.equal('20260107055959+0000'));
});

describe('what looks like a social security number', () => {
  const yes = ['123-45-6789', '123456789', '123 45 6789', ' 123-45-6789 ', '123–45–6789', '123.45.6789', '123 - 45 - 6789', '12345 6789'];
  const no = ['MRN1001', '12345678', '1234567890', '12-345-6789', 'A123456789', '123-456-789', ''];
  it('is nine digits, however spaced', () => {
    expect(yes.filter((text) => !looksLikeSsn(text))).to.deep.equal([]);
    expect(no.filter((text) => looksLikeSsn(text))).to.deep.equal([]);
  });
  it('is written like one only when grouped', () => {
    expect(['123-45-6789', '123 45 6789'].every(isWrittenLikeSsn)).to.equal(true);
    expect(isWrittenLikeSsn('123456789')).to.equal(false);
  });
});
