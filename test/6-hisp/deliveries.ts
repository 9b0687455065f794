// Deliveries in a real journal, as the earlier stages would have left them.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recipient } from '../../nodes/0-order/message.ts';
import type { Order, Patient, Result } from '../../nodes/0-order/model.ts';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import type { DeliveryRecord, Journal, QueuedMail } from '../../nodes/journal/port.ts';
import { enveloped } from '../support/enveloped.ts';
import { CLINIC } from '../support/samples.ts';
import { USER } from './servers.ts';
import { until } from './until.ts';

export { until };

export const EVIDENCE = { signer: 'AA', recipientCertificates: ['BB'], anchor: 'CN=Anchor' };

const folders: string[] = [];

/** A new file; `again` opens the same one after everything was closed, as a restart would. `now` is the journal's clock. */
export const freshJournal = async (now = Date.now): Promise<{ journal: Journal; again: () => Promise<Journal>; folder: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'direct-hisp-'));
  folders.push(folder);
  const file = join(folder, 'journal.sqlite');
  return { journal: await openJournal(file, { now }), again: async () => { await closeJournals(); return await openJournal(file, { now }); }, folder };
};

export const removeJournals = async (): Promise<void> => {
  await closeJournals();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
};

const patient: Patient = { localId: 'MRN1', name: { family: 'Testpatient', given: 'Zoë' }, birthDate: '1960-01-15', genders: [] };

const orderOf = (localId: string): Order => ({
  control: 'NW', organization: CLINIC, site: { localId: 'SITE01' }, localId, evaluationTypes: ['DR'], patient, warnings: [],
});

const resultOf = (localId: string): Result => ({
  resultCode: 'F', site: { localId: 'SITE01' }, order: { localId, evaluationTypes: ['DR'] },
  patient: { localId: 'MRN1', name: patient.name, birthDate: patient.birthDate, genders: [] },
  gradings: { urgent: false, emergent: false, notes: [], diagnoses: [] }, images: [], warnings: [],
});

const recipient = (address: string, finalDelivery: boolean): Recipient => ({
  level: 'site', alsoFrom: [], address, npi: null, source: 'route:2', why: 'A row names it.', finalDelivery, state: 'RESOLVING', code: null, warnings: [],
});

export interface Planned { messageId: string; deliveryId: string; to: string }

/** One message with one recipient each. */
export const plan = async (journal: Journal, to: string, finalDelivery = true, change: Partial<Result> = {}): Promise<Planned> => {
  const localId = `ORD-${randomUUID().slice(0, 8)}`;
  const raw = { bytes: Buffer.from('{}'), source: 'test' };
  await journal.storeOrder(orderOf(localId), raw, true);
  const { messageId } = await journal.acceptResult({ ...resultOf(localId), ...change }, raw, null);
  const [planned] = await journal.planRecipients(messageId, [recipient(to, finalDelivery)]);
  return { messageId, deliveryId: planned!.id!, to };
};

export const queued = ({ deliveryId, to }: Planned, change: Partial<QueuedMail> = {}): QueuedMail => ({
  deliveryId, account: 'test', node: 'hisp-send', from: USER, to, messageId: `<${deliveryId}@direct.clinic.example>`,
  raw: enveloped(`Message-ID: <${deliveryId}@direct.clinic.example>\r\n`),
  deadlineMs: 60_000, evidence: EVIDENCE, warnings: [], ...change,
});

export const inState = async (journal: Journal, id: string, state: string, ms?: number): Promise<DeliveryRecord> => {
  let last: DeliveryRecord | null = null;
  try {
    return await until(async () => { last = await journal.delivery(id); return last?.state === state && last; }, ms);
  } catch {
    throw new Error(`expected ${state}, but it is ${JSON.stringify(last!.history)} ${JSON.stringify(last!.attempts)}`);
  }
};

export const states = (record: DeliveryRecord): string[] => record.history.map(({ state }) => state);
