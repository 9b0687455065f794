// From a sealed mail on the wire to the journal's queue, and from the journal's changes back to the wires.
import type { CourierMessage, DirectIdentity } from '../0-order/message.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import { CourierError } from '../errors.ts';
import type { DeliveryChange, Journal } from '../journal/port.ts';
import { checkSender } from './account.ts';
import type { AccountBook } from './account-book.ts';
import { deadlineFor } from './deadline.ts';
import { sealingFault } from './sealing.ts';
import type { HispAccount, ReceiptMessage } from './types.ts';

export interface SubmissionTools {
  journal: Pick<Journal, 'enqueue'>;
  book: Pick<AccountBook, 'find'>;
  /** The account chosen in the node; the organization's own counts more. */
  chosen: HispAccount | undefined;
  /** Id of the flow node whose outputs tell of the delivery. */
  node: string;
}

const accountFor = (named: string | undefined, { book, chosen }: SubmissionTools): HispAccount => {
  const account = named ? book.find(named) : chosen;
  if (account === undefined) throw new CourierError('ACCOUNT_MISSING', named ? { detail: named } : {});
  return account;
};

/**
 * Commits the mail to the queue: from then on it is sent, whatever happens to the flow.
 * Errors: MESSAGE_INCOMPLETE, ACCOUNT_MISSING, SENDER_MISMATCH, PLAINTEXT_REFUSED, ALREADY_SEALED (all before anything is queued),
 * JOURNAL_FAILED.
 */
export const submitMail = async (msg: CourierMessage, tools: SubmissionTools): Promise<void> => {
  const { mail } = msg;
  if (mail === undefined) throw new CourierError('MESSAGE_INCOMPLETE', { path: 'msg.mail' });
  if (mail.deliveryId === undefined) throw new CourierError('MESSAGE_INCOMPLETE', { path: 'msg.mail.deliveryId' });
  const organization = msg.organization && effectiveOrganization(msg.organization, msg.direct?.site ?? '');
  const account = accountFor(organization?.account, tools);
  checkSender(account, mail.from);
  const unfit = sealingFault(account, mail.raw);
  if (unfit !== null) throw new CourierError(unfit, { path: 'msg.mail.raw', detail: `account ${account.name}` });
  const { deliveryId, from, to, messageId, raw, evidence, warnings } = mail;
  const priority = msg.direct?.priority ?? 'routine';
  const deadlineMs = deadlineFor({ mail, organization, account, priority });
  await tools.journal.enqueue({
    deliveryId, account: account.name, node: tools.node, from, to, messageId, raw, deadlineMs, evidence, warnings,
    simulated: account.simulated,
  }, msg.direct?.run);
};

/** The message that tells of one change. */
export const receiptMessage = (change: DeliveryChange, journal: string): ReceiptMessage => {
  const direct: DirectIdentity = {
    id: change.messageId, journal, orderLocalId: change.orderLocalId, organization: change.organization, site: change.site,
    priority: change.priority, ...(change.resendOf !== null && { resendOf: change.resendOf }), ...(change.test === true && { test: true }),
  };
  const { deliveryId, state, code, recipient, mailMessageId } = change;
  const messageId = mailMessageId === null ? null : `<${mailMessageId.replace(/^<|>$/g, '')}>`;
  return { direct, receipt: { deliveryId, state, code, at: new Date(change.at).toISOString(), recipient, messageId } };
};

/** Which output tells of it: 0 accepted by the HISP, 2 everything else. Hand-offs (1) and alerts (3) are told by the journal's own lists. */
export const outputOf = ({ chargeable }: DeliveryChange): 0 | 2 => chargeable ? 0 : 2;
