// What crosses the socket of the process that has a journal open: one JSON object a line, greeting first, then request and answer in turn.
// Whoever reaches the socket is the same system user, yet nothing that comes in is trusted to have the right form.
import type { Socket } from 'node:net';
import { type Code, CODES, CourierError } from '../errors.ts';
import type {
  Action, ActionOutcome, PruneOutcome, PruneRequest, RerunOutcome, RerunRequest, ResultOutcome, VerifyOutcome, VerifyRequest,
} from './port.ts';

export const OWNER_VERSION = 1;

/** Before the greeting nobody gets more room than it takes. */
export const GREETING_LIMIT = 4 * 1024;
/** An edited input in base64, and what stands around it. */
export const REQUEST_LIMIT = 40 * 1024 * 1024;
/** The ids of a large action. */
export const ANSWER_LIMIT = 128 * 1024 * 1024;

/** A result taken in once more: as it was stored, or as a person has edited it. */
export interface AcceptRequest { messageId: string; edited: Uint8Array | null; only?: string[]; reason: string; actor: string }

/** `outcome` tells how it was joined: a person's copy can be held too. */
export type AcceptOutcome = RerunOutcome & Pick<ResultOutcome, 'outcome' | 'code'>;

/** What the owner does for others. Each takes one plain object. */
export interface OwnerMethods {
  act(action: Action): Promise<ActionOutcome>;
  rerun(request: RerunRequest): Promise<RerunOutcome>;
  prune(request: PruneRequest): Promise<PruneOutcome>;
  verify(request: VerifyRequest): Promise<VerifyOutcome>;
  rotateKey(request: { newKey: Uint8Array; actor: string; reason: string }): Promise<{ fingerprint: string }>;
  accept(request: AcceptRequest): Promise<AcceptOutcome>;
}

export type OwnerMethod = keyof OwnerMethods;

/** An error as it crosses: ids and codes, never a cause. */
export interface WireFault { code: Code; path?: string; detail?: string }

export type Answer = { output: unknown } | { error: WireFault };

export const asFault = ({ code, path, detail }: CourierError): WireFault =>
  ({ code, ...(path !== undefined && { path }), ...(detail !== undefined && { detail }) });

const isText = (value: unknown): value is string => typeof value === 'string';

/** What the other side calls an error. An unknown code comes from another version. */
export const fromFault = (fault: unknown): CourierError => {
  const { code, path, detail } = (fault ?? {}) as Record<string, unknown>;
  if (!isText(code) || !Object.hasOwn(CODES, code)) return new CourierError('OWNER_VERSION', isText(code) ? { detail: code.slice(0, 80) } : {});
  return new CourierError(code as Code, { ...(isText(path) && { path }), ...(isText(detail) && { detail }) });
};

export const toLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** One line as JSON, or OWNER_REQUEST_INVALID. */
export const fromLine = (line: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below: the parser's own words quote what it stumbled over.
  }
  throw new CourierError('OWNER_REQUEST_INVALID', { detail: 'not a JSON object' });
};

const NEW_LINE = 0x0A;

/**
 * The lines of a socket. It is read no faster than they are taken, and never further than `limit` bytes without a line's end:
 * then OWNER_REQUEST_INVALID. What follows the last line's end is dropped.
 */
export async function* linesOf(socket: Socket, limit: () => number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf(NEW_LINE); end >= 0; end = rest.indexOf(NEW_LINE)) {
      if (size + end > limit()) throw new CourierError('OWNER_REQUEST_INVALID', { detail: 'line too long' });
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8');
      [parts, size, rest] = [[], 0, rest.subarray(end + 1)];
      yield line;
    }
    size += rest.length;
    if (size > limit()) throw new CourierError('OWNER_REQUEST_INVALID', { detail: 'line too long' });
    if (rest.length > 0) parts.push(rest);
  }
}
