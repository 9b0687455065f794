// Every method of the port under its name, as a synchronous function over the store.
import type { Journal } from '../port.ts';
import { document, latestDocument, report, saveDocument, saveReport } from './documents.ts';
import { appendLedger, ledger, unrated } from './fees.ts';
import { rejectInput } from './inputs.ts';
import { applyNotice } from './notices.ts';
import { storeOrder } from './orders.ts';
import { claimDue, enqueue, expireDeadlines, mail, nextWake, settleAttempt } from './queue.ts';
import { counts, deliveries, delivery, inputs, message, messages, rawInput } from './reading.ts';
import { endRecipient, planRecipients, recordStage, settleRecipients, stopMessage } from './recipients.ts';
import { acceptResult, readyMessage, resendResult } from './results.ts';
import type { Store } from './store.ts';

export type OperationName = Exclude<keyof Journal, 'subscribe' | 'close'>;

export type Operations = {
  [Name in OperationName]: (store: Store, ...input: Parameters<Journal[Name]>) =>
    Awaited<ReturnType<Journal[Name]>> | (Name extends 'saveDocument' ? null : never)
};

export const OPERATIONS: Operations = {
  storeOrder, acceptResult, resendResult, rejectInput, readyMessage,
  planRecipients, settleRecipients, endRecipient, stopMessage, recordStage, document, latestDocument, saveDocument, saveReport,
  enqueue, claimDue, nextWake, settleAttempt, applyNotice, expireDeadlines,
  unrated, appendLedger,
  delivery, deliveries, message, messages, inputs, ledger, counts, mail, report, rawInput,
};
