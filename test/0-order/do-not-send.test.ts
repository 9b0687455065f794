import { expect } from 'chai';
import fc from 'fast-check';
import { blockingKeys, type DoNotSendEntry, findBlocked, readBlocked, whyBlocked } from '../../nodes/0-order/do-not-send.ts';

const entry = (kind: DoNotSendEntry['kind'], value: string): DoNotSendEntry =>
  ({ id: `${kind} ${value}`, kind, value, at: Date.UTC(2026, 1, 3), actor: 'Pat Ops', reason: 'closed practice' });
const LIST = [entry('address', 'a@direct.lakeside.example'), entry('domain', 'hillview.example'), entry('npi', '2990000012')];
const found = (address: string | null, npi: string | null = null): string | undefined => findBlocked({ address, npi }, LIST)?.id;

describe('the do-not-send list', () => {
  it('knows an address in any writing, and no other', () => {
    expect(found('A@Direct.Lakeside.EXAMPLE')).to.equal('address a@direct.lakeside.example');
    expect(found('b@direct.lakeside.example')).to.equal(undefined);
  });

  it('knows a domain and all below it, and none that only ends like it', () => {
    for (const address of ['x@hillview.example', 'x@direct.hillview.example', 'x@a.b.hillview.example']) expect(found(address), address).to.equal('domain hillview.example');
    for (const address of ['x@nothillview.example', 'x@hillview.example.test', 'hillview.example@other.example']) expect(found(address), address).to.equal(undefined);
  });

  it('knows an NPI, whatever address stands beside it', () => {
    expect(found(null, '2990000012')).to.equal('npi 2990000012');
    expect(found('x@fine.example', 'NPI: 2990000012')).to.equal('npi 2990000012');
    expect(found('x@fine.example', '2990000020')).to.equal(undefined);
    expect(found(null)).to.equal(undefined);
  });

  it('reads what people write, and nothing else', () => {
    const cases: [DoNotSendEntry['kind'], string, string | null][] = [
      ['address', ' mailto:A@B.example ', 'a@b.example'], ['address', 'b.example', null], ['address', 'a@b.example\n', null],
      ['domain', 'Hillview.example', 'hillview.example'], ['domain', '@hillview.example', 'hillview.example'], ['domain', '*.hillview.example', 'hillview.example'],
      ['domain', 'example', null], ['domain', 'a@b.example', null], ['domain', '', null], ['domain', '10.0.0.1', null],
      ['npi', '2.16.840.1.113883.4.6|2990000012', '2990000012'], ['npi', '2990000013', null], ['npi', '', null],
    ];
    for (const [kind, text, value] of cases) expect(readBlocked(kind, text), `${kind} ${text}`).to.equal(value);
  });

  it('says who entered it, when and why', () => {
    expect(whyBlocked(LIST[0]!)).to.match(/Pat Ops on 2026-02-03: closed practice$/);
  });

  it('never fails, and what is found is one of the recipient\'s own keys', () => {
    fc.assert(fc.property(fc.option(fc.oneof(fc.string(), fc.emailAddress())), fc.option(fc.string()), fc.constantFrom('address', 'domain', 'npi'), fc.string(),
      (address, npi, kind, text) => {
        readBlocked(kind as 'npi', text);
        const keys = blockingKeys({ address, npi });
        for (const key of keys) expect(findBlocked({ address, npi }, [key])).to.equal(key);
      }));
  });
});
