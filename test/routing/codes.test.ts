// Every code that says who gets a result and why: there is a way to it, and it says what to do next.
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CODES_OF_ROUTING } from '../../nodes/codes-of-routing.ts';
import { CourierError, sentence } from '../../nodes/errors.ts';
import { sqliteBench } from '../journal/sqlite-bench.ts';
import { SCENARIOS_OF_LISTS } from './codes-of-lists.ts';
import { SCENARIOS_OF_ORDERS } from './codes-of-orders.ts';
import { type Bench, openBench } from './decisions.ts';
import type { RoutingCode, Scenario } from './scenario.ts';

/** A new code does not compile without a way to it. */
const SCENARIOS: Record<RoutingCode, Scenario> = { ...SCENARIOS_OF_ORDERS, ...SCENARIOS_OF_LISTS };

describe('the codes of routing', function () {
  this.timeout(60_000);
  let decisions: Bench;
  let folder: string;
  before(async () => { decisions = await openBench(); });
  after(() => decisions.end());
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'courier-codes-')); });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('each have a way to them, and no other has', () => {
    expect(Object.keys(SCENARIOS).sort()).to.deep.equal(Object.keys(CODES_OF_ROUTING).sort());
    expect(Object.keys(SCENARIOS_OF_ORDERS).filter((code) => code in SCENARIOS_OF_LISTS), 'two ways').to.deep.equal([]);
  });

  for (const [code, { text, next }] of Object.entries(CODES_OF_ROUTING) as [RoutingCode, { text: string; next: string }][]) {
    it(`${code} is reached, and says what to do next`, async () => {
      const { journal, clock, end } = await sqliteBench();
      try {
        expect(await SCENARIOS[code]({ journal, clock, folder, decide: decisions.ask })).to.include(code);
      } finally {
        await end();
      }
      expect(next, 'what to do next').to.match(/^[A-Z].{10,}[.]$/).and.not.equal(text);
      for (const said of [sentence(code), new CourierError(code).message]) expect(said).to.include(text).and.include(next);
    });
  }
});
