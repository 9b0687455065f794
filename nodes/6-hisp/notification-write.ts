// Writing notifications: complete RFC 5322 messages, to be sealed like any other Direct mail.
import { CourierError } from '../errors.ts';

interface Common {
  from: string;
  to: string;
  /** With angle brackets. */
  messageId: string;
  originalMessageId: string;
  finalRecipient: string;
  date: Date;
  /** Host name of the system that reports. */
  reporter: string;
}

export interface MdnRequest extends Common {
  disposition: 'processed' | 'dispatched' | 'failed';
  /** Adds X-DIRECT-FINAL-DESTINATION-DELIVERY: only to be set when the sender asked for it. */
  finalDelivery?: boolean;
  /** Why it failed. */
  failure?: string;
}

export interface DsnRequest extends Common {
  action: 'failed' | 'delayed' | 'delivered' | 'relayed';
  /** RFC 3463, e.g. `5.1.1`. */
  status: string;
  diagnostic?: string;
}

// A value with a line break in it would be a header of its own.
const line = (name: string, value: string): string => {
  if (/[\r\n\0]/.test(value)) throw new CourierError('FIELD_INVALID', { path: name });
  return `${name}: ${value}`;
};

/** RFC 5322 §3.3 in UTC. */
const rfc5322Date = (date: Date): string => date.toUTCString().replace('GMT', '+0000');

const report = (request: Common, type: 'disposition-notification' | 'delivery-status', subject: string, text: string, fields: string[]): Buffer => {
  const boundary = `=_${request.messageId.replace(/[^A-Za-z0-9]/g, '').slice(0, 40)}_report`;
  return Buffer.from([
    line('From', request.from), line('To', request.to), line('Date', rfc5322Date(request.date)), line('Message-ID', request.messageId),
    line('In-Reply-To', request.originalMessageId), line('References', request.originalMessageId), `Subject: ${subject}`,
    'Auto-Submitted: auto-replied', 'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${type};`, `\tboundary="${boundary}"`, '',
    `--${boundary}`, 'Content-Type: text/plain; charset=us-ascii', '', text, '',
    `--${boundary}`, `Content-Type: message/${type}`, '', ...fields, '',
    `--${boundary}--`, '',
  ].join('\r\n'), 'utf8');
};

/** An MDN (RFC 8098). It asks for no MDN itself. Errors: FIELD_INVALID (a line break in a value). */
export const writeMdn = (request: MdnRequest): Buffer => report(
  request, 'disposition-notification', `Notification: ${request.disposition}`,
  `The message to ${request.finalRecipient} was ${request.disposition}.`,
  [
    line('Reporting-UA', `${request.reporter}; Direct Courier`),
    line('Final-Recipient', `rfc822; ${request.finalRecipient}`),
    line('Original-Message-ID', request.originalMessageId),
    line('Disposition', `automatic-action/MDN-sent-automatically; ${request.disposition}`),
    ...(request.failure === undefined ? [] : [line('Failure', request.failure)]),
    ...(request.finalDelivery ? ['X-DIRECT-FINAL-DESTINATION-DELIVERY: true'] : []),
  ],
);

/** A DSN (RFC 3464) for one recipient. Errors: FIELD_INVALID (a line break in a value). */
export const writeDsn = (request: DsnRequest): Buffer => report(
  request, 'delivery-status', 'Delivery status notification',
  `The message to ${request.finalRecipient}: ${request.action} (${request.status}).`,
  [
    line('Reporting-MTA', `dns; ${request.reporter}`),
    line('X-Original-Message-ID', request.originalMessageId),
    '',
    line('Final-Recipient', `rfc822; ${request.finalRecipient}`),
    line('Action', request.action),
    line('Status', request.status),
    ...(request.diagnostic === undefined ? [] : [line('Diagnostic-Code', `smtp; ${request.diagnostic}`)]),
  ],
);
