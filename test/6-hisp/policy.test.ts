import { expect } from 'chai';
import fc from 'fast-check';
import { answerTo, attemptOutcome, nextProbe, nextTry, readAnswers } from '../../nodes/6-hisp/policy.ts';
import type { Answer, AnswerRow, Setback } from '../../nodes/6-hisp/types.ts';
import { afterAttempt, type DeliveryFacts } from '../../nodes/journal/states.ts';
import { account } from './servers.ts';

const HOUR = 3_600_000;
const setback = (change: Partial<Setback> = {}): Setback =>
  ({ kind: 'temporary', code: 'HISP_DEFERRED', response: '451 4.7.1 later', seen: false, whole: false, ...change });
const table = (...rows: [string, Answer][]): AnswerRow[] => readAnswers(rows.map(([pattern, answer]) => ({ pattern, answer })));
const answer = (rows: [string, Answer][], change: Partial<Setback>): Answer => answerTo(setback(change), { answers: table(...rows), unknown: 'retry' });
const faultOf = (rows: unknown): unknown => {
  try {
    readAnswers(rows);
    return null;
  } catch (error) {
    const { code, path } = error as { code: string; path: string };
    return [code, path];
  }
};

const OWN = ['HISP_DEFERRED', 'HISP_REFUSED', 'HISP_UNKNOWN'];
const answers = fc.constantFrom<Answer>('retry', 'fail', 'hold', 'sent');
const digit = fc.constantFrom(...'0123456789*');
const patterns = fc.oneof(
  fc.constantFrom(...OWN),
  fc.constantFrom('4*', '5*'),
  fc.tuple(fc.constantFrom('4', '5'), digit, digit).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('4', '5'), fc.oneof(fc.nat(12).map(String), fc.constant('*')), fc.oneof(fc.nat(12).map(String), fc.constant('*'))).map((parts) => parts.join('.')),
);
const rows = fc.array(fc.record({ pattern: patterns, answer: answers }), { maxLength: 8 });
const replies = fc.record({
  reply: fc.tuple(fc.constantFrom(4, 5), fc.nat(99)).map(([first, rest]) => first * 100 + rest),
  enhanced: fc.option(fc.tuple(fc.constantFrom(4, 5), fc.nat(12), fc.nat(12)).map((parts) => parts.join('.')), { nil: null }),
  text: fc.constantFrom('', ' later', ' 4.7.1 misleading', '.5'),
  separator: fc.constantFrom(' ', '-'),
});
const setbacks = fc.oneof(
  replies.map(({ reply, enhanced, text, separator }) => setback({
    kind: reply < 500 ? 'temporary' : 'refused', code: reply < 500 ? 'HISP_DEFERRED' : 'HISP_REFUSED',
    response: `${reply}${separator}${enhanced ?? 'words'}${text}`,
  })),
  fc.constant(setback({ kind: 'unknown', code: 'HISP_UNKNOWN', response: 'ECONNRESET', seen: true, whole: true })),
  fc.constant(setback({ kind: 'refused', code: 'HISP_REFUSED', response: 'larger than the HISP allows (SIZE)' })),
  fc.constant(setback({ kind: 'doubtful', code: 'HISP_UNREACHABLE', response: 'ECONNRESET' })),
);

describe('the table of answers', () => {
  it('goes by the rule where it says nothing: 4yz again, 5yz never, no answer as the account wants', () => {
    expect(answer([], {})).to.equal('retry');
    expect(answer([], { kind: 'refused', code: 'HISP_REFUSED', response: '550 5.1.1 unknown' })).to.equal('fail');
    for (const unknown of ['retry', 'hold'] as const) {
      expect(answerTo(setback({ kind: 'unknown', code: 'HISP_UNKNOWN' }), { answers: [], unknown })).to.equal(unknown);
    }
  });

  it('knows reply codes, enhanced codes and our own, with stars', () => {
    expect(answer([['451', 'hold']], {})).to.equal('hold');
    expect(answer([['4.7.*', 'hold']], {})).to.equal('hold');
    expect(answer([['4.*.*', 'hold']], {})).to.equal('hold');
    expect(answer([['4*', 'hold']], {})).to.equal('hold');
    expect(answer([['45*', 'hold']], {})).to.equal('hold');
    expect(answer([['hisp_deferred', 'hold']], {})).to.equal('hold');
    expect(answer([['452', 'hold'], ['4.7.0', 'hold'], ['4.8.*', 'hold'], ['5*', 'hold'], ['HISP_REFUSED', 'hold']], {})).to.equal('retry');
    expect(answer([['5.2.2', 'retry']], { kind: 'refused', code: 'HISP_REFUSED', response: '552-5.2.2 mailbox full 552 5.2.2 sorry' })).to.equal('retry');
    expect(answer([['HISP_UNKNOWN', 'sent']], { kind: 'unknown', code: 'HISP_UNKNOWN', response: 'ECONNRESET' })).to.equal('sent');
  });

  it('reads an enhanced code only where it belongs: right behind the reply code', () => {
    expect(answer([['4.7.1', 'hold']], { response: '451 try 4.7.1 later' })).to.equal('retry');
    expect(answer([['4.7.1', 'hold']], { response: '451 4.7.10 later' })).to.equal('retry');
    expect(answer([['4.7.1', 'hold']], { response: '451 4.7.1' })).to.equal('hold');
    expect(answer([['4.7.1', 'hold']], { response: '451 4.07.01 zeros' })).to.equal('hold');
  });

  it('takes the first row that fits', () => {
    expect(answer([['4.7.1', 'hold'], ['4*', 'fail']], {})).to.equal('hold');
    expect(answer([['4.7.1', 'hold'], ['4*', 'fail']], { response: '421 4.3.0 away' })).to.equal('fail');
  });

  it('has no say about who may send: that is no answer about a recipient or a message', () => {
    expect(answer([['5*', 'fail'], ['HISP_REFUSED', 'fail']], { kind: 'doubtful', code: 'HISP_SENDER', response: '550 5.7.1 no' })).to.equal('hold');
    expect(answer([['5*', 'fail']], { kind: 'doubtful', code: 'HISP_LOGIN', response: '530 5.7.0 log in' })).to.equal('hold');
  });

  it('refuses rows that cannot be used, and names them', () => {
    for (const pattern of ['', '2*', '250', '45', '4.7', '4.*', '4.7.1.1', '4.7.1234', 'HISP_LOGIN', '451 ', 4, null, '4**1', '*', '.*']) {
      const expected = pattern === '451 ' ? null : ['ANSWER_ROW_INVALID', 'answers[1].pattern'];
      expect(faultOf([{ pattern: '5.1.1', answer: 'fail' }, { pattern, answer: 'retry' }]), String(pattern)).to.deep.equal(expected);
    }
    for (const wrong of ['', 'Retry', undefined, 'constructor']) {
      expect(faultOf([{ pattern: '451', answer: wrong }]), String(wrong)).to.deep.equal(['ANSWER_ROW_INVALID', 'answers[0].answer']);
    }
    for (const row of [null, 'x', 1, []]) expect(faultOf([row])).to.deep.equal(['ANSWER_ROW_INVALID', 'answers[0].pattern']);
    expect(faultOf('451 retry')).to.deep.equal(['ANSWER_ROW_INVALID', 'answers']);
    for (const none of [undefined, null, '', []]) expect(readAnswers(none)).to.deep.equal([]);
  });

  it('refuses a row that an earlier one makes void', () => {
    for (const [wide, narrow] of [['4*', '451'], ['451', '451'], ['4.*.*', '4.7.*'], ['45*', '450'], ['4*', '4**'], ['HISP_UNKNOWN', 'HISP_UNKNOWN']] as const) {
      expect(faultOf([{ pattern: wide, answer: 'retry' }, { pattern: narrow, answer: 'hold' }]), `${wide} ${narrow}`).to.deep.equal(['ANSWER_ROW_INVALID', 'answers[1].pattern']);
    }
    for (const [first, second] of [['451', '4*'], ['4.7.*', '4.*.1'], ['4*', '4.7.1'], ['4*', '5*']] as const) {
      expect(faultOf([{ pattern: first, answer: 'retry' }, { pattern: second, answer: 'hold' }]), `${first} ${second}`).to.equal(null);
    }
  });

  it('property: every table is either usable or names its first bad row; without that row and those after it, it is usable', () => {
    fc.assert(fc.property(rows, (given) => {
      const fault = faultOf(given) as [string, string] | null;
      if (fault === null) return readAnswers(given).length === given.length;
      const index = Number(/\d+/.exec(fault[1])![0]);
      return fault[0] === 'ANSWER_ROW_INVALID' && readAnswers(given.slice(0, index)).length === index;
    }), { numRuns: 500 });
  });

  it('property: a row refused as void would never have been reached', () => {
    fc.assert(fc.property(rows, setbacks, (given, given2) => {
      const fault = faultOf(given) as [string, string] | null;
      fc.pre(fault !== null);
      const index = Number(/\d+/.exec(fault[1])![0]);
      // If the void row fits, so does an earlier one: then the answer is theirs, whatever the void row says.
      const earlier = readAnswers(given.slice(0, index));
      const alone = readAnswers([given[index]]);
      const fitsAlone = answerTo(given2, { answers: alone, unknown: 'retry' }) !== answerTo(given2, { answers: [], unknown: 'retry' });
      if (!fitsAlone) return true;
      return earlier.some((row) => answerTo(given2, { answers: [{ ...row, answer: 'sent' }], unknown: 'retry' }) === 'sent');
    }), { numRuns: 500 });
  });

  it('property: the answer is that of the first row that fits alone', () => {
    fc.assert(fc.property(rows, setbacks, (given, found) => {
      fc.pre(faultOf(given) === null);
      const read = readAnswers(given);
      const fitting = read.find((row) => answerTo(found, { answers: [{ ...row, answer: 'sent' }], unknown: 'retry' }) === 'sent');
      return answerTo(found, { answers: read, unknown: 'retry' }) === (fitting?.answer ?? answerTo(found, { answers: [], unknown: 'retry' }));
    }), { numRuns: 500 });
  });
});

describe('what the journal is told of an attempt', () => {
  const at = 1_800_000_000_000;
  const tools = { now: () => at, random: () => 0.999999 };
  const told = (found: Setback, change: Parameters<typeof account>[0] = {}, claim = { tries: 1, ageFrom: at }): object =>
    attemptOutcome(found, claim, account({ retryFirstMs: 1000, retryMaxMs: 8000, maxAttempts: 3, maxAgeMs: HOUR, ...change }), tools);

  it('tries again with growing pauses', () => {
    expect(told(setback())).to.deep.equal({ kind: 'temporary', code: 'HISP_DEFERRED', response: '451 4.7.1 later', seen: false, retryAt: at + 1000 });
    expect(told(setback({ seen: true }), {}, { tries: 2, ageFrom: at })).to.deep.include({ retryAt: at + 2000, seen: true });
  });

  it('gives up after the attempts allowed, and after the age allowed with a last try at its end', () => {
    expect(told(setback(), {}, { tries: 3, ageFrom: at })).to.deep.include({ retryAt: null, reason: 'ATTEMPTS_EXHAUSTED' });
    expect(told(setback(), {}, { tries: 1, ageFrom: at - HOUR })).to.deep.include({ retryAt: null, reason: 'AGE_EXCEEDED' });
    expect(told(setback(), {}, { tries: 1, ageFrom: at - HOUR + 300 })).to.deep.include({ retryAt: at + 300 });
  });

  it('leaves an account\'s fault to the account', () => {
    expect(told(setback({ kind: 'account', code: 'HISP_LOGIN', response: '535' }), { probeFirstMs: 5000, probeMaxMs: 60_000, answers: table(['5*', 'fail']) }, { tries: 99, ageFrom: 0 }))
      .to.deep.equal({ kind: 'account', code: 'HISP_LOGIN', response: '535', seen: false, probeAt: at + 5000 });
    expect([0, 1, 2, 9].map((probes) => nextProbe(probes, { probeFirstMs: 1000, probeMaxMs: 5000 }, tools) - at)).to.deep.equal([1000, 2000, 4000, 5000]);
  });

  it('does as the table says', () => {
    const refused = setback({ kind: 'refused', code: 'HISP_REFUSED', response: '550 5.2.2 full', seen: true, whole: true });
    expect(told(refused)).to.deep.equal({ kind: 'refused', code: 'HISP_REFUSED', response: '550 5.2.2 full' });
    expect(told(refused, { answers: table(['5.2.2', 'retry']) })).to.deep.include({ kind: 'temporary', retryAt: at + 1000, seen: true });
    expect(told(refused, { answers: table(['5.2.2', 'hold']) })).to.deep.include({ kind: 'hold', seen: true, unknown: false });
    expect(told(refused, { answers: table(['5.2.2', 'sent']) })).to.deep.equal({ kind: 'accepted', response: '550 5.2.2 full' });
    expect(told(setback(), { answers: table(['451', 'fail']) })).to.deep.include({ kind: 'refused', code: 'HISP_REFUSED' });
  });

  it('never takes a mail as sent that was not handed over: a person decides', () => {
    for (const found of [setback(), setback({ seen: true })]) {
      expect(told(found, { answers: table(['4*', 'sent']) })).to.deep.include({ kind: 'hold', code: 'HISP_DEFERRED' });
    }
  });

  it('keeps in mind that a mail without an answer may have arrived', () => {
    const unknown = setback({ kind: 'unknown', code: 'HISP_UNKNOWN', response: 'ECONNRESET', seen: true, whole: true });
    expect(told(unknown)).to.deep.equal({ kind: 'unknown', code: 'HISP_UNKNOWN', response: 'ECONNRESET', retryAt: at + 1000 });
    expect(told(unknown, { unknown: 'hold' })).to.deep.include({ kind: 'hold', unknown: true });
    expect(told(unknown, { answers: table(['HISP_UNKNOWN', 'fail']) })).to.deep.include({ kind: 'unknown', retryAt: null, reason: 'HISP_UNKNOWN' });
    expect(told(unknown, { answers: table(['HISP_UNKNOWN', 'sent']) })).to.deep.include({ kind: 'accepted' });
    expect(told(unknown, {}, { tries: 3, ageFrom: at })).to.deep.include({ kind: 'unknown', retryAt: null, reason: 'ATTEMPTS_EXHAUSTED' });
  });

  it('property: a next try lies ahead, within the longest pause and the age; limits end it for good; nothing loses what the HISP may have', () => {
    const claims = fc.record({ tries: fc.integer({ min: 1, max: 40 }), age: fc.integer({ min: -HOUR, max: 3 * HOUR }) });
    const limits = fc.record({
      retryFirstMs: fc.integer({ min: 1, max: HOUR }), retryMaxMs: fc.integer({ min: 1, max: HOUR }), maxAttempts: fc.integer({ min: 1, max: 30 }),
      maxAgeMs: fc.integer({ min: 1, max: 2 * HOUR }),
    });
    fc.assert(fc.property(claims, limits, fc.double({ min: 0, max: 0.999999, noNaN: true }), ({ tries, age }, limit, random) => {
      const next = nextTry({ tries, ageFrom: at - age }, limit, { now: () => at, random: () => random });
      if (next.retryAt === null) return tries >= limit.maxAttempts ? next.reason === 'ATTEMPTS_EXHAUSTED' : next.reason === 'AGE_EXCEEDED' && age >= limit.maxAgeMs;
      return tries < limit.maxAttempts && age < limit.maxAgeMs && next.retryAt >= at && next.retryAt <= at + limit.retryMaxMs && next.retryAt <= at - age + limit.maxAgeMs;
    }), { numRuns: 1000 });
    fc.assert(fc.property(rows, setbacks, fc.integer({ min: 1, max: 9 }), fc.constantFrom<'retry' | 'hold'>('retry', 'hold'), (given, found, tries, unknown) => {
      fc.pre(faultOf(given) === null);
      const outcome = attemptOutcome(found, { tries, ageFrom: at }, account({ answers: readAnswers(given), unknown, maxAttempts: 5 }), tools);
      const sending: DeliveryFacts = {
        state: 'SENDING', code: null, finalDelivery: true, deadlineMs: 1, unknownOutcome: false, superseded: false, nextAttemptAt: null, acceptedAt: null,
        deadlineAt: null, processedAt: null, dispatchedAt: null, failedAt: null, lateSuccess: false,
      };
      const { facts } = afterAttempt(sending, outcome, at);
      const remembered = found.kind !== 'unknown' || facts.unknownOutcome || facts.acceptedAt !== null;
      const honest = outcome.kind !== 'accepted' || found.whole;
      return facts.state !== 'SENDING' && remembered && honest;
    }), { numRuns: 1000 });
  });
});
