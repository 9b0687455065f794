import { expect } from 'chai';
import type { Organization } from '../../nodes/0-order/organization.ts';
import type { ResultCode } from '../../nodes/0-order/model.ts';
import { withheld } from '../../nodes/1-route/preliminary.ts';
import { CLINIC } from '../support/samples.ts';

const clinic = (own: boolean | undefined, site: boolean | undefined): Organization => ({
  clientGuid: CLINIC, name: 'Clinic', ...(own !== undefined && { preliminary: own }), ...(site !== undefined && { sites: { SITE01: { preliminary: site } } }),
});

describe('preliminary results', () => {
  for (const own of [undefined, true, false]) for (const site of [undefined, true, false]) {
    const sent = site ?? own ?? false;
    it(`${sent ? 'go out' : 'stay'} where the organization says ${own} and its site ${site}`, () => {
      expect(withheld({ resultCode: 'P' }, clinic(own, site), 'SITE01') === null).to.equal(sent);
      expect(withheld({ resultCode: 'P' }, clinic(own, site), 'SITE02') === null).to.equal(own ?? false);
    });
  }

  it('stay where nothing is said, with a code and a sentence that names who wants it so', () => {
    expect(withheld({ resultCode: 'P' }, undefined, 'SITE01')).to.include({ code: 'PRELIMINARY_OFF' }).and.have.property('why').that.includes('The organization');
    expect(withheld({ resultCode: 'P' }, clinic(true, false), 'SITE01')!.why).to.include('The site');
    expect(withheld({ resultCode: 'P' }, clinic(true, true), 'constructor')).to.equal(null);
  });

  it('are the only ones that stay', () => {
    for (const resultCode of ['A', 'C', 'F', 'R'] satisfies ResultCode[]) expect(withheld({ resultCode }, clinic(false, false), 'SITE01')).to.equal(null);
    expect(withheld(undefined, undefined, 'SITE01')).to.equal(null);
  });
});
