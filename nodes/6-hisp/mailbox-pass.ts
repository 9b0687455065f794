// Going through what a mailbox has that was not read yet: each mail is taken, stored, and only then marked.
import { asCourierError, CourierError } from '../errors.ts';
import { type MailboxMail } from './mailbox-reception.ts';
import type { MailboxSession, UnreadMail } from './mailbox-session.ts';
import type { Reception } from './reception.ts';

export interface PassTools {
  /** Resolves when the journal has committed. */
  take: (mail: MailboxMail) => Promise<Reception>;
  onReception: (reception: Reception) => void;
  onFault: (fault: unknown) => void;
}

/**
 * What is known of single mails, by their ids; it outlives connections. `stumbles`: how often one could not be taken, as it may be what breaks
 * them. `taken`: stored, but perhaps not marked yet.
 */
export interface Progress { stumbles: Map<string, number>; taken: Set<string> }

export const newProgress = (): Progress => ({ stumbles: new Map(), taken: new Set() });

/** A mail that failed so often is left where it is until the node is started again. */
const MOST_STUMBLES = 3;
const AT_ONCE = 200;

/** The journal takes nothing now, whichever mail it is given. */
const isJournals = ({ code }: CourierError): boolean => code.startsWith('JOURNAL_');

/** A mail whose mark was lost is marked again, not stored again. */
const takeOne = async (session: MailboxSession, mail: UnreadMail, { take, onReception }: PassTools, taken: Set<string>): Promise<void> => {
  if (!taken.has(mail.id)) {
    const reception = await take(await session.read(mail));
    taken.add(mail.id);
    onReception(reception);
  }
  await session.mark(mail);
};

const stumble = ({ stumbles }: Progress, { id, uid }: UnreadMail, fault: CourierError, { onFault }: PassTools): void => {
  const times = (stumbles.get(id) ?? 0) + 1;
  stumbles.set(id, times);
  if (times === MOST_STUMBLES) onFault(new CourierError('MAIL_UNREADABLE', { detail: `uid ${uid}, ${fault.code}`, cause: fault }));
};

/**
 * One look through the mailbox; resolves to whether there may be more. Mails that failed before come last, so that none keeps the others.
 * Rejects when the connection is lost, or the journal stores nothing.
 */
export const readThrough = async (session: MailboxSession, tools: PassTools, progress: Progress): Promise<boolean> => {
  const { stumbles, taken } = progress;
  const unread = await session.unread(AT_ONCE + stumbles.size + taken.size);
  for (const id of taken) if (!unread.some((mail) => mail.id === id)) taken.delete(id);
  const inTurn = unread.filter(({ id }) => (stumbles.get(id) ?? 0) < MOST_STUMBLES)
    .sort((a, b) => (stumbles.get(a.id) ?? 0) - (stumbles.get(b.id) ?? 0));
  let fresh = 0;
  for (const mail of inTurn) {
    try {
      fresh += Number(!taken.has(mail.id));
      await takeOne(session, mail, tools, taken);
      stumbles.delete(mail.id);
    } catch (error) {
      const fault = asCourierError(error, 'MAIL_UNREADABLE');
      if (isJournals(fault)) throw fault;
      stumble(progress, mail, fault, tools);
      if (fault.code.startsWith('MAILBOX_')) throw fault;
    }
  }
  return fresh >= AT_ONCE || inTurn.some(({ id }) => stumbles.has(id));
};
