// Reading notifications: MDN (RFC 8098, processed and dispatched as in the Direct Delivery Notification guide 1.0) and DSN (RFC 3464).
// Written for what really comes: encoded parts, blank lines in front, RFC 6533 global types, missing or misplaced ids.
import { withoutSsn } from '../0-order/ssn.ts';
import { contentType, decodedBody, headerOf, type MimeEntity, parseEntity, partsOf } from '../mail/mime.ts';
import { addressOf, cleanText, type FieldGroup, fieldGroups, lastMessageIdOf, messageIdOf } from './notification-fields.ts';
import type { Notice } from './types.ts';

/** The field that makes a dispatched MDN count; its value may be empty (Delivery Notification guide 1.1). */
const FINAL_DELIVERY = 'x-direct-final-destination-delivery';

const MDN_PARTS = new Set(['message/disposition-notification', 'message/global-disposition-notification']);
const DSN_PARTS = new Set(['message/delivery-status', 'message/global-delivery-status']);
const RETURNED_PARTS = new Set(['message/rfc822', 'text/rfc822-headers', 'message/global', 'message/global-headers']);

const firstOf = (...candidates: (() => string)[]): string => {
  for (const candidate of candidates) {
    const found = candidate();
    if (found !== '') return found;
  }
  return '';
};

const returnedMessageId = (parts: MimeEntity[]): string => {
  const returned = parts.find((part) => RETURNED_PARTS.has(contentType(part).type));
  return returned === undefined ? '' : messageIdOf(headerOf(parseEntity(decodedBody(returned)), 'message-id'));
};

/** What both kinds fall back on when the fields do not name the mail. */
const idFromHeaders = (report: MimeEntity, parts: MimeEntity[]): string => firstOf(
  () => messageIdOf(headerOf(report, 'in-reply-to')),
  () => lastMessageIdOf(headerOf(report, 'references')),
  () => messageIdOf(headerOf(report, 'x-original-message-id')),
  () => returnedMessageId(parts),
);

const recipientIn = (group: FieldGroup): string => addressOf(group.get('final-recipient')) || addressOf(group.get('original-recipient'));

// RFC 8098 §3.2.6: mode; type/modifier,modifier. RFC 3798 knew failed and denied as types, error and failure as modifiers.
const dispositionEvent = (disposition: string, fields: FieldGroup): Notice['event'] => {
  const [type = '', modifiers = ''] = disposition.slice(disposition.lastIndexOf(';') + 1).split('/').map((word) => word.trim().toLowerCase());
  const failure = modifiers.split(',').some((modifier) => /^(error|failure|failed)$/.test(modifier.trim()));
  if (failure || type === 'failed' || type === 'denied') return 'failed';
  if (type === 'processed') return 'processed';
  return type === 'dispatched' && fields.has(FINAL_DELIVERY) ? 'dispatched' : 'other';
};

const readMdn = (report: MimeEntity, parts: MimeEntity[], body: Buffer): Notice[] => {
  // One notification, one recipient: fields that a blank line has torn apart belong together.
  const fields: FieldGroup = new Map(fieldGroups(body).toReversed().flatMap((group) => [...group]));
  if (fields.size === 0) return [];
  const disposition = fields.get('disposition') ?? '';
  const reason = fields.get('failure') ?? fields.get('error') ?? '';
  return [{
    kind: 'mdn',
    originalMessageId: firstOf(() => messageIdOf(fields.get('original-message-id')), () => idFromHeaders(report, parts)),
    // The MDN's From is the recipient (Applicability Statement 3).
    recipient: recipientIn(fields) || addressOf(headerOf(report, 'from')),
    event: dispositionEvent(disposition, fields),
    detail: cleanText(withoutSsn(reason === '' ? disposition : `${disposition} ${reason}`)),
  }];
};

// RFC 3464 §2.3.3: only failed is the end; delayed, relayed and expanded are not, delivered proves no final delivery here.
const actionEvent = (group: FieldGroup): Notice['event'] => {
  const action = /^[a-z]+/.exec((group.get('action') ?? '').toLowerCase())?.[0] ?? '';
  const permanent = /^5\.\d/.test(group.get('status') ?? '');
  return action === 'failed' || (action === '' && permanent) ? 'failed' : 'other';
};

const readDsn = (report: MimeEntity, parts: MimeEntity[], body: Buffer): Notice[] => {
  const groups = fieldGroups(body);
  const [common] = groups;
  if (common === undefined) return [];
  const originalMessageId = firstOf(
    () => messageIdOf(common.get('x-original-message-id')),
    () => messageIdOf(common.get('original-message-id')),
    () => messageIdOf(groups.map((group) => group.get('x-original-message-id')).find((id) => id !== undefined)),
    () => idFromHeaders(report, parts),
  );
  // Each group speaks for its own recipient only. The first is about the message, unless it was run into the first recipient's.
  const recipients = groups.filter((group) => recipientIn(group) !== '' || group.has('action'));
  const alone = recipients.length === 1 ? addressOf(headerOf(report, 'x-failed-recipients')) : '';
  return recipients.map((group) => ({
    kind: 'dsn',
    originalMessageId,
    recipient: recipientIn(group) || alone,
    event: actionEvent(group),
    detail: cleanText(withoutSsn(`${group.get('action') ?? ''} ${group.get('status') ?? ''} ${group.get('diagnostic-code') ?? ''}`)),
  }));
};

// A thousand parts with a thousand parts each would keep everybody else waiting.
const MOST_MULTIPARTS = 20;

/** The report and its parts; mailing systems wrap a report once more now and then. `opened` counts the multiparts looked into. */
const findReport = (entity: MimeEntity, opened = { count: 0 }): { report: MimeEntity; parts: MimeEntity[]; status: MimeEntity } | null => {
  const { type } = contentType(entity);
  if (MDN_PARTS.has(type) || DSN_PARTS.has(type)) return { report: entity, parts: [], status: entity };
  if (!type.startsWith('multipart/') || (opened.count += 1) > MOST_MULTIPARTS) return null;
  const parts = partsOf(entity);
  const status = parts.find((part) => MDN_PARTS.has(contentType(part).type) || DSN_PARTS.has(contentType(part).type));
  if (status) return { report: entity, parts, status };
  for (const part of parts) {
    const inside = findReport(part, opened);
    if (inside) return { ...inside, report: entity };
  }
  return null;
};

/**
 * The notices of an opened notification, one per recipient; [] when the message is none. Never throws.
 * Message-IDs come without angle brackets, addresses in lower case; '' where the notification does not say.
 */
export const readNotification = (message: MimeEntity | Buffer): Notice[] => {
  try {
    const found = findReport(Buffer.isBuffer(message) ? parseEntity(message) : message);
    if (found === null) return [];
    const read = MDN_PARTS.has(contentType(found.status).type) ? readMdn : readDsn;
    return read(found.report, found.parts, decodedBody(found.status));
  } catch {
    // MIME that cannot be read holds no notice; the receiver keeps the mail.
    return [];
  }
};
