// The simulated HISP of an edge log-in: it takes plain mail, does what sealing and the receiving side would have done, and puts what comes
// back, already opened, into the log-in's mailbox.
import { isEnveloped } from '../../5-smime/plain-mail.ts';
import { headerOf, headersOf, parseEntity } from '../../mail/mime.ts';
import { addressOf } from '../notification-fields.ts';
import { writeDsn } from '../notification-write.ts';
import type { Behaviour } from './behaviour.ts';
import { type Answered, asksFinalDelivery, isAddressed, type Reaction, writeAnswers } from './security-agent.ts';

/** Why a HISP cannot seal for such a recipient (RFC 3463 §3.8: X.7.x is about security). */
const UNSEALABLE: Partial<Record<Behaviour, string>> = {
  untrusted: '550 5.7.5 certificate not trusted', expired: '550 5.7.5 certificate expired', nocert: '550 5.7.5 no certificate',
};

/** Why plain mail is not taken at once; null when it is. */
export const refusalOf = (raw: Buffer): string | null => isEnveloped(raw) ? '5.7.7 This log-in hands over plain mail; it is sealed here' : null;

const failure = (common: Answered, diagnostic: string, submitter: string): Buffer => {
  const reporter = submitter.slice(submitter.lastIndexOf('@') + 1);
  return writeDsn({ ...common, from: `postmaster@${reporter}`, reporter, status: '5.7.5', diagnostic, messageId: common.fresh(reporter) });
};

export interface PlainMail { to: string; raw: Buffer; behaviour: Behaviour; now: Date }

export const reactToPlain = ({ to, raw, behaviour, now }: PlainMail, fresh: Answered['fresh']): Reaction => {
  const message = parseEntity(raw);
  const sender = addressOf(headerOf(message, 'from'));
  if (!isAddressed([...headersOf(message, 'to'), ...headersOf(message, 'cc')], to)) return { sender, answers: [], why: 'HEADERS_DIFFER' };
  const domain = to.slice(to.lastIndexOf('@') + 1);
  const common: Answered = {
    from: behaviour === 'bounce' ? `postmaster@${domain}` : to, to: sender, date: now, reporter: domain,
    originalMessageId: headerOf(message, 'message-id') ?? '', finalRecipient: to,
    action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such mailbox', fresh,
  };
  const unsealable = UNSEALABLE[behaviour];
  if (unsealable !== undefined) return { sender, answers: [failure(common, unsealable, sender)], why: 'not sealable' };
  const asked = asksFinalDelivery(headerOf(message, 'disposition-notification-options'));
  return { sender, answers: writeAnswers(behaviour, asked, common), why: 'sealed' };
};
