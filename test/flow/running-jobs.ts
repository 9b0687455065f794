// A real Node-RED around order in, resolve route and whatever stands between them, with a real journal: for the tests of jobs in the flow.
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import orderIn from '../../nodes/0-order/order-in.ts';
import organizationsConfig from '../../nodes/0-order/organizations-config.ts';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import resolveRoute from '../../nodes/1-route/resolve-route.ts';
import lookupNpi from '../../nodes/2-npi/lookup-npi.ts';
import type { DeliveryRecord, Journal, MessageRecord } from '../../nodes/journal/port.ts';
import { required, stage } from '../../nodes/stage.ts';
import { helper, until } from '../1-route/running-flow.ts';
import { openFile } from '../journal/fixtures.ts';
import { CLINIC, irisOrder, irisResult } from '../support/samples.ts';

const require = createRequire(import.meta.url);
const core = (name: string): unknown => require(`@node-red/nodes/core/${name}.js`);

/** The helper's runtime forgets to hand on the hooks that Node-RED's nodes get. */
const withHooks = (RED: NodeAPI): void => { Object.assign(RED, { hooks: (require('@node-red/util') as { hooks: object }).hooks }); };

/** The last stage of these flows: one mail in the queue for each recipient. */
const queueMails = (RED: NodeAPI): void => {
  RED.nodes.registerType('test-queue', function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    stage(RED, this, {
      name: 'test-queue',
      needs: ['order', 'recipients'],
      run: async (msg, { journal }) => {
        for (const { id, address } of required(msg, 'recipients')) {
          await journal!.enqueue({
            deliveryId: id!, account: 'none', node: this.id, from: 'a@direct.courier.example', to: address!, messageId: `<${id}@courier.example>`,
            raw: Buffer.from(`for ${required(msg, 'order').patient.localId}`), deadlineMs: 1000,
            evidence: { signer: '', recipientCertificates: [], anchor: '' }, warnings: [],
          }, msg.direct?.run);
        }
      },
    });
  });
};

/** Counts how many are in it at once, and what came; lets each go after a while. */
export interface Watched { now: number; most: number; seen: CourierMessage[]; holdMs: number }
export const watched: Watched = { now: 0, most: 0, seen: [], holdMs: 0 };
const watchNode = (RED: NodeAPI): void => {
  RED.nodes.registerType('test-watch', function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on('input', (msg, send, done) => {
      watched.now += 1;
      watched.most = Math.max(watched.most, watched.now);
      watched.seen.push(msg as CourierMessage);
      setTimeout(() => {
        watched.now -= 1;
        send(msg);
        done();
      }, watched.holdMs);
    });
  });
};

/** Sends an object of its own for what it gets; `shared`: from a timer that the first message has started. */
const freshNode = (RED: NodeAPI): void => {
  RED.nodes.registerType('test-fresh', function (this: Node, def: NodeDef & { shared?: boolean; adds?: object }) {
    RED.nodes.createNode(this, def);
    let [waiting, timer] = [0, undefined as NodeJS.Timeout | undefined];
    const send = (): void => { this.send({ payload: 'x', ...def.adds } as never); };
    this.on('input', (_msg, _send, done) => {
      if (!def.shared) send();
      else waiting += 1;
      if (def.shared) timer ??= setInterval(() => { for (; waiting > 0; waiting -= 1) send(); }, 20);
      done();
    });
    this.on('close', () => clearInterval(timer));
  });
};

export interface Scene {
  journal: Journal;
  post(n: number, change?: object): Promise<void>;
  message(n: number): Promise<MessageRecord>;
  deliveries(n: number): Promise<DeliveryRecord[]>;
  /** Waits until the message of order n has this state. */
  state(n: number, state: MessageRecord['state']): Promise<MessageRecord>;
  queued(n: number): Promise<DeliveryRecord>;
  deploy(flow: object[], type: 'full' | 'nodes' | 'flows'): Promise<void>;
  flow: object[];
  end(): Promise<void>;
}

export const number = (n: number): string => `ORD${n}`;
export const orderNumbered = (n: number, change: object = {}): Record<string, unknown> => irisOrder({
  Order: { LocalId: number(n) }, Patient: { LocalId: `MRN${n}` },
  HealthPlan: { PrimaryCareProvider: { NPI: undefined, EmailAddress: `dr${n}@direct.lakeside.example` } }, ...change });
export const resultNumbered = (n: number): Record<string, unknown> =>
  irisResult({ Order: { LocalId: number(n) }, Patient: { LocalId: `MRN${n}` } });

const named = (id: string, type: string, wires: string[][], more: object = {}): object => ({ id, type, z: 'tab', x: 0, y: 0, name: '', wires, ...more });

/** A node of the flow; it is wired to the one that follows in the list. */
export type Step = { id: string; type: string; [property: string]: unknown };

/**
 * order in → `between` → resolve route → lookup NPI → `after` → the queue. Steps without wires of their own go on to the next.
 */
export const startScene = async (
  { between = [], after = [], orderInput = {}, leaseMs, wrap = (journal) => journal }: {
    between?: Step[]; after?: Step[]; orderInput?: object; leaseMs?: number; wrap?: (journal: Journal) => Journal; },
): Promise<Scene> => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-'));
  const journal = await openFile(join(folder, 'journal.sqlite'));
  const offered = wrap(journal);
  const journalNode = (RED: NodeAPI): void => {
    RED.nodes.registerType('direct-journal', function (this: Node, def: NodeDef) {
      RED.nodes.createNode(this, def);
      Object.assign(this, { open: async () => offered, ...(leaseMs !== undefined && { leaseMs }) });
    });
  };
  const steps: Step[] = [
    ...between, { id: 'route', type: 'direct-resolve-route', table: '', policy: 'union' }, { id: 'lookup', type: 'direct-lookup-npi', directory: '' },
    ...after, { id: 'queue', type: 'test-queue', wires: [] },
  ];
  const way = steps.map(({ id, type, wires, ...more }, index) =>
    named(id, type, (wires as string[][] | undefined) ?? [[steps[index + 1]?.id ?? 'queue']], more));
  const flow = [
    { id: 'tab', type: 'tab', label: 'tab' },
    { id: 'journal', type: 'direct-journal' },
    { id: 'organizations', type: 'direct-organizations', organizations: [{ clientGuid: CLINIC, name: 'Lakeside Eye Clinic' }] },
    named('in', 'direct-order-in', [['accepted'], [steps[0]!.id], [], ['rejected']], {
      journal: 'journal', organizations: 'organizations', bound: '', input: 'payload', inputType: 'msg', maxSize: '25', inFlow: '8', ...orderInput }),
    named('accepted', 'helper', []), named('rejected', 'helper', []),
    ...way,
  ];
  const modules = ['function/10-function', 'function/10-switch', 'function/89-delay', 'function/15-change', 'sequence/17-split'].map(core);
  await helper.load([withHooks, orderIn, organizationsConfig, resolveRoute, lookupNpi, queueMails, watchNode, freshNode, journalNode, ...modules], flow);
  const own = async (n: number): Promise<MessageRecord | undefined> => (await journal.messages()).find(({ orderLocalId }) => orderLocalId === number(n));
  const deliveries = async (n: number): Promise<DeliveryRecord[]> => (await journal.deliveries()).filter(({ orderLocalId }) => orderLocalId === number(n));
  let posted = 0;
  return {
    journal, flow,
    post: async (n, change) => {
      const accepted = posted + 2;
      let arrived = posted;
      helper.getNode('accepted').on('input', () => { arrived += 1; });
      for (const payload of [orderNumbered(n, change), resultNumbered(n)]) {
        (helper.getNode('in') as unknown as { receive(msg: object): void }).receive({ payload });
      }
      await until(`the answers about ${number(n)}`, () => arrived >= accepted);
      posted = accepted;
    },
    message: async (n) => (await own(n))!,
    deliveries,
    state: async (n, state) => {
      await until(`${number(n)} to be ${state}`, async () => (await own(n))?.state === state);
      return (await own(n))!;
    },
    queued: async (n) => {
      await until(`${number(n)} to be queued`, async () => (await deliveries(n)).some((delivery) => delivery.state === 'QUEUED'));
      return (await deliveries(n))[0]!;
    },
    deploy: async (changed, type) => {
      const { setFlows } = helper as unknown as { setFlows(flow: object[], type: string): Promise<void> };
      await setFlows.call(helper, changed, type);
    },
    end: async () => {
      await helper.unload();
      await journal.close().catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
