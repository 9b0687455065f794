// The load: orders and results by HTTP, as many under way as saturate one core, measured over a span of time.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type * as EngineModule from '../../nodes/cli/engine.ts';
import type * as PkiModule from '../../nodes/6-hisp/simulator/pki.ts';
import { built } from './built.ts';
import { examOf, writePictures } from './exam.ts';
import type { PostgresLocation } from '../../nodes/journal/location.ts';
import { BENCH_KEY } from './journal/scene.ts';
import type { LoopDelay, NodeRedAnswer, NodeRedInput } from './node-red.ts';
import { CORE, type Simulator, startSimulator, startWorker, type Worker } from './processes.ts';

export interface FlowOptions { folder: string; pin: boolean; seconds: number; nodeOptions: string[]; journal: PostgresLocation | null }

export interface FlowFigures {
  seconds: number;
  /** Delivered with both notifications and metered, per second. */
  perSecond: number;
  /** CPU time of the Node-RED process, all threads, per delivered message. */
  cpuMs: number;
  delay: LoopDelay;
  peakRssMb: number;
  failed: number;
}

export interface Setting {
  pki: string; privateFolder: string; sender: { certificatePem: string; keyPem: string };
  user: string; password: string; notifyPort: number; simulator: Simulator;
}

const SENDER_DOMAIN = 'direct.courier.example';
/** Accepted but not yet delivered. More only makes the queues longer. */
const UNDER_WAY = 24;
/** The first ones are slow: code is compiled, certificates are made. */
const WARM_UP = 150;
const PATIENCE_MS = 60_000;

/** The simulated network in a process of its own, and what is needed to speak with it. */
export const startSetting = async (folder: string, pin: boolean): Promise<Setting> => {
  const { openPki } = await built<typeof PkiModule>('6-hisp/simulator/pki');
  const { freePort } = await built<typeof EngineModule>('cli/engine');
  const [pki, privateFolder] = [join(folder, 'pki'), join(folder, 'private')];
  const sender = await (await openPki({ folder: pki, privateFolder })).senderIdentity(SENDER_DOMAIN);
  const [user, password, notifyPort] = ['courier', randomBytes(12).toString('base64url'), await freePort()];
  const simulator = await startSimulator({ core: CORE.around, pin, folder: pki, privateFolder, notifyPort, user, password });
  return { pki, privateFolder, sender, user, password, simulator, notifyPort };
};

const environmentOf = ({ pki, sender, user, password, simulator, notifyPort }: Setting): Record<string, string> => ({
  DIRECT_HISP_PORT: String(simulator.smtpPort), DIRECT_HISP_USER: user, DIRECT_HISP_PASSWORD: password, DIRECT_NOTIFY_PORT: String(notifyPort),
  DIRECT_ANCHORS: join(pki, 'ca.pem'), DIRECT_CERTIFICATE_SERVICE: simulator.certificateUrl,
  DIRECT_SENDER_CERTIFICATE: sender.certificatePem, DIRECT_SENDER_KEY: sender.keyPem,
  DIRECT_JOURNAL_DEMO: '1', DIRECT_JOURNAL_KEY: Buffer.from(BENCH_KEY).toString('base64'),
});

const post = async (url: string, input: object): Promise<void> => {
  const answer = await fetch(`${url}iris`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) });
  await answer.arrayBuffer();
  if (answer.status !== 202) throw new Error(`the flow answered ${answer.status}`);
};

/** Keeps the same number of exams under way until told to stop. */
const createLoad = (url: string, worker: Worker<NodeRedAnswer>) => {
  const state = { sent: 0, done: 0, failed: 0, stopped: false };
  let fault: unknown;
  const send = async (): Promise<void> => {
    const { order, result } = examOf(state.sent += 1);
    await post(url, order);
    await post(url, result);
  };
  const fill = (): void => {
    while (!state.stopped && state.sent - state.done - state.failed < UNDER_WAY) send().catch((error: unknown) => { fault ??= error; });
  };
  worker.onTold((told) => {
    if (told.kind !== 'progress') return;
    [state.done, state.failed] = [told.done, told.failed];
    fill();
  });
  fill();
  const until = async (reached: () => boolean): Promise<void> => {
    for (let [last, since] = [-1, Date.now()]; !reached();) {
      await pause(10);
      if (fault !== undefined) throw fault;
      if (state.done !== last) [last, since] = [state.done, Date.now()];
      else if (Date.now() - since > PATIENCE_MS) throw new Error(`nothing was delivered for a minute: ${JSON.stringify(state)}`);
    }
  };
  return { state, until };
};

export const measureFlow = async (setting: Setting, { folder, pin, seconds, nodeOptions, journal }: FlowOptions): Promise<FlowFigures> => {
  const pictures = join(folder, 'pictures');
  await writePictures(pictures);
  const environment = { ...environmentOf(setting), ...(journal !== null && { DIRECT_JOURNAL_URL: journal.url }) };
  const userDir = join(folder, `node-red-${journal === null ? 'sqlite' : 'postgres'}`);
  const input: NodeRedInput = { userDir, pictures, environment, journal };
  const { worker, ready } = await startWorker<NodeRedAnswer>('node-red.ts', { core: CORE.measured, pin, input, nodeOptions });
  if (ready.kind !== 'ready') throw new Error('Node-RED did not start');
  try {
    const { state, until } = createLoad(ready.url, worker);
    await until(() => state.done >= WARM_UP);
    const [begun, before] = [performance.now(), state.done];
    worker.tell('begin');
    await until(() => performance.now() - begun >= seconds * 1000);
    const [span, delivered] = [(performance.now() - begun) / 1000, state.done - before];
    const report = await worker.ask('report', (answer) => answer.kind === 'report');
    state.stopped = true;
    await until(() => state.done + state.failed >= state.sent);
    if (report.kind !== 'report') throw new Error('no report');
    const { cpuMs, delay, peakRssMb } = report;
    return { seconds: span, perSecond: delivered / span, cpuMs: cpuMs / delivered, delay, peakRssMb, failed: state.failed };
  } finally {
    await worker.stop();
  }
};
