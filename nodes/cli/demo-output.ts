// What a demo run leaves behind: one folder for each sealed delivery, the certificates, a summary.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryRecord, Journal } from '../journal/port.ts';
import { UsageError } from './command.ts';
import { documentOfDelivery } from './delivery-document.ts';
import { deliveryJson, type Outcome, summaryJson } from './outcome.ts';
import { TEXTS } from './texts.ts';

const OURS = /^(pki|summary\.json|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Makes the folder, or empties it when it holds nothing but an earlier run. */
export const prepareOut = async (out: string): Promise<void> => {
  await mkdir(out, { recursive: true });
  const entries = await readdir(out);
  const earlier = entries.length === 0 || (entries.includes('pki') && entries.every((entry) => OURS.test(entry)));
  if (!earlier) throw new UsageError(TEXTS.outNotEmpty(out));
  await Promise.all(entries.map((entry) => rm(join(out, entry), { recursive: true })));
};

const writeDelivery = async (folder: string, journal: Journal, delivery: DeliveryRecord): Promise<void> => {
  const mail = await journal.mail(delivery.id);
  if (mail === null) return;
  const [cda, pdf] = await Promise.all([documentOfDelivery(journal, delivery), journal.report(delivery.messageId)]);
  await mkdir(folder);
  await writeFile(join(folder, 'mail.eml'), mail);
  if (cda !== null) await writeFile(join(folder, 'cda.xml'), cda.data);
  if (pdf !== null) await writeFile(join(folder, 'report.pdf'), pdf);
  await writeFile(join(folder, 'delivery.json'), json(deliveryJson(delivery)));
};

export const writeOut = async (out: string, journal: Journal, outcome: Outcome): Promise<void> => {
  for (const delivery of outcome.deliveries) await writeDelivery(join(out, delivery.id), journal, delivery);
  await writeFile(join(out, 'summary.json'), json(summaryJson(outcome)));
};
