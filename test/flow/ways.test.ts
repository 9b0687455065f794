import { expect } from 'chai';
import { CLINIC, inputPair, NPI, OTHER_CLINIC } from '../support/samples.ts';
import { delivered, type DemoRun, removeTemporaryFolders, runDemo } from '../support/demo.ts';

const ORDER = 'dr.lee@good.lakeside.sim.example';
const SITE = 'desk@good.site.sim.example';
const ORGANIZATION = 'results@processed.clinic.sim.example';
const FOUND = 'dr.care@good.riverside.sim.example';

const ROUTE = `level,organization,site,address,final_delivery,enabled
organization,${CLINIC},,${ORGANIZATION},false,
site,${CLINIC},NORTH,${SITE},,
site,${CLINIC},SAME,${ORGANIZATION},true,
site,${CLINIC},OFF,${SITE},,no
order,${CLINIC},MUTED,,,false
site,${OTHER_CLINIC},SITE01,desk@good.other.sim.example,,
`;
const DIRECTORY = `npi,address,name,status
${NPI.pcp},Dr.Care@Good.Riverside.sim.example,Care,active
${NPI.pcp},mailto:dr.care@good.riverside.sim.example,Care again,active
${NPI.grader},one@good.twice.sim.example,Twice,active
${NPI.grader},two@good.twice.sim.example,Twice,active
${NPI.orderer},gone@good.gone.sim.example,Gone,deactivated
2990000046,dr.lee@good.lakeside.sim.example,Lee,active
`;

const INPUTS = {
  ...inputPair(1, { address: ORDER }),
  ...inputPair(2, { npi: NPI.pcp }),
  ...inputPair(3),
  ...inputPair(4, { site: 'NORTH' }),
  ...inputPair(5, { site: 'NORTH', address: `mailto:${ORDER.toUpperCase()}`, npi: NPI.pcp }),
  ...inputPair(6, { site: 'NORTH', npi: '2990000095' }),
  ...inputPair(7, { site: 'SAME' }),
  ...inputPair(8, { site: 'OFF' }),
  ...inputPair(9, { site: 'MUTED', address: ORDER }),
  ...inputPair(10, { address: 'zz-not-a-user@gmail.com', npi: NPI.pcp }),
  ...inputPair(11, { address: 'zz-not-a-user@gmail.com' }),
  ...inputPair(12, { address: 'dr.lee@good.lakeside.sim.example\r\nBcc: x@y.example' }),
  ...inputPair(13, { npi: NPI.grader }),
  ...inputPair(14, { npi: NPI.orderer }),
  ...inputPair(15, { npi: '2990000005' }),
  ...inputPair(16, { address: ORDER, npi: '2990000046', order: { HealthPlan: { PrimaryCareProvider: { Name: { First: 'Ann', Last: 'Lee' } } } } }),
};

/** `state recipient level` of every delivery of an order, in a fixed order. */
const told = (run: DemoRun, n: number): string[] => [
  ...delivered(run, `ORD${n}`).map(({ state, recipient, level }) => `${state} ${recipient} ${level}`),
  ...run.summary.unresolved.filter(({ orderLocalId }) => orderLocalId === `ORD${n}`).map(({ code }) => `UNRESOLVED ${code}`),
  ...run.summary.suppressed.filter(({ orderLocalId }) => orderLocalId === `ORD${n}`).map(({ code }) => `SUPPRESSED ${code}`),
].sort();

const order = `DELIVERED ${ORDER} order`;
const found = `DELIVERED ${FOUND} order`;
const site = `DELIVERED ${SITE} site`;
const organization = `PROCESSED ${ORGANIZATION} organization`;

const EXPECTED: Record<string, Record<number, string[]>> = {
  union: {
    1: [order, organization], 2: [found, organization], 3: [organization], 4: [site, organization], 5: [order, site, organization],
    6: [site, organization, 'UNRESOLVED NPI_NOT_FOUND'], 8: [organization, 'SUPPRESSED LEVEL_OFF'], 9: [organization, 'SUPPRESSED LEVEL_OFF'],
    10: [found, organization], 11: [organization, 'UNRESOLVED ADDRESS_NOT_DIRECT'], 12: [organization, 'UNRESOLVED ADDRESS_INVALID'],
    13: [organization, 'UNRESOLVED NPI_AMBIGUOUS'], 14: [organization, 'UNRESOLVED NPI_DEACTIVATED'], 15: [organization, 'UNRESOLVED NPI_INVALID'],
    16: [order, organization],
  },
  'site-over-organization': {
    1: [order, organization], 3: [organization], 4: [site], 5: [order, site], 6: [site, 'UNRESOLVED NPI_NOT_FOUND'],
    8: [organization, 'SUPPRESSED LEVEL_OFF'], 9: [organization, 'SUPPRESSED LEVEL_OFF'],
  },
  'most-specific': {
    1: [order], 2: [found], 3: [organization], 4: [site], 5: [order], 6: ['UNRESOLVED NPI_NOT_FOUND'],
    8: [organization, 'SUPPRESSED LEVEL_OFF'], 9: [organization, 'SUPPRESSED LEVEL_OFF'], 11: ['UNRESOLVED ADDRESS_NOT_DIRECT'],
  },
};

describe('who gets a result, through the running flow', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  for (const [policy, orders] of Object.entries(EXPECTED)) {
    describe(`under the policy ${policy}`, () => {
      let run: DemoRun;
      before(async () => { run = await runDemo({ inputs: INPUTS, route: ROUTE, directory: DIRECTORY, options: ['--policy', policy, '--deadline', '5'] }); });

      for (const [n, expected] of Object.entries(orders)) {
        it(`order ${n} ends as ${expected.join(', ')}`, () => {
          expect(told(run, Number(n)), run.stdout + run.stderr).to.deep.equal([...expected].sort());
        });
      }

      it('every delivery says why, from where, and costs one message', () => {
        expect(run.exit).to.equal(3);
        for (const delivery of run.deliveries) {
          expect(delivery.why).to.match(/^[A-Z].{20,}\.$/s);
          expect(delivery.source).to.match(/^(HealthPlan\.PrimaryCareProvider\.(EmailAddress|NPI)|route:\d+)$/);
          expect(delivery.fee).to.deep.equal({ amount: '0.25', currency: 'USD' });
          expect(delivery.history.map(({ state }) => state)).to.include.members(['RESOLVING', 'QUEUED', 'SENT', delivery.state]);
        }
        expect(Number(run.summary.fees.total)).to.equal(run.deliveries.length * 0.25);
      });

      if (policy === 'union') {
        it('one address named at two levels gets one mail, and the other level is told', () => {
          const [only, ...others] = delivered(run, 'ORD7');
          expect(others).to.deep.equal([]);
          expect(only).to.include({ recipient: ORGANIZATION, level: 'site', state: 'UNCONFIRMED', code: 'NOT_DISPATCHED' });
          expect(only!.alsoFrom).to.deep.equal(['organization']);
        });
      }
    });
  }
});
