// What a message holds, for a person who says why: the audit entry is written first, so that nobody sees anything without one.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { refused } from './command.ts';
import { documentOfDelivery } from './delivery-document.ts';
import type { DocumentRecord, Journal } from '../journal/port.ts';
import { type Changer, changing, requireMessage } from './journal-access.ts';
import { type Call, wrong } from './journal-call.ts';
import { choiceOf } from './journal-find.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';

export const CONTENTS = ['raw', 'report', 'cda', 'mail', 'result'] as const;
export type Content = typeof CONTENTS[number];
export const CONTENT_OPTIONS = ['content', 'out', 'delivery'] as const;

type Reading = Pick<Journal, 'message' | 'delivery' | 'deliveries' | 'rawInput' | 'report' | 'document' | 'latestDocument' | 'mail' | 'readyMessage'>;

/** The mail that is meant, where there are several. */
const mailOf = async (journal: Reading, messageId: string, deliveryId: string | undefined): Promise<Uint8Array | null> => {
  const sealed = (await journal.deliveries({ messageId }))
    .filter(({ id, mailMessageId }) => deliveryId === undefined ? mailMessageId !== null : id === deliveryId);
  if (deliveryId !== undefined && sealed.length === 0) throw refused(JOURNAL_TEXTS.noDelivery(deliveryId));
  if (sealed.length > 1) throw wrong(JOURNAL_TEXTS.whichDelivery);
  return sealed[0] === undefined ? null : await journal.mail(sealed[0].id);
};

/** A delivery's own, where one is named. */
const documentFor = async (journal: Reading, messageId: string, deliveryId: string | undefined): Promise<DocumentRecord | null> => {
  if (deliveryId === undefined) return await journal.latestDocument(messageId);
  const delivery = (await journal.deliveries({ messageId })).find(({ id }) => id === deliveryId);
  if (delivery === undefined) throw refused(JOURNAL_TEXTS.noDelivery(deliveryId));
  return await documentOfDelivery(journal, delivery);
};

const resultOf = async (journal: Reading, messageId: string): Promise<Uint8Array | null> => {
  const ready = await journal.readyMessage(messageId);
  return ready === null ? null : Buffer.from(`${JSON.stringify({ order: ready.order, result: ready.result }, null, 2)}\n`);
};

const read = async (journal: Reading, content: Content, messageId: string, deliveryId?: string): Promise<Uint8Array | null> => {
  switch (content) {
    case 'raw': return await journal.rawInput((await requireMessage(journal, messageId)).inputId);
    case 'report': return await journal.report(messageId);
    case 'cda': return (await documentFor(journal, messageId, deliveryId))?.data ?? null;
    case 'mail': return await mailOf(journal, messageId, deliveryId);
    case 'result': return await resultOf(journal, messageId);
  }
};

/** Never over something else, and for nobody else's eyes. */
export const writeNew = async (file: string, data: Uint8Array | string): Promise<void> => {
  try {
    await writeFile(file, data, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw refused(JOURNAL_TEXTS.outExists(file));
    throw error;
  }
};

/** The bytes on their way out, piped into another program as a rule. */
const print = async (data: Uint8Array): Promise<void> => await new Promise((done, failed) => {
  process.stdout.write(data, (error) => { if (error) failed(error); else done(); });
});

export const showContent = async (call: Call<typeof CONTENT_OPTIONS[number]>, messageId: string): Promise<number> => {
  const content = choiceOf('content', call.text('content'), CONTENTS)!;
  const [out, person] = [call.needed('out'), call.byPerson()];
  return await changing(call, async ({ methods, journal }: Changer) => {
    const reading = await journal();
    await requireMessage(reading, messageId);
    const deliveryId = call.text('delivery');
    const target = content === 'mail' && deliveryId !== undefined ? deliveryId : messageId;
    await methods.act({ kind: out === '-' ? 'viewed' : 'exported', target: `${target} ${content}`, ...person });
    const data = await read(reading, content, messageId, deliveryId);
    if (data === null) throw refused(JOURNAL_TEXTS.contentGone(content));
    await (out === '-' ? print(data) : writeNew(resolve(call.cwd, out), data));
    return 0;
  });
};
