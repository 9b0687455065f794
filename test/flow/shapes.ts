// What nobody sends honestly: bodies, mails, answers of a certificate service.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { irisOrder } from '../support/samples.ts';

export const DOMAIN = 'good.lakeside.sim.example';
export const US = 'results@direct.courier.example';
export const MB = 1 << 20;

/** Answers of the certificate service by the local part of the address; everybody else is looked up as usual. */
export const ANSWERS: Record<string, (response: ServerResponse) => void> = {
  junk: (response) => response.end(Buffer.alloc(5000, 0xfe)),
  pem: (response) => response.end(`-----BEGIN CERTIFICATE-----\n${'QUJD'.repeat(200)}\n-----END CERTIFICATE-----\n`),
  huge: (response) => { Readable.from((function* () { for (;;) yield Buffer.alloc(MB, 65); })()).pipe(response); },
  slow: (response) => { const drip = setInterval(() => response.write('-'), 200); response.on('close', () => clearInterval(drip)); },
  error: (response) => { response.statusCode = 500; response.end('no'); },
  away: (response) => { response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(); },
  cut: (response) => {
    response.writeHead(200, { 'content-length': '9999' }).write('-----BEGIN');
    setTimeout(() => response.destroy(), 50);
  },
};

/** Gives those answers; everybody else is looked up at the service known. */
export const certificateServer = (known: () => string): Server => createServer((request, response) => {
  const address = decodeURIComponent(request.url!.slice(1));
  const answer = ANSWERS[address.split('@')[0]!];
  if (answer) return answer(response);
  void fetch(known().replace('{address}', encodeURIComponent(address)))
    .then(async (found) => { response.writeHead(found.status).end(await found.text()); });
});

/** Bodies for the HTTP input, and the status that they are answered with. */
export const BODIES: [string, () => string | Buffer, number][] = [
  ['30 MB of text', () => Buffer.alloc(30 * MB - 1, 'x'), 422],
  ['20 MB of brackets', () => '['.repeat(20 * MB), 422],
  ['20 MB of empty arrays', () => `[${'[],'.repeat(7 * MB)}1]`, 422],
  ['20 MB of keys', () => `{"ResultCode":"F",${Array.from({ length: 1.5 * MB }, (_, n) => `"k${n}":0`).join()}}`, 422],
  ['20 MB of one name that is nearly an SSN\'s', () => `["${'ssn'.repeat(26)}"${`,"${'ssn'.repeat(26)}"`.repeat(250_000)}]`, 422],
  ['20 MB of a note', () => JSON.stringify(irisOrder({ Patient: { AdditionalInfo: '<>&"\u0001 '.repeat(2 * MB) } })), 202],
  ['the names of prototypes', () =>
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"OrderControlCode":"NW","Order":{"__proto__":{"LocalId":"X"}}}', 422],
  ['100 MB', () => Buffer.alloc(100 * MB, 'x'), 413],
];

/** Headers that do not fit the body. */
export const KINDS: Record<string, string>[] = [
  { 'content-type': 'text/plain' }, { 'content-type': 'application/xml' }, { 'content-type': 'multipart/form-data' }, { 'content-type': 'x' },
  { 'content-type': ';;=' }, { 'content-encoding': 'gzip' },
  { 'content-type': 'application/x-www-form-urlencoded' }, { 'content-type': 'application/octet-stream' },
];

/** The headers of a mail to us; `more` after them. */
export const headers = (more = ''): string =>
  `From: a@${DOMAIN}\r\nTo: ${US}\r\nDate: Tue, 06 Jan 2026 14:15:00 +0000\r\nMessage-ID: <h@${DOMAIN}>\r\nMIME-Version: 1.0\r\n${more}`;

const typed = (type: string): string => headers(`Content-Type: ${type}\r\n\r\n`);

/** What stands in for a session. */
export const GARBAGE: Buffer[] = [
  Buffer.alloc(MB, 0xa7), Buffer.from('\x16\x03\x01'), Buffer.from('EHLO x\r\n'.repeat(100_000)), Buffer.alloc(5 * MB, 'A'),
  Buffer.from(`MAIL FROM:<>\r\n${`RCPT TO:<${US}>\r\n`.repeat(50_000)}`),
];

const NESTED = Array.from({ length: 3000 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`);
const THOUSAND = `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${'--c\r\n\r\n'.repeat(999)}`;
const GROUP = `Final-Recipient: rfc822; a@${DOMAIN}\r\nAction: failed\r\n\r\n`;

/** Mails that are hard to read; those with headers past all limits are sent plain only, because ours are not written. */
export const MAILS: [string, () => string, 'plain' | 'sealed'][] = [
  ['one line of 10 MB', () => 'x'.repeat(10 * MB), 'plain'],
  ['100000 headers', () => headers(`${'X-A: b\r\n'.repeat(100_000)}\r\nx`), 'plain'],
  ['a header of 5 MB', () => headers(`X-A: ${'b\r\n '.repeat(MB)}\r\n\r\nx`), 'plain'],
  ['20000 parts', () => `${typed('multipart/report; boundary=b')}${'--b\r\n\r\nx\r\n'.repeat(20_000)}--b--\r\n`, 'sealed'],
  ['parts in parts', () => headers(NESTED.join('')), 'sealed'],
  ['mails in mails', () => headers('Content-Type: message/rfc822\r\n\r\n'.repeat(100_000)), 'sealed'],
  ['a report of many groups', () => `${typed('message/delivery-status')}Reporting-MTA: dns; x\r\n\r\n${GROUP.repeat(60_000)}`, 'sealed'],
  ['a disposition of 5 MB', () =>
    `${typed('message/disposition-notification')}Disposition: ${'a/;'.repeat(2 * MB)}\r\n${'\r\n \t'.repeat(MB)}`, 'sealed'],
  ['1000 parts of 1000 parts', () => `${typed('multipart/mixed; boundary=b')}${THOUSAND.repeat(900)}--b--\r\n`, 'sealed'],
];

/** Hands a mail over, all of it in one go; the answer to it, '' when the connection ended. */
export const submit = async (socket: Socket, mail: string | Buffer): Promise<string> => {
  let said = '';
  socket.on('data', (chunk) => { said += chunk; });
  const answered = async (lines: number): Promise<void> => {
    while (said.split('\r\n').length <= lines && !socket.destroyed) await pause(5);
  };
  await answered(1);
  for (const [index, command] of ['HELO x', 'MAIL FROM:<>', `RCPT TO:<${US}>`, 'DATA'].entries()) {
    socket.write(`${command}\r\n`);
    await answered(index + 2);
  }
  socket.write(mail);
  socket.write('\r\n.\r\n');
  await answered(6);
  socket.end('QUIT\r\n');
  return said.split('\r\n')[5] ?? '';
};
