// Listens in on what passes between the process and the worker of its journal, without a line of it in the product.
import { Worker } from 'node:worker_threads';
import type { JournalEvent } from './points.ts';

interface Request { id: number; method: string; input: unknown[] }
interface Reply { id: number; output?: unknown; fault?: unknown }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isRequest = (value: unknown): value is Request => isRecord(value) && typeof value['id'] === 'number' && typeof value['method'] === 'string';
const isReply = (value: unknown): value is Reply => isRecord(value) && typeof value['id'] === 'number' && ('output' in value || 'fault' in value);

const text = (value: unknown): string[] => typeof value === 'string' ? [value] : [];
const idOf = (value: unknown): string[] => {
  if (!isRecord(value)) return text(value);
  const direct = isRecord(value['direct']) ? text(value['direct']['id']) : [];
  return [...direct, ...text(value['deliveryId']), ...text(value['messageId'])];
};

const askedAbout = ({ input }: Request): string[] => Array.isArray(input[0]) ? input[0].flatMap(idOf) : idOf(input[0]);
const askedNote = ({ method, input }: Request): string => method === 'settleAttempt' && isRecord(input[2]) ? String(input[2]['kind']) : '';

const told = (output: unknown): { about: string[]; note: string } => {
  if (Array.isArray(output)) return { about: output.flatMap(idOf), note: output.length > 0 ? 'some' : 'none' };
  if (!isRecord(output)) return { about: [], note: '' };
  return { about: [...idOf(output), ...idOf(output['ready'])], note: String(output['outcome'] ?? '') };
};

/** `hear` is called before the request is posted, and before anybody gets the reply. */
export const tapJournal = (hear: (event: JournalEvent) => void, now: () => number): void => {
  const underWay = new WeakMap<Worker, Map<number, { method: string; about: string[]; note: string }>>();
  const { prototype } = Worker;
  const { postMessage, emit } = prototype;
  prototype.postMessage = function (this: Worker, message: unknown, ...rest: never[]): void {
    if (isRequest(message)) {
      const asked = { method: message.method, about: askedAbout(message), note: askedNote(message) };
      const calls = underWay.get(this) ?? new Map<number, typeof asked>();
      underWay.set(this, calls.set(message.id, asked));
      hear({ at: now(), side: 'request', call: message.id, ...asked });
    }
    postMessage.call(this, message, ...rest);
  } as typeof postMessage;
  prototype.emit = function (this: Worker, name: string, ...values: unknown[]): boolean {
    const [reply] = values;
    const asked = name === 'message' && isReply(reply) ? underWay.get(this)?.get(reply.id) : undefined;
    if (asked !== undefined && isReply(reply)) {
      underWay.get(this)?.delete(reply.id);
      const { about, note } = told(reply.output);
      const fault = 'fault' in reply && reply.fault !== undefined;
      hear({
        at: now(), side: 'reply', call: reply.id, method: asked.method,
        about: [...new Set([...asked.about, ...about])], note: fault ? 'fault' : asked.note || note,
      });
    }
    return (emit as (this: Worker, name: string, ...values: unknown[]) => boolean).call(this, name, ...values);
  } as typeof emit;
};
