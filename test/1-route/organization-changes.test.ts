import { expect } from 'chai';
import fc from 'fast-check';
import { exchangeOrganizations } from '../../nodes/0-order/organizations-exchange.ts';
import type { OrganizationChange } from '../../nodes/0-order/organization-changes.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { organizationChanges } from '../../nodes/1-route/organization-changes.ts';
import { exchangeChanges, exchangeRows } from '../../nodes/1-route/route-exchange.ts';
import { readRouteJson, type RouteRow } from '../../nodes/1-route/route-table.ts';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';

const LAKESIDE: Organization = { clientGuid: CLINIC, name: 'Lakeside', policy: 'site-over-organization', sender: 'a@direct.lakeside.example' };
const HILL: Organization = { clientGuid: OTHER_CLINIC, name: 'Hill' };
const rows = (...list: object[]): RouteRow[] => readRouteJson(list.map((row) => ({ organization: CLINIC, ...row })));
const ALL = { level: 'organization', address: 'all@direct.lakeside.example' };
const SITE = { level: 'site', site: 'SITE01', address: 'site@direct.lakeside.example' };

const short = (changes: OrganizationChange[]): string[] => changes.map(({ code, site, setting }) => [code, site, setting].filter(Boolean).join(' '));
const changesOf = (change: Partial<Organization>, table: RouteRow[] = [], routeAfter = table, from: Partial<Organization> = {}): OrganizationChange[] =>
  organizationChanges([{ ...LAKESIDE, ...from }, HILL], [{ ...LAKESIDE, ...change }, HILL], { routeBefore: table, routeAfter });

describe('what another list of organizations changes', () => {
  it('nothing, when it says the same in another way', () => {
    const sites = { SITE01: { policy: 'site-over-organization' as const } };
    expect(changesOf({}, rows(ALL, SITE))).to.deep.equal([]);
    expect(changesOf({ finalDelivery: true, preliminary: false }, rows(ALL)).map(({ code }) => code), 'the standard, said').to.deep.equal(
      ['setting-changes', 'setting-changes']);
    expect(short(changesOf({ sites }, rows(ALL, SITE))), 'a site that says what held anyway').to.deep.equal(['site-added SITE01']);
  });

  it('organizations that come and go', () => {
    const [added, removed] = organizationChanges([LAKESIDE], [HILL]).filter(({ code }) => code.startsWith('organization-'));
    expect([added!.code, added!.organization]).to.deep.equal(['organization-added', OTHER_CLINIC]);
    expect([removed!.code, removed!.organization]).to.deep.equal(['organization-removed', CLINIC]);
    expect(removed!.text).to.contain('Lakeside').and.contain('ORGANIZATION_UNKNOWN');
  });

  it('each setting, from what to what, once for the organization and for sites where it differs', () => {
    const sites = { SITE01: { sender: 's@direct.lakeside.example' }, SITE02: { timeZone: 'America/Chicago' } };
    const changes = changesOf({ sender: 'b@direct.lakeside.example', sites }, [], [], { sites });
    expect(changes).to.deep.equal([{
      code: 'sender-changes', organization: CLINIC, setting: 'sender', before: 'a@direct.lakeside.example', after: 'b@direct.lakeside.example',
      text: `Lakeside (${CLINIC}): sender a@direct.lakeside.example → b@direct.lakeside.example; mails will come from another address.`,
    }]);
    expect(short(changesOf({ sites: { SITE02: { sender: 'c@direct.lakeside.example' } } }, [], [], { sites }))).to.deep.equal(
      ['site-removed SITE01', 'sender-changes SITE01 sender', 'sender-changes SITE02 sender', 'setting-changes SITE02 timeZone']);
  });

  for (const [change, from, codes] of [
    [{ preliminary: true }, {}, ['preliminary-sent preliminary']], [{}, { preliminary: true }, ['preliminary-kept preliminary']],
    [{ finalDelivery: false }, {}, ['final-delivery-not-asked finalDelivery', 'recipient-final-delivery-not-asked']], [{}, { finalDelivery: false }, ['final-delivery-asked finalDelivery', 'recipient-final-delivery-asked']],
    [{ patientIdentifier: 'mrn' }, {}, ['identifier-in-documents patientIdentifier']],
    [{ patientIdentifier: 'none' }, { patientIdentifier: 'mrn' }, ['identifier-not-in-documents patientIdentifier']],
    [{ patientIdentifier: 'null' }, { patientIdentifier: 'none' }, ['setting-changes patientIdentifier']],
    [{ account: 'b' }, { account: 'a' }, ['account-changes account']], [{ identity: 'b' }, {}, ['identity-changes identity']],
    [{ price: '0.30' }, { price: '0.25' }, ['price-changes price']], [{ price: '1', currency: 'EUR' }, { price: '1' }, ['price-changes price']],
    [{ deadlines: { urgent: 10 } }, { deadlines: { urgent: 20, routine: 60 } }, ['setting-changes deadlineUrgent', 'setting-changes deadlineRoutine']],
    [{ recipientDomains: [{ domain: 'a.example', maxMegabytes: 5 }] }, { recipientDomains: [{ domain: 'a.example' }] }, ['setting-changes recipientDomains a.example']],
    [{ sites: { S1: { preliminary: true } } }, {}, ['site-added S1', 'preliminary-sent S1 preliminary']],
    [{ address: { street: ['1 Test St'], city: 'Testville' } }, {}, ['setting-changes address']],
  ] as [Partial<Organization>, Partial<Organization>, string[]][]) {
    it(`${JSON.stringify(from)} to ${JSON.stringify(change)} is ${codes.join(', ')}`, () => expect(short(changesOf(change, [], [], from))).to.deep.equal(codes));
  }

  it('sites that will get two copies, and those that no longer do', () => {
    const table = rows(ALL, SITE, { ...SITE, site: 'SITE02', address: 'two@direct.lakeside.example', enabled: false });
    expect(short(changesOf({ policy: 'union' }, table))).to.deep.equal(['policy-changes policy', 'two-copies SITE01', 'recipient-added SITE01']);
    expect(short(changesOf({}, table, table, { policy: 'union' }))).to.deep.equal(['policy-changes policy', 'one-copy SITE01', 'recipient-removed SITE01']);
    const same = rows(ALL, { ...SITE, address: ALL.address });
    expect(short(changesOf({ policy: 'union' }, same)), 'one address gets one mail').to.deep.equal(['policy-changes policy']);
    const bySite = changesOf({ sites: { SITE01: { policy: 'union' } } }, table);
    expect(short(bySite)).to.deep.equal(['site-added SITE01', 'policy-changes SITE01 policy', 'two-copies SITE01', 'recipient-added SITE01']);
    expect(bySite[2]!.text).to.equal(`Lakeside (${CLINIC}), site SITE01: site and organization will each get a copy of one result.`);
  });

  it('sites that get none any more, in general or beside a provider', () => {
    const off = rows({ ...ALL, enabled: false }, SITE);
    expect(short(changesOf({}, rows(ALL, SITE), off))).to.deep.equal(['no-copy', 'recipient-removed']);
    expect(short(changesOf({ policy: 'most-specific' }, rows(ALL)))).to.deep.equal(['policy-changes policy', 'no-copy-beside-provider']);
  });

  it('what rows change: recipients, the provider\'s switch, final delivery, deadlines', () => {
    expect(short(changesOf({}, rows(ALL), rows(ALL, SITE)))).to.deep.equal(['recipient-added SITE01', 'recipient-removed SITE01']);
    expect(short(changesOf({}, rows(ALL), rows(ALL, { level: 'order', enabled: false })))).to.deep.equal(['provider-off']);
    expect(short(changesOf({}, rows(ALL, { level: 'order', site: 'S1', enabled: false }), rows(ALL)))).to.deep.equal(['provider-on S1']);
    expect(short(changesOf({}, rows(ALL), rows({ ...ALL, finalDelivery: false })))).to.deep.equal(['recipient-final-delivery-not-asked']);
    expect(changesOf({}, rows(ALL), rows({ ...ALL, deadline: 5 }))).to.deep.equal([{
      code: 'recipient-deadline', after: '5 min', organization: CLINIC, text: `Lakeside (${CLINIC}): the deadline of ${ALL.address} is now 5 min.`,
    }]);
  });

  it('shows a logo by its size, never by its bytes', () => {
    const [change] = changesOf({ logo: `data:image/png;base64,${'A'.repeat(4000)}` });
    expect(change!.text).to.contain('a picture of').and.have.length.below(200);
  });

  it('a list changes nothing against itself, and what one direction changes the other does too', () => {
    const settings = fc.record({
      policy: fc.constantFrom('union' as const, 'site-over-organization' as const, 'most-specific' as const), finalDelivery: fc.boolean(),
      preliminary: fc.boolean(), price: fc.constantFrom('1', '2'), deadlines: fc.record({ urgent: fc.integer({ min: 1, max: 3 }) }),
    }, { requiredKeys: [] });
    const list = fc.record({ own: settings, sites: fc.dictionary(fc.constantFrom('SITE01', 'SITE02'), settings) })
      .map(({ own, sites }): Organization[] => [{ clientGuid: CLINIC, name: 'Lakeside', ...own, sites }]);
    const table = fc.subarray([ALL, SITE, { ...SITE, site: 'SITE02', finalDelivery: false }, { level: 'order', deadline: 3 }]).map((some) => rows(...some));
    fc.assert(fc.property(list, list, table, table, (before, after, routeBefore, routeAfter) => {
      expect(organizationChanges(before, structuredClone(before), { routeBefore, routeAfter: routeBefore })).to.deep.equal([]);
      const there = organizationChanges(before, after, { routeBefore, routeAfter });
      const back = organizationChanges(after, before, { routeBefore: routeAfter, routeAfter: routeBefore });
      expect(there.length === 0).to.equal(back.length === 0);
      for (const { text, code } of there) expect([/^[a-z-]+$/.test(code), text.endsWith('.')]).to.deep.equal([true, true]);
    }));
  });
});

describe('what the forms are told before they import', () => {
  it('the organizations form: changes of settings, and for recipients with the tables that are deployed', () => {
    const current = [LAKESIDE, { name: 'half filled in' }];
    const answer = exchangeOrganizations({ text: JSON.stringify([{ ...LAKESIDE, policy: 'union' }]), current });
    const { changes, current: before, organizations: after } = answer.body as { changes: OrganizationChange[]; current: Organization[]; organizations: Organization[] };
    expect(short(changes)).to.deep.equal(['policy-changes policy']);
    const more = exchangeChanges({ before, after }, { organizations: [], rows: rows(ALL, SITE) });
    expect(short((more.body as { changes: OrganizationChange[] }).changes)).to.deep.equal(['two-copies SITE01', 'recipient-added SITE01']);
    expect(exchangeOrganizations({ organizations: [LAKESIDE] }).body).to.deep.include({ changes: [] });
    expect(exchangeChanges({}, { organizations: [], rows: [] }).body).to.deep.equal({ changes: [] });
  });

  it('the route table\'s form: what its rows mean for the organizations that are deployed', () => {
    const deployed = { organizations: [LAKESIDE], rows: [] };
    const ask = (current: unknown): OrganizationChange[] =>
      (exchangeRows({ rows: rows(ALL, SITE), current }, deployed).body as { changes: OrganizationChange[] }).changes;
    expect(short(ask(rows(ALL)))).to.deep.equal(['recipient-added SITE01', 'recipient-removed SITE01']);
    expect(ask([{ level: 'site' }]), 'a row that is not finished').to.deep.equal([]);
    expect(exchangeRows({ rows: [{ level: 'site' }] }, deployed)).to.deep.include({ status: 400 });
  });
});
