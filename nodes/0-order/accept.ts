// One input through the door: read, committed to the journal, and only then told to the flow.
import { asCourierError, CourierError, sentence } from '../errors.ts';
import type { Journal, OrderOutcome, RawInput, ReadyMessage, ResendOutcome, ResultOutcome } from '../journal/port.ts';
import { identify, inputBytes, parseInput, readObject } from './iris/read.ts';
import type { Acceptance, CourierMessage, Rejection } from './message.ts';
import type { Order, Result } from './model.ts';
import type { Organization } from './organization.ts';
import { effectiveOrganization } from './organizations.ts';
import { blankSsn } from './ssn.ts';

export interface AcceptContext {
  journal: Journal;
  /** The id of the journal's config node, carried by every message that goes on. */
  journalId: string;
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
}

/** What leaves by which output. */
export type Admission =
  | { acceptance: Acceptance; ready: CourierMessage[]; stored: CourierMessage | null }
  | { rejection: Rejection };

type Reading =
  | { kind: 'order'; order: Order; bytes: Uint8Array }
  | { kind: 'result'; result: Result; bytes: Uint8Array }
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

const rawOf = (bytes: Uint8Array, { source, name }: AcceptContext): RawInput => ({ bytes, source, ...(name !== undefined && { name }) });

const reject = async ({ fault, bytes, json }: Reading & { kind: 'fault' }, context: AcceptContext): Promise<Admission> => {
  const rejection = { code: fault.code, ...(fault.path !== undefined && { path: fault.path }), text: fault.message };
  const { inputId } = await context.journal.rejectInput(rawOf(bytes, context), { ...rejection, ...identify(json) });
  return { rejection: { ...rejection, inputId } };
};

const refused = ({ inputId, code = 'STAGE_FAILED', path }: Pick<OrderOutcome, 'inputId' | 'code' | 'path'>): Admission =>
  ({ rejection: { code, ...(path !== undefined && { path }), text: sentence(code), inputId } });

const UNKNOWN = 'ORGANIZATION_UNKNOWN';

/** The messages that the flow may work on. One whose organization is no longer configured stays behind, held. */
const readyMessages = async (ready: readonly ReadyMessage[], { journal, journalId, organization }: AcceptContext): Promise<CourierMessage[]> => {
  const messages: CourierMessage[] = [];
  for (const { direct, order, result } of ready) {
    const owner = organization(order.organization);
    if (owner === undefined) {
      await journal.stopMessage(direct.id, 'HELD', UNKNOWN, sentence(UNKNOWN));
      continue;
    }
    const effective = effectiveOrganization(owner, order.site.localId);
    messages.push({ payload: direct.id, direct: { ...direct, journal: journalId }, organization: effective, order, result });
  }
  return messages;
};

const acceptOrder = async (order: Order, raw: RawInput, context: AcceptContext): Promise<Admission> => {
  const owner = context.organization(order.organization);
  const { inputId, outcome, code, path, released } = await context.journal.storeOrder(order, raw, owner !== undefined);
  if (outcome === 'rejected') return refused({ inputId, ...(code !== undefined && { code }), ...(path !== undefined && { path }) });
  const stored = outcome === 'stored' || outcome === 'changed';
  return {
    acceptance: { inputId, kind: 'order', outcome, ...(code !== undefined && { code }) },
    ready: await readyMessages(released, context),
    stored: stored ? { payload: order.localId, order, ...(owner !== undefined && { organization: owner }) } as CourierMessage : null,
  };
};

/** A message whose organization has gone is held, whatever the journal said. */
const admit = async (kind: 'result' | 'resend', settled: ResultOutcome | ResendOutcome, context: AcceptContext): Promise<Admission> => {
  const ready = await readyMessages(settled.ready === undefined ? [] : [settled.ready], context);
  const stopped = settled.ready !== undefined && ready.length === 0;
  const id = 'messageId' in settled ? settled.messageId : settled.ready?.direct.id;
  const code = stopped ? UNKNOWN : settled.code;
  const outcome = stopped ? 'held' : settled.outcome as Acceptance['outcome'];
  return {
    acceptance: { inputId: settled.inputId, ...(id !== undefined && { id }), kind, outcome, ...(code !== undefined && { code }) },
    ready, stored: null,
  };
};

const acceptResend = async (order: Order, raw: RawInput, context: AcceptContext): Promise<Admission> => {
  const settled = await context.journal.resendResult(order, raw);
  return settled.outcome === 'rejected' ? refused(settled) : admit('resend', settled, context);
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
    if (reading.kind === 'result') return await admit('result', await context.journal.acceptResult(reading.result, raw, context.bound), context);
    return await (reading.order.control === 'ResendResult' ? acceptResend : acceptOrder)(reading.order, raw, context);
  } catch (error) {
    throw asCourierError(error, 'JOURNAL_FAILED');
  }
};
