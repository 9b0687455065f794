// A result taken in once more because a person wants it: as it came, or as they have edited it. It becomes a message of its own, linked to
// the one it was made from, and what was there stays as it is.
import { readIris } from '../0-order/iris/read.ts';
import { CourierError } from '../errors.ts';
import type { AcceptOutcome, AcceptRequest } from './owner-wire.ts';
import type { Journal } from './port.ts';

/** As the order in node has it by default. */
const LARGEST = 25 * 1024 * 1024;

type Source = Pick<Journal, 'message' | 'rawInput' | 'acceptResult'>;

/**
 * Joined within the organization that the first message belongs to, so that an edited number finds no order of somebody else.
 * Throws MESSAGE_UNKNOWN, RAW_GONE, NOT_A_RESULT, and what reading an input throws: nothing is stored then.
 */
export const acceptAgain = async (journal: Source, { messageId, edited, only, reason, actor }: AcceptRequest, now: Date): Promise<AcceptOutcome> => {
  const earlier = await journal.message(messageId);
  if (earlier === null) throw new CourierError('MESSAGE_UNKNOWN', { detail: messageId });
  const bytes = edited ?? await journal.rawInput(earlier.inputId);
  if (bytes === null) throw new CourierError('RAW_GONE', { detail: messageId });
  const input = readIris(bytes, { today: now.toISOString().slice(0, 10), maxBytes: LARGEST });
  if (input.kind !== 'result') throw new CourierError('NOT_A_RESULT');
  const raw = { bytes: input.raw, source: 'person', ...(earlier.inputName !== null && { name: earlier.inputName }) };
  const link = { kind: edited === null ? 'rerun' : 'edit', of: messageId, reason, actor, ...(only !== undefined && { only }) } as const;
  const { messageId: created, outcome, code } = await journal.acceptResult(input.result, raw, earlier.organization, link);
  return { messageId: created, linked: true, outcome, ...(code !== undefined && { code }) };
};
