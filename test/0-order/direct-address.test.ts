import { expect } from 'chai';
import fc from 'fast-check';
import { domainOf, normalizeAddress } from '../../nodes/0-order/direct-address.ts';

const ADDRESS = 'dr.lee@direct.lakeside.example';

describe('Direct address', () => {
  for (const form of [
    ADDRESS, '  Dr.Lee@Direct.Lakeside.EXAMPLE\t', 'mailto:dr.lee@direct.lakeside.example', 'SMTP:Dr.Lee@direct.lakeside.example',
    'Direct: dr.lee@direct.lakeside.example', 'dr.lee@direct.lakeside.example.',
  ]) {
    it(`normalises ${JSON.stringify(form)}`, () => expect(normalizeAddress(form)).to.equal(ADDRESS));
  }

  for (const good of ['a.b+tag@x.example', 'o\'neil@x.example', '1@2.3.example', 'a@12345.direct.example', 'a@xn--mller-kva.example',
    `${'a'.repeat(64)}@x.example`, 'a@a-b.example']) {
    it(`takes ${good}`, () => expect(normalizeAddress(good)).to.equal(good));
  }

  const longLabel = 'a'.repeat(64);
  for (const bad of [
    '', ' ', 'lee', '@x.example', 'lee@', 'lee@example', 'a@b@x.example', 'lee @x.example', 'lee@x .example',
      'lee@x.example\r\nBcc: spy@evil.example', 'lee@x.example\n',
    '\nlee@x.example', 'lee\u0000@x.example', '.lee@x.example', 'lee.@x.example', 'l..ee@x.example', 'lee@.x.example', 'lee@x..example',
      'lee@-x.example', 'lee@x-.example',
    'lee@x_y.example', 'lee@[192.0.2.1]', 'lee@192.0.2.1', '"lee"@x.example', 'Lee <lee@x.example>', '<lee@x.example>', 'lée@x.example',
      'lee@exämple.example',
    'lee@x.e\u212Aample', `${'a'.repeat(65)}@x.example`, `lee@${longLabel}.example`, `lee@${'a.'.repeat(130)}example`, 'lee@x.example,kim@x.example',
    'lee@x.example;kim@x.example', 'mailto:lee@x.example?subject=hi', 'mailto:', 'lee@x.example..', 'lee(comment)@x.example',
  ]) {
    it(`refuses ${JSON.stringify(bad).slice(0, 60)}`, () => expect(normalizeAddress(bad)).to.equal(null));
  }

  it('refuses megabytes of blanks at once', () => expect(normalizeAddress(`a${' '.repeat(5e6)}@x.example`)).to.equal(null));

  it('gives the domain', () => expect(domainOf(ADDRESS)).to.equal('direct.lakeside.example'));

  it('changes nothing the second time, and lets nothing through that could break a header', () => {
    const noise = fc.string({ unit: fc.constantFrom('a', 'B', '1', '.', '@', '+', '-', ' ', '\r', '\n', '\t', '<', '>', '"', ':', 'é', 'K'),
      maxLength: 20 });
    const near = fc.tuple(noise, noise).map(([local, domain]) => `${local}@${domain}.example`);
    fc.assert(fc.property(fc.oneof(noise, near, fc.emailAddress()), (text) => {
      const address = normalizeAddress(text);
      if (address === null) return;
      expect(address).to.match(/^[^\s@<>",;:]+@[a-z0-9.-]+$/);
      expect(normalizeAddress(address)).to.equal(address);
      expect(normalizeAddress(` MAILTO:${address.toUpperCase()}. `)).to.equal(address);
    }), { numRuns: 2000 });
  });
});
