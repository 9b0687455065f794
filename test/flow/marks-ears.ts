// Listens to everything that a running Node-RED tells anybody: its log, debug and status, what Catch nodes get.
import { inspect } from 'node:util';
import { expect } from 'chai';
import RED from 'node-red';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { type Json, MARKS } from './marks.ts';

interface Hooks { add(name: string, hook: (sent: { msg: Json; source: { node: { type: string } } }[]) => void): void; remove(name: string): void }

export interface Ears {
  heard: Record<'log' | 'comms' | 'errors', string[]>;
  /** For Node-RED's settings. */
  settings: Record<string, unknown>;
  stop(): void;
}

export const say = (value: unknown): string => inspect(value, { depth: 12, maxArrayLength: 1e4, maxStringLength: 1e6, breakLength: 1e6 });

export const listen = (): Ears => {
  const heard: Ears['heard'] = { log: [], comms: [], errors: [] };
  const { events, hooks } = RED as unknown as { events: NodeJS.EventEmitter; hooks: Hooks };
  const onComms = (said: unknown): void => { heard.comms.push(say(said)); };
  events.on('comms', onComms);
  hooks.add('onSend.markers', (sent) => {
    for (const { msg, source } of sent) if (source.node.type === 'catch') heard.errors.push(say([msg['error'], msg['_error']]));
  });
  const handler = () => (line: unknown): void => { heard.log.push(say(line)); };
  return {
    heard,
    settings: { debugMaxLength: 1e6, logging: { marks: { level: 'trace', metrics: true, audit: true, handler } } },
    stop: () => {
      events.off('comms', onComms);
      hooks.remove('onSend.markers');
    },
  };
};

/** A Debug node on every wire behind our nodes, on every fault and on every status. */
export const withEars = (flows: FlowNode[]): FlowNode[] => [
  ...flows.map((node) => {
    const wires = node['wires'] as string[][] | undefined;
    if (node.type === 'debug') return { ...node, complete: 'true', console: true };
    return node.type.startsWith('direct-') && wires ? { ...node, wires: wires.map((ids) => [...ids, 'everything']) } : node;
  }),
  { id: 'catch-each', type: 'catch', z: 'iris-results', scope: null, uncaught: false, wires: [['everything']] },
  { id: 'status-each', type: 'status', z: 'iris-results', scope: null, wires: [['everything']] },
  { id: 'everything', type: 'debug', z: 'iris-results', complete: 'true', active: true, tosidebar: true, console: true, tostatus: true, wires: [] },
];

const shown = (texts: readonly string[], marks: RegExp): string[] => texts.filter((text) => marks.test(text))
  .map((text) => text.slice(Math.max(0, text.search(marks) - 300), text.search(marks) + 100)).slice(0, 5);

/** `atLeast`: how many there must be, or nothing was looked at. */
export const expectClean = (texts: readonly string[], atLeast: number, marks = MARKS): void => {
  expect(texts.length).to.be.at.least(atLeast);
  expect(shown(texts, marks)).to.deep.equal([]);
};
