import { expect } from 'chai';
import fc from 'fast-check';
import type { Recipient } from '../../nodes/0-order/message.ts';
import { mergeRecipients } from '../../nodes/1-route/merge.ts';

const recipient = (change: Partial<Recipient>): Recipient => ({
  level: 'order', alsoFrom: [], address: 'lee@direct.lakeside.example', npi: null, source: 'route:2', why: 'It is named.', finalDelivery: false,
  state: 'RESOLVING', code: null, warnings: [], ...change,
});

describe('merging recipients', () => {
  it('keeps the most specific level with its id and says who else named the address', () => {
    const merged = mergeRecipients([
      recipient({ id: 'c', level: 'organization', source: 'route:2', finalDelivery: true, warnings: [{ code: 'W', text: 'w' }] }),
      recipient({ id: 'b', level: 'site', source: 'route:3', why: 'The site says so.' }),
    ]);
    expect(merged).to.deep.equal([recipient({
      id: 'b', level: 'site', alsoFrom: ['organization'], source: 'route:3', finalDelivery: true, warnings: [{ code: 'W', text: 'w' }],
      why: 'The site says so. The same address is also named by the organization level (route:2).',
    })]);
  });

  it('names each other level once, and never the survivor\'s own', () => {
    const merged = mergeRecipients([
      recipient({ level: 'order' }), recipient({ level: 'site' }), recipient({ level: 'site', source: 'route:4' }), recipient({
        level: 'organization' }), recipient({ level: 'order' }),
    ]);
    expect(merged.map(({ level, alsoFrom }) => [level, alsoFrom])).to.deep.equal([['order', ['site', 'organization']]]);
    expect(merged[0]!.why).to.contain('route:4');
    expect(mergeRecipients([recipient({ level: 'site' }), recipient({ level: 'site' })]).map(({ alsoFrom }) => alsoFrom)).to.deep.equal([[]]);
  });

  it('leaves alone who gets nothing and who has no address yet', () => {
    const list = [
      recipient({}), recipient({ state: 'SUPPRESSED', code: 'LEVEL_OFF' }), recipient({ state: 'UNRESOLVED', code: 'ADDRESS_NOT_DIRECT' }),
      recipient({ address: null, npi: '2990000012' }), recipient({ address: null, npi: '2990000012' }), recipient({
        address: 'other@direct.lakeside.example' }),
    ];
    expect(mergeRecipients(list)).to.deep.equal(list);
  });

  const any = fc.array(fc.record({
    level: fc.constantFrom('order' as const, 'site' as const, 'organization' as const), address: fc.constantFrom('a@x.test', 'b@x.test', null),
    state: fc.constantFrom('RESOLVING' as const, 'SUPPRESSED' as const), finalDelivery: fc.boolean(),
  }).map((change) => recipient(change)), { maxLength: 8 });

  it('never yields an address twice, loses no address, and changes nothing the second time', () => {
    fc.assert(fc.property(any, (list) => {
      const merged = mergeRecipients(list);
      const addresses = (from: Recipient[]): string[] =>
        from.filter(({ state, address }) => state === 'RESOLVING' && address !== null).map(({ address }) => address!);
      expect(addresses(merged).length).to.equal(new Set(addresses(list)).size);
      expect(new Set(addresses(merged))).to.deep.equal(new Set(addresses(list)));
      expect(mergeRecipients(merged)).to.deep.equal(merged);
    }));
  });
});
