// `direct-courier journal export`: messages and their deliveries, one JSON object a line, and their contents where somebody asks for them.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import type { FindQuery, Journal, MessageRecord } from '../journal/port.ts';
import { refused } from './command.ts';
import { documentOfDelivery } from './delivery-document.ts';
import { type Changer, changing, looking } from './journal-access.ts';
import { type Call, readCall, wrong } from './journal-call.ts';
import { writeNew } from './journal-content.ts';
import { CONDITIONS, pagesOf, readQuery } from './journal-find.ts';
import { redactedDelivery, redactedMessage } from './journal-redact.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';

type ExportCall = Call<typeof CONDITIONS[number] | 'out' | 'with-content', 'no-redact'>;

type ByPerson = ReturnType<ExportCall['byPerson']>;

type Line = (value: unknown) => Promise<void>;

/** Waits for whoever reads more slowly than the journal tells. */
const liner = (stream: NodeJS.WritableStream): Line => async (value) => {
  if (!stream.write(`${JSON.stringify(value)}\n`)) await once(stream, 'drain');
};

/** Calls `use` with the place where lines go; a file is new and closed when this resolves. */
const lining = async (call: ExportCall, use: (line: Line) => Promise<void>): Promise<void> => {
  const out = call.text('out');
  if (out === undefined || out === '-') return await use(liner(process.stdout));
  const file = resolve(call.cwd, out);
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  await once(stream, 'open').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? refused(JOURNAL_TEXTS.outExists(file)) : error;
  });
  try {
    await use(liner(stream));
  } finally {
    stream.end();
    await once(stream, 'close');
  }
};

type Each = (message: MessageRecord) => Promise<void>;

const eachMessage = async (query: FindQuery, journal: Journal, each: Each): Promise<void> => {
  for await (const { rows } of pagesOf(journal, query)) for (const row of rows) await each(row as MessageRecord);
};

const writeLines = async (journal: Journal, message: MessageRecord, redact: boolean, line: Line): Promise<void> => {
  await line({ kind: 'message', ...redact ? redactedMessage(message) : message });
  for (const delivery of await journal.deliveries({ messageId: message.id })) {
    await line({ kind: 'delivery', ...redact ? redactedDelivery(delivery) : delivery });
  }
};

/** A folder for each message: what came in, what was made of it, and each recipient's mail. */
const writeContents = async (journal: Journal, folder: string, { id, inputId }: MessageRecord): Promise<void> => {
  const save = async (name: string, data: Uint8Array | null | undefined): Promise<void> => {
    if (data) await writeNew(join(folder, id, name), data);
  };
  await mkdir(join(folder, id), { recursive: true, mode: 0o700 });
  await save('raw', await journal.rawInput(inputId));
  await save('report.pdf', await journal.report(id));
  await save('cda.xml', (await journal.latestDocument(id))?.data);
  const deliveries = await journal.deliveries({ messageId: id });
  const several = new Set(deliveries.map(({ evidence }) => evidence?.document?.profile)).size > 1;
  for (const delivery of deliveries) {
    await save(`${delivery.id}.eml`, await journal.mail(delivery.id));
    if (several && delivery.evidence !== null) await save(`${delivery.id}.xml`, (await documentOfDelivery(journal, delivery))?.data);
  }
};

/** Each message has its entry in the audit chain before anything of it is written. */
const audited = async (call: ExportCall, query: FindQuery, person: ByPerson, { methods, journal }: Changer): Promise<void> => {
  const [reading, folder] = [await journal(), call.text('with-content')];
  const what = folder === undefined ? 'record' : 'record content';
  await lining(call, async (line) => await eachMessage(query, reading, async (message) => {
    await methods.act({ kind: 'exported', target: `${message.id} ${what}`, ...person });
    await writeLines(reading, message, !call.flag('no-redact'), line);
    if (folder !== undefined) await writeContents(reading, resolve(call.cwd, folder), message);
  }));
};

export const exportJournal = async (args: string[], cwd: string): Promise<number> => {
  const call: ExportCall = readCall(args, cwd, [...CONDITIONS, 'out', 'with-content'], ['no-redact']);
  if (call.text('what') === 'deliveries') throw wrong(JOURNAL_TEXTS.exportsMessages);
  const query = await readQuery(call);
  if (call.flag('no-redact') || call.text('with-content') !== undefined) {
    const person = call.byPerson();
    await changing(call, async (changer) => await audited(call, query, person, changer));
  } else {
    await looking(call, async (journal) => await lining(call, async (line) =>
      await eachMessage(query, journal, async (message) => await writeLines(journal, message, true, line))));
  }
  return 0;
};
