// What a journal holds for the commands to work on: messages in several states, made as the stages would make them.
import type { Journal, ResultOutcome } from '../../nodes/journal/port.ts';
import { irisOrder, irisResult } from '../support/samples.ts';
import { accepted, ACCOUNT, mailFor, notice, order, recipient, result } from '../journal/fixtures.ts';

/** `old` was delivered long ago. */
export interface Made {
  /** Deliveries of an urgent result, where there is one. */
  urgent: string[];
  queued: string; deliveries: string[]; held: string; sent: string; sentDelivery: string; old: string; oldDelivery: string;
}

const ENTRY = 'the-order-in-node';

type Json = Record<string, unknown>;

const numbered = (n: number): Json => ({ Order: { LocalId: `ORD${n}` }, Patient: { LocalId: `MRN${n}` } });

const rawOf = (value: Json) => ({ bytes: Buffer.from(JSON.stringify(value)), name: 'input.json', source: 'test', entry: ENTRY });

/** Order and result in. */
export const exam = async (journal: Journal, n: number, change: Json = {}): Promise<ResultOutcome> => {
  await journal.storeOrder(order(numbered(n)), rawOf(irisOrder(numbered(n))), true);
  const given = { ...numbered(n), ...change };
  return await journal.acceptResult(result(given), rawOf(irisResult(given)), null);
};

/** Through the flow as the stages would do it. */
const sealed = async (journal: Journal, n: number, addresses: string[], change: Json = {}): Promise<{ messageId: string; deliveries: string[] }> => {
  const { messageId } = await exam(journal, n, change);
  const claimed = (await journal.claimFlow([ENTRY], 10)).find(({ direct }) => direct.id === messageId)!;
  const { run } = claimed.direct;
  const planned = await journal.planRecipients(messageId, addresses.map((address) => recipient({ address })), run);
  await journal.saveReport(messageId, Buffer.from(`%PDF- report ${n}`), run);
  await journal.saveDocument(messageId, { id: `DOC${n}`, profile: 'ud', data: Buffer.from(`<ClinicalDocument n="${n}"/>`), warnings: [] }, run);
  for (const { id, address } of planned) await journal.enqueue(mailFor(id!, { to: address! }), run);
  return { messageId, deliveries: planned.map(({ id }) => id!) };
};

const delivered = async (journal: Journal, n: number): Promise<{ messageId: string; delivery: string }> => {
  const { messageId, deliveries: [delivery] } = await sealed(journal, n, ['sent@direct.hill.example']);
  const [claim] = await journal.claimDue([ACCOUNT], 1);
  await journal.settleAttempt(claim!.deliveryId, claim!.attempt, accepted);
  for (const event of ['processed', 'dispatched'] as const) {
    await journal.applyNotice(notice(claim!.deliveryId, event, { recipient: 'sent@direct.hill.example' }));
  }
  return { messageId, delivery: delivery! };
};

export const fill = async (journal: Journal, withUrgent = false): Promise<Made> => {
  const [first, old] = [await delivered(journal, 3), await delivered(journal, 4)];
  const queue = await sealed(journal, 1, ['one@direct.lake.example', 'two@direct.hill.example']);
  const held = await exam(journal, 2, { Patient: { LocalId: 'MRN2', Name: { First: 'Zoë', Last: 'Otherperson' } } });
  const urgent = withUrgent ? await sealed(journal, 5, ['five@direct.hill.example'], { Gradings: { Urgent: true } }) : { deliveries: [] };
  return {
    urgent: urgent.deliveries, queued: queue.messageId, deliveries: queue.deliveries, held: held.messageId,
    sent: first.messageId, sentDelivery: first.delivery, old: old.messageId, oldDelivery: old.delivery,
  };
};

