import { expect } from 'chai';
import fc from 'fast-check';
import { PRIORITIES } from '../../nodes/0-order/deadlines.ts';
import { deadlineFor, deadlinesOf } from '../../nodes/6-hisp/deadline.ts';

const MINUTE = 60_000;
const minutes = fc.integer({ min: 1, max: 1_008_000 }).map((hundredths) => hundredths / 100);
const ms = fc.integer({ min: 1000, max: 100_000_000 });
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(arbitrary, { nil: undefined });
const given = <Shape extends object>(shape: Shape): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never;

describe('the deadline for notifications', () => {
  it('is the first that is said: by the row, by the organization for the class, by the account', () => {
    const classes = fc.record({ emergent: maybe(minutes), urgent: maybe(minutes), routine: maybe(minutes) });
    const account = fc.record({ routine: ms, urgent: maybe(ms), emergent: maybe(ms) }).map((said) => ({ deadlines: deadlinesOf(given(said) as { routine: number }) }));
    fc.assert(fc.property(maybe(minutes), maybe(classes), account, fc.constantFrom(...PRIORITIES), (own, said, at, priority) => {
      const answer = deadlineFor({
        mail: given({ deadlineMinutes: own }), organization: said && { deadlines: given(said) }, account: at, priority,
      });
      const wanted = own ?? said?.[priority];
      expect(answer).to.equal(wanted === undefined ? at.deadlines[priority] : Math.round(wanted * MINUTE));
      expect(Number.isInteger(answer) && answer >= 1).to.equal(true);
    }));
  });

  it('of a class that an account leaves out is never later than the class below, nor than its standard', () => {
    fc.assert(fc.property(ms, maybe(ms), (routine, urgent) => {
      const classes = deadlinesOf({ routine, ...given({ urgent }) });
      expect(classes.emergent).to.be.at.most(classes.urgent).and.at.most(15 * MINUTE);
      if (urgent === undefined) expect(classes.urgent).to.be.at.most(classes.routine).and.at.most(30 * MINUTE);
    }));
  });
});
