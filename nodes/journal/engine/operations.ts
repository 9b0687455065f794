// Every method of the port under its name, as a function over one transaction.
import type { Journal } from '../port.ts';
import { accounts, claimProbes, incidents, settleProbe } from './accounts.ts';
import { act } from './actions.ts';
import { alerts, claimAlerts, settleAlerts } from './alerts.ts';
import { audit } from './audit.ts';
import { blocked } from './blocked.ts';
import { claimDue } from './claims.ts';
import { document, latestDocument, report, saveDocument, saveReport } from './documents.ts';
import { appendLedger, ledger, unrated } from './fees.ts';
import { acceptEvent } from './events.ts';
import { find, stats } from './find.ts';
import { claimFlow, dropEntry, endFlow, noteStages, openFlows, releaseFlow } from './flow.ts';
import { claimHandoffs, settleHandoffs } from './handoffs.ts';
import { rawInput, rejectInput } from './inputs.ts';
import { documentLineage } from './lineage.ts';
import { applyNotice } from './notices.ts';
import { storeOrder } from './orders.ts';
import { enqueue, expireDeadlines, mail, nextWake, settleAttempt } from './queue.ts';
import { counts, deliveries, delivery, inputs, message, messages } from './reading.ts';
import { endRecipient, planRecipients, recordStage, settleRecipients, stopMessage } from './recipients.ts';
import { rerun } from './rerun.ts';
import { readyMessage, resendResult } from './results.ts';
import { prune } from './retention.ts';
import { rotateKey } from './rotation.ts';
import { sourceDown, sourceUp } from './sources.ts';
import type { Store } from './store.ts';
import { acceptResult } from './taken-again.ts';
import { testResults } from './test-message.ts';
import { verify } from './verify.ts';
import { expireWaiting } from './waiting.ts';

export type OperationName = Exclude<keyof Journal, 'subscribe' | 'subscribeWork' | 'close'>;

export type Operations = {
  [Name in OperationName]: (store: Store, ...input: Parameters<Journal[Name]>) =>
    Promise<Awaited<ReturnType<Journal[Name]>> | (Name extends 'saveDocument' ? null : never)>
};

export const OPERATIONS: Operations = {
  storeOrder, acceptResult, resendResult, acceptEvent, expireWaiting, rejectInput, readyMessage,
  claimFlow, dropEntry, openFlows, noteStages, releaseFlow, endFlow,
  planRecipients, settleRecipients, endRecipient, stopMessage, recordStage, document, latestDocument, documentLineage, saveDocument, saveReport,
  enqueue, claimDue, nextWake, settleAttempt, applyNotice, expireDeadlines, claimProbes, settleProbe, sourceUp, sourceDown,
  claimAlerts, settleAlerts, claimHandoffs, settleHandoffs, unrated, appendLedger,
  act, rerun, find, stats, accounts, incidents, alerts, blocked, testResults, audit, prune, verify, rotateKey,
  delivery, deliveries, message, messages, inputs, ledger, counts, mail, report, rawInput,
};

/** Operations that change nothing: allowed where the journal is open for reading only. */
export const READS: ReadonlySet<OperationName> = new Set([
  'readyMessage', 'openFlows', 'document', 'latestDocument', 'documentLineage', 'nextWake', 'unrated', 'find', 'stats', 'accounts', 'incidents',
  'alerts', 'blocked', 'testResults', 'audit', 'verify',
  'delivery', 'deliveries', 'message', 'messages', 'inputs', 'ledger', 'counts', 'mail', 'report', 'rawInput',
]);
