// SMTP submission (RFC 6409) over a small pool of connections: raw bytes, an explicit envelope, one recipient per mail.
import { accountFault, type SmtpFault } from './smtp-fault.ts';
import { type Mail, openSession, resetSession, sendOver, type Session, SMTP_LIMITS, type SmtpLimits, tlsOptions, trySender } from './smtp-session.ts';
import type { HispAccount, ProbeOutcome, Transport, TransportOutcome } from './types.ts';

interface SessionPool { take(): Session | undefined; put(session: Session): void; drop(): void; close(): void }

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
    /** The oldest idle one is not kept any longer. */
    drop() {
      const [oldest] = idle;
      if (oldest !== undefined) quit(oldest);
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

/** The one address that an account sends for; null where its log-in leaves that open. */
const ownSender = ({ user, anyFrom }: HispAccount): string | null => !anyFrom && user.includes('@') ? user : null;

/** Sends at most `account.connections` mails at a time; more wait their turn. */
export const smtpTransport = (account: HispAccount, limits: SmtpLimits = SMTP_LIMITS): Transport => {
  const pool = sessionPool(limits);
  const turns = turnstile(account.connections);
  const busy = new Set<Session>();
  let tls: ReturnType<typeof tlsOptions> | undefined;
  let probing: Promise<ProbeOutcome> | undefined;

  const open = async (): Promise<Session> => await openSession(account, tls ??= tlsOptions(account), limits);

  const using = async <Result>(session: Session, use: () => Promise<Result>): Promise<Result> => {
    busy.add(session);
    try {
      return await use();
    } finally {
      busy.delete(session);
      pool.put(session);
    }
  };

  const exchange = async (mail: Mail): Promise<TransportOutcome> => {
    const kept = pool.take();
    const session = kept ?? await open();
    const outcome = await using(session, async () => {
      const first = await sendOver(session, mail);
      if (session.usable && first.kind !== 'accepted') await resetSession(session);
      return first;
    });
    // A kept connection may have died meanwhile; with not a byte of the mail sent a fresh one may try.
    return kept && outcome.kind === 'doubtful' && outcome.code === 'HISP_UNREACHABLE' && !outcome.seen ? await exchange(mail) : outcome;
  };

  const probe = async (): Promise<ProbeOutcome> => {
    await turns.enter();
    try {
      // A fresh connection in place of an idle one: no more than the account may have.
      pool.drop();
      const session = await open();
      const sender = ownSender(account);
      await using(session, async () => { if (sender !== null) await trySender(session, sender); });
      return { ok: true };
    } catch (fault) {
      return { ok: false, ...accountFault(fault as SmtpFault) };
    } finally {
      turns.leave();
    }
  };

  return {
    async send(mail) {
      await turns.enter();
      try {
        return await exchange(mail);
      } catch (fault) {
        return { kind: 'account', ...accountFault(fault as SmtpFault), seen: false, whole: false };
      } finally {
        turns.leave();
      }
    },
    probe: async () => await (probing ??= probe().finally(() => { probing = undefined; })),
    close(force = false) {
      pool.close();
      if (force) for (const session of busy) session.connection.close();
    },
  };
};
