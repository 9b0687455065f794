// What is done with one mail of an account's mailbox: the HISP has opened it and the log-in vouches for it, so it needs no S/MIME layer.
import { blankSsn } from '../0-order/ssn.ts';
import { isEnveloped } from '../5-smime/plain-mail.ts';
import type { OpenedMail } from '../5-smime/types.ts';
import { type Code, sentence } from '../errors.ts';
import { deliveryNotice } from './notice.ts';
import { readNotification } from './notification-read.ts';
import { NOTICE_SOURCE, type Reception, type ReceptionTools, receiptOf } from './reception.ts';
import type { NoticeReceipt } from './types.ts';

/** `whole`: false where only its beginning was read. */
export interface MailboxMail { raw: Buffer; whole: boolean }

/** As if we had opened it: plain mail is accepted on the mailbox's word, and has no signer. */
const openedAs = (raw: Buffer, code: Code): OpenedMail => code === 'NOT_A_NOTIFICATION'
  ? { verdict: 'accept', code: null, explanation: [sentence(code)], signer: null, recipients: [], message: raw }
  : { verdict: 'reject', code, explanation: [sentence(code)], signer: null, recipients: [], message: null };

/**
 * Its notices are applied to deliveries that went over this account and to no others; what is no notification is kept.
 * Throws only what the journal throws: then nothing was kept and the mail must be taken again.
 */
export const receiveFromMailbox = async (
  { raw, whole }: MailboxMail, account: string, { journal }: Pick<ReceptionTools, 'journal'>,
): Promise<Reception> => {
  const sealed = isEnveloped(raw);
  const notices = sealed ? [] : readNotification(raw);
  const bytes = blankSsn(raw);
  if (notices.length === 0) {
    const code = !whole ? 'NOTICE_TOO_LARGE' : sealed ? 'MAIL_SEALED' : 'NOT_A_NOTIFICATION';
    await journal.rejectInput({ bytes, source: NOTICE_SOURCE }, { code, text: sentence(code), kind: 'unreadable' });
    return { kind: 'other', raw, opened: openedAs(raw, code) };
  }
  const receipts: NoticeReceipt[] = [];
  for (const notice of notices) receipts.push(receiptOf(notice, await journal.applyNotice(deliveryNotice(notice, bytes, account))));
  return { kind: 'notification', receipts };
};
