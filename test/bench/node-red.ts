// The process under measurement: the real Node-RED with the shipped flow. It watches its own event loop and memory.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import type * as BundleModule from '../../nodes/cli/bundle.ts';
import type * as EngineModule from '../../nodes/cli/engine.ts';
import type * as LabModule from '../../nodes/cli/lab.ts';
import type { PostgresLocation } from '../../nodes/journal/location.ts';
import type * as OpenModule from '../../nodes/journal/open.ts';
import { built } from './built.ts';
import { cpuMs } from './timing.ts';

export interface NodeRedInput {
  userDir: string; pictures: string; environment: Record<string, string>;
  /** Null: a file in the user directory. */
  journal: PostgresLocation | null;
}

/** Milliseconds; a timer of 10 ms that fires on time counts as 10. */
export interface LoopDelay { p50: number; p99: number; max: number }

export type NodeRedAnswer =
  | { kind: 'ready'; url: string }
  /** Totals since the start. */
  | { kind: 'progress'; accepted: number; done: number; failed: number }
  | { kind: 'report'; cpuMs: number; delay: LoopDelay; peakRssMb: number };

const RESOLUTION = 10;
const TELL_EVERY_MS = 25;

const say = (answer: NodeRedAnswer): void => { process.send?.(answer); };

const start = async ({ userDir, pictures, environment, journal: database }: NodeRedInput): Promise<void> => {
  Object.assign(process.env, environment);
  const { startEngine } = await built<typeof EngineModule>('cli/engine');
  const { BUNDLE, configure, readBundle } = await built<typeof BundleModule>('cli/bundle');
  const { withCredentials } = await built<typeof LabModule>('cli/lab');
  const { openJournal } = await built<typeof OpenModule>('journal/open');
  const quiet = { console: { level: 'error', metrics: false, audit: false } };
  const engine = await startEngine({ userDir, port: 0, settings: { credentialSecret: 'bench', logging: quiet } });
  const location = database ?? join(userDir, 'direct-courier', 'journal.sqlite');
  // The same as the node opens, and shared with it.
  const journal = await openJournal(location, { demo: true });
  const pictured = configure(await readBundle(BUNDLE), 'direct-render-pdf', { imageFolder: pictures });
  const form = database === null ? {} : { storage: 'postgres', backend: database.backend, schema: database.schema };
  await engine.deploy(withCredentials(configure(pictured, 'direct-journal', form)));

  const totals = { accepted: 0, done: 0, failed: 0 };
  let told = 0;
  journal.subscribe(({ state, chargeable }) => {
    if (chargeable) totals.accepted += 1;
    if (state === 'DELIVERED') totals.done += 1;
    if (['UNRESOLVED', 'HELD', 'FAILED', 'DEAD', 'UNCONFIRMED'].includes(state)) totals.failed += 1;
  });
  setInterval(() => {
    const now = totals.accepted + totals.done + totals.failed;
    if (now !== told) say({ kind: 'progress', ...totals });
    told = now;
  }, TELL_EVERY_MS);

  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  let cpuBefore = cpuMs();
  process.on('message', (question) => {
    if (question === 'begin') {
      delay.reset();
      cpuBefore = cpuMs();
    } else {
      const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map((nanoseconds) => nanoseconds / 1e6) as [number, number, number];
      say({ kind: 'report', cpuMs: cpuMs() - cpuBefore, delay: { p50, p99, max }, peakRssMb: process.resourceUsage().maxRSS / 1024 });
    }
  });
  process.once('disconnect', () => {
    // Time for the profiler's file, where one was asked for.
    void engine.stop().finally(() => process.exit());
  });
  say({ kind: 'ready', url: engine.url });
};

process.once('message', (input) => { void start(input as NodeRedInput); });
