import { expect } from 'chai';
import fc from 'fast-check';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { DomainRule, Organization } from '../../nodes/0-order/organization.ts';
import { parseOrganizations, readOrganizations, writeOrganizationsCsv, writeOrganizationsJson } from '../../nodes/0-order/organizations.ts';
import { checkDomainRules, domainRuleFor, withDomainRules, withRules } from '../../nodes/0-order/recipient-domains.ts';
import { CLINIC } from '../support/samples.ts';
import { refusal } from './support.ts';

const HILL: Organization = { clientGuid: CLINIC, name: 'Hill Clinic' };
const under = (...rules: DomainRule[]): Organization => withRules(HILL, rules);

const recipient = (change: Partial<Recipient> = {}): Recipient => ({
  level: 'order', alsoFrom: [], address: 'lee@direct.hisp.example', npi: null, source: 'route:2', why: 'It is named.', finalDelivery: true,
  state: 'RESOLVING', code: null, warnings: [], ...change,
});

describe('rules for recipient domains', () => {
  it('hold for their domain exactly, and with *. also for those below', () => {
    const exact = under({ domain: 'hisp.example', finalDelivery: false });
    const wide = under({ domain: '*.hisp.example', finalDelivery: false });
    const fits = (organization: Organization, domain: string): boolean => domainRuleFor(organization, `dr@${domain}`) !== undefined;
    expect(['hisp.example', 'direct.hisp.example', 'xhisp.example', 'hisp.example.test'].map((domain) => fits(exact, domain)))
      .to.deep.equal([true, false, false, false]);
    expect(['hisp.example', 'direct.hisp.example', 'a.b.hisp.example', 'xhisp.example', 'example'].map((domain) => fits(wide, domain)))
      .to.deep.equal([true, true, true, false, false]);
    expect(domainRuleFor(wide, 'Dr@DIRECT.Hisp.Example')).to.include({ finalDelivery: false });
    expect(domainRuleFor(undefined, 'dr@hisp.example')).to.equal(undefined);
  });

  it('say each setting once: an organization\'s own before those for all, the narrower before the wider', () => {
    const own: Organization = { ...HILL, recipientDomains: [{ domain: '*.hisp.example', maxMegabytes: 5 }] };
    const merged = withRules(own, [
      { domain: '*.hisp.example', maxMegabytes: 9, patientIdentifier: 'none' },
      { domain: '*.example', maxMegabytes: 50, finalDelivery: true },
      { domain: 'direct.hisp.example', maxMegabytes: 7, patientIdentifier: 'mrn' },
    ]);
    expect(domainRuleFor(merged, 'dr@direct.hisp.example'))
      .to.deep.equal({ domain: '*.hisp.example', maxMegabytes: 5, patientIdentifier: 'mrn', finalDelivery: true });
    expect(domainRuleFor(merged, 'dr@other.hisp.example')).to.deep.include({ maxMegabytes: 5, patientIdentifier: 'none' });
    expect(domainRuleFor(merged, 'dr@other.example')).to.deep.equal({ domain: '*.example', maxMegabytes: 50, finalDelivery: true });
    expect(own.recipientDomains).to.have.length(1);
    expect(withRules(HILL, [])).to.equal(HILL);
  });

  it('decide on final delivery for whoever has an address there, unless a row of the table says so itself', () => {
    const off = under({ domain: 'direct.hisp.example', finalDelivery: false });
    const decided = withDomainRules(recipient(), off);
    expect(decided).to.include({ finalDelivery: false, finalDeliveryBy: 'domain' });
    expect(decided.why).to.equal('It is named. Final delivery is not asked there (rule for the domain direct.hisp.example).');
    expect(withDomainRules(decided, off), 'asked again after look-up').to.deep.equal(decided);
    const [on] = [under({ domain: 'direct.hisp.example', finalDelivery: true })];
    expect(withDomainRules(recipient({ finalDelivery: false, finalDeliveryBy: 'organization' }), on)).to.include({ finalDelivery: true });
    for (const left of [
      recipient({ finalDeliveryBy: 'row' }), recipient({ address: null, npi: '2990000012' }), recipient({ address: 'lee@other.example' }),
      recipient({ state: 'SUPPRESSED', code: 'LEVEL_OFF' }), recipient({ state: 'UNRESOLVED', code: 'ADDRESS_INVALID', address: 'no address' }),
    ]) expect(withDomainRules(left, off)).to.equal(left);
  });

  it('are read from JSON, from texts as a form saves them, and from a CSV cell, and come back', () => {
    const recipientDomains: DomainRule[] = [
      { domain: '*.hisp.example', finalDelivery: false, patientIdentifier: 'mrn', maxMegabytes: 9.5 }, { domain: 'b.example' },
    ];
    const typed = { ...HILL, recipient_domains: [
      { Domain: ' *.HISP.Example ', final_delivery: 'no', patientIdentifier: 'MRN', maxMegabytes: '9.5' }, { domain: '@b.example', maxMegabytes: '' },
    ] };
    const organizations = readOrganizations([typed]);
    expect(organizations).to.deep.equal([{ ...HILL, recipientDomains }]);
    for (const text of [writeOrganizationsCsv(organizations), writeOrganizationsJson(organizations)]) {
      expect(parseOrganizations(text)).to.deep.equal(organizations);
    }
  });

  for (const [rules, reason, path] of [
    ['nonsense', 'not JSON', '[0].recipientDomains'], [{}, 'list', '[0].recipientDomains'], [5, 'list', '[0].recipientDomains'],
    [[5], 'object', '[0].recipientDomains[0].domain'], [[{}], 'missing', '[0].recipientDomains[0].domain'],
    [[{ domain: 'hisp' }], 'not a domain', '[0].recipientDomains[0].domain'], [[{ domain: 'a@b.example' }], 'not a domain', '[0].recipientDomains[0].domain'],
    [[{ domain: '*.*.example' }], 'not a domain', '[0].recipientDomains[0].domain'], [[{ domain: 'x*.example' }], 'not a domain', '[0].recipientDomains[0].domain'],
    [[{ domain: '.example' }], 'not a domain', '[0].recipientDomains[0].domain'], [[{ domain: 'hisp.example.' }], 'not a domain', '[0].recipientDomains[0].domain'],
    [[{ domain: 'a.example\r\nb.example' }], 'not a domain', '[0].recipientDomains[0].domain'],
    [[{ domain: 'a.example' }, { domain: 'A.EXAMPLE', finalDelivery: true }], 'stands twice', '[0].recipientDomains[1].domain'],
    [[{ domain: 'a.example', maxMegabyte: 5 }], 'unknown', '[0].recipientDomains[0].maxmegabyte'],
    [[{ domain: 'a.example', finalDelivery: 'maybe' }], 'true, false', '[0].recipientDomains[0].finalDelivery'],
    [[{ domain: 'a.example', patientIdentifier: 'ssn' }], 'one of none', '[0].recipientDomains[0].patientIdentifier'],
    ...[0, -1, 1001, '1e2', '5 MB', '0.0001', NaN].map((maxMegabytes) =>
      [[{ domain: 'a.example', maxMegabytes }], 'megabytes', '[0].recipientDomains[0].maxMegabytes']),
  ] as [unknown, string, string][]) {
    it(`refuse ${JSON.stringify(rules)} with its place`, () => {
      const error = refusal(() => readOrganizations([{ ...HILL, recipientDomains: rules }]));
      expect([error.code, error.path]).to.deep.equal(['ORGANIZATION_ROW_INVALID', path]);
      expect(error.detail).to.include(reason);
    });
  }

  it('for all organizations: the good ones hold beside a bad one', () => {
    const { rules, errors } = checkDomainRules([{ domain: 'a.example' }, { domain: '' }, { domain: 'b.example', colour: 'red' }]);
    expect(rules).to.deep.equal([{ domain: 'a.example' }]);
    expect(errors.map(({ path }) => path)).to.deep.equal(['all.recipientDomains[1].domain', 'all.recipientDomains[2].colour']);
    expect(checkDomainRules(undefined)).to.deep.equal({ rules: [], errors: [] });
    expect(checkDomainRules({}).errors).to.have.length(1);
  });

  it('never throw on what is no list of rules, and never repeat a value that they refuse', () => {
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(fc.constantFrom('domain', 'finalDelivery', 'maxMegabytes', 'x'), fc.jsonValue()))),
      (given) => {
      const { rules, errors } = checkDomainRules(given);
      expect(rules.every(({ domain }) => /^(\*\.)?[a-z0-9.-]+$/.test(domain))).to.equal(true);
      for (const { code } of errors) expect(code).to.equal('ORGANIZATION_ROW_INVALID');
    }));
  });
});
