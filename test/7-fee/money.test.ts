import { expect } from 'chai';
import fc from 'fast-check';
import { addAmounts, formatAmount, parseAmount, parseCurrency, priceOf, totalsOf } from '../../nodes/7-fee/money.ts';

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('money', () => {
  it('is written with at least two places and no further zeros', () => {
    const cases: [string, string][] = [
      ['0.25', '0.25'], ['1', '1.00'], ['1.5', '1.50'], ['0.125', '0.125'], ['0.250000', '0.25'], ['000.10', '0.10'], ['0', '0.00'],
      ['0.000001', '0.000001'], ['12.3400000000', '12.34'], [' 7.00 ', '7.00'], ['999999999999.999999', '999999999999.999999'],
    ];
    for (const [given, written] of cases) expect(priceOf(given, 'USD').amount, given).to.equal(written);
  });

  it('adds without loss where floating point fails', () => {
    expect(addAmounts(['0.10', '0.20'])).to.equal('0.30');
    expect(addAmounts(Array.from({ length: 1_000 }, () => '0.1'))).to.equal('100.00');
    expect(addAmounts(['9007199254.740993', '0.000001'])).to.equal('9007199254.740994');
    expect(addAmounts([])).to.equal('0.00');
  });

  it('refuses what is no price', () => {
    for (const text of ['', '.', '-1', '+1', '1e3', '1,50', '0x1', 'NaN', '1.', '.5', '1 000', '0.0000001', '1234567890123', '½']) {
      expect(codeOf(() => parseAmount(text)), text).to.equal('PRICE_INVALID');
    }
    for (const text of ['', 'US', 'DOLLAR', 'U5D', '$']) expect(codeOf(() => parseCurrency(text)), text).to.equal('PRICE_INVALID');
    expect(parseCurrency(' eur ')).to.equal('EUR');
  });

  it('comes back as it was written', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), (millionths) => {
      expect(parseAmount(formatAmount(millionths))).to.equal(millionths);
    }));
  });

  it('refuses any text with its code and nothing else', () => {
    fc.assert(fc.property(fc.string(), (text) => { expect(codeOf(() => parseAmount(text))).to.be.oneOf([undefined, 'PRICE_INVALID']); }));
  });

  it('is never added across currencies', () => {
    const [usd, eur] = [{ amount: '0.25', currency: 'USD' }, { amount: '0.20', currency: 'EUR' }];
    expect(totalsOf([usd, eur, usd])).to.deep.equal([{ currency: 'EUR', amount: '0.20' }, { currency: 'USD', amount: '0.50' }]);
  });
});
