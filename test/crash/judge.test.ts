// The judgement itself: whatever the kill test would let through here, it would let through there.
import { expect } from 'chai';
import { examsOf } from './cases.ts';
import type { Outcome } from './child.ts';
import { judge } from './judge.ts';
import type { Ended } from './run-once.ts';
import type { Fall } from './windows.ts';

const [exam] = examsOf(1, ['address']) as [ReturnType<typeof examsOf>[number]];
const [orderName, resultName] = exam.steps.map(({ name }) => name) as [string, string];
const RECIPIENT = 'dr.1@good.lakeside.sim.example';

type Delivery = Outcome['deliveries'][number];
type Message = Outcome['messages'][number];
type Input = Outcome['inputs'][number];

const input = (name: string, outcome: string): Input =>
  ({ id: name, name, source: 'http', receivedAt: 1, kind: 'result', outcome, code: null, path: null, text: null, orderLocalId: exam.order });
const message = { id: 'm1', inputId: resultName, inputName: resultName, orderLocalId: exam.order, state: 'DONE', code: null } as unknown as Message;
const delivery = {
  id: 'd1', messageId: 'm1', recipient: RECIPIENT, npi: null, state: 'DELIVERED', code: null, mailMessageId: '<a@b.example>', acceptedAt: 5,
} as unknown as Delivery;
const line = { deliveryId: 'd1', kind: 'delivery' } as Outcome['ledger'][number];
const mail = { at: 4, messageId: 'a@b.example', from: '', to: RECIPIENT, sha256: 'aa', size: 1, answer: '250' } as const;

const verified: Outcome['verified'] =
  { ok: true, audit: { entries: 0, firstBroken: null }, contents: { checked: 1, damaged: [] }, structure: [] };

const good: Ended = {
  outcome: {
    inputs: [input(orderName, 'stored'), input(resultName, 'ready')], messages: [message], deliveries: [delivery], ledger: [line], verified, looks: 0,
  },
  taken: [mail], acknowledged: [orderName, resultName].map((name) => ({ name, at: 2, posts: 1, url: '' })),
  falls: [], settled: true, seconds: { kills: 0, rest: 1 },
};
const with_ = (change: Partial<Outcome>, more: Partial<Ended> = {}): Ended => ({ ...good, ...more, outcome: { ...good.outcome, ...change } });
const rules = (ended: Ended): string[] => judge([exam], good, ended).map(({ rule }) => rule);
const cutOff: Fall = {
  life: 1, kill: { kind: 'instant', since: 'ready', afterMs: 1 }, hit: true, at: 3, windows: [], sending: ['d1'], inFlow: [],
  looks: { asked: 0, kept: 0 },
};
/** Only the order is kept of it all. */
const lost: Partial<Outcome> = { inputs: [input(orderName, 'stored')], messages: [], deliveries: [], ledger: [] };

describe('the judgement over a run with kills', () => {
  it('finds nothing in a run that went as the undisturbed one', () => { expect(rules(good)).to.deep.equal([]); });

  it('finds an acknowledged input that is gone', () => {
    expect(rules(with_(lost, { taken: [] }))).to.deep.equal(['ends as undisturbed']);
  });

  it('does not ask after an input that was never acknowledged', () => {
    expect(rules(with_(lost, { taken: [], acknowledged: good.acknowledged.slice(0, 1) }))).to.deep.equal([]);
  });

  it('finds a message that stopped on its way, one that ended otherwise, and one that is there twice', () => {
    expect(rules(with_({ messages: [{ ...message, state: 'RECEIVED' }] }))).to.deep.equal(['ends as undisturbed']);
    expect(rules(with_({ deliveries: [{ ...delivery, state: 'FAILED', code: 'HISP_REFUSED' }] }))).to.deep.equal(['ends as undisturbed']);
    expect(rules(with_({ messages: [message, { ...message, id: 'm2' }] }))).to.deep.equal(['ends as undisturbed']);
  });

  it('finds a recipient who vanished', () => {
    expect(rules(with_({ deliveries: [], ledger: [] }, { taken: [] }))).to.deep.equal(['ends as undisturbed']);
  });

  it('allows one more copy for each kill while it was being sent, and no other', () => {
    expect(rules(with_({}, { taken: [mail, mail] }))).to.deep.equal(['copies']);
    expect(rules(with_({}, { taken: [mail, mail], falls: [cutOff] }))).to.deep.equal([]);
    expect(rules(with_({}, { taken: [mail, mail, mail], falls: [cutOff] }))).to.deep.equal(['copies']);
  });

  it('finds copies that differ, or that have another Message-ID', () => {
    expect(rules(with_({}, { taken: [mail, { ...mail, sha256: 'bb' }], falls: [cutOff] }))).to.deep.equal(['same bytes']);
    expect(rules(with_({}, { taken: [mail, { ...mail, messageId: 'c@b.example' }], falls: [cutOff] }))).to.deep.equal(['one Message-ID']);
    expect(rules(with_({}, { taken: [mail, { ...mail, to: 'dr.2@good.lakeside.sim.example' }], falls: [cutOff] }))).to.deep.equal(['one Message-ID']);
  });

  it('finds a fee that is missing, doubled or for nothing', () => {
    expect(rules(with_({ ledger: [] }))).to.deep.equal(['one fee']);
    expect(rules(with_({ ledger: [line, { ...line, kind: 'resend' }] }))).to.deep.equal(['one fee']);
    expect(rules(with_({ ledger: [line, { ...line, deliveryId: 'd9' }] }))).to.deep.equal(['one fee']);
  });

  it('finds a journal that believes in an acceptance that never was', () => { expect(rules(with_({}, { taken: [] }))).to.deep.equal(['accepted']); });

  it('finds a journal that does not verify, and one that never comes to rest', () => {
    expect(rules(with_({ verified: { ...verified, ok: false } }))).to.deep.equal(['verifies']);
    expect(rules(with_({}, { settled: false }))).to.deep.equal(['comes to rest']);
  });

  it('finds audit entries that were told as kept and are gone, and such as nobody made', () => {
    const falls = [{ ...cutOff, looks: { asked: 3, kept: 2 } }];
    expect([1, 2, 3, 4].map((looks) => rules(with_({ looks }, { falls })).join())).to.deep.equal(['audit', '', '', 'audit']);
  });
});
