// Where the edge log-in's mailbox is read: IMAP over TLS from the first byte, on this machine only.
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Holder } from './certificate.ts';
import type { ImapPlace } from './imap-commands.ts';
import { imapSession } from './imap-session.ts';
import { LOOPBACK } from './submission-server.ts';

export interface ImapServerOptions extends ImapPlace {
  /** Asked at each start. */
  certificate: () => Holder;
  log: (line: string) => void;
}

export interface ImapServer {
  /** Port 0 takes a free one. */
  open(port: number): Promise<number>;
  /** Connections are cut, new ones refused. */
  shut(): Promise<void>;
  cut(): void;
}

// RFC 7162 §4 asks for 8192 octets; a client of ours needs far less.
const LONGEST_LINE = 8192;

const serve = (socket: TLSSocket, place: ImapPlace): void => {
  let rest = '';
  const session = imapSession(place, {
    write(...pieces) { if (socket.writable) for (const piece of pieces) socket.write(piece); },
    hangUp() { socket.end(); },
  });
  socket.on('error', () => undefined).on('close', session.end).on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      session.take(line);
    }
    if (rest.length > LONGEST_LINE) socket.destroy();
  });
};

export const imapServer = (options: ImapServerOptions): ImapServer => {
  let server: Server | undefined;
  const sockets = new Set<TLSSocket>();
  const cut = (): void => { for (const socket of sockets) socket.destroy(); };
  return {
    cut,
    async open(port) {
      const { keyPem, certificatePem } = options.certificate();
      const opened = server = createServer({ key: keyPem, cert: certificatePem, minVersion: 'TLSv1.2' }, (socket) => {
        sockets.add(socket.on('close', () => { sockets.delete(socket); }));
        serve(socket, options);
      });
      opened.on('tlsClientError', (fault: NodeJS.ErrnoException) => { options.log(`mailbox connection fault ${fault.code ?? ''}`); });
      return await new Promise((resolve, reject) => {
        opened.once('error', reject).listen(port, LOOPBACK, () => { resolve((opened.address() as AddressInfo).port); });
      });
    },
    async shut() {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      const closed = new Promise<void>((resolve) => { closing.close(() => { resolve(); }); });
      cut();
      await closed;
    },
  };
};
