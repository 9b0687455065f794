// The message inside: a short text, the clinical document, by option the report. This is what gets wrapped, signed, encrypted.
import type { ClinicalDocument, ReportDocument } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import type { Mail } from '../mail/message.ts';
import { MAIL_TEXTS } from './mail-texts.ts';

export interface MailSettings {
  /** Same for every message: a subject says nothing about a patient. */
  subject: string;
  /** Also attach the report as a PDF part of its own. */
  attachPdf: boolean;
  /** Nobody's result: subject and text say so. */
  test?: boolean;
  /** Ask the receiving HISP to confirm final delivery. */
  finalDelivery: boolean;
}

export interface MailFor {
  /** Direct address of the one recipient. */
  recipient: string;
  /** As it is in force for the exam's site; `sender` is the From address. */
  organization: Organization & { sender: string };
  document: ClinicalDocument;
  pdf?: ReportDocument | undefined;
  settings: MailSettings;
  now: Date;
  /** With angle brackets. */
  messageId: string;
}

// Implementation Guide for Delivery Notification in Direct §1.3.
const finalDeliveryHeaders = (sender: string): Record<string, string> => ({
  'Disposition-Notification-To': sender,
  'Disposition-Notification-Options': 'X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true',
});

const contentOf = ({ organization, document, pdf, settings }: MailFor): Mail['parts'] => {
  const report = settings.attachPdf ? pdf : undefined;
  const text = MAIL_TEXTS.body({ organization: organization.name, contact: organization.contact ?? organization.phone }, report !== undefined);
  const body = settings.test === true ? `${MAIL_TEXTS.test}\n\n${text}` : text;
  return [
    { contentType: 'text/plain; charset=utf-8', body },
    { contentType: 'text/xml; charset=utf-8', fileName: MAIL_TEXTS.documentName, body: document.data },
    ...(report === undefined ? [] : [{ contentType: 'application/pdf', fileName: MAIL_TEXTS.reportName, body: report.data }]),
  ];
};

/** Written out where it is sealed: a worker's base64 does not hold up the editor. */
export const mailFor = (about: MailFor): Mail => {
  const { recipient, organization: { sender }, settings, now, messageId } = about;
  return {
    from: sender, to: recipient, subject: settings.test === true ? `TEST: ${settings.subject}` : settings.subject, date: now, messageId,
    ...(settings.finalDelivery && { headers: finalDeliveryHeaders(sender) }),
    multipart: 'multipart/mixed', parts: contentOf(about),
  };
};
