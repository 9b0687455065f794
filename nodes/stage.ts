// The one bridge from a domain function to a Node-RED input handler. It alone holds try, catch and done,
// finds the journal that a message came from, and shows faults in the node's status.
import type { Node, NodeAPI, NodeMessage, NodeStatus } from 'node-red';
import type { CourierMessage } from './0-order/message.ts';
import { asCourierError, CourierError } from './errors.ts';
import type { Journal } from './journal/port.ts';

/** What config nodes of type `direct-journal` offer. */
export interface JournalNode extends Node { open(): Promise<Journal> }

export interface StageContext {
  /** The journal that the message came from; undefined in a hand-built flow. */
  journal: Journal | undefined;
  /** Aborted when the node closes. */
  signal: AbortSignal;
  send: (outputs: Outputs) => void;
}

/** One entry per output: a message, several in order, or nothing. */
export type Outputs = (CourierMessage | CourierMessage[] | null)[];

export interface StageOptions {
  /** The stage's name in the journal, e.g. `lookup-npi`. */
  name: string;
  run: (msg: CourierMessage, context: StageContext) => Promise<Outputs | void>;
}

/** The journal of a config node id, or undefined. */
export const journalOf = async (RED: NodeAPI, id: string | undefined): Promise<Journal | undefined> =>
  id === undefined || id === '' ? undefined : await (RED.nodes.getNode(id) as JournalNode | null)?.open?.();

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

type Send = (msg: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;

export const stage = (RED: NodeAPI, node: Node, { name, run }: StageOptions): void => {
  const closing = new AbortController();
  const pending = new Set<Promise<void>>();
  const show = statusOf(node);

  const handle = async (msg: CourierMessage, send: Send, done: (error?: Error) => void): Promise<void> => {
    let journal: Journal | undefined;
    try {
      journal = await journalOf(RED, msg.direct?.journal);
      const emit = (outputs: Outputs): void => send(outputs as (NodeMessage | NodeMessage[] | null)[]);
      const outputs = await run(msg, { journal, signal: closing.signal, send: emit });
      if (outputs) emit(outputs);
      show({});
      done();
    } catch (error) {
      const fault = asCourierError(error);
      show({ fill: 'red', shape: 'ring', text: fault.code });
      if (journal !== undefined && msg.direct !== undefined) {
        await journal.stopMessage(msg.direct.id, 'ERROR', fault.code, `${name}: ${fault.message}`).catch(() => undefined);
      }
      done(fault);
    }
  };

  // Three parameters: Node-RED counts them to know that done will be called.
  node.on('input', (msg, send, done) => {
    const work = handle(msg as CourierMessage, send, done);
    pending.add(work);
    void work.finally(() => pending.delete(work));
  });
  node.on('close', (_removed: boolean, done: () => void) => {
    closing.abort();
    void Promise.allSettled(pending).then(() => done());
  });
};
