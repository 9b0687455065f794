// The built product inside the test's process: a real Node-RED with the bundle, changed as a test needs it, and the simulated network.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import type { Lab } from '../../nodes/cli/lab.ts';
import type { DeliveryRecord, Journal } from '../../nodes/journal/port.ts';
import { ROOT, temporaryFolder } from './demo.ts';

const built = async <Module>(file: string): Promise<Module> => await import(pathToFileURL(join(ROOT, 'dist', file)).href) as Module;

export interface TestLab extends Lab {
  /** Hands an input to the flow by HTTP. */
  post(name: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Waits until the condition holds, or fails with what it last saw. */
  until<Value>(what: string, look: (journal: Journal) => Promise<Value | undefined | false>): Promise<Value>;
  delivery(orderLocalId: string): Promise<DeliveryRecord>;
}

const PATIENCE_MS = 20_000;

const patiently = async <Value>(what: string, look: () => Promise<Value | undefined | false>): Promise<Value> => {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

type Change = (flows: FlowNode[], network: Lab['network']) => FlowNode[] | Promise<FlowNode[]>;

/** Starts the laboratory with the bundle's flow after `change`; `settings` count more than the laboratory's own. */
export const startTestLab = async (change: Change = (flows) => flows, settings: Record<string, unknown> = {}): Promise<TestLab> => {
  const { startLab } = await built<typeof import('../../nodes/cli/lab.ts')>('cli/lab.js');
  const { BUNDLE, readBundle } = await built<typeof import('../../nodes/cli/bundle.ts')>('cli/bundle.js');
  const userDir = temporaryFolder();
  const lab = await startLab({
    userDir, pki: join(userDir, 'pki'), port: 0,
    settings: { disableEditor: true, credentialSecret: 'test', logging: { console: { level: 'off', metrics: false, audit: false } }, ...settings },
    flows: async (network) => await change(await readBundle(BUNDLE), network),
  });
  return {
    ...lab,
    post: async (name, body) => {
      const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const answer = await fetch(`${lab.engine.url}iris`, {
        method: 'POST', headers: { 'content-type': 'application/json', 'x-file-name': name }, body: typeof raw === 'string' ? raw : new Uint8Array(raw),
      });
      return { status: answer.status, body: await answer.json() as Record<string, unknown> };
    },
    until: async (what, look) => await patiently(what, async () => await look(lab.journal)),
    delivery: async (orderLocalId) => await patiently(`a delivery of ${orderLocalId}`, async () =>
      (await lab.journal.deliveries()).find((delivery) => delivery.orderLocalId === orderLocalId)),
  };
};

/** Sets properties on every node of a type. */
export const setOn = (flows: FlowNode[], type: string, properties: Record<string, unknown>): FlowNode[] =>
  flows.map((node) => node.type === type ? { ...node, ...properties } : node);
