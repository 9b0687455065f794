import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureFlow, startSetting } from './flow.ts';
import { canPin, CORE, pinSelf } from './processes.ts';
const folder = await mkdtemp(join(tmpdir(), 'courier-bench-'));
const pin = canPin();
if (pin) pinSelf(CORE.around);
const prof = process.env['PROF'];
const setting = await startSetting(folder, pin);
try {
  console.log(await measureFlow(setting, { folder, pin, seconds: Number(process.env['SECONDS'] ?? 15), nodeOptions: process.env['HOOK'] ? ['--import', process.env['HOOK']] : prof ? ['--cpu-prof', `--cpu-prof-dir=${prof}`] : [] }));
} finally {
  await setting.simulator.stop();
  await rm(folder, { recursive: true, force: true });
}
