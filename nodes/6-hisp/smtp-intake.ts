import type { SMTPServerDataStream } from 'smtp-server';

/** An answer that smtp-server gives to the command at hand. */
export const smtpReply = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

/** What a listener may hold in memory of all mails together. */
export interface Room { free: number }

/**
 * Hands the DATA of one mail to `use`. What goes past the limit, or past the room that is left, is read but not kept.
 * Errors: a 552 or 452 reply, what `use` throws, a connection that ends.
 */
export const readMail = async <Result>(
  stream: SMTPServerDataStream, maxBytes: number, use: (raw: Buffer) => Promise<Result>, room: Room = { free: Infinity },
): Promise<Result> => {
  let chunks: Buffer[] = [];
  let [length, taken, crowded] = [0, 0, false];
  const take = (bytes: number): void => { taken += bytes; room.free -= bytes; };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      crowded ||= chunk.length > room.free;
      if (crowded || length > maxBytes) {
        chunks = [];
        take(-taken);
      } else {
        chunks.push(chunk);
        take(chunk.length);
      }
    }
    if (length > maxBytes) throw smtpReply(552, '5.3.4 Message too big');
    if (crowded) throw smtpReply(452, '4.3.1 Too much mail at once, try again later');
    const raw = Buffer.concat(chunks, length);
    chunks = [];
    return await use(raw);
  } finally {
    take(-taken);
  }
};
