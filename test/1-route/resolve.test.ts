import { expect } from 'chai';
import fc from 'fast-check';
import type { Level } from '../../nodes/0-order/message.ts';
import type { Organization, RoutePolicy } from '../../nodes/0-order/organization.ts';
import { FREE_MAIL_DOMAINS } from '../../nodes/1-route/direct-domain.ts';
import { resolveRoute, type Route, type RouteQuestion } from '../../nodes/1-route/resolve.ts';
import { readRouteJson, type RouteRow } from '../../nodes/1-route/route-table.ts';
import { CLINIC, NPI, OTHER_CLINIC } from '../support/samples.ts';

const POLICIES: RoutePolicy[] = ['union', 'site-over-organization', 'most-specific'];
const LEVELS: Level[] = ['order', 'site', 'organization'];
const EMAIL = 'HealthPlan.PrimaryCareProvider.EmailAddress';
const NPI_FIELD = 'HealthPlan.PrimaryCareProvider.NPI';
const PCP = 'pcp@direct.lakeside.example';

const rows = (...list: object[]): RouteRow[] => readRouteJson(list);
const siteRow = (change: object = {}): object => ({ level: 'site', organization: CLINIC, site: 'SITE01',
  address: 'site@direct.lakeside.example', ...change });
const organizationRow = (change: object = {}): object => ({ level: 'organization', organization: CLINIC,
  address: 'all@direct.lakeside.example', ...change });
const orderRow = (change: object = {}): object => ({ level: 'order', organization: CLINIC, ...change });

type Change = Partial<RouteQuestion> & { pcp?: { address?: string; npi?: string } };
const ask = ({ pcp, ...change }: Change = {}): Route => resolveRoute({
  order: { organization: CLINIC, site: { localId: 'SITE01' }, ...(pcp && { primaryCareProvider: pcp }) },
  table: [], policy: 'union', trustedDomains: [], freeMailDomains: FREE_MAIL_DOMAINS, ...change,
});

const inShort = ({ recipients }: Route): string[] =>
  recipients.map(({ level, state, code }) => `${level} ${state}${code === null ? '' : ` ${code}`}`);
const going = ({ recipients }: Route): Level[] => recipients.filter(({ state }) => state === 'RESOLVING').map(({ level }) => level);

describe('resolve route: levels and policies', () => {
  // What each policy leaves of the levels that name somebody.
  const left: Record<RoutePolicy, (levels: Level[]) => Level[]> = {
    union: (levels) => levels,
    'site-over-organization': (levels) => levels.filter((level) => level !== 'organization' || !levels.includes('site')),
    'most-specific': (levels) => levels.slice(0, 1),
  };
  const states = ['absent', 'on', 'off'] as const;

  for (const policy of POLICIES) {
    for (const order of states) for (const site of states) for (const organization of states) {
      const levels = { order, site, organization };
      it(`${policy}: order ${order}, site ${site}, organization ${organization}`, () => {
        const table = rows(...[
          order === 'off' ? orderRow({ enabled: false }) : undefined,
          site === 'absent' ? undefined : siteRow({ enabled: site === 'on' }),
          organization === 'absent' ? undefined : organizationRow({ enabled: organization === 'on' }),
        ].filter((row) => row !== undefined));
        const answer = ask({ table, policy, ...(order !== 'absent' && { pcp: { address: PCP } }) });
        const on = LEVELS.filter((level) => levels[level] === 'on');
        const off = LEVELS.filter((level) => levels[level] === 'off');
        expect(going(answer)).to.deep.equal(left[policy](on));
        expect(answer.recipients.filter(({ state }) => state === 'SUPPRESSED').map(({ level, code }) => [level, code]))
          .to.deep.equal(off.map((level) => [level, 'LEVEL_OFF']));
        expect(answer.route.policy).to.equal(policy);
        const displaced = on.filter((level) => !going(answer).includes(level));
        for (const level of [...displaced, ...off]) {
          const [entry] = answer.route.considered.filter((one) => one.level === level);
          expect(entry?.used, level).to.equal(false);
        }
        for (const level of displaced) {
          expect(answer.route.considered.find((one) => one.level === level)!.why).to.contain(policy);
        }
      });
    }
  }

  it('a policy weighs what is named, found later or not: an NPI on the order stands before site and organization', () => {
    const answer = ask({ pcp: { npi: NPI.pcp }, table: rows(siteRow(), organizationRow()), policy: 'most-specific' });
    expect(answer.recipients).to.have.length(1);
    expect(answer.recipients[0]).to.include({ level: 'order', address: null, npi: NPI.pcp, source: NPI_FIELD, state: 'RESOLVING' });
  });

  it('a policy weighs an address that cannot be used like one that can', () => {
    expect(inShort(ask({ pcp: { address: 'no address' }, table: rows(siteRow()), policy: 'most-specific' })))
      .to.deep.equal(['order UNRESOLVED ADDRESS_INVALID']);
    expect(inShort(ask({ table: rows(siteRow({ address: 'site@gmail.com' }), organizationRow()), policy: 'site-over-organization' })))
      .to.deep.equal(['site UNRESOLVED ADDRESS_NOT_DIRECT']);
  });

  it('several rows of a level are several recipients: order, site, organization, then by line', () => {
    const table = rows(
      organizationRow({ address: 'b@direct.lakeside.example' }), siteRow(),
      organizationRow({ address: 'a@direct.lakeside.example' }), siteRow({ address: 'z@direct.lakeside.example' }),
    );
    expect(ask({ pcp: { address: PCP }, table }).recipients.map(({ source }) => source))
      .to.deep.equal([EMAIL, 'route:3', 'route:5', 'route:2', 'route:4']);
  });

  it('keeps the order of lines whatever the order of the list', () => {
    const table = rows(siteRow(), siteRow({ address: 'z@direct.lakeside.example' })).reverse();
    expect(ask({ table }).recipients.map(({ source }) => source)).to.deep.equal(['route:2', 'route:3']);
  });

  it('leaves the same address twice: each planned recipient stays visible', () => {
    expect(ask({ pcp: { address: PCP }, table: rows(organizationRow({ address: PCP })) }).recipients.map(({ address }) => address))
      .to.deep.equal([PCP, PCP]);
  });

  it('rows of other organizations and other sites have no say', () => {
    const table = rows(siteRow({ site: 'SITE02' }), siteRow({ organization: OTHER_CLINIC }), organizationRow({ organization: OTHER_CLINIC }),
      orderRow({ organization: OTHER_CLINIC, enabled: false }), orderRow({ site: 'SITE02', enabled: false }));
    expect(inShort(ask({ pcp: { address: PCP }, table }))).to.deep.equal(['order RESOLVING']);
  });

  it('the result\'s site decides, and a ClientGuid in capitals is the same organization', () => {
    const table = rows(siteRow(), siteRow({ site: 'SITE02', address: 'two@direct.lakeside.example' }));
    const order = { organization: CLINIC.toUpperCase(), site: { localId: 'SITE01' } };
    expect(ask({ order, table, result: { site: { localId: 'SITE02' } } }).recipients.map(({ address }) => address))
      .to.deep.equal(['two@direct.lakeside.example']);
  });

  it('nobody named is nobody: no provider, an empty provider, blanks, rows that switch only', () => {
    for (const pcp of [{}, { address: '', npi: '' }, { address: ' \n', npi: '  ' }]) expect(ask({ pcp, table: rows(orderRow()) }))
      .to.deep.include({ recipients: [] });
    expect(ask().recipients).to.deep.equal([]);
  });
});

describe('resolve route: an order that was made from its result', () => {
  it('has site and organization only, and every sentence says why', () => {
    const warnings = [{ code: 'ORDER_STOOD_IN', text: 'It never came.' }];
    const order = { organization: CLINIC, site: { localId: 'SITE01' }, standIn: true as const, warnings };
    const { recipients, route } = ask({ order, table: rows(siteRow(), organizationRow(), orderRow({ enabled: false })) });
    expect(recipients.map(({ level }) => level)).to.deep.equal(['site', 'organization']);
    for (const { why, warnings: told } of recipients) {
      expect(why).to.include('never came');
      expect(told.map(({ code }) => code)).to.include('ORDER_STOOD_IN');
    }
    expect(route.considered.every(({ why }) => why.includes('never came'))).to.equal(true);
    expect(ask({ order: { ...order, standIn: undefined } as never, table: rows(siteRow()) }).recipients[0]!.why).to.not.include('never came');
  });
});

describe('resolve route: the policy of the organization', () => {
  const organization = (change: Partial<Organization>): Organization => ({ clientGuid: CLINIC, name: 'Lakeside Eye Clinic', ...change });
  const table = rows(siteRow(), organizationRow());
  const policyOf = (change: Change): RoutePolicy => ask({ table, policy: 'organization', ...change }).route.policy;

  it('holds when the node says so, the site\'s before the organization\'s, union without any', () => {
    expect(policyOf({})).to.equal('union');
    expect(policyOf({ organization: organization({}) })).to.equal('union');
    expect(policyOf({ organization: organization({ policy: 'most-specific' }) })).to.equal('most-specific');
    expect(policyOf({ organization: organization({ policy: 'most-specific', sites: { SITE01: { policy: 'site-over-organization' }, SITE02: {
      policy: 'union' } } }) })).to.equal('site-over-organization');
    expect(policyOf({ organization: organization({ policy: 'most-specific', sites: { SITE01: {} } }) })).to.equal('most-specific');
  });

  it('stands back when the node has its own', () => {
    expect(policyOf({ policy: 'union', organization: organization({ policy: 'most-specific' }) })).to.equal('union');
  });

  it('is not misled by a site that is called like a property of every object', () => {
    const order = { organization: CLINIC, site: { localId: 'constructor' } };
    expect(policyOf({ order, organization: organization({ policy: 'most-specific', sites: {} }) })).to.equal('most-specific');
  });
});

describe('resolve route: the switch of the order level', () => {
  const pcp = { address: PCP, npi: NPI.pcp };

  it('is on without a row, with final delivery', () => {
    expect(ask({ pcp }).recipients[0]).to.include({ state: 'RESOLVING', finalDelivery: true });
  });

  it('the site\'s row comes before the organization\'s, both ways, whatever their order', () => {
    const off = rows(orderRow({ site: 'SITE01', enabled: false }), orderRow());
    const on = rows(orderRow({ enabled: false }), orderRow({ site: 'SITE01' }));
    expect(inShort(ask({ pcp, table: off }))).to.deep.equal(['order SUPPRESSED LEVEL_OFF']);
    expect(inShort(ask({ pcp, table: on }))).to.deep.equal(['order RESOLVING']);
  });

  it('says who is suppressed, by which row, and keeps address and NPI', () => {
    const [recipient] = ask({ pcp, table: rows(siteRow(), orderRow({ enabled: false })) }).recipients;
    expect(recipient).to.include({ state: 'SUPPRESSED', code: 'LEVEL_OFF', address: PCP, npi: NPI.pcp, source: EMAIL });
    expect(recipient!.why).to.contain('route:3').and.contain('order level').and.contain(EMAIL);
  });

  it('switches final delivery off for the order level only', () => {
    const table = rows(orderRow({ final_delivery: false }), organizationRow(), siteRow({ final_delivery: 'no' }));
    expect(ask({ pcp, table }).recipients.map(({ level, finalDelivery }) => [level, finalDelivery]))
      .to.deep.equal([['order', false], ['site', false], ['organization', true]]);
  });

  it('suppresses nobody where the order names nobody', () => {
    expect(ask({ table: rows(orderRow({ enabled: false })) }).recipients).to.deep.equal([]);
  });
});

describe('resolve route: address and NPI of one provider', () => {
  const trusted = { trustedDomains: ['lakeside.example'] };

  it('are one recipient: the address is used, the NPI stays beside it', () => {
    const { recipients, route } = ask({ pcp: { address: ' MAILTO:Pcp@Direct.Lakeside.EXAMPLE ', npi: `NPI:${NPI.pcp}` } });
    expect(recipients).to.have.length(1);
    expect(recipients[0]).to.deep.include({ address: PCP, npi: NPI.pcp, source: EMAIL, alsoFrom: [], state: 'RESOLVING', code: null, warnings: [] });
    expect(route.considered.map(({ source, used }) => [source, used])).to.deep.equal([[EMAIL, true], [NPI_FIELD, false]]);
  });

  const fallbacks: [string, string, Partial<RouteQuestion>, string][] = [
    ['free mail', 'zz-not-a-user@gmail.com', {}, 'ordinary e-mail'],
    ['a domain that is not on the trusted list', 'pcp@direct.hill.example', trusted, 'trusted'],
    ['a domain that only ends like a trusted one', 'pcp@notlakeside.example', trusted, 'trusted'],
    ['a malformed address', 'pcp at lakeside', {}, 'well-formed'],
    ['an address with a line break in it', `${PCP}\r\nBcc: x@hill.example`, {}, 'well-formed'],
  ];
  for (const [name, address, change, says] of fallbacks) {
    it(`${name}: the NPI is tried, and why says so`, () => {
      const { recipients, route } = ask({ pcp: { address, npi: NPI.pcp }, ...change });
      expect(recipients).to.have.length(1);
      expect(recipients[0]).to.include({ address: null, npi: NPI.pcp, source: NPI_FIELD, state: 'RESOLVING', code: null });
      expect(recipients[0]!.why).to.contain(says).and.contain(EMAIL).and.contain('NPI').and.contain('tried');
      expect(route.considered.map(({ source, used }) => [source, used])).to.deep.equal([[NPI_FIELD, true], [EMAIL, false]]);
    });

    it(`${name} without an NPI: unresolved, never rejected`, () => {
      const [recipient] = ask({ pcp: { address }, ...change }).recipients;
      expect(recipient).to.include({ npi: null, state: 'UNRESOLVED', source: EMAIL,
        code: says === 'well-formed' ? 'ADDRESS_INVALID' : 'ADDRESS_NOT_DIRECT' });
      expect(recipient!.why).to.contain(says);
      expect(recipient!.address).to.match(/^\P{Cc}+$/u);
    });
  }

  it('shows an unusable address cleaned, cut and in lower case', () => {
    const shown = (address: string): string | null | undefined => ask({ pcp: { address } }).recipients[0]?.address;
    expect(shown('Pcp@Lakeside.example\r\nBcc: Eve')).to.equal('pcp@lakeside.examplebcc: eve');
    expect(shown('\u202Egro.elpmaxe@pcp\u0000 ')).to.equal('gro.elpmaxe@pcp');
    expect(shown('ä'.repeat(5000))).to.have.length(254);
    expect(shown(' \u0000 ')).to.equal('');
  });

  it('an NPI that is refused stays refused: nothing is taken out of it', () => {
    expect(ask({ pcp: { npi: `29900\u00000${NPI.pcp.slice(6)}` } }).recipients[0]!.npi).to.contain('?');
  });

  it('trusts a domain and those below it, which also beats free mail', () => {
    expect(inShort(ask({ pcp: { address: PCP }, ...trusted }))).to.deep.equal(['order RESOLVING']);
    expect(inShort(ask({ pcp: { address: 'pcp@lakeside.example' }, ...trusted }))).to.deep.equal(['order RESOLVING']);
    expect(inShort(ask({ pcp: { address: 'pcp@direct.gmail.com' }, trustedDomains: ['direct.gmail.com'] }))).to.deep.equal(['order RESOLVING']);
    expect(inShort(ask({ pcp: { address: 'pcp@eu.mail.test' }, freeMailDomains: ['mail.test'] })))
      .to.deep.equal(['order UNRESOLVED ADDRESS_NOT_DIRECT']);
  });

  it('rows on free mail or untrusted domains are unresolved', () => {
    const table = rows(siteRow({ address: 'site@yahoo.com' }), organizationRow({ address: 'all@direct.hill.example' }));
    expect(inShort(ask({ table, ...trusted }))).to.deep.equal(['site UNRESOLVED ADDRESS_NOT_DIRECT', 'organization UNRESOLVED ADDRESS_NOT_DIRECT']);
    expect(ask({ table, ...trusted }).recipients.map(({ address }) => address)).to.deep.equal(['site@yahoo.com', 'all@direct.hill.example']);
  });

  it('one bad recipient leaves the others alone', () => {
    expect(inShort(ask({ pcp: { address: 'bad' }, table: rows(siteRow(), organizationRow({ enabled: false })) })))
      .to.deep.equal(['order UNRESOLVED ADDRESS_INVALID', 'site RESOLVING', 'organization SUPPRESSED LEVEL_OFF']);
  });
});

describe('resolve route: whatever is asked', () => {
  const text = fc.oneof(fc.constantFrom('', ' ', PCP, 'x@gmail.com', 'x@direct.hill.example', NPI.pcp, '123'), fc.string({ unit: 'binary' }));
  const row = fc.record({
    level: fc.constantFrom('site', 'organization'), organization: fc.constantFrom(CLINIC, OTHER_CLINIC), site: fc.constantFrom('SITE01', 'SITE02'),
    address: fc.constantFrom(PCP, 'x@gmail.com', 'x@direct.hill.example'), enabled: fc.boolean(), final_delivery: fc.boolean(),
  }).map((one) => ({ ...one, site: one.level === 'site' ? one.site : '' }));
  const switched = fc.constantFrom([], [orderRow({ enabled: false })], [orderRow({ site: 'SITE01', final_delivery: false })]);
  const question = fc.record({
    pcp: fc.record({ address: text, npi: text }), list: fc.tuple(switched, fc.array(row, { maxLength: 6 })), policy: fc.constantFrom(...POLICIES),
    trustedDomains: fc.constantFrom<string[]>([], ['lakeside.example']),
  }).map(({ list, ...rest }) => ({ ...rest, table: rows(...list.flat()) }));

  it('every source that names somebody ends as a recipient or is considered, with a reason of one line', () => {
    fc.assert(fc.property(question, (asked) => {
      const answer = ask(asked);
      const sources = new Set([...answer.recipients, ...answer.route.considered].map(({ source }) => source));
      const named = [
        ...(asked.pcp.address.trim() ? [EMAIL] : []), ...(asked.pcp.npi.trim() && !asked.pcp.address.trim() ? [NPI_FIELD] : []),
        ...asked.table.filter(({ level, organization, site }) => level !== 'order' && organization === CLINIC && (site ?? 'SITE01') === 'SITE01')
          .map(({ line }) => `route:${line}`),
      ];
      expect([...sources]).to.include.members(named);
      for (const { why, level } of answer.route.considered) expect(why).to.match(/^The [^\n]+\.$/).and.contain(level === 'order' ? '' : level);
    }));
  });

  it('a recipient goes on only with an address or an NPI; one that does not go on has a code', () => {
    fc.assert(fc.property(question, (asked) => {
      for (const { state, code, address, npi } of ask(asked).recipients) {
        expect(code === null).to.equal(state === 'RESOLVING');
        if (state === 'RESOLVING') expect(address ?? npi).to.be.a('string');
      }
    }));
  });

  it('puts neither addresses nor names into a reason', () => {
    fc.assert(fc.property(question, (asked) => {
      const answer = ask(asked);
      for (const { why } of [...answer.recipients, ...answer.route.considered]) expect(why).not.to.contain('@');
    }));
  });
});
