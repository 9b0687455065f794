// What PostgreSQL's errors mean to the journal. Only SQLSTATE and system codes are passed on: messages and details quote values.
import { type Code, CourierError, isCourierError } from '../../errors.ts';

const SQLSTATE = /^[0-9A-Z]{5}$/;

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
};

/** The server's five characters; undefined when the error did not come from the server. */
export const sqlState = (error: unknown): string | undefined => {
  const code = codeOf(error);
  return code !== undefined && SQLSTATE.test(code) && (error as { severity?: unknown }).severity !== undefined ? code : undefined;
};

/** Serialization failure and deadlock: the same transaction may go through when it is tried again. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error) ?? '');

/**
 * The server is there but does not serve us now: connection (08), log-in (28, 3D000), too many connections, shutting down or starting up,
 * statement and lock timeouts, a standby that only reads, a commit whose answer was lost.
 */
const AWAY = /^(08...|28...|3D000|53300|57P0[1-5]|57014|55P03|25P0[34]|25006|40003)$/;
/** A page or an index that is not what was written. */
const DAMAGED = new Set(['XX001', 'XX002']);

const meaning = (state: string): Code => {
  if (AWAY.test(state)) return 'JOURNAL_UNREACHABLE';
  if (DAMAGED.has(state)) return 'JOURNAL_DAMAGED';
  return state === '53100' ? 'JOURNAL_FULL' : 'JOURNAL_FAILED';
};

/** Of a statement or a connection: whatever the server did not say itself happened on the way to it. */
export const databaseFault = (error: unknown): CourierError => {
  if (isCourierError(error)) return error;
  const state = sqlState(error);
  if (state !== undefined) return new CourierError(meaning(state), { detail: `SQLSTATE ${state}`, cause: error });
  const ours = error instanceof TypeError || codeOf(error) === 'ERR_ASSERTION';
  return new CourierError(ours ? 'JOURNAL_FAILED' : 'JOURNAL_UNREACHABLE', { detail: codeOf(error) ?? 'no answer', cause: error });
};

/** Whether the connection can go on being used after this error. */
export const breaksConnection = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined || /^(08...|57P0[1-5]|25P0[34])$/.test(state);
};
