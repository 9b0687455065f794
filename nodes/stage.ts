// The one bridge from a domain function to a Node-RED input handler. It alone holds try, catch and done, finds the message's identity
// and journal, keeps the message's job in the flow, and shows faults in the node's status.
import type { Node, NodeAPI, NodeMessage, NodeStatus } from 'node-red';
import type { CourierMessage } from './0-order/message.ts';
import { asCourierError, CourierError } from './errors.ts';
import { begin, enter, type Flight, forget, giveBack, leave, recall } from './flow/flights.ts';
import { isTraveller, within } from './flow/identity.ts';
import { type Restorable, restored } from './flow/restore.ts';
import { flights, follow, keeper } from './flow/tracker.ts';
import type { Journal, RetentionSettings } from './journal/port.ts';

/** What config nodes of type `direct-journal` offer. */
export interface JournalNode extends Node {
  /** Throws JOURNAL_* and KEY_*; whoever asks later causes another try. */
  open(): Promise<Journal>;
  /** Resolves when the journal is first open, which the node tries by itself from `flows:started` on; never rejects. */
  opened: Promise<Journal>;
  /** How long a message may stay in the flow without reaching another stage. */
  leaseMs: number;
  retention: RetentionSettings;
}

export interface StageContext {
  /** The journal that the message came from; undefined in a hand-built flow. */
  journal: Journal | undefined;
  /** Aborted when the node closes. */
  signal: AbortSignal;
}

/** One entry per output: a message, several in order, or nothing. */
export type Outputs = (CourierMessage | CourierMessage[] | null)[];

export interface StageOptions {
  /** The stage's name in the journal, e.g. `lookup-npi`. */
  name: string;
  /** What it takes from the message; what a node before it has lost comes from the journal. */
  needs?: readonly Restorable[];
  /** The status that says that it works without a journal. */
  alone?: string;
  /** Messages that come in here have no identity yet, whatever stands on them. */
  entrance?: boolean;
  run: (msg: CourierMessage, context: StageContext) => Promise<Outputs | void>;
}

export const LEASE_MS = 300_000;

/** After a fault of the journal a message is not handed out again at once. */
const PAUSE_MS = 5000;

const journalNode = (RED: NodeAPI, id: string | undefined): JournalNode | null =>
  id === undefined || id === '' ? null : RED.nodes.getNode(id) as JournalNode | null;

/** The journal of a config node id, or undefined. */
export const journalOf = async (RED: NodeAPI, id: string | undefined): Promise<Journal | undefined> => await journalNode(RED, id)?.open?.();

export const leaseOf = (RED: NodeAPI, id: string): number => journalNode(RED, id)?.leaseMs ?? LEASE_MS;

/** The journal a node cannot do without. */
export const requireJournal = async (RED: NodeAPI, id: string | undefined): Promise<Journal> => {
  const journal = await journalOf(RED, id);
  if (journal === undefined) throw new CourierError('JOURNAL_MISSING');
  return journal;
};

/** Sets a status only when it differs from the last one: every call is a message to every open editor. */
export const statusOf = (node: Node): ((status: NodeStatus) => void) => {
  let shown = '{}';
  return (status) => {
    const wanted = JSON.stringify(status);
    if (wanted !== shown) node.status(status);
    shown = wanted;
  };
};

/** A required property of the message, or a coded error that names it. */
export const required = <Key extends keyof CourierMessage & string>(msg: CourierMessage, key: Key): NonNullable<CourierMessage[Key]> => {
  const value = msg[key];
  if (value === undefined || value === null) throw new CourierError('MESSAGE_INCOMPLETE', { path: `msg.${key}` });
  return value as NonNullable<CourierMessage[Key]>;
};

/** What ails the journal as a whole passes: the work is done again rather than given up. A fault of one request may be there to stay. */
const isPassing = ({ code }: CourierError): boolean => /^(KEY_\w+|JOURNAL_(FULL|LOCKED|UNREACHABLE|DAMAGED))$/.test(code);

type Send = (msg: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;

/** A message on its way through one stage. */
interface Passage { msg: CourierMessage; journal: Journal | undefined; flight: Flight | undefined }

/** Who the message is, its job in the flow, and what it has lost. */
const receive = async (
  RED: NodeAPI, received: CourierMessage, { name, needs = [], entrance = false }: StageOptions, passage: Passage,
): Promise<void> => {
  const known = received.direct !== undefined || entrance ? undefined : recall(flights, received);
  if (known === 'unsure') throw new CourierError('MESSAGE_INCOMPLETE', { path: 'msg.direct' });
  passage.msg = known === undefined ? received : { ...received, direct: known.direct };
  const { direct } = passage.msg;
  // Only what a message says of itself makes its id certain.
  const msgid = received.direct?.id === undefined ? undefined : received._msgid;
  if (entrance || direct === undefined) return;
  if (isTraveller(direct)) passage.flight = enter(flights, direct, msgid, name);
  const journal = passage.journal = await journalOf(RED, direct.journal);
  if (journal === undefined) return;
  if (isTraveller(direct) && passage.flight === undefined) {
    const start = { direct, entry: null, organization: received.organization, journal, leaseMs: leaseOf(RED, direct.journal) };
    passage.flight = begin(flights, start) && enter(flights, direct, msgid, name);
  }
  keeper.wake();
  passage.msg = await restored(passage.msg, needs, journal, passage.flight?.organization ?? known?.organization);
};

/** What is to become of a message whose stage failed. True: it is handed out again, and a stop would only be in the way. */
const isRepeated = async ({ msg: { direct }, journal, flight }: Passage, fault: CourierError, name: string): Promise<boolean> => {
  if (flight !== undefined && isPassing(fault)) return true;
  if (journal === undefined || direct === undefined) return false;
  try {
    await journal.stopMessage(direct.id, 'ERROR', fault.code, `${name}: ${fault.message}`, direct.run);
    return false;
  } catch {
    return flight !== undefined;
  }
};

const emit = (outputs: Outputs, send: Send, flight: Flight | undefined): void => {
  const go = (): void => { send(outputs as (NodeMessage | NodeMessage[] | null)[]); };
  if (flight === undefined) return go();
  try {
    within(flight.direct, go);
  } catch (error) {
    // It counts as a loss, or a message that can never be sent would go round for ever.
    giveBack(flights, flight, true);
    throw error;
  }
};

interface Surroundings { name: string; show: (status: NodeStatus) => void; signal: AbortSignal }

/** Resolves to what Catch is to get; undefined where another emission of the message does the work. */
const fail = async (error: unknown, passage: Passage, { name, show, signal }: Surroundings): Promise<CourierError | undefined> => {
  const { flight } = passage;
  const fault = asCourierError(error);
  if (fault.code === 'FLOW_OVERTAKEN') {
    if (flight !== undefined) forget(flights, flight);
    show({});
    return undefined;
  }
  if (flight !== undefined && signal.aborted) {
    giveBack(flights, flight, false);
    return undefined;
  }
  show({ fill: 'red', shape: 'ring', text: fault.code });
  const settled = flight !== undefined && flight.returning !== null;
  if (!settled && await isRepeated(passage, fault, name)) giveBack(flights, flight!, false, PAUSE_MS);
  return fault;
};

export const stage = (RED: NodeAPI, node: Node, options: StageOptions): void => {
  const { name, alone, run } = options;
  const closing = new AbortController();
  const { signal } = closing;
  const pending = new Set<Promise<void>>();
  const show = statusOf(node);
  follow(RED);

  const work = async (received: CourierMessage, send: Send, passage: Passage): Promise<void> => {
    await receive(RED, received, options, passage);
    const outputs = await run(passage.msg, { journal: passage.journal, signal });
    // A closed node's messages go nowhere.
    if (signal.aborted && passage.flight !== undefined && outputs) giveBack(flights, passage.flight, false);
    else if (outputs) emit(outputs, send, passage.flight);
    show(alone !== undefined && passage.journal === undefined ? { fill: 'grey', shape: 'ring', text: alone } : {});
  };

  const handle = async (msg: CourierMessage, send: Send, done: (error?: Error) => void): Promise<void> => {
    const passage: Passage = { msg, journal: undefined, flight: undefined };
    const fault = await work(msg, send, passage).then(() => undefined, (error: unknown) => fail(error, passage, { name, show, signal }));
    if (passage.flight !== undefined) leave(flights, passage.flight);
    keeper.wake();
    done(fault);
  };

  // Three parameters: Node-RED counts them to know that done will be called.
  node.on('input', (msg, send, done) => {
    // A rejection that nobody takes ends the process.
    const handling = handle(msg as CourierMessage, send, done).catch((error: unknown) => { node.error(asCourierError(error)); });
    pending.add(handling);
    void handling.finally(() => pending.delete(handling));
  });
  node.on('close', (_removed: boolean, done: () => void) => {
    closing.abort();
    void Promise.allSettled(pending).then(() => done());
  });
};
