// The document that one recipient got: a message may have several, for domains that want another one.
import type { DeliveryRecord, DocumentRecord, Journal } from '../journal/port.ts';

/** What the mail's evidence names; the newest of the message where it names none. */
export const documentOfDelivery = async (
  journal: Pick<Journal, 'document' | 'latestDocument'>, { messageId, evidence }: Pick<DeliveryRecord, 'messageId' | 'evidence'>,
): Promise<DocumentRecord | null> => {
  const profile = evidence?.document?.profile;
  return (profile === undefined ? null : await journal.document(messageId, profile)) ?? await journal.latestDocument(messageId);
};
