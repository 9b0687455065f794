import type { SMTPServerDataStream } from 'smtp-server';

/** An answer that smtp-server gives to the command at hand. */
export const smtpReply = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

/** The DATA of one mail. What goes past the limit is read but not kept. Errors: a 552 reply. */
export const readMail = async (stream: SMTPServerDataStream, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length > maxBytes) throw smtpReply(552, '5.3.4 Message too big');
  return Buffer.concat(chunks, length);
};
