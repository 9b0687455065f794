// The floor: the same bytes through nothing but the primitives of node:crypto, a file and a socket.
import {
  constants, createCipheriv, createDecipheriv, createHash, createPublicKey, privateDecrypt, publicEncrypt, randomBytes, sign, verify, X509Certificate,
} from 'node:crypto';
import { appendFileSync, fdatasyncSync, openSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Scene } from './scene.ts';
import type { Work } from './timing.ts';

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };

export const base64Floor = ({ pdf }: Scene): Work => () => pdf.toString('base64');

/** Base64 of the document, SHA-256, RSA signature, RSA key transport, AES-256-CBC, base64 again. */
export const sealFloor = ({ cda, identity, seal }: Scene): Work => {
  const recipient = new X509Certificate(seal.recipients[0]!).publicKey;
  return () => {
    const message = Buffer.from(cda.toString('base64'), 'latin1');
    const signature = sign('sha256', createHash('sha256').update(message).digest(), identity.privateKey);
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    publicEncrypt({ key: recipient, ...PKCS1 }, key);
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([cipher.update(message), cipher.update(signature), cipher.final()]).toString('base64');
  };
};

/** For each notification: base64, RSA key transport, AES-256-CBC, SHA-256, two RSA verifications (signer, its certificate). */
export const openFloor = ({ notifications, identity }: Scene): Work => {
  const publicKey = createPublicKey(identity.privateKey);
  const signature = sign('sha256', Buffer.alloc(32), identity.privateKey);
  const sealed = notifications.map((mail) => {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const body = Buffer.concat([cipher.update(mail.subarray(0, mail.length * 3 / 4)), cipher.final()]).toString('base64');
    return { wrapped: publicEncrypt({ key: publicKey, ...PKCS1 }, key), iv, body };
  });
  return () => {
    for (const { wrapped, iv, body } of sealed) {
      const cipher = createDecipheriv('aes-256-cbc', privateDecrypt({ key: identity.privateKey, ...PKCS1 }, wrapped), iv);
      createHash('sha256').update(cipher.update(Buffer.from(body, 'base64'))).update(cipher.final()).digest();
      verify('sha256', Buffer.alloc(32), publicKey, signature);
      verify('sha256', Buffer.alloc(32), publicKey, signature);
    }
  };
};

/** The same bytes appended to a file, synced as often as something must be on disk before the next thing may happen. */
export const fileFloor = ({ pdf, cda, mail, notifications }: Scene, path: string): Work => {
  const file = openSync(path, 'a');
  const row = Buffer.alloc(3000);
  // Order, result, report, document, mail, sending, sent, two notifications, ledger.
  const commits = [row, row, pdf, cda, mail, row, row, ...notifications, row];
  return () => {
    for (const bytes of commits) {
      appendFileSync(file, bytes);
      fdatasyncSync(file);
    }
  };
};

const HEADER = 4;

/** Takes length and bytes, answers one byte. For the process around what is measured. */
export const startSink = async (): Promise<{ port: number; server: Server }> => {
  const server = createServer((socket) => {
    let missing = 0;
    socket.on('data', (chunk) => {
      if (missing === 0) missing = HEADER + chunk.readUInt32BE(0);
      missing -= chunk.length;
      if (missing === 0) socket.write('.');
    }).on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, server };
};

/** The mail over a bare socket, and the wait for its answer. */
export const socketFloor = async ({ mail }: Scene, port: number): Promise<{ work: Work; socket: Socket }> => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(mail.length);
  const work = async (): Promise<void> => {
    const answered = once(socket, 'data');
    socket.write(header);
    socket.write(mail);
    await answered;
  };
  return { work, socket };
};
