// `npm run test:crash [-- --kills 200] [--seed N] [--driver sqlite|postgres|both] [--folder FOLDER] [--root FOLDER]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findPostgres } from '../support/postgres.ts';
import { type Driver, postgres, sqlite } from './drivers.ts';
import { ROOT } from './product.ts';
import { loadFor, runScenario } from './scenario.ts';
import { planOf } from './schedule.ts';
import { tableOf } from './table.ts';

/** Exams per kill, and how long nothing may move at the end. */
const PACE = 6;
const PATIENCE_MS = 75_000;

const string = { type: 'string' } as const;
const { values } = parseArgs({ options: { kills: string, seed: string, driver: string, root: string, folder: string } });
const say = (text: string): void => { process.stdout.write(`${text}\n`); };

const choose = async (wanted: string): Promise<Driver[]> => {
  if (!['sqlite', 'postgres', 'both'].includes(wanted)) throw new Error('--driver is sqlite, postgres or both');
  const url = wanted === 'sqlite' ? null : await findPostgres();
  if (wanted !== 'sqlite' && url === null) say('postgres: not available, not tested');
  return [...(wanted === 'postgres' ? [] : [sqlite]), ...(url === null ? [] : [postgres(url)])];
};

const kills = Number(values.kills ?? 200);
const seed = Number(values.seed ?? 20_260_101);
const folder = resolve(values.folder ?? mkdtempSync(join(tmpdir(), 'courier-crash-')));
let broken = false;

for (const driver of await choose(values.driver ?? 'both')) {
  say(`${driver.name}, seed ${seed}`);
  const report = await runScenario({
    driver, root: resolve(values.root ?? ROOT), ...loadFor(seed, planOf(kills), PACE), together: false, patienceMs: PATIENCE_MS,
    folder: join(folder, driver.name), shared: join(folder, 'shared'), progress: (text) => say(`  ${text}`),
  });
  say(tableOf(report));
  broken ||= report.breaches.length > 0;
}
if (broken) say(`kept for looking into: ${folder}`);
else rmSync(folder, { recursive: true, force: true });
process.exit(broken ? 1 : 0);
