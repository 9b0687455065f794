// What SQLite says went wrong, as our codes. Its messages may quote values, its codes cannot.
import { type Code, CourierError, isCourierError } from '../../errors.ts';

/** Primary result codes, https://sqlite.org/rescode.html */
const CODES_BY_RESULT: Record<number, Code> = {
  5: 'JOURNAL_LOCKED', 8: 'JOURNAL_READ_ONLY', 11: 'JOURNAL_DAMAGED', 13: 'JOURNAL_FULL', 26: 'JOURNAL_DAMAGED',
};

export const sqliteFault = (error: unknown): CourierError => {
  if (isCourierError(error)) return error;
  const result = (error as { errcode?: number } | null)?.errcode;
  const system = (error as NodeJS.ErrnoException | null)?.code;
  const code = system === 'ENOSPC' ? 'JOURNAL_FULL' : CODES_BY_RESULT[(result ?? 0) % 256] ?? 'JOURNAL_FAILED';
  const detail = result !== undefined ? `SQLite ${result}` : error instanceof Error ? system ?? error.name : undefined;
  return new CourierError(code, { ...(detail !== undefined && { detail }), cause: error });
};
