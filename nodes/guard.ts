// Keeps patient data out of the Debug sidebar: before a message reaches a Debug node, what may hold patient data is
// replaced by its size. An allow-list, not a search for secrets. It also makes dist/ a listed folder, where icons are found.
import type { NodeAPI } from 'node-red';

/** Ids, codes, states, sizes: nothing about a patient. */
const SHOWN = ['_msgid', 'direct', 'route', 'recipients', 'receipt', 'fee', 'rejection', 'alert', 'handoff'];
const HIDDEN = ['payload', 'order', 'result', 'organization', 'images', 'pdf', 'cda', 'mail', 'recipient', 'req', 'res', 'opened'];

/** Of what is told to people: ids, codes, our own sentences and numbers to call. */
const TOLD = [
  'id', 'deliveryId', 'state', 'code', 'text', 'next', 'since', 'count', 'recipient', 'npi', 'fax', 'contact', 'orderLocalId', 'site', 'report',
];

const MARKS_OF_OURS = ['direct', 'order', 'result', 'receipt', 'rejection', 'opened', 'alert', 'handoff'];

type Message = Record<string, unknown>;

/** Also what one of our nodes failed on, before it got anything of ours. */
const isOurs = (msg: Message): boolean =>
  MARKS_OF_OURS.some((key) => key in msg)
  || /^direct-/.test(String(((msg['error'] as Message | undefined)?.['source'] as Message | undefined)?.['type']));

const sizeOf = (value: unknown): string => {
  if (Buffer.isBuffer(value)) return `(${value.length} bytes hidden)`;
  return Array.isArray(value) ? `(${value.length} hidden)` : '(hidden)';
};

/** Of an error what we wrote ourselves; a cause from elsewhere may quote what it stumbled over. */
const errorAs = (error: unknown): unknown => {
  const { code, message, source } = (error ?? {}) as Record<string, unknown>;
  return { code, message: code === undefined ? '(hidden)' : message, source };
};

/** Without the other side's own words: they may name a patient. */
const receiptAs = (receipt: unknown): unknown => {
  const { detail: _, ...rest } = (receipt ?? {}) as Message;
  return rest;
};

const toldAs = (told: unknown): unknown =>
  Object.fromEntries(Object.entries((told ?? {}) as Message).filter(([key]) => TOLD.includes(key)));

/** A message as a Debug node may see it. Messages without our properties pass unchanged. */
export const withoutPatientData = (msg: Message): Message => {
  if (!isOurs(msg)) return msg;
  return Object.fromEntries(Object.entries(msg).map(([key, value]) => {
    if (key === 'receipt') return [key, receiptAs(value)];
    if (key === 'alert' || key === 'handoff') return [key, toldAs(value)];
    if (SHOWN.includes(key)) return [key, value];
    if (key === 'error') return [key, errorAs(value)];
    return [key, HIDDEN.includes(key) || typeof value === 'object' ? sizeOf(value) : '(hidden)'];
  }));
};

interface SendEvent { msg: Message; destination: { node?: { type?: string } } }

export default (RED: NodeAPI): void => {
  const { hooks } = RED as NodeAPI & { hooks?: { add(name: string, hook: (event: SendEvent) => void): void; remove(name: string): void } };
  hooks?.remove('preDeliver.direct-guard');
  hooks?.add('preDeliver.direct-guard', (event) => {
    if (event.destination.node?.type === 'debug') event.msg = withoutPatientData(event.msg);
  });
};
