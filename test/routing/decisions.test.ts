// The decision table: complete, documented, and without a recipient who gets two copies or vanishes.
import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { CODES } from '../../nodes/errors.ts';
import { allDecisions, type Bench, CERTIFICATES, type Decision, LOOK_UPS, NAMES, openBench, type Row } from './decisions.ts';
import { routingPage } from './page.ts';
import { NAMINGS, POLICIES } from './world.ts';

describe('who gets a result', function () {
  this.timeout(60_000);
  let bench: Bench;
  let decisions: Decision[];
  before(async () => {
    bench = await openBench();
    decisions = await allDecisions(bench);
  });
  after(() => bench.end());

  it('is decided for every combination, each once', () => {
    const perName = NAMES.map((name) => (name === 'order: NPI' || name === 'order: both' ? LOOK_UPS.length : 1));
    expect(decisions).to.have.length(perName.reduce<number>((sum, count) => sum + count, 0) * CERTIFICATES.length * POLICIES.length * 2);
    const keys = decisions.map(({ name, lookUp, certificate, policy, on }) => JSON.stringify([name, lookUp, certificate, policy, on]));
    expect(new Set(keys).size).to.equal(decisions.length);
  });

  it('stands in docs/routing.md as it is decided (npm run docs)', async () => {
    const page = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
    expect(page).to.equal(await routingPage(bench));
  });

  it('never leaves one without a state, nor an end without a code that says what to do next', () => {
    for (const decision of decisions) {
      expect(decision.state, JSON.stringify(decision)).to.be.oneOf(['QUEUED', 'HELD', 'UNRESOLVED', 'SUPPRESSED']);
      expect(decision.code === null, JSON.stringify(decision)).to.equal(decision.state === 'QUEUED');
      if (decision.code !== null) expect(CODES).to.have.property(decision.code);
    }
  });

  it('is not sent where a level is off, the certificate is no good, or the look-up found nobody', () => {
    const sent = decisions.filter(({ state }) => state === 'QUEUED');
    expect(sent.every(({ on, certificate }) => on && certificate === 'trusted')).to.equal(true);
    const byNpi = new Set(sent.filter(({ name }) => name === 'order: NPI').map(({ lookUp }) => lookUp));
    expect([...byNpi].sort()).to.deep.equal(['found', 'found, an organization', 'found, shared mailbox']);
  });

  it('does not depend on the policy where one level alone names somebody', () => {
    const byCase = new Map<string, Set<string>>();
    for (const { policy: _any, ...decision } of decisions) {
      const { name, lookUp, certificate, on, ...end } = decision;
      const key = JSON.stringify([name, lookUp, certificate, on]);
      byCase.set(key, (byCase.get(key) ?? new Set()).add(JSON.stringify(end)));
    }
    expect([...byCase.values()].filter((ends) => ends.size !== 1)).to.deep.equal([]);
  });

  const ADDRESSES = ['a@good.x.sim.example', 'A@GOOD.X.sim.example', 'b@good.x.sim.example', 'c@nocert.x.sim.example', 'd@gmail.com', 'dr.lee@good.lakeside.sim.example'];
  const row = fc.record<Row>({ level: fc.constantFrom('site', 'organization'), address: fc.constantFrom(...ADDRESSES), on: fc.boolean(), finalDelivery: fc.boolean() });
  const rows = fc.tuple(fc.array(row, { maxLength: 6 }), fc.boolean())
    .map(([named, orderOff]): Row[] => [...named, ...(orderOff ? [{ level: 'order', address: '', on: false } as Row] : [])]);

  it('gives no address two copies of one version, and nobody silence', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...NAMINGS), rows, fc.constantFrom(...POLICIES), async (naming, named, policy) => {
      const { message, candidates } = await bench.ask(naming, named, policy);
      const getting = candidates.filter(({ used }) => used).map(({ address }) => address);
      expect(new Set(getting).size, 'two copies').to.equal(getting.length);
      expect(getting.every((address) => address === address?.toLowerCase())).to.equal(true);
      // Everyone whom the order or the table names is told of, with a sentence; and a message that reaches nobody says why.
      const namedAtAll = (naming.address ?? naming.npi) === undefined ? 0 : 1;
      expect(candidates.length).to.be.at.least(named.filter(({ level }) => level !== 'order').length + namedAtAll);
      expect(candidates.every(({ why, state, code }) => why !== '' && (state === null || state === 'QUEUED' || code !== null))).to.equal(true);
      if (getting.length === 0) expect(message.code !== null || candidates.some(({ code }) => code !== null)).to.equal(true);
    }), { numRuns: 300 });
  });
});
