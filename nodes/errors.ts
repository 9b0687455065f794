// Every coded outcome of the courier, and the error that carries one: the sentence a person reads and what to do next.
// Texts hold no patient data; a CourierError adds ids, field paths and server codes only.

import { CODES_OF_ENGINE } from './codes-of-engine.ts';
import { CODES_OF_MESSAGES } from './codes-of-messages.ts';
import { CODES_OF_ROUTING } from './codes-of-routing.ts';

export const CODES = { ...CODES_OF_MESSAGES, ...CODES_OF_ROUTING, ...CODES_OF_ENGINE } as const;

export type Code = keyof typeof CODES;

/** The sentence of a code, for people. Unknown codes come back as they are. */
export const sentence = (code: string): string =>
  code in CODES ? `${CODES[code as Code].text} ${CODES[code as Code].next}` : code;

/** A fault or refusal with a stable code. `detail` holds ids, counts and server codes, never patient data. */
export class CourierError extends Error {
  readonly code: Code;
  readonly path: string | undefined;
  readonly detail: string | undefined;

  constructor(code: Code, options: { path?: string; detail?: string; cause?: unknown } = {}) {
    const where = options.path === undefined ? '' : ` (${options.path})`;
    const detail = options.detail === undefined ? '' : ` [${options.detail}]`;
    super(`${CODES[code].text}${where}${detail} ${CODES[code].next}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.code = code;
    this.path = options.path;
    this.detail = options.detail;
  }
}

export const isCourierError = (error: unknown): error is CourierError => error instanceof CourierError;

/** What a form is told of a fault: the body of a 400. */
export interface Refusal { code: Code; path: string | undefined; text: string }

export const refusalOf = (error: unknown): Refusal => {
  const { code, path, message } = asCourierError(error);
  return { code, path, text: message };
};

/** What a catch block hands on: coded errors as they are, anything else under the given code with its cause kept off the message. */
export const asCourierError = (error: unknown, code: Code = 'STAGE_FAILED'): CourierError =>
  isCourierError(error) ? error : new CourierError(code, { cause: error });
