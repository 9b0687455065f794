// What a node that returned a new object has lost of a message: the journal gives it again.
import type { CourierMessage, Recipient } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import { type DeliveryRecord, type Journal, OWN_DOCUMENT } from '../journal/port.ts';
import { asBuffer } from '../pool.ts';

/** What a stage can have restored. */
export type Restorable = 'organization' | 'order' | 'result' | 'recipients' | 'pdf' | 'cda';

const toRecipient = (delivery: DeliveryRecord): Recipient => {
  const { id, level, alsoFrom, recipient, npi, source, why, finalDelivery, finalDeliveryBy, deadlineMinutes, warnings, mailMessageId } = delivery;
  const { hold } = delivery;
  return {
    id, level, alsoFrom, address: recipient, npi, source, why, finalDelivery, state: 'RESOLVING', code: null, warnings,
    ...(finalDeliveryBy !== undefined && { finalDeliveryBy }), ...(deadlineMinutes !== undefined && { deadlineMinutes }),
    ...(hold !== null && { hold }),
    ...(mailMessageId !== null && { messageId: mailMessageId }),
  };
};

type From = Pick<Journal, 'readyMessage' | 'deliveries' | 'report' | 'message' | 'document' | 'latestDocument'>;

const ready = async (journal: From, id: string): Promise<Partial<CourierMessage>> => {
  const message = await journal.readyMessage(id);
  return message === null ? {} : { order: message.order, result: message.result };
};

const recipients = async (journal: From, messageId: string): Promise<Partial<CourierMessage>> => {
  const deliveries = await journal.deliveries({ messageId });
  return deliveries.length === 0 ? {} : { recipients: deliveries.filter(({ state }) => state === 'RESOLVING').map(toRecipient) };
};

const pdf = async (journal: From, id: string): Promise<Partial<CourierMessage>> => {
  const data = await journal.report(id);
  return data === null ? {} : { pdf: { data: asBuffer(data), source: 'rendered', warnings: [] } };
};

/** Of several documents, the profile of the one that is not for certain domains only: it was noted when they were made. */
const ownProfile = async (journal: From, id: string): Promise<string | undefined> => {
  const message = await journal.message(id);
  const noted = message?.events.findLast(({ stage }) => stage === OWN_DOCUMENT)?.outcome;
  return noted ?? (message?.resendOf ? await ownProfile(journal, message.resendOf) : undefined);
};

const cda = async (journal: From, id: string): Promise<Partial<CourierMessage>> => {
  const profile = await ownProfile(journal, id);
  const document = profile === undefined ? await journal.latestDocument(id) : await journal.document(id, profile);
  return document === null ? {} : { cda: { ...document, data: asBuffer(document.data) } };
};

const SOURCES: Record<Exclude<Restorable, 'organization'>, (journal: From, id: string) => Promise<Partial<CourierMessage>>> =
  { order: ready, result: ready, recipients, pdf, cda };

/** The message with what it lacks of `needs`, as far as the journal has it. What it carries stays as it is. */
export const restored = async (
  msg: CourierMessage, needs: readonly Restorable[], journal: From, organization: Organization | undefined,
): Promise<CourierMessage> => {
  const id = msg.direct?.id;
  const missing = needs.filter((need) => msg[need] === undefined);
  if (id === undefined || missing.length === 0) return msg;
  const sources = new Set(missing.filter((need) => need !== 'organization').map((need) => SOURCES[need]));
  const found = await Promise.all([...sources].map((source) => source(journal, id)));
  const all: CourierMessage = Object.assign({ organization }, ...found);
  return { ...msg, ...Object.fromEntries(missing.filter((need) => all[need] !== undefined).map((need) => [need, all[need]])) };
};
