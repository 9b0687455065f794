// What the journal's contract is tried with: made-up orders and results, a clock to turn, and short ways through the life of a message.
import { createHash } from 'node:crypto';
import { readObject } from '../../nodes/0-order/iris/read.ts';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { Order, Result } from '../../nodes/0-order/model.ts';
import { openDriver } from '../../nodes/journal/driver.ts';
import type { DeliveryNotice, Journal, QueuedMail, RawInput, ReadyMessage } from '../../nodes/journal/port.ts';
import { irisOrder, irisResult } from '../support/samples.ts';

type Json = Record<string, unknown>;

export interface Clock { now: () => number; turn: (ms: number) => void }

/** One journal under test. `reopen` closes it and opens the same store again; `tamper` changes it behind its back, past foreign keys. */
export interface Bench {
  journal: Journal; clock: Clock; reopen: () => Promise<void>; tamper: (sql: string) => Promise<void>; end: () => Promise<void>;
}
export type OpenBench = () => Promise<Bench>;

const TODAY = '2026-02-01';
export const ACCOUNT = 'hisp';
export const DEADLINE = 3_600_000;

export const order = (change: Json = {}): Order => {
  const read = readObject(irisOrder(change), TODAY);
  if (read.kind !== 'order') throw new Error('not an order');
  return read.order;
};

export const result = (change: Json = {}): Result => {
  const read = readObject(irisResult(change), TODAY);
  if (read.kind !== 'result') throw new Error('not a result');
  return read.result;
};

export const cancel = (change: Json = {}): Order => order({ OrderControlCode: 'CA', Patient: undefined, OrderingProvider: undefined, HealthPlan: undefined, ...change });
export const resend = (change: Json = {}): Order => cancel({ OrderControlCode: 'ResendResult', ...change });

export const raw = (text = '{}', name = 'input.json'): RawInput => ({ bytes: Buffer.from(text), name, source: 'test' });

export const recipient = (change: Partial<Recipient> = {}): Recipient => ({
  level: 'order', alsoFrom: [], address: 'pcp@direct.lakeside.example', npi: null, source: 'HealthPlan.PrimaryCareProvider.EmailAddress',
  why: 'Named on the order.', finalDelivery: true, state: 'RESOLVING', code: null, warnings: [], ...change,
});

/** Order and result in, joined. */
export const readyMessage = async (journal: Journal, change: Json = {}): Promise<ReadyMessage> => {
  await journal.storeOrder(order(), raw(), true);
  const { messageId } = await journal.acceptResult(result(change), raw(), null);
  const ready = await journal.readyMessage(messageId);
  if (ready === null) throw new Error('the result was not joined');
  return ready;
};

export const mailFor = (deliveryId: string, change: Partial<QueuedMail> = {}): QueuedMail => ({
  deliveryId, account: ACCOUNT, node: 'n1', from: 'results@direct.courier.example', to: 'pcp@direct.lakeside.example',
  messageId: `<${deliveryId}@direct.courier.example>`, raw: Buffer.from(`sealed ${deliveryId}`), deadlineMs: DEADLINE,
  evidence: { signer: 'AA', recipientCertificates: ['BB'], anchor: 'CN=Test CA' }, warnings: [], ...change,
});

export interface Queued { messageId: string; deliveryId: string }

/** One delivery in the queue. */
export const queued = async (journal: Journal, change: Partial<Recipient> = {}): Promise<Queued> => {
  const { direct } = await readyMessage(journal);
  const [planned] = await journal.planRecipients(direct.id, [recipient(change)]);
  await journal.enqueue(mailFor(planned!.id!));
  return { messageId: direct.id, deliveryId: planned!.id! };
};

/** Of no real journal. */
export const TEST_KEY = new Uint8Array(createHash('sha256').update('a journal under test').digest());

/** An SQLite journal with that key. */
export const openFile = (file: string, { now = Date.now }: { now?: () => number } = {}): Promise<Journal> => openDriver(file, { key: TEST_KEY, demo: true, now });

export const accepted = { kind: 'accepted', response: '250 2.0.0 queued' } as const;

/** One delivery that the HISP has taken. */
export const sent = async (journal: Journal, change: Partial<Recipient> = {}): Promise<Queued> => {
  const ids = await queued(journal, change);
  const [claim] = await journal.claimDue([ACCOUNT], 1);
  await journal.settleAttempt(ids.deliveryId, claim!.attempt, accepted);
  return ids;
};

let serial = 0;

/** Each with a key of its own. */
export const notice = (deliveryId: string, event: DeliveryNotice['event'], change: Partial<DeliveryNotice> = {}): DeliveryNotice => ({
  key: `notice-${++serial}`, kind: 'mdn', originalMessageId: `${deliveryId}@direct.courier.example`, recipient: 'pcp@direct.lakeside.example',
  event, detail: event, raw: Buffer.from(`notice ${event}`), ...change,
});

export const stateOf = async (journal: Journal, deliveryId: string): Promise<string> => {
  const delivery = await journal.delivery(deliveryId);
  return delivery === null ? 'none' : delivery.code === null ? delivery.state : `${delivery.state}(${delivery.code})`;
};
