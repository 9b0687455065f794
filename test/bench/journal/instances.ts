// One instance and two over one PostgreSQL journal: how fast each empties the same queue when the HISP takes 50 ms to answer.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Recipient } from '../../../nodes/0-order/message.ts';
import type { PostgresLocation } from '../../../nodes/journal/location.ts';
import type { Journal } from '../../../nodes/journal/port.ts';
import { enveloped } from '../../support/enveloped.ts';
import { findPostgres, freshSchema } from '../../support/postgres.ts';
import { account, ACCOUNT, benchJournal, orderOf, recipientOf, resultOf, tell } from './scene.ts';

export interface InstancesFigures { queued: number; answerMs: number; connections: number; one: number; two: number; ratio: number }

const { values } = parseArgs({ options: { queued: { type: 'string', default: '1500' }, seconds: { type: 'string', default: '8' } } });
const ANSWER_MS = 50;
// Begins as a sealed mail does, else it would not be sent.
const MAIL = Buffer.concat([enveloped(), Buffer.alloc(20_000, 'sealed ')]);

const recipient = (number: number): Recipient => ({
  level: 'order', alsoFrom: [], address: recipientOf(number), npi: null, source: 'bench', why: 'bench', finalDelivery: true, state: 'RESOLVING', code: null,
  warnings: [],
});

const queueOne = async (journal: Journal, number: number): Promise<void> => {
  await journal.storeOrder(orderOf(number), { bytes: Buffer.from('{}'), source: 'bench' }, true);
  const { messageId } = await journal.acceptResult(resultOf(number), { bytes: Buffer.from('{}'), source: 'bench' }, null);
  const [planned] = await journal.planRecipients(messageId, [recipient(number)]);
  await journal.enqueue({
    deliveryId: planned!.id!, account: ACCOUNT, node: 'bench', from: 'results@direct.courier.example', to: recipientOf(number),
    messageId: `<${planned!.id!}@direct.courier.example>`, raw: Buffer.concat([MAIL, Buffer.from(String(number))]), deadlineMs: 3_600_000,
    evidence: { signer: '', recipientCertificates: [], anchor: '' }, warnings: [],
  });
};

const fillQueue = async (location: PostgresLocation, count: number): Promise<void> => {
  const journal = await benchJournal(location);
  const waiting = Array.from({ length: count }, (_, number) => number);
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) await queueOne(journal, number);
  }));
  await journal.close();
};

/** Accepted per second, of all instances together. */
const drain = async (location: PostgresLocation, instances: number): Promise<number> => {
  const children: ChildProcess[] = Array.from({ length: instances }, () =>
    fork(fileURLToPath(new URL('sending.ts', import.meta.url)), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
  const answers = await Promise.all(children.map(async (child) => {
    child.send({ location, seconds: Number(values.seconds), answerMs: ANSWER_MS });
    await once(child, 'message');
    const [answer] = await once(child, 'message') as [{ perSecond: number }];
    await once(child, 'exit');
    return answer.perSecond;
  }));
  return answers.reduce((sum, perSecond) => sum + perSecond, 0);
};

/** A queue of its own for each, so that neither finds what the other left. */
const measured = async (url: string, instances: number): Promise<number> => {
  const { schema, drop } = freshSchema(url);
  const location: PostgresLocation = { kind: 'postgres', url, backend: 'postgres', schema };
  try {
    await fillQueue(location, Number(values.queued));
    return await drain(location, instances);
  } finally {
    await drop();
  }
};

const url = await findPostgres();
if (url === null) {
  tell({});
} else {
  const one = await measured(url, 1);
  const two = await measured(url, 2);
  if (one === 0 || two === 0) throw new Error('nothing was sent: the figures would mean nothing');
  tell({ queued: Number(values.queued), answerMs: ANSWER_MS, connections: account.connections, one, two, ratio: two / one } satisfies InstancesFigures);
}
process.exit();
