// What the journal writes for one exam, from the order to the ledger line, each step after the one before is on disk.
import { randomUUID } from 'node:crypto';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { type Scene, RECIPIENT, SENDER } from './scene.ts';
import type { Work } from './timing.ts';

const ACCOUNT = 'bench';
const PROFILE = 'r2.1/none';

const recipient: Recipient = {
  level: 'order', alsoFrom: [], address: RECIPIENT, npi: null, source: 'bench', why: 'bench', finalDelivery: true, state: 'RESOLVING', code: null, warnings: [],
};

/** The same bytes would be kept once only: each turn changes them, in place, so that copying is no part of the measure. */
const stamped = (bytes: Buffer, turn: number): Buffer => {
  bytes.writeUInt32BE(turn, bytes.length - 64);
  return bytes;
};

const prepare = async (journal: Journal, { order, result, pdf, cda }: Scene, turn: number): Promise<{ id: string; deliveryId: string }> => {
  const number = `BENCH${turn}`;
  const raw = (body: object): { bytes: Buffer; source: string } => ({ bytes: Buffer.from(JSON.stringify(body)), source: 'bench' });
  const [ownOrder, ownResult] = [{ ...order, localId: number }, { ...result, order: { ...result.order, localId: number } }];
  await journal.storeOrder(ownOrder, raw(ownOrder), true);
  const { ready } = await journal.acceptResult(ownResult, raw(ownResult), null);
  if (ready === undefined) throw new Error('the result was not joined');
  const { id } = ready.direct;
  const planned = await journal.planRecipients(id, [recipient]);
  await journal.settleRecipients(id, planned);
  await journal.saveReport(id, stamped(pdf, turn));
  await journal.document(id, PROFILE);
  await journal.saveDocument(id, { id: randomUUID().toUpperCase(), profile: PROFILE, data: stamped(cda, turn), warnings: [] });
  return { id, deliveryId: planned[0]!.id! };
};

const deliver = async (journal: Journal, { mail, notifications }: Scene, deliveryId: string, turn: number): Promise<void> => {
  const messageId = `<${deliveryId}@direct.courier.example>`;
  await journal.enqueue({
    deliveryId, account: ACCOUNT, node: 'bench', from: SENDER, to: RECIPIENT, messageId, raw: stamped(mail, turn), deadlineMs: 3_600_000,
    evidence: { signer: '', recipientCertificates: [], anchor: '' }, warnings: [],
  });
  const [claim] = await journal.claimDue([ACCOUNT], 1);
  await journal.nextWake([ACCOUNT]);
  await journal.settleAttempt(deliveryId, claim!.attempt, { kind: 'accepted', response: '250 2.0.0 Ok' });
  for (const [index, raw] of notifications.entries()) {
    await journal.applyNotice({
      key: `${turn} ${index}`, kind: 'mdn', originalMessageId: messageId, recipient: RECIPIENT, event: index === 0 ? 'processed' : 'dispatched',
      detail: 'bench', raw: stamped(raw, turn),
    });
  }
};

export const journey = (journal: Journal, { pdf, cda, mail, notifications, ...rest }: Scene): Work => {
  const scene: Scene = { ...rest, pdf: Buffer.from(pdf), cda: Buffer.from(cda), mail: Buffer.from(mail), notifications: notifications.map((raw) => Buffer.from(raw)) };
  return async (turn) => {
    const { deliveryId } = await prepare(journal, scene, turn);
    await deliver(journal, scene, deliveryId, turn);
    const events = await journal.unrated(200);
    await journal.appendLedger(events.map((event) => ({ ...event, ratedAt: Date.now(), amount: '0.25', currency: 'USD' })));
  };
};
