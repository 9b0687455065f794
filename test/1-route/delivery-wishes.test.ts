import { expect } from 'chai';
import fc from 'fast-check';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { withRules } from '../../nodes/0-order/recipient-domains.ts';
import { mergeWishes, type Wishes } from '../../nodes/1-route/delivery-wishes.ts';
import { FREE_MAIL_DOMAINS } from '../../nodes/1-route/direct-domain.ts';
import { mergeRecipients } from '../../nodes/1-route/merge.ts';
import { resolveRoute } from '../../nodes/1-route/resolve.ts';
import { readRouteJson } from '../../nodes/1-route/route-table.ts';
import { readDirectoryCsv } from '../../nodes/2-npi/directory.ts';
import { lookUpRecipients } from '../../nodes/2-npi/look-up.ts';
import { CLINIC, NPI } from '../support/samples.ts';

const PCP = 'pcp@direct.lakeside.example';
const ALL = 'all@direct.hisp.example';

interface Said { row?: object; site?: boolean; organization?: boolean; domain?: boolean; orderRow?: object; npi?: string }

/** The route of one result whose order names a provider, with one organization row. */
const ask = ({ row = {}, site, organization, domain, orderRow, npi }: Said): Recipient[] => {
  const submitter: Organization = {
    clientGuid: CLINIC, name: 'Lakeside', ...(organization !== undefined && { finalDelivery: organization }),
    ...(site !== undefined && { sites: { SITE01: { finalDelivery: site } } }),
  };
  const rules = domain === undefined ? [] : ['direct.hisp.example', 'direct.lakeside.example'].map((name) => ({ domain: name, finalDelivery: domain }));
  return resolveRoute({
    order: { organization: CLINIC, site: { localId: 'SITE01' }, primaryCareProvider: npi === undefined ? { address: PCP } : { npi } },
    organization: withRules(submitter, rules), policy: 'organization', trustedDomains: [], freeMailDomains: FREE_MAIL_DOMAINS,
    table: readRouteJson([{ level: 'organization', organization: CLINIC, address: ALL, ...row },
      ...(orderRow === undefined ? [] : [{ level: 'order', organization: CLINIC, ...orderRow }])]),
  }).recipients;
};
const words = (recipients: Recipient[]): unknown[] => recipients.map(({ finalDelivery, finalDeliveryBy }) => [finalDelivery, finalDeliveryBy]);

describe('what is wished for a delivery', () => {
  it('final delivery is asked as the row says, else the domain, else the site, else the organization, else it is asked', () => {
    const no = { finalDelivery: false };
    expect(words(ask({}))).to.deep.equal([[true, undefined], [true, undefined]]);
    expect(words(ask({ organization: false }))).to.deep.equal([[false, 'organization'], [false, 'organization']]);
    expect(words(ask({ organization: false, site: true }))).to.deep.equal([[true, 'organization'], [true, 'organization']]);
    expect(words(ask({ organization: true, domain: false }))).to.deep.equal([[false, 'domain'], [false, 'domain']]);
    expect(words(ask({ row: no, domain: true, organization: true }))).to.deep.equal([[true, 'domain'], [false, 'row']]);
    expect(words(ask({ orderRow: { finalDelivery: true }, domain: false }))).to.deep.equal([[true, 'row'], [false, 'domain']]);
    expect(words(ask({ orderRow: { finalDelivery: '' }, domain: false }))).to.deep.equal([[false, 'domain'], [false, 'domain']]);
  });

  it('says so where the domain decided', () => {
    expect(ask({ domain: false })[1]!.why).to.contain('not asked there (rule for the domain direct.hisp.example)');
  });

  it('the rule for a domain also holds for an address that look-up finds', async () => {
    const recipients = ask({ npi: NPI.pcp, domain: false });
    expect(words(recipients)[0], 'not known yet').to.deep.equal([true, undefined]);
    const directory = readDirectoryCsv(`npi,address,name,status\n${NPI.pcp},${PCP},,`);
    const rules = { recipientDomains: [{ domain: 'direct.lakeside.example', finalDelivery: false }] };
    expect(words(lookUpRecipients(recipients, directory, { organization: rules, onMismatch: 'hold' }).resolved)[0]).to.deep.equal([false, 'domain']);
    expect(words(lookUpRecipients(recipients, directory).resolved)[0]).to.deep.equal([true, undefined]);
    const byRow = ask({ npi: NPI.pcp, orderRow: { finalDelivery: true } });
    expect(words(lookUpRecipients(byRow, directory, { organization: rules, onMismatch: 'hold' }).resolved)[0], 'the order row says so itself').to.deep.equal([true, 'row']);
  });

  it('a row\'s own deadline goes with its recipient, that of the order row with the provider', () => {
    expect(ask({ row: { deadline: 5 }, orderRow: { deadline: '7.5' } }).map(({ deadlineMinutes }) => deadlineMinutes)).to.deep.equal([7.5, 5]);
    expect(ask({}).every((recipient) => !('deadlineMinutes' in recipient))).to.equal(true);
  });
});

describe('wishes of recipients with one address', () => {
  it('a domain that was told not to be asked stays so beside a level that says nothing; a row that asks wins', () => {
    const off: Wishes = { finalDelivery: false, finalDeliveryBy: 'domain' };
    expect(mergeWishes([{ finalDelivery: true }, off])).to.deep.equal(off);
    expect(mergeWishes([off, { finalDelivery: true, finalDeliveryBy: 'organization' }])).to.deep.equal(off);
    expect(mergeWishes([off, { finalDelivery: true, finalDeliveryBy: 'row' }])).to.deep.equal({ finalDelivery: true, finalDeliveryBy: 'row' });
    expect(mergeWishes([{ finalDelivery: false, finalDeliveryBy: 'row' }, { finalDelivery: true, finalDeliveryBy: 'row' }]).finalDelivery).to.equal(true);
    expect(mergeWishes([{ finalDelivery: false, finalDeliveryBy: 'row' }, { finalDelivery: true }]).finalDelivery).to.equal(false);
    expect(mergeWishes([{ finalDelivery: false }, { finalDelivery: true }]), 'a plan of before').to.deep.equal({ finalDelivery: true });
  });

  it('the survivor keeps its own deadline; without one it has the shortest', () => {
    const at = (deadlineMinutes?: number): Wishes => ({ finalDelivery: true, ...(deadlineMinutes !== undefined && { deadlineMinutes }) });
    expect([[at(30), at(5)], [at(), at(20), at(5)], [at(), at()]].map((group) => mergeWishes(group as [Wishes]).deadlineMinutes))
      .to.deep.equal([30, 5, undefined]);
  });

  it('do not depend on the order in which the others come, and merging keeps who they are', () => {
    const wishes = fc.record({ finalDelivery: fc.boolean(), finalDeliveryBy: fc.constantFrom('row' as const, 'domain' as const, 'organization' as const, undefined),
      deadlineMinutes: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }) })
      .map((said) => Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as unknown as Wishes);
    fc.assert(fc.property(wishes, fc.array(wishes, { maxLength: 4 }), (keeper, others) => {
      const merged = mergeWishes([keeper, ...others]);
      expect(mergeWishes([keeper, ...others.toReversed()])).to.deep.equal(merged);
      expect(mergeWishes([merged]), 'merging again changes nothing').to.deep.equal(merged);
      const recipients = [keeper, ...others].map((said, index): Recipient => ({
        level: index === 0 ? 'order' : 'organization', alsoFrom: [], address: ALL, npi: null, source: 's', why: 'w', state: 'RESOLVING', code: null,
        warnings: [], ...said,
      }));
      expect(mergeRecipients(recipients)[0]).to.deep.include(merged);
    }));
  });
});
