import { expect } from 'chai';
import { contentKey, orderKey, replayKey } from '../../nodes/0-order/join.ts';
import type { Result } from '../../nodes/0-order/model.ts';
import { irisResult } from '../support/samples.ts';
import { order, readResult, result } from './support.ts';

const key = (change: object): string => replayKey(result(change as never));

describe('repetitions', () => {
  for (const [name, change] of [
    ['another TransactionId', { TransactionId: 'T2' }], ['another Timestamp', { Timestamp: '2026-02-01T00:00:00Z' }],
    ['another PDF', { ResultsDocument: { Type: 'PDF', Content: Buffer.from('%PDF-1.7 other').toString('base64') } }],
    ['a warning', { Version: '9' }], ['GradedTime in another offset', { Gradings: { GradedTime: '2026-01-06T08:10:00-06:00' } }],
    ['another spelling of the patient', { Patient: { Dob: '1960-01-15', Name: { Last: 'TESTPATIENT' } } }],
      ['evaluation types as number', { Order: { EvaluationTypes: [1] } }],
    ['another status', { Order: { Status: 'Graded' } }],
  ] as [string, object][]) {
    it(`a result is the same with ${name}`, () => expect(key(change)).to.equal(key({})));
  }

  it('a result is the same with its properties in another order', () => {
    const reversed = (value: unknown): unknown => typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse().map(([name, inner]) => [name, reversed(inner)])) : value;
    const input = irisResult();
    expect(replayKey(readResult(reversed(input)))).to.equal(replayKey(readResult(input)));
  });

  for (const [name, change] of [
    ['ResultCode', { ResultCode: 'C' }], ['GradedTime', { Gradings: { GradedTime: '2026-01-07T14:10:00Z' } }],
      ['a finding', { Gradings: { OD: { Findings: [{ Finding: 'Macular Edema', Result: 'Positive' }] } } }],
    ['gradability', { Gradings: { OS: { Gradable: true } } }], ['the care plan', { Gradings: { CarePlanName: 'Return in 1 week' } }],
      ['urgency', { Gradings: { Urgent: true } }],
    ['a note', { Gradings: { Notes: [] } }], ['a diagnosis', { Gradings: { DxCodes: ['H3581'] } }],
      ['the evaluation type', { Order: { EvaluationTypes: ['AMD'] } }],
    ['the patient', { Patient: { Dob: '1/16/1960' } }], ['the grader', { Gradings: { Provider: { NPI: '2990000038' } } }],
  ] as [string, object][]) {
    it(`a result is another one with another value of ${name}`, () => expect(key(change)).not.to.equal(key({})));
  }

  it('a resend is one per transaction, and finds what it sends again by its content', () => {
    const resend = (TransactionId: string): Result => result({ ResultCode: 'R', TransactionId });
    expect(replayKey(resend('T1'))).to.equal(replayKey(resend('T1')));
    expect(replayKey(resend('T1'))).not.to.equal(replayKey(resend('T2')));
    expect(contentKey(resend('T1'))).to.equal(contentKey(result()));
    expect(contentKey(result({ ResultCode: 'P' }))).to.equal(contentKey(result()));
    expect(contentKey(result({ Gradings: { Urgent: true } }))).not.to.equal(contentKey(result()));
  });

  it('an order is the same but for its warnings', () => {
    expect(orderKey(order({ Version: '9' }))).to.equal(orderKey(order()));
    expect(orderKey(order({ Patient: { Phone: '1' } }))).not.to.equal(orderKey(order()));
    expect(orderKey(order({ OrderControlCode: 'XO' }))).not.to.equal(orderKey(order()));
    expect(orderKey(order())).to.match(/^[0-9a-f]{64}$/);
  });
});
