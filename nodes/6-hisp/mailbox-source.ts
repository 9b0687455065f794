// The mailbox of an account as a place where notifications come in: read, waited on, connected again with growing pauses.
import { setTimeout as delay } from 'node:timers/promises';
import { asCourierError, CourierError } from '../errors.ts';
import { backOff } from './back-off.ts';
import { type ImapDriver, loadImap } from './imap-driver.ts';
import { newProgress, type PassTools, type Progress, readThrough } from './mailbox-pass.ts';
import { receiveFromMailbox } from './mailbox-reception.ts';
import { MAILBOX_LIMITS, type MailboxLimits, openMailbox } from './mailbox-session.ts';
import { PATIENCE_MS, type SourceOptions, startBeat } from './notification-source.ts';
import type { HispAccount } from './types.ts';

export interface MailboxOptions extends Pick<SourceOptions, 'journal' | 'source' | 'onReception' | 'onFault'> {
  account: HispAccount;
  /** Told of each fault when it begins, and null when mail is read (again). */
  tell: (fault: unknown) => void;
  load?: () => Promise<ImapDriver>;
  limits?: MailboxLimits;
  random?: () => number;
  /** Pauses before it is tried again, in ms. */
  pauses?: Pauses;
  everyMs?: number;
}

export interface MailboxSource { stop(removed: boolean): Promise<void> }

interface Pause { first: number; max: number }
interface Pauses { fault: Pause; login: Pause }

/** A log-in that is refused again and again gets accounts locked. */
const PAUSES: Pauses = { fault: { first: 1000, max: 60_000 }, login: { first: 30_000, max: 600_000 } };

const checkAccount = ({ sealing, name }: HispAccount): void => {
  if (sealing !== 'hisp') throw new CourierError('FIELD_INVALID', { path: 'account', detail: `the HISP of account ${name} does not open mail` });
};

/** `reading` while mail is read or waited for, else why not. */
interface Health { reading: boolean; fault: unknown }

const passTools = ({ account, journal, onReception, onFault }: MailboxOptions): PassTools =>
  ({ take: async (mail) => await receiveFromMailbox(mail, account.name, { journal }), onReception, onFault });

/** Reads until the connection is lost or `signal`; `well` is told after each look that worked. */
const serve = async (Driver: ImapDriver, options: MailboxOptions, progress: Progress, well: () => void, signal: AbortSignal): Promise<void> => {
  const session = await openMailbox(Driver, options.account, options.limits ?? MAILBOX_LIMITS);
  const hangUp = (): void => { void session.close(); };
  signal.addEventListener('abort', hangUp);
  try {
    while (!signal.aborted) {
      const more = await readThrough(session, passTools(options), progress);
      well();
      if (!more) await session.news(signal);
    }
  } finally {
    signal.removeEventListener('abort', hangUp);
    await session.close();
  }
};

const run = async (options: MailboxOptions, health: Health, first: (fault: unknown) => Promise<void>, signal: AbortSignal): Promise<void> => {
  const { tell, load = loadImap, random = Math.random, pauses = PAUSES } = options;
  const progress = newProgress();
  let [failures, told] = [0, ''];
  const well = (): void => {
    failures = 0;
    if (health.reading) return;
    Object.assign(health, { reading: true, fault: undefined });
    told = '';
    tell(null);
  };
  while (!signal.aborted) {
    const fault = await load().then(async (Driver) => { await serve(Driver, options, progress, well, signal); }).catch((error: unknown) => error);
    if (signal.aborted) return;
    const coded = asCourierError(fault, 'MAILBOX_UNREACHABLE');
    Object.assign(health, { reading: false, fault: coded });
    failures += 1;
    // The same trouble is said once, not at each try.
    if (coded.code !== told) tell(coded);
    told = coded.code;
    await first(coded);
    const pause = backOff(failures, coded.code === 'MAILBOX_LOGIN' ? pauses.login : pauses.fault, random);
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
};

/** Errors, at once: FIELD_INVALID for an account whose HISP does not open mail. Everything else is told, and tried again. */
export const startMailbox = (options: MailboxOptions): MailboxSource => {
  const { account, journal, source, tell, everyMs } = options;
  checkAccount(account);
  const closing = new AbortController();
  const health: Health = { reading: false, fault: undefined };
  const ready = async (): Promise<void> => {
    if (!health.reading) throw health.fault ?? new CourierError('MAILBOX_UNREACHABLE', { detail: 'connecting' });
  };
  // Made known first, so that it can be down.
  let known = false;
  const first = async (): Promise<void> => {
    if (known) return;
    known = true;
    await journal.sourceUp(source, [], account.name).then(async () => { await journal.sourceDown(source, false); }).catch(() => { known = false; });
  };
  const tellJournals = (fault: unknown): void => { if (fault !== null && asCourierError(fault).code.startsWith('JOURNAL_')) tell(fault); };
  const running = run(options, health, first, closing.signal);
  const beating = { journal, source, domains: [], account: account.name, ready, tell: tellJournals };
  const stopBeat = startBeat({ ...beating, ...(everyMs !== undefined && { everyMs }) });
  return {
    async stop(removed) {
      closing.abort();
      const ended = Promise.all([running, stopBeat(removed)]);
      await Promise.race([ended, delay(PATIENCE_MS, undefined, { ref: false })]);
    },
  };
};
