// SMTP submission (RFC 6409) over a small pool of connections: raw bytes, an explicit envelope, one recipient per mail.
import { outcomeOfFault, type SmtpFault } from './smtp-fault.ts';
import { type Mail, openSession, resetSession, sendOver, type Session, SMTP_LIMITS, type SmtpLimits, tlsOptions } from './smtp-session.ts';
import type { HispAccount, Transport, TransportOutcome } from './types.ts';

interface SessionPool { take(): Session | undefined; put(session: Session): void; close(): void }

/** Connections that wait for their next mail, for a while. */
const sessionPool = (limits: SmtpLimits): SessionPool => {
  const idle: Session[] = [];
  let closed = false;

  const quit = (session: Session): void => {
    clearTimeout(session.idleTimer);
    const at = idle.indexOf(session);
    if (at >= 0) idle.splice(at, 1);
    if (session.usable) session.connection.quit();
    else session.connection.close();
    session.usable = false;
  };

  const take = (): Session | undefined => {
    const session = idle.pop();
    clearTimeout(session?.idleTimer);
    return session === undefined || session.usable ? session : take();
  };

  return {
    take,
    put(session) {
      if (closed || !session.usable || session.mails >= limits.mailsPerConnection) return quit(session);
      idle.push(session);
      session.idleTimer = setTimeout(() => { quit(session); }, limits.idle).unref();
    },
    close() {
      closed = true;
      for (const session of [...idle]) quit(session);
    },
  };
};

/** Lets `places` in at a time; the others wait their turn. */
const turnstile = (places: number): { enter: () => Promise<void>; leave: () => void } => {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    enter: async () => {
      if (inside < places) inside += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    leave: () => {
      const next = waiting.shift();
      if (next) next();
      else inside -= 1;
    },
  };
};

/** Sends at most `account.connections` mails at a time; more wait their turn. */
export const smtpTransport = (account: HispAccount, limits: SmtpLimits = SMTP_LIMITS): Transport => {
  const pool = sessionPool(limits);
  const turns = turnstile(account.connections);
  const busy = new Set<Session>();
  let tls: ReturnType<typeof tlsOptions> | undefined;

  const exchange = async (mail: Mail): Promise<TransportOutcome> => {
    const kept = pool.take();
    const session = kept ?? await openSession(account, tls ??= tlsOptions(account), limits);
    busy.add(session);
    try {
      const { outcome, untouched } = await sendOver(session, mail);
      if (session.usable && outcome.kind !== 'accepted') await resetSession(session);
      // A kept connection may have died meanwhile; with not a byte of the mail sent a fresh one may try.
      if (kept && untouched && outcome.kind === 'temporary' && outcome.code === 'HISP_UNREACHABLE') return await exchange(mail);
      return outcome;
    } finally {
      busy.delete(session);
      pool.put(session);
    }
  };

  return {
    async send(mail) {
      await turns.enter();
      try {
        return await exchange(mail);
      } catch (fault) {
        return outcomeOfFault(fault as SmtpFault, false);
      } finally {
        turns.leave();
      }
    },
    close(force = false) {
      pool.close();
      if (force) for (const session of busy) session.connection.close();
    },
  };
};
