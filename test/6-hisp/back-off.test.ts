import { expect } from 'chai';
import { backOff } from '../../nodes/6-hisp/back-off.ts';

const limits = { first: 2000, max: 60_000 };

describe('back-off', () => {
  it('tries first within the first interval and doubles it up to the longest', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => backOff(attempt, limits, () => 0.999999));
    expect(longest).to.deep.equal([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('spreads the tries over the second half of the interval', () => {
    expect(backOff(1, limits, () => 0)).to.equal(1000);
    expect(backOff(3, limits, () => 0.5)).to.equal(6000);
  });

  it('never waits longer than the longest, even when the first interval is longer', () => {
    expect(backOff(1, { first: 100_000, max: 1000 }, () => 0.999999)).to.equal(1000);
  });
});
