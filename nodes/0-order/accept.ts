// One input through the door: read, committed to the journal, and only then told to the flow.
import { asCourierError, CourierError, sentence } from '../errors.ts';
import type { AcceptedMessage, Journal, LinkRequest, OrderOutcome, RawInput, ResendOutcome, ResultOutcome } from '../journal/port.ts';
import { identify, inputBytes, parseInput, readObject } from './iris/read.ts';
import type { Acceptance, CourierMessage, Rejection } from './message.ts';
import type { Order, OrderEvent, Result } from './model.ts';
import type { Organization } from './organization.ts';
import { blankSsn } from './ssn.ts';

export interface AcceptContext {
  journal: Journal;
  /** The ClientGuid whose results come in here; null for all. */
  bound: string | null;
  organization: (clientGuid: string) => Organization | undefined;
  /** `YYYY-MM-DD` */
  today: string;
  maxBytes: number;
  /** How the input came: `http`, `file`, `flow`. */
  source: string;
  /** File name or other handle. */
  name: string | undefined;
  /** Id of the order in node whose flow the results go through. */
  entry?: string;
  /** Why it comes in once more: a person's re-run or edited copy, which is never a replay. */
  link?: LinkRequest;
}

/** What leaves by which output. Messages that are ready wait in the journal until the flow takes them. */
export type Admission =
  | { acceptance: Acceptance; stored: CourierMessage | null }
  | { rejection: Rejection };

type Reading =
  | { kind: 'order'; order: Order; bytes: Uint8Array }
  | { kind: 'result'; result: Result; bytes: Uint8Array }
  | { kind: 'event'; event: OrderEvent; bytes: Uint8Array }
  | { kind: 'fault'; fault: CourierError; bytes: Uint8Array; json: unknown };

const read = (input: unknown, { today, maxBytes }: AcceptContext): Reading => {
  let json: unknown;
  let bytes: Uint8Array | undefined;
  try {
    const parsed = parseInput(inputBytes(input), maxBytes);
    [json, bytes] = [parsed.json, parsed.raw];
    return { ...readObject(json, today), bytes };
  } catch (error) {
    return { kind: 'fault', fault: asCourierError(error), bytes: bytes ?? blankSsn(inputBytes(input)), json };
  }
};

const rawOf = (bytes: Uint8Array, { source, name, entry }: AcceptContext): RawInput =>
  ({ bytes, source, ...(name !== undefined && { name }), ...(entry !== undefined && { entry }) });

const reject = async ({ fault, bytes, json }: Reading & { kind: 'fault' }, context: AcceptContext): Promise<Admission> => {
  const rejection = { code: fault.code, ...(fault.path !== undefined && { path: fault.path }), text: fault.message };
  const { inputId } = await context.journal.rejectInput(rawOf(bytes, context), { ...rejection, ...identify(json) });
  return { rejection: { ...rejection, inputId } };
};

const refused = ({ inputId, code = 'STAGE_FAILED', path }: Pick<OrderOutcome, 'inputId' | 'code' | 'path'>): Admission =>
  ({ rejection: { code, ...(path !== undefined && { path }), text: sentence(code), inputId } });

const UNKNOWN = 'ORGANIZATION_UNKNOWN';

/** A message whose organization is no longer configured is held, whatever the journal said. False: it was. */
const isOwned = async ({ direct }: AcceptedMessage, { journal, organization }: AcceptContext): Promise<boolean> => {
  if (organization(direct.organization) !== undefined) return true;
  await journal.stopMessage(direct.id, 'HELD', UNKNOWN, sentence(UNKNOWN));
  return false;
};

const acceptOrder = async (order: Order, raw: RawInput, context: AcceptContext): Promise<Admission> => {
  const owner = context.organization(order.organization);
  const { inputId, outcome, code, codes, path, released } = await context.journal.storeOrder(order, raw, owner !== undefined);
  if (outcome === 'rejected') return refused({ inputId, ...(code !== undefined && { code }), ...(path !== undefined && { path }) });
  const stored = outcome === 'stored' || outcome === 'changed';
  for (const ready of released) await isOwned(ready, context);
  return {
    acceptance: { inputId, kind: 'order', outcome, ...(code !== undefined && { code }), ...(codes !== undefined && { codes }) },
    stored: stored ? { payload: order.localId, order, ...(owner !== undefined && { organization: owner }) } as CourierMessage : null,
  };
};

const admit = async (kind: 'result' | 'resend', settled: ResultOutcome | ResendOutcome, context: AcceptContext): Promise<Admission> => {
  const stopped = settled.ready !== undefined && !await isOwned(settled.ready, context);
  const id = 'messageId' in settled ? settled.messageId : settled.ready?.direct.id;
  const code = stopped ? UNKNOWN : settled.code;
  const outcome = stopped ? 'held' : settled.outcome as Acceptance['outcome'];
  return {
    acceptance: { inputId: settled.inputId, ...(id !== undefined && { id }), kind, outcome, ...(code !== undefined && { code }) },
    stored: null,
  };
};

const acceptResend = async (order: Order, raw: RawInput, context: AcceptContext): Promise<Admission> => {
  const settled = await context.journal.resendResult(order, raw);
  return settled.outcome === 'rejected' ? refused(settled) : admit('resend', settled, context);
};

const acceptEvent = async (event: OrderEvent, raw: RawInput, { journal, bound }: AcceptContext): Promise<Admission> => {
  const { inputId, outcome, code } = await journal.acceptEvent(event, raw, bound);
  return { acceptance: { inputId, kind: 'event', outcome, ...(code !== undefined && { code }) }, stored: null };
};

/**
 * Reads one input and commits it. Bad input is a rejection, kept by the journal. Resolves only after the commit;
 * throws JOURNAL_FAILED when nothing could be stored: then nothing may be acknowledged.
 */
export const acceptInput = async (input: unknown, context: AcceptContext): Promise<Admission> => {
  const reading = read(input, context);
  try {
    if (reading.kind === 'fault') return await reject(reading, context);
    const raw = rawOf(reading.bytes, context);
    if (reading.kind === 'event') return await acceptEvent(reading.event, raw, context);
    if (reading.kind === 'result') {
      return await admit('result', await context.journal.acceptResult(reading.result, raw, context.bound, context.link), context);
    }
    return await (reading.order.control === 'ResendResult' ? acceptResend : acceptOrder)(reading.order, raw, context);
  } catch (error) {
    throw asCourierError(error, 'JOURNAL_FAILED');
  }
};
