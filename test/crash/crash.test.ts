// The kill test as the suite runs it: 20 seeded kills on each driver. `npm run test:crash` is the long one.
import { expect } from 'chai';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { describePostgres } from '../support/postgres.ts';
import { examsOf } from './cases.ts';
import { type Driver, postgres, sqlite } from './drivers.ts';
import { brokenCopy, type Damage, ROOT } from './product.ts';
import { loadFor, type Report, runScenario, type ScenarioOptions } from './scenario.ts';
import { type Kill, planOf } from './schedule.ts';
import { tableOf } from './table.ts';

const SEED = 7;
const KILLS = 20;
const PACE = 5;
const PATIENCE_MS = 75_000;

/** Within a suite: a folder of its own, and how a scenario runs in it. */
const scenarios = (): (driver: Driver, options?: Partial<ScenarioOptions>) => Promise<Report> => {
  let shared: string;
  before(() => { shared = temporaryFolder(); });
  after(removeTemporaryFolders);
  return async (driver, options = {}) => await runScenario({
    driver, root: ROOT, ...loadFor(SEED, planOf(KILLS), PACE), together: true, patienceMs: PATIENCE_MS,
    folder: join(shared, 'runs', driver.name), shared, progress: () => undefined, ...options,
  });
};

const keepsEveryPromise = (driver: Driver): void => {
  const run = scenarios();
  it(`${KILLS} kills at seeded instants, some in every window: everything acknowledged ends as if nothing had happened`, async function () {
    this.timeout(300_000);
    const report = await run(driver);
    expect(report.breaches, tableOf(report)).to.deep.equal([]);
    expect(report.kills).to.be.at.least(KILLS);
  });
};

describe('a process that is killed, on SQLite', () => { keepsEveryPromise(sqlite); });

await describePostgres('a process that is killed, on PostgreSQL', (url) => { keepsEveryPromise(postgres(url)); });

describe('the kill test can fail', () => {
  const run = scenarios();

  /** What is found when a product that is broken like this is killed like that. */
  const found = async (name: string, damages: Damage[], kills: Kill[]): Promise<Report> => {
    const killed = brokenCopy(join(temporaryFolder(), name), damages);
    const exams = examsOf(SEED, Array.from({ length: 4 }, () => 'address'));
    const report = await run(sqlite, { killed, exams, kills, leastPerWindow: 0, patienceMs: 8_000 });
    expect(report.kills).to.equal(kills.length);
    return report;
  };

  it('a journal that answers before it commits is caught', async function () {
    this.timeout(150_000);
    const { breaches } = await found('answers-early', [
      { file: 'journal/sqlite/backend.js', find: /db\.exec\('COMMIT'\);(?=\s+requests\.forEach\(\(\{ resolve, reject \})/, put: '' },
      {
        file: 'journal/sqlite/backend.js', find: /works\.forEach\(tell\);/,
        put: 'works.forEach(tell); await new Promise((done) => { setTimeout(done, 300); }); db.exec(\'COMMIT\');',
      },
    ], [{ kind: 'answer', skip: 0 }, { kind: 'answer', skip: 0 }]);
    expect(breaches.filter(({ rule, what }) => rule === 'ends as undisturbed' && what.includes('nothing is kept of it'))).to.not.be.empty;
  });

  it('a journal that forgets what was in the flow is caught', async function () {
    this.timeout(150_000);
    const { breaches } = await found('forgets-the-flow', [{ file: 'journal/worker.js', find: /await recoverFlow\(store\);/, put: '' }],
      [{ kind: 'point', point: 'plan made', skip: 0 }]);
    expect(breaches.map(({ rule }) => rule)).to.include.members(['comes to rest', 'ends as undisturbed']);
  });
});
