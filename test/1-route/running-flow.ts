// Node-RED's own runtime around a few nodes, for the tests of adapters.
import { createRequire } from 'node:module';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readIris } from '../../nodes/0-order/iris/read.ts';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import type { Result, StoredOrder } from '../../nodes/0-order/model.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { irisOrder, irisResult } from '../support/samples.ts';

interface Answer { status: number; body: Record<string, unknown> }
interface Posting extends PromiseLike<Answer> { send(body: unknown): Posting }
interface TestHelper {
  init(path: string): void;
  startServer(done: () => void): void;
  stopServer(done: () => void): void;
  load(nodes: unknown[], flow: object[]): Promise<void>;
  unload(): Promise<void>;
  clearFlows(): Promise<void>;
  getNode<Kind = Node>(id: string): Kind;
  log(): { args: [{ level: number; msg: unknown }][] };
  request(): { post(path: string): Posting };
}

const require = createRequire(import.meta.url);
export const helper = require('node-red-node-test-helper') as TestHelper;
helper.init(require.resolve('node-red'));

export const startServer = (): Promise<void> => new Promise((resolve) => { helper.startServer(resolve); });
export const stopServer = (): Promise<void> => new Promise((resolve) => { helper.stopServer(resolve); });

/** A config node `direct-journal` that offers an open journal. */
export const journalNode = (journal: () => Journal) => (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-journal', function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    Object.assign(this, { open: async () => journal() });
  });
};

/** Waits until it holds; fails with what was waited for. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, patienceMs = 30_000): Promise<void> => {
  for (const end = Date.now() + patienceMs; !await holds();) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
};

/** Everything that arrives at a helper node. */
export const collect = (id: string): CourierMessage[] => {
  const arrived: CourierMessage[] = [];
  helper.getNode(id).on('input', (msg) => { arrived.push(msg as CourierMessage); });
  return arrived;
};

/** Sends a message into a node; resolves when it is done, with the fault that Catch got, or undefined. */
export const send = (id: string, msg: CourierMessage): Promise<{ code?: string; message: string } | undefined> =>
  new Promise((resolve) => {
    helper.getNode('complete').once('input', () => setImmediate(() => resolve(undefined)));
    helper.getNode('catch-out').once('input', (caught) => resolve((caught as CourierMessage).error as { message: string }));
    (helper.getNode(id) as unknown as { receive(msg: CourierMessage): void }).receive(msg);
  });

const IRIS = { today: '2026-01-06', maxBytes: 1e7 };

export const orderOf = (change = {}): StoredOrder => {
  const input = readIris(irisOrder(change), IRIS);
  if (input.kind !== 'order') throw new Error('no order');
  return input.order as StoredOrder;
};

export const resultOf = (): Result => {
  const input = readIris(irisResult(), IRIS);
  if (input.kind !== 'result') throw new Error('no result');
  return input.result;
};

/** An order and its result, accepted by the journal: the message that *order in* would emit. */
export const accept = async (journal: Journal, change = {}): Promise<CourierMessage & Required<Pick<CourierMessage, 'direct'>>> => {
  const raw = { bytes: Buffer.from('{}'), source: 'test' };
  await journal.storeOrder(orderOf(change), raw, true);
  const { messageId } = await journal.acceptResult(resultOf(), raw, null);
  const ready = await journal.readyMessage(messageId);
  if (ready === null) throw new Error('not ready');
  return { direct: { ...ready.direct, journal: 'journal' }, order: ready.order, result: ready.result };
};

/** What was logged as an error so far. */
export const errorsLogged = (): string[] => helper.log().args.flat().filter(({ level }) => level === 20).map(({ msg }) => String(msg));

/** Complete and Catch around the node under test. */
export const around = (id: string): object[] => [
  { id: 'tab', type: 'tab' },
  { id: 'completed', type: 'complete', z: 'tab', x: 0, y: 0, scope: [id], wires: [['complete']] },
  { id: 'complete', type: 'helper', z: 'tab', x: 0, y: 0 },
  { id: 'caught', type: 'catch', z: 'tab', x: 0, y: 0, scope: null, wires: [['catch-out']] },
  { id: 'catch-out', type: 'helper', z: 'tab', x: 0, y: 0 },
];
