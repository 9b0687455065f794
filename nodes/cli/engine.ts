// A real Node-RED inside this process, on 127.0.0.1, with the repository (or the installed package) as a node module.
import { type EventEmitter, once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer as createProbe } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseLargeBody } from './body-limit.ts';

/** A node of a flow file, with whatever its type keeps. `credentials` are stripped and encrypted by Node-RED. */
export interface FlowNode { id: string; type: string; credentials?: Record<string, string>; [property: string]: unknown }

export interface EngineOptions {
  userDir: string;
  /** 0: any free port. */
  port: number;
  /** Added to and over settings.cjs. */
  settings: Record<string, unknown>;
}

export interface Engine {
  url: string;
  port: number;
  flows(): Promise<FlowNode[]>;
  /** Resolves when the flows run. */
  deploy(flows: FlowNode[]): Promise<void>;
  stop(): Promise<void>;
}

/** The package's root: where package.json, settings.cjs, flows/ and dist/ are. */
export const PACKAGE_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

type Middleware = (...args: [...Parameters<RequestListener>, () => void]) => void;

interface RuntimeFlows {
  getFlows(options: object): Promise<{ flows: FlowNode[] }>;
  setFlows(options: { flows: { flows: FlowNode[] }; deploymentType: string }): Promise<unknown>;
}

/** True when nothing listens on that port of 127.0.0.1. */
export const isFree = async (port: number): Promise<boolean> => {
  const probe = createProbe();
  return await new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
};

/** A free port of 127.0.0.1; the system avoids handing it out again at once. */
export const freePort = async (): Promise<number> => {
  const probe = createProbe().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
};

const STARTED_WITHIN_MS = 30_000;

/** Node-RED answers before its flows run; whoever needs their endpoints waits for this event. */
const flowsStarted = async (events: EventEmitter, change: () => Promise<unknown>): Promise<void> => {
  const started = once(events, 'flows:started', { signal: AbortSignal.timeout(STARTED_WITHIN_MS) });
  await Promise.all([started, change()]);
};

const closeServer = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

export const startEngine = async ({ userDir, port, settings }: EngineOptions): Promise<Engine> => {
  await mkdir(userDir, { recursive: true, mode: 0o700 });
  const { default: RED } = await import('node-red');
  const house = createRequire(import.meta.url)(`${PACKAGE_ROOT}/settings.cjs`) as object;
  const server = createServer();
  RED.init(server, { ...house, userDir, uiPort: port, nodesDir: [PACKAGE_ROOT], httpAdminRoot: '/', httpNodeRoot: '/', ...settings } as never);
  // Flows' endpoints first: the editor's application reads the body of every request that it sees.
  server.on('request', (request, response) => {
    if (refuseLargeBody(request, response)) return;
    const { httpAdmin, httpNode } = RED as unknown as Record<'httpAdmin' | 'httpNode', Middleware>;
    httpNode(request, response, () => httpAdmin(request, response, () => response.writeHead(404).end()));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { events, runtime } = RED as unknown as { events: EventEmitter; runtime: { flows: RuntimeFlows } };
  await flowsStarted(events, async () => await RED.start());
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/`,
    port: bound,
    flows: async () => (await runtime.flows.getFlows({})).flows,
    deploy: async (flows) => await flowsStarted(events, async () => await runtime.flows.setFlows({ flows: { flows }, deploymentType: 'full' })),
    stop: async () => {
      await RED.stop();
      await closeServer(server);
    },
  };
};
