// `npm run bench [-- --write] [-- --seconds N] [-- --profile DIR]`: figures of this machine, beside the floor of the same run.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './built.ts';
import { startSink } from './floor.ts';
import type { PostgresLocation } from '../../nodes/journal/location.ts';
import { findPostgres, freshSchema } from '../support/postgres.ts';
import { type FlowFigures, measureFlow, type Setting, startSetting } from './flow.ts';
import { canPin, CORE, pinSelf, startWorker } from './processes.ts';
import { withFigures } from './readme.ts';
import type { StagesAnswer, StagesInput } from './stages.ts';
import { report } from './table.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean' }, seconds: { type: 'string', default: '30' }, profile: { type: 'string' } } });

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

const measureStages = async (setting: Setting, folder: string, pin: boolean): Promise<StagesAnswer> => {
  const { port: sinkPort, server } = await startSink();
  const { pki, privateFolder, user, password, simulator: { smtpPort } } = setting;
  const input: StagesInput = { folder, pki, privateFolder, smtpPort, user, password, sinkPort };
  const { worker, ready } = await startWorker<StagesAnswer>('stages.ts', { core: CORE.measured, pin, input });
  await worker.stop();
  server.close();
  return ready;
};

/** Null where there is none. */
const onPostgres = async (measure: (journal: PostgresLocation) => Promise<FlowFigures>): Promise<FlowFigures | null> => {
  const url = await findPostgres();
  if (url === null) return null;
  const { schema, drop } = freshSchema(url);
  try {
    return await measure({ kind: 'postgres', url, backend: 'postgres', schema });
  } finally {
    await drop();
  }
};

const main = async (): Promise<void> => {
  const pin = canPin();
  if (pin) pinSelf(CORE.around);
  else say('Processes cannot be bound to cores here (taskset and two cores are needed): the figures are of an unbound run.');
  const nodeOptions = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`];
  const folder = await mkdtemp(join(tmpdir(), 'courier-bench-'));
  const setting = await startSetting(folder, pin);
  try {
    say(`The whole flow for ${values.seconds} seconds, then each stage …`);
    const measure = async (journal: PostgresLocation | null): Promise<FlowFigures> => {
      const flow = await measureFlow(setting, { folder, pin, seconds: Number(values.seconds), nodeOptions, journal });
      if (flow.failed > 0) throw new Error(`${flow.failed} deliveries failed: the figures would mean nothing`);
      return flow;
    };
    const flow = await measure(null);
    const shared = await onPostgres(measure);
    const figures = report(flow, shared, await measureStages(setting, folder, pin), pin);
    say(`\n${figures}`);
    const readme = join(ROOT, 'README.md');
    if (values.write) await writeFile(readme, withFigures(await readFile(readme, 'utf8'), figures));
  } finally {
    await setting.simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

await main();
process.exit();
