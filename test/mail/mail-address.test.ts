import { expect } from 'chai';
import fc from 'fast-check';
import { domainOf, readMailbox, readMailboxes } from '../../nodes/mail/mail-address.ts';

describe('addresses in headers', () => {
  it('reads one mailbox in lower case, whatever surrounds it', () => {
    for (const value of [
      'Dr.Lee@Good.example', '<dr.lee@good.example>', ' "Lee, Ana" <dr.lee@good.example> ', 'Ana Lee <DR.LEE@good.example> (home)',
      'dr.lee@good.example (Ana <x@y.example>)', '"evil@bad.example" <dr.lee@good.example>', '"dr.lee"@good.example',
    ]) expect(readMailbox(value), value).to.equal('dr.lee@good.example');
  });

  it('reads lists and groups', () => {
    expect(readMailboxes('a@x.example, "B, b" <b@x.example>,, friends: c@x.example, d@x.example;')).to.deep.equal(['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example']);
  });

  it('answers null rather than guess', () => {
    for (const value of ['', 'nobody', 'a@x.example, b@x.example', 'a b@x.example', '<a@x.example> <b@x.example>', '<a b@x.example>', 'a@x.example b@x.example', '@x.example', 'a@', '<<a@x.example>']) {
      expect(readMailbox(value), value).to.equal(null);
    }
  });

  it('never throws and is linear enough on junk', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('"', '<', '>', '(', ')', '\\', ',', ':', ';', 'a@b.example', ' ', '\t', '@', '\0'), { maxLength: 80 }), (pieces) => {
      readMailboxes(pieces.join(''));
    }), { numRuns: 300 });
  });

  it('names the domain', () => expect(domainOf('Dr@Good.Example')).to.equal('good.example'));
});
