// What is done with one mail that arrived: opened, judged, applied or kept. Resolves when the journal has committed.
import { blankSsn } from '../0-order/ssn.ts';
import type { OpenedMail, OpenRequest } from '../5-smime/types.ts';
import type { Journal, NoticeOutcome } from '../journal/port.ts';
import { deliveryNotice, isAuthentic } from './notice.ts';
import { readNotification } from './notification-read.ts';
import type { Notice, NoticeReceipt } from './types.ts';

export interface ReceptionTools {
  journal: Pick<Journal, 'applyNotice' | 'rejectInput'>;
  open: (raw: Buffer, request: OpenRequest) => Promise<OpenedMail>;
  /** Keys of our identities and the anchors of those we trust; asked for each mail, because they may be renewed. */
  trust: () => Promise<Pick<OpenRequest, 'keys' | 'anchors'>>;
  now: () => Date;
}

export type Reception =
  | { kind: 'notification'; receipts: NoticeReceipt[] }
  | { kind: 'other'; raw: Buffer; opened: OpenedMail };

/** Where mail that is kept came from. */
export const NOTICE_SOURCE = 'hisp-receive';

const summary = ({ kind, event, detail, recipient, originalMessageId }: Notice): Omit<NoticeReceipt, 'outcome' | 'code'> =>
  ({ kind, event, detail, recipient, originalMessageId });

const keep = async (tools: ReceptionTools, raw: Buffer, code: string, text: string): Promise<void> => {
  await tools.journal.rejectInput({ bytes: blankSsn(raw), source: NOTICE_SOURCE }, { code, text, kind: 'unreadable' });
};

export const receiptOf = (notice: Notice, { outcome, change }: NoticeOutcome): NoticeReceipt =>
  ({ ...summary(notice), outcome, code: outcome === 'unmatched' ? 'NOTICE_UNMATCHED' : null, ...(change && { change }) });

const applyOne = async (notice: Notice, raw: Buffer, authentic: boolean, tools: ReceptionTools): Promise<NoticeReceipt> => {
  if (!authentic) return { ...summary(notice), outcome: 'unauthentic', code: 'NOTICE_UNAUTHENTIC' };
  return receiptOf(notice, await tools.journal.applyNotice(deliveryNotice(notice, raw)));
};

/** Throws only what the journal (or the worker) throws: then nothing was kept and the other side must try again. */
export const receiveMail = async (raw: Buffer, tools: ReceptionTools): Promise<Reception> => {
  const opened = await tools.open(raw, { ...await tools.trust(), now: tools.now() });
  const notices = opened.verdict === 'accept' && opened.message !== null ? readNotification(opened.message) : [];
  if (notices.length === 0 || opened.signer === null) {
    await keep(tools, raw, opened.code ?? 'NOT_A_NOTIFICATION', opened.explanation.join(' ').slice(0, 500));
    return { kind: 'other', raw, opened };
  }
  const { signer } = opened;
  const receipts: NoticeReceipt[] = [];
  for (const notice of notices) receipts.push(await applyOne(notice, raw, isAuthentic(notice, signer), tools));
  if (receipts.some(({ outcome }) => outcome === 'unauthentic')) {
    await keep(tools, raw, 'NOTICE_UNAUTHENTIC', `signed for ${[...signer.domains, ...signer.addresses].join(', ')}`.slice(0, 500));
  }
  return { kind: 'notification', receipts };
};
