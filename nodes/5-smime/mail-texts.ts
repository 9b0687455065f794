// What a recipient reads beside the attachments. It names the sender and whom to ask; nothing about a patient stands here,
// because mail texts are quoted, forwarded and printed.

export interface MailTextValues { organization: string; contact: string | undefined }

export const MAIL_TEXTS = {
  documentName: 'exam-result.xml',
  test: 'TEST MESSAGE. What is attached is not the result of an exam, and there is no such patient. Nothing needs to be done.',
  reportName: 'exam-result.pdf',
  body: ({ organization, contact }: MailTextValues, attachesReport: boolean): string => [
    `${organization} sends you the result of an eye exam.`,
    '',
    `It is attached as a clinical document (exam-result.xml)${attachesReport ? ' and as a report (exam-result.pdf)' : ', which holds the report'}.`,
    '',
    contact === undefined
      ? `Questions? Please ask ${organization}.`
      : `Questions? Please ask ${organization}: ${contact}`,
    '',
    'This message is meant for the recipient named by the sender. If it reached you by mistake, please tell the sender.',
  ].join('\n'),
} as const;
