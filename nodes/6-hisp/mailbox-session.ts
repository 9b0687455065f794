// One connection to the mailbox of an account (IMAP4rev1, RFC 3501): opened over verified TLS, looked through, marked.
import { CourierError } from '../errors.ts';
import type { ImapClient, ImapDriver } from './imap-driver.ts';
import { isTlsFault } from './smtp-fault.ts';
import { tlsOptions } from './smtp-session.ts';
import type { HispAccount } from './types.ts';

/** Bytes and ms. */
export interface MailboxLimits { largest: number; beginning: number; connect: number; silence: number; look: number; poll: number }

export const MAILBOX_LIMITS: MailboxLimits = {
  // As much as by SMTP; of a larger mail its beginning, where a notification has what it says.
  largest: 25 * 1024 * 1024, beginning: 256 * 1024,
  connect: 20_000, silence: 120_000,
  // How often it is looked into by itself: where the server tells of new mail, and where it does not.
  look: 60_000, poll: 15_000,
};

/** A mail that was not read yet. `id` is its own for as long as the mailbox keeps its numbers. */
export interface UnreadMail { id: string; uid: number; size: number }

/** Each method rejects with a MAILBOX code when the connection is lost. */
export interface MailboxSession {
  /** The oldest first, at most `most`. */
  unread(most: number): Promise<UnreadMail[]>;
  /** `whole` is false where only the beginning was read. */
  read(mail: UnreadMail): Promise<{ raw: Buffer; whole: boolean }>;
  mark(mail: UnreadMail): Promise<void>;
  /** Resolves when there may be something new; rejects when the connection is lost. */
  news(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Nobody else's clients touch this one, so that a person who looks into the mailbox does not hide mail from us. */
const TAKEN = 'DirectCourier';
const SEEN = '\\Seen';

const isRefusedLogin = (fault: unknown): boolean => (fault as { authenticationFailed?: boolean }).authenticationFailed === true;

/** Codes only: the server's words could quote anything. */
const detailOf = (fault: unknown): string => {
  const { code, serverResponseCode } = fault as { code?: unknown; serverResponseCode?: unknown };
  return [serverResponseCode, code].find((word) => typeof word === 'string' && /^[\w-]{1,60}$/.test(word)) as string ?? 'ERROR';
};

const faultOf = (fault: unknown): CourierError => {
  if (fault instanceof CourierError) return fault;
  const detail = detailOf(fault);
  if (isRefusedLogin(fault)) return new CourierError('MAILBOX_LOGIN', { detail });
  const { tlsFailed, message = '' } = fault as { tlsFailed?: boolean; message?: string };
  const isTls = tlsFailed === true || isTlsFault(fault as Error) || /does not support STARTTLS/i.test(message);
  return new CourierError(isTls ? 'MAILBOX_TLS' : 'MAILBOX_UNREACHABLE', { detail });
};

const clientOf = (Driver: ImapDriver, account: HispAccount, limits: MailboxLimits): ImapClient => {
  const { imap, host, user, password, serverName } = account;
  const name = imap.host === host ? serverName : undefined;
  const { servername: _, ...tls } = tlsOptions(account);
  const client = new Driver({
    host: imap.host, port: imap.port, secure: imap.security === 'implicit', ...(imap.security === 'starttls' && { doSTARTTLS: true }),
    ...(name !== undefined && { servername: name }), tls: { ...tls, ...(name !== undefined && { servername: name }) },
    auth: { user, pass: password }, logger: false, disableAutoIdle: true, disableCompression: true, clientInfo: { name: 'Direct Courier' },
    connectionTimeout: limits.connect, greetingTimeout: limits.connect, socketTimeout: limits.silence,
    maxLiteralSize: limits.largest + 1024 * 1024, maxResponseSize: limits.largest + 2 * 1024 * 1024,
  });
  // Told by the command that fails; without a listener it would end the process.
  return client.on('error', () => undefined);
};

/** Opens the INBOX for reading and marking; resolves to the flag that says what was taken. Errors: MAILBOX_MISSING. */
const openInbox = async (client: ImapClient): Promise<string> => {
  const inbox = await client.mailboxOpen('INBOX').catch((fault: unknown) => {
    throw client.usable ? new CourierError('MAILBOX_MISSING', { detail: detailOf(fault) }) : fault;
  });
  const { readOnly, permanentFlags } = inbox;
  const flag = permanentFlags?.has('\\*') || permanentFlags?.has(TAKEN) ? TAKEN : SEEN;
  const keeps = permanentFlags === undefined || flag === TAKEN || permanentFlags.has(SEEN);
  if (readOnly || !keeps) throw new CourierError('MAILBOX_MISSING', { detail: 'read only' });
  return flag;
};

const newsOf = (client: ImapClient, limits: MailboxLimits, signal: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const end = (): void => {
    clearTimeout(timer);
    client.off('exists', end).off('close', end);
    signal.removeEventListener('abort', end);
    if (client.usable) resolve();
    else reject(new CourierError('MAILBOX_UNREACHABLE', { detail: 'NoConnection' }));
  };
  const timer = setTimeout(end, client.capabilities.has('IDLE') ? limits.look : limits.poll);
  client.on('exists', end).on('close', end);
  signal.addEventListener('abort', end);
  // The next command ends it. Where the server has no IDLE the timer does the asking.
  if (client.capabilities.has('IDLE')) client.idle().catch(end);
  if (signal.aborted || !client.usable) end();
});

const sessionOf = (client: ImapClient, flag: string, limits: MailboxLimits): Omit<MailboxSession, 'close'> => {
  const generation = client.mailbox === false ? '' : String(client.mailbox.uidValidity);
  return {
    async unread(most) {
      const found = await client.search({ ...(flag === SEEN ? { seen: false } : { unKeyword: flag }), deleted: false }, { uid: true });
      if (!Array.isArray(found)) throw new CourierError('MAILBOX_UNREACHABLE', { detail: 'SEARCH' });
      const uids = [...found].sort((a, b) => a - b).slice(0, most);
      if (uids.length === 0) return [];
      const listed = await client.fetchAll(uids.join(','), { uid: true, size: true }, { uid: true });
      const sizes = new Map(listed.map(({ uid, size }) => [uid, size]));
      // A size that the server does not tell is taken for a large one.
      return uids.map((uid) => ({ id: `${generation}:${uid}`, uid, size: sizes.get(uid) ?? Infinity }));
    },
    async read({ uid, size }) {
      const whole = size <= limits.largest;
      const source = whole ? true : { start: 0, maxLength: limits.beginning };
      const mail = await client.fetchOne(String(uid), { uid: true, source }, { uid: true });
      if (mail === false || mail.source === undefined) throw new CourierError('MAIL_UNREADABLE', { detail: `uid ${uid}` });
      return { raw: mail.source, whole };
    },
    async mark({ uid }) {
      if (!await client.messageFlagsAdd(String(uid), [flag], { uid: true })) throw new CourierError('MAILBOX_MISSING', { detail: 'flag not kept' });
    },
    news: async (signal) => await newsOf(client, limits, signal),
  };
};

/** Errors: MAILBOX_UNREACHABLE, MAILBOX_TLS, MAILBOX_LOGIN, MAILBOX_MISSING. */
export const openMailbox = async (Driver: ImapDriver, account: HispAccount, limits = MAILBOX_LIMITS): Promise<MailboxSession> => {
  const client = clientOf(Driver, account, limits);
  try {
    await client.connect();
    const session = sessionOf(client, await openInbox(client), limits);
    const told = <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) => async (...args: Args): Promise<Result> =>
      await act(...args).catch((fault: unknown) => { throw faultOf(fault); });
    return {
      unread: told(session.unread), read: told(session.read), mark: told(session.mark), news: told(session.news),
      async close() { await client.logout().catch(() => undefined).finally(() => { client.close(); }); },
    };
  } catch (fault) {
    client.close();
    throw faultOf(fault);
  }
};
