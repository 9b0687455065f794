// What Node-RED tells of messages on their way and of its flows stopping and starting, as bookkeeping of the flights.
import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import type { CourierMessage } from '../0-order/message.ts';
import { arrived, completed, dispatched, type Flight, flightOf, type Flights, nameMsgid, received } from './flights.ts';
import type { Runtime } from './verdict.ts';

interface Place { node?: Node & { _expectedDoneCount?: number } }
interface SendEvent { msg: CourierMessage; source: Place; destination: Place }
interface ReceiveEvent { msg: CourierMessage; destination: Place }
interface CompleteEvent { msg: CourierMessage; node: Place; error?: unknown }
interface Hooks {
  add(name: 'postDeliver' | 'onReceive' | 'onComplete' | string, hook: (event: never) => void): void;
  has(name: string): boolean;
}
type Runtimes = NodeAPI & { hooks?: Hooks; events: NodeAPI['events'] };

/** Two copies of this module in one process hook side by side: each knows its own flights only. */
const LABEL = `direct-flow-${randomUUID()}`;

const nameOf = ({ name, type, id }: Node): string => name || `${type} ${id}`;

/** Nodes that take no `done` (Switch, RBE and older ones) cannot say that they have finished. */
const isSilent = (node: NonNullable<Place['node']>): boolean => node._expectedDoneCount === 0;
/** Of those, the ones that send at once what they send at all. */
const PROMPT = ['switch', 'rbe'];

const addHooks = (hooks: Hooks, flights: Flights): void => {
  /** Messages that were on a wire: a Catch node, for one, gets its message without. */
  const onWire = new WeakMap<object, Flight>();
  /** A node may change or empty the object that it has received. */
  const known = new WeakMap<object, Flight>();
  const find = (msg: CourierMessage): Flight | undefined => flightOf(flights, msg) ?? (msg.direct === undefined ? known.get(msg) : undefined);

  hooks.add(`postDeliver.${LABEL}`, ({ msg, source }: SendEvent) => {
    const flight = flights.byKey.size === 0 ? undefined : find(msg);
    if (flight === undefined) return;
    onWire.set(msg, flight);
    dispatched(flights, flight);
    // Only what a message says of itself makes its id certain, not the context that it was sent in.
    if (msg.direct !== undefined) nameMsgid(flights, flight, msg._msgid);
    // What cannot say that it is done has at least gone on.
    if (source.node !== undefined && isSilent(source.node)) completed(flights, flight, source.node, null);
  });
  hooks.add(`onReceive.${LABEL}`, ({ msg, destination: { node } }: ReceiveEvent) => {
    const flight = flights.byKey.size === 0 ? undefined : find(msg);
    if (flight === undefined || node === undefined) return;
    received(flights, flight, node, nameOf(node), !(isSilent(node) && PROMPT.includes(node.type)));
    known.set(msg, flight);
    if (onWire.get(msg) !== flight) return;
    onWire.delete(msg);
    arrived(flight);
  });
  hooks.add(`onComplete.${LABEL}`, ({ msg, node: { node }, error }: CompleteEvent) => {
    const flight = flights.byKey.size === 0 ? undefined : known.get(msg) ?? find(msg);
    if (flight !== undefined && node !== undefined) completed(flights, flight, node, error === undefined || error === null ? null : nameOf(node));
  });
};

const followFlows = ({ events, nodes }: Runtimes, flights: Flights, runtime: Runtime, started: () => void): void => {
  runtime.isDeployed = (node) => nodes.getNode((node as Node).id) === node;
  events.on('flows:stopping', ({ type }: { type: string }) => {
    Object.assign(runtime, { running: false, closing: type === 'full' });
    for (const flight of flights.byKey.values()) flight.deployed = true;
  });
  events.on('flows:started', () => {
    Object.assign(runtime, { running: true, closing: false, startedAt: flights.now() });
    started();
  });
};

let followed: unknown;

/** Called by every node of ours that starts; does its work once, and again should another Node-RED run in this process. */
export const watchNodeRed = (RED: NodeAPI, flights: Flights, runtime: Runtime, started: () => void): void => {
  const { hooks, events } = RED as Runtimes;
  if (hooks !== undefined && !hooks.has(`onReceive.${LABEL}`)) addHooks(hooks, flights);
  flights.hooked = hooks !== undefined;
  if (followed === events) return;
  followed = events;
  followFlows(RED as Runtimes, flights, runtime, started);
};
