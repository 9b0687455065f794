import { expect } from 'chai';
import fc from 'fast-check';
import type { AttemptOutcome, DeliveryNotice, DeliveryState } from '../../nodes/journal/port.ts';
import {
  afterAttempt, afterCancel, afterClaim, afterCrash, afterDeadline, afterEnqueue, afterHold, afterNotice, afterRelease, afterReplan, afterRerun,
  afterStale, afterSupersede, type DeliveryFacts, isTerminal, messageStateOf, type Step,
} from '../../nodes/journal/states.ts';

const fresh = (finalDelivery: boolean): DeliveryFacts => ({
  state: 'RESOLVING', code: null, finalDelivery, deadlineMs: 1_000, unknownOutcome: false, superseded: false, nextAttemptAt: null, acceptedAt: null, deadlineAt: null,
  processedAt: null, dispatchedAt: null, failedAt: null, lateSuccess: false,
});

type Event =
  | { is: 'claim' | 'crash' | 'deadline' | 'hold' | 'release' | 'cancel' | 'replace' | 'supersede' | 'rerun' | 'replan' | 'stale' | 'enqueue' }
  | { is: 'attempt'; outcome: AttemptOutcome }
  | { is: 'notice'; kind: DeliveryNotice['kind']; event: DeliveryNotice['event'] };

const step = (facts: DeliveryFacts, event: Event, now: number): Step => {
  switch (event.is) {
    case 'claim': return facts.state === 'QUEUED' ? afterClaim(facts) : { facts, trail: [], accepted: false };
    case 'crash': return afterCrash(facts, now);
    case 'hold': return afterHold(facts);
    case 'release': return afterRelease(facts, now);
    case 'cancel': return afterCancel(facts);
    case 'replace': return afterCancel(facts, 'REDIRECTED');
    case 'supersede': return afterSupersede(facts);
    // Only what the HISP never saw is resolved again.
    case 'rerun': return facts.unknownOutcome ? { facts, trail: [], accepted: false } : afterRerun(facts);
    case 'stale': return facts.unknownOutcome ? { facts, trail: [], accepted: false } : afterStale(facts);
    case 'replan': return afterReplan(facts);
    case 'enqueue': return facts.state === 'RESOLVING' ? afterEnqueue(facts, now) : { facts, trail: [], accepted: false };
    case 'deadline': return afterDeadline(facts, now + 10_000);
    case 'attempt': return afterAttempt(facts, event.outcome, now);
    case 'notice': return afterNotice(facts, event, now);
  }
};

const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  fc.constant({ kind: 'accepted', response: '250' } as const),
  fc.constant({ kind: 'refused', code: 'HISP_REFUSED', response: '550' } as const),
  fc.record({ kind: fc.constantFrom('temporary', 'unknown'), code: fc.constant('HISP_DEFERRED'), response: fc.constant(''), retryAt: fc.constantFrom(null, 5) }),
  fc.record({ kind: fc.constant('hold'), code: fc.constant('HISP_REFUSED'), response: fc.constant(''), unknown: fc.boolean() }),
  fc.constant({ kind: 'account', code: 'HISP_LOGIN', response: '535', probeAt: 5 } as const),
);

const happening: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('claim', 'crash', 'deadline') }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('hold', 'release', 'cancel', 'replace', 'supersede', 'rerun', 'replan', 'stale', 'enqueue') }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('attempt'), outcome }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('notice'), kind: fc.constantFrom('mdn', 'dsn'), event: fc.constantFrom('processed', 'dispatched', 'failed', 'other') }) },
);

interface Life { states: DeliveryState[]; acceptances: number; facts: DeliveryFacts }

const live = (finalDelivery: boolean, events: Event[]): Life => events.reduce<Life>(({ states, acceptances, facts }, event, index) => {
  const next = step(facts, event, 100 + index);
  return { states: [...states, ...next.trail.map(({ state }) => state)], acceptances: acceptances + Number(next.accepted), facts: next.facts };
}, { states: ['QUEUED'], acceptances: 0, facts: afterEnqueue(fresh(finalDelivery), 100).facts });

describe('the life of a delivery', () => {
  const lives = fc.tuple(fc.boolean(), fc.array(happening, { maxLength: 40 }));
  const everyLife = (check: (life: Life, finalDelivery: boolean, events: Event[]) => void): void =>
    fc.assert(fc.property(lives, ([finalDelivery, events]) => check(live(finalDelivery, events), finalDelivery, events)), { numRuns: 2_000 });

  it('no terminal state is left but UNCONFIRMED, and that only for success', () => everyLife(({ states }) => {
    states.slice(0, -1).forEach((state, index) => {
      if (!isTerminal(state)) return;
      expect(state).to.equal('UNCONFIRMED');
      expect(states[index + 1]).to.be.oneOf(['PROCESSED', 'DELIVERED']);
    });
  }));

  it('the fee falls due exactly once when the HISP has the mail, else never', () => everyLife(({ acceptances, facts }) => {
    expect(acceptances).to.equal(facts.acceptedAt === null ? 0 : 1);
    if (['SENT', 'PROCESSED', 'DELIVERED', 'UNCONFIRMED'].includes(facts.state)) expect(acceptances).to.equal(1);
    if (facts.code === 'MDN_FAILED' || facts.code === 'DSN_FAILED') expect(acceptances).to.equal(1);
  }));

  it('after acceptance nothing is sent again', () => everyLife(({ states }) => {
    const accepted = states.indexOf('SENT');
    if (accepted >= 0) for (const state of states.slice(accepted)) expect(state).to.not.be.oneOf(['QUEUED', 'SENDING']);
  }));

  it('success needs the evidence that was asked for', () => everyLife(({ facts }, finalDelivery) => {
    if (facts.state === 'DELIVERED') expect([finalDelivery, facts.processedAt !== null, facts.dispatchedAt !== null]).to.deep.equal([true, true, true]);
    if (facts.state === 'PROCESSED') expect([finalDelivery, facts.processedAt !== null]).to.deep.equal([false, true]);
  }));

  it('only a queued delivery has a next attempt, and a dead one none', () => everyLife(({ facts }) => {
    expect(facts.nextAttemptAt !== null).to.equal(facts.state === 'QUEUED');
  }));

  it('a repetition of a notification changes nothing', () => fc.assert(fc.property(lives, fc.nat(), ([finalDelivery, events], at) => {
    const { facts } = live(finalDelivery, events.slice(0, at % (events.length + 1)));
    for (const event of ['processed', 'dispatched', 'failed', 'other'] as const) {
      const once = afterNotice(facts, { kind: 'mdn', event }, 500);
      const twice = afterNotice(once.facts, { kind: 'mdn', event }, 900);
      expect(twice).to.deep.equal({ facts: once.facts, trail: [], accepted: false });
    }
  }), { numRuns: 1_000 }));

  it('the order in which processed and dispatched arrive does not matter', () => {
    for (const finalDelivery of [true, false]) {
      const results = [['processed', 'dispatched'], ['dispatched', 'processed']].map((order) => live(finalDelivery, [
        { is: 'claim' }, { is: 'attempt', outcome: { kind: 'accepted', response: '' } },
        ...order.map((event): Event => ({ is: 'notice', kind: 'mdn', event: event as 'processed' }))]).facts.state);
      expect(new Set(results)).to.deep.equal(new Set([finalDelivery ? 'DELIVERED' : 'PROCESSED']));
    }
  });

  it('a failure told after the deadline outweighs a later positive, which is shown', () => {
    const { facts } = live(false, [
      { is: 'claim' }, { is: 'attempt', outcome: { kind: 'accepted', response: '' } }, { is: 'deadline' },
      { is: 'notice', kind: 'dsn', event: 'failed' }, { is: 'notice', kind: 'mdn', event: 'processed' }]);
    expect(facts).to.include({ state: 'UNCONFIRMED', code: 'NO_PROCESSED', lateSuccess: true });
  });

  it('a dead delivery of unknown outcome that turns out to be accepted is charged and stays dead', () => {
    const dead = live(false, [{ is: 'claim' }, { is: 'attempt', outcome: { kind: 'unknown', code: 'HISP_UNKNOWN', response: '', retryAt: null } }]);
    expect(dead.facts.state).to.equal('DEAD');
    const { facts, accepted, trail } = afterNotice(dead.facts, { kind: 'mdn', event: 'processed' }, 500);
    expect([facts.state, facts.lateSuccess, accepted, trail]).to.deep.equal(['DEAD', true, true, []]);
  });

  it('what a correction overtakes while it is being sent goes no second time', () => everyLife((_life, finalDelivery, events) => {
    const at = events.findIndex(({ is }) => is === 'supersede');
    if (at < 0) return;
    const after = live(finalDelivery, events).states.slice(live(finalDelivery, events.slice(0, at + 1)).states.length);
    for (const state of after) expect(state).to.not.be.oneOf(['QUEUED', 'SENDING', 'HELD', 'RESOLVING']);
  }));

  it('a person holds what waits, releases what is held, and cancels what has not gone', () => {
    const { facts } = live(true, []);
    expect(afterHold(facts).trail).to.deep.equal([{ state: 'HELD', code: 'OPERATOR' }]);
    expect(afterRelease(facts, 9)).to.deep.equal({ facts, trail: [], accepted: false });
    const held = afterHold(facts).facts;
    expect(held.nextAttemptAt).to.equal(null);
    expect(afterRelease(held, 9)).to.deep.include({ facts: { ...facts, nextAttemptAt: 9 }, trail: [{ state: 'QUEUED', code: null }] });
    expect(afterCancel(held).trail).to.deep.equal([{ state: 'CANCELLED', code: 'OPERATOR' }]);
    expect(afterCancel({ ...held, unknownOutcome: true }).trail).to.deep.equal([{ state: 'CANCELLED', code: 'HISP_UNKNOWN' }]);
    expect(afterCancel({ ...held, unknownOutcome: true }, 'RERUN').trail).to.deep.equal([{ state: 'CANCELLED', code: 'RERUN' }]);
    const sending = afterClaim(facts).facts;
    for (const step of [afterHold(sending), afterCancel(sending), afterRelease(sending, 9)]) expect(step).to.deep.equal({ facts: sending, trail: [], accepted: false });
  });

  it('a message is done when all its deliveries are', () => {
    expect(messageStateOf([])).to.equal('ROUTED');
    expect(messageStateOf(['DELIVERED', 'SENT'])).to.equal('ROUTED');
    expect(messageStateOf(['DELIVERED', 'HELD'])).to.equal('ROUTED');
    expect(messageStateOf(['DELIVERED', 'PROCESSED', 'SUPPRESSED'])).to.equal('DONE');
    for (const state of ['FAILED', 'UNCONFIRMED', 'CANCELLED', 'DEAD', 'UNRESOLVED'] as const) {
      expect(messageStateOf(['DELIVERED', state])).to.equal('DONE_WITH_PROBLEMS');
    }
  });
});
