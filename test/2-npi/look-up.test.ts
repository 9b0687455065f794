import { expect } from 'chai';
import fc from 'fast-check';
import type { Recipient } from '../../nodes/0-order/message.ts';
import { FREE_MAIL_DOMAINS } from '../../nodes/1-route/direct-domain.ts';
import { resolveRoute } from '../../nodes/1-route/resolve.ts';
import { readRouteJson } from '../../nodes/1-route/route-table.ts';
import { CourierError } from '../../nodes/errors.ts';
import { readDirectoryCsv, unavailableDirectory } from '../../nodes/2-npi/directory.ts';
import { lookUpRecipients } from '../../nodes/2-npi/look-up.ts';
import { CLINIC, NPI } from '../support/samples.ts';

const LEE = 'lee@direct.lakeside.example';
const directory = readDirectoryCsv([
  'npi,address,name,status', `${NPI.pcp},${LEE},Lee,`, `${NPI.orderer},a@direct.hill.example,,`, `${NPI.orderer},b@direct.hill.example,,`,
    `${NPI.grader},${LEE},,deactivated`,
].join('\n'));
const WRONG = `${NPI.pcp.slice(0, 9)}${(Number(NPI.pcp.at(-1)) + 1) % 10}`;

const recipient = (change: Partial<Recipient>): Recipient => ({
  level: 'order', alsoFrom: [], address: null, npi: null, source: 'HealthPlan.PrimaryCareProvider.NPI',
    why: 'The order names it.', finalDelivery: true,
  state: 'RESOLVING', code: null, warnings: [], ...change,
});

describe('look-up of recipients', () => {
  it('gives an NPI its address, and why names row and release', () => {
    const { resolved, unresolved } = lookUpRecipients([recipient({ id: 'd1', npi: NPI.pcp })], directory);
    expect(unresolved).to.deep.equal([]);
    expect(resolved).to.have.length(1);
    expect(resolved[0]).to.include({ id: 'd1', address: LEE, npi: NPI.pcp, state: 'RESOLVING', code: null });
    expect(resolved[0]!.why).to.match(/^The order names it\. /).and.contain('row 2').and.contain(directory.release);
  });

  const outcomes: [string, string, Parameters<typeof lookUpRecipients>[1], string][] = [
    ['a wrong check digit', WRONG, directory, 'NPI_INVALID'],
    ['a wrong check digit without a directory', WRONG, undefined, 'NPI_INVALID'],
    ['an NPI that the directory lacks', NPI.organization, directory, 'NPI_NOT_FOUND'],
    ['an NPI with several addresses', NPI.orderer, directory, 'NPI_AMBIGUOUS'],
    ['a deactivated NPI', NPI.grader, directory, 'NPI_DEACTIVATED'],
    ['no directory', NPI.pcp, undefined, 'DIRECTORY_UNAVAILABLE'],
    ['an unreadable directory', NPI.pcp, unavailableDirectory(new CourierError('DIRECTORY_INVALID')), 'DIRECTORY_UNAVAILABLE'],
  ];
  for (const [name, npi, asked, code] of outcomes) {
    it(`${name} is ${code}, while the others go on`, () => {
      const other = recipient({ level: 'site', address: 'site@direct.lakeside.example', source: 'route:2' });
      const { resolved, unresolved } = lookUpRecipients([recipient({ id: 'd1', npi }), other], asked);
      expect(resolved).to.deep.equal([other]);
      expect(unresolved).to.have.length(1);
      expect(unresolved[0]).to.include({ id: 'd1', npi, address: null, state: 'UNRESOLVED', code });
      expect(unresolved[0]!.why.length).to.be.greaterThan('The order names it. '.length);
    });
  }

  it('merges the address that was found with the same address of another level: the order level stays', () => {
    const { resolved } = lookUpRecipients([
      recipient({ id: 'd1', npi: NPI.pcp, finalDelivery: false }),
      recipient({ id: 'd2', level: 'site', address: LEE, source: 'route:3', finalDelivery: false }),
      recipient({ id: 'd3', level: 'organization', address: LEE, source: 'route:2' }),
    ], directory);
    expect(resolved).to.have.length(1);
    expect(resolved[0]).to.deep.include({ id: 'd1', level: 'order', alsoFrom: ['site', 'organization'], finalDelivery: true, npi: NPI.pcp });
    expect(resolved[0]!.why).to.contain('route:2').and.contain('route:3').and.contain(directory.release);
  });

  it('keeps two unresolved recipients with one NPI, and asks nothing for those that get nothing', () => {
    const list = [recipient({ npi: WRONG }), recipient({ npi: WRONG }), recipient({ npi: NPI.pcp, state: 'SUPPRESSED', code: 'LEVEL_OFF' })];
    const { resolved, unresolved } = lookUpRecipients(list, directory);
    expect(resolved).to.deep.equal([]);
    expect(unresolved.map(({ code, address }) => [code, address])).to.deep.equal([['NPI_INVALID', null], ['NPI_INVALID', null], ['LEVEL_OFF', null]]);
  });

  it('an address that fell back to an NPI: the code is the look-up\'s, why tells both', () => {
    const { recipients } = resolveRoute({
      order: { organization: CLINIC, site: { localId: 'SITE01' }, primaryCareProvider: { address: 'zz-not-a-user@gmail.com',
        npi: NPI.organization } },
      table: [], policy: 'union', trustedDomains: [], freeMailDomains: FREE_MAIL_DOMAINS,
    });
    const { unresolved } = lookUpRecipients(recipients, directory);
    expect(unresolved[0]).to.include({ code: 'NPI_NOT_FOUND', npi: NPI.organization, address: null });
    expect(unresolved[0]!.why).to.contain('ordinary e-mail').and.contain('has no row');
  });

  it('changes nothing when it is asked again', () => {
    const once = lookUpRecipients([recipient({ npi: NPI.pcp }), recipient({ level: 'site', address: LEE })], directory);
    expect(lookUpRecipients(once.resolved, directory)).to.deep.equal(once);
    // Nor when the directory has lost whom it named: an address that is settled is not asked for again.
    expect(lookUpRecipients(once.resolved, undefined)).to.deep.equal(once);
  });

  it('never resolves two recipients to one address, and loses no one', () => {
    const npi = fc.constantFrom(...Object.values(NPI), WRONG, '');
    const address = fc.constantFrom(LEE, 'a@direct.hill.example', 'c@direct.hill.example');
    const row = fc.record({ level: fc.constantFrom('site', 'organization'), organization: fc.constant(CLINIC),
      site: fc.constant('SITE01'), address, enabled: fc.boolean() })
      .map((one) => ({ ...one, site: one.level === 'site' ? one.site : '' }));
    fc.assert(fc.property(fc.array(row, { maxLength: 6 }), npi, fc.oneof(address, fc.constant(''), fc.constant('x')),
      fc.constantFrom('union' as const, 'most-specific' as const), (list, pcpNpi, pcpAddress, policy) => {
      const { recipients } = resolveRoute({
        order: { organization: CLINIC, site: { localId: 'SITE01' }, primaryCareProvider: { npi: pcpNpi, address: pcpAddress } },
        table: readRouteJson(list), policy, trustedDomains: [], freeMailDomains: FREE_MAIL_DOMAINS,
      });
      const { resolved, unresolved } = lookUpRecipients(recipients, directory);
      expect(new Set(resolved.map((one) => one.address)).size).to.equal(resolved.length);
      for (const { state, address: known } of resolved) expect([state, known === null]).to.deep.equal(['RESOLVING', false]);
      for (const { state, code } of unresolved) expect([state === 'RESOLVING', code === null]).to.deep.equal([false, false]);
      const sources = [...resolved, ...unresolved].map(({ source, why }) => `${source} ${why}`).join(' ');
      for (const { source } of recipients) expect(sources).to.contain(source);
    }));
  });
});
