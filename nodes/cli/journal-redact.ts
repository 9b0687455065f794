// Records as they may leave the house: ids, codes, states and times stay; addresses, names and other people's words go.
import type { DeliveryRecord, MessageRecord } from '../journal/port.ts';

/** A list of what stays, so that a field added later goes out only when somebody has put it here. */
const pick = <Record extends object, Key extends keyof Record>(record: Record, keys: readonly Key[]): Pick<Record, Key> =>
  Object.fromEntries(keys.map((key) => [key, record[key]])) as Pick<Record, Key>;

const MESSAGE = [
  'id', 'inputId', 'orderLocalId', 'organization', 'site', 'state', 'code', 'priority', 'resendOf', 'receivedAt', 'runs', 'lastStage', 'legalHold',
  'events',
] as const;

const DELIVERY = [
  'id', 'messageId', 'orderLocalId', 'organization', 'site', 'level', 'alsoFrom', 'finalDelivery', 'state', 'code', 'history', 'mailMessageId',
  'account', 'acceptedAt', 'deadlineAt', 'nextAttemptAt', 'lateSuccess', 'fee',
] as const;

export const redactedMessage = (message: MessageRecord) => ({
  ...pick(message, MESSAGE), link: message.link === null ? null : pick(message.link, ['kind', 'of']),
});

export const redactedDelivery = (delivery: DeliveryRecord) => ({
  ...pick(delivery, DELIVERY),
  attempts: delivery.attempts.map((attempt) => pick(attempt, ['number', 'at', 'code'])),
  notices: delivery.notices.map((notice) => pick(notice, ['at', 'kind', 'event'])),
  warnings: delivery.warnings.map(({ code }) => code),
  evidence: delivery.evidence === null ? null : pick(delivery.evidence, ['signer', 'recipientCertificates', 'sealedBy']),
});
