// Reading an account from what its form saved, and the rules an account sets for who may send over it.
import type { Sealing } from '../5-smime/types.ts';
import { CourierError } from '../errors.ts';
import { deadlinesOf } from './deadline.ts';
import { readAnswers } from './policy.ts';
import type { HispAccount } from './types.ts';

/** What the form saves; everything may be text, because `${NAME}` is replaced by text. */
export interface AccountForm {
  name?: string; host?: string; port?: number | string; security?: string; anyFrom?: boolean | string;
  authorities?: string; serverName?: string;
  sealing?: string; imapHost?: string; imapPort?: number | string; imapSecurity?: string;
  connections?: number | string;
  retryFirst?: number | string; retryMax?: number | string; maxAttempts?: number | string; maxAge?: number | string;
  answers?: unknown; unknown?: string; probeFirst?: number | string; probeMax?: number | string;
  deadline?: number | string; deadlineUrgent?: number | string; deadlineEmergent?: number | string;
  simulated?: boolean | string;
}

const text = (value: unknown): string => typeof value === 'string' ? value.trim() : '';

const number = (value: unknown, path: string, { least, standard }: { least: number; standard: number }): number => {
  if (value === undefined || value === null || value === '') return standard;
  const read = Number(value);
  if (!Number.isFinite(read) || read < least) throw new CourierError('FIELD_INVALID', { path, detail: `a number from ${least}` });
  return read;
};

const whole = (value: unknown, path: string, limits: { least: number; standard: number }): number => Math.floor(number(value, path, limits));

const pemOf = (authorities: string, readFile: (path: string) => string): string => {
  if (authorities.includes('-----BEGIN CERTIFICATE-----')) return authorities;
  try {
    const pem = readFile(authorities);
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (cause) {
    throw new CourierError('TRUST_INVALID', { path: 'authorities', cause });
  }
  throw new CourierError('TRUST_INVALID', { path: 'authorities' });
};

type Patience = Pick<HispAccount,
  'retryFirstMs' | 'retryMaxMs' | 'maxAttempts' | 'maxAgeMs' | 'answers' | 'unknown' | 'probeFirstMs' | 'probeMaxMs' | 'deadlines'>;

const unknownOf = (value: unknown): 'retry' | 'hold' => {
  const wanted = text(value) || 'retry';
  if (wanted !== 'retry' && wanted !== 'hold') throw new CourierError('FIELD_INVALID', { path: 'unknown', detail: 'retry or hold' });
  return wanted;
};

/** An account that was saved before it could say so leaves the sealing to us; anything that nobody knows must not mean plain mail. */
const sealingOf = (value: unknown): Sealing => {
  const wanted = text(value) || 'courier';
  if (wanted !== 'courier' && wanted !== 'hisp') throw new CourierError('FIELD_INVALID', { path: 'sealing', detail: 'courier or hisp' });
  return wanted;
};

/** TLS from the start unless said otherwise (RFC 8314 §3.2). */
const imapOf = (form: AccountForm, host: string): HispAccount['imap'] => {
  const security = form.imapSecurity === 'starttls' ? 'starttls' : 'implicit';
  const port = whole(form.imapPort, 'imapPort', { least: 1, standard: security === 'implicit' ? 993 : 143 });
  return { host: text(form.imapHost) || host, port, security };
};

const optional = (value: unknown, path: string): number | undefined =>
  value === undefined || value === null || value === '' ? undefined : number(value, path, { least: 1, standard: 0 }) * 1000;

const deadlinesFrom = (form: AccountForm): HispAccount['deadlines'] => {
  const [urgent, emergent] = [optional(form.deadlineUrgent, 'deadlineUrgent'), optional(form.deadlineEmergent, 'deadlineEmergent')];
  return deadlinesOf({
    routine: number(form.deadline, 'deadline', { least: 1, standard: 3600 }) * 1000,
    ...(urgent !== undefined && { urgent }), ...(emergent !== undefined && { emergent }),
  });
};

/** An account that says nothing about probes is probed as it retries, but is not left alone for long. */
const PROBE = { first: 30, max: 600 };

const patienceOf = (form: AccountForm): Patience => {
  const first = number(form.retryFirst, 'retryFirst', { least: 0.01, standard: 60 });
  const max = number(form.retryMax, 'retryMax', { least: 0.01, standard: 3600 });
  return {
    retryFirstMs: first * 1000,
    retryMaxMs: max * 1000,
    maxAttempts: whole(form.maxAttempts, 'maxAttempts', { least: 1, standard: 30 }),
    maxAgeMs: number(form.maxAge, 'maxAge', { least: 0.001, standard: 72 }) * 3_600_000,
    answers: readAnswers(form.answers),
    unknown: unknownOf(form.unknown),
    probeFirstMs: number(form.probeFirst, 'probeFirst', { least: 0.01, standard: Math.min(first, PROBE.first) }) * 1000,
    probeMaxMs: number(form.probeMax, 'probeMax', { least: 0.01, standard: Math.min(max, PROBE.max) }) * 1000,
    deadlines: deadlinesFrom(form),
  };
};

/** `authorities` may name a file. Throws FIELD_MISSING, FIELD_INVALID, TRUST_INVALID or ANSWER_ROW_INVALID with the field as path. */
export const readAccount = (
  form: AccountForm, credentials: { user?: string; password?: string } | undefined, readFile: (path: string) => string,
): HispAccount => {
  const host = text(form.host);
  if (host === '') throw new CourierError('FIELD_MISSING', { path: 'host' });
  const security = form.security === 'implicit' ? 'implicit' : 'starttls';
  const authorities = text(form.authorities);
  const serverName = text(form.serverName);
  return {
    name: text(form.name) || host,
    host,
    port: whole(form.port, 'port', { least: 1, standard: security === 'implicit' ? 465 : 587 }),
    security,
    user: text(credentials?.user),
    password: credentials?.password ?? '',
    anyFrom: form.anyFrom === true || form.anyFrom === 'true',
    simulated: form.simulated === true || form.simulated === 'true',
    ...(authorities !== '' && { authorities: pemOf(authorities, readFile) }),
    ...(serverName !== '' && { serverName }),
    sealing: sealingOf(form.sealing),
    imap: imapOf(form, host),
    connections: whole(form.connections, 'connections', { least: 1, standard: 4 }),
    ...patienceOf(form),
  };
};

/** From, MAIL FROM and log-in must agree: HISPs bind a log-in to an address. A log-in that is no address cannot disagree. */
export const checkSender = (account: HispAccount, from: string): void => {
  if (account.anyFrom || !account.user.includes('@')) return;
  if (account.user.toLowerCase() !== from.toLowerCase()) {
    throw new CourierError('SENDER_MISMATCH', { path: 'msg.mail.from', detail: `account ${account.name}` });
  }
};
