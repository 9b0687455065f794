// Brings notifications to the listener on this machine, and tries again while nobody listens.
import { setTimeout as delay } from 'node:timers/promises';
import { createTransport, type Transporter } from 'nodemailer';

export interface Notifier {
  /** Where the listener is; undefined: nowhere yet, notifications wait. */
  notifyTo(port: number | undefined): void;
  /** In order, after `delayMs`. Never throws. */
  send(to: string, mails: Buffer[]): Promise<void>;
  stop(): Promise<void>;
}

const TRIES = 10;
const pauseBefore = (attempt: number): number => attempt === 1 ? 0 : Math.min(200 * 2 ** (attempt - 2), 5000);

export const createNotifier = (options: { delayMs: number; log: (line: string) => void }): Notifier => {
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let port: number | undefined;
  let transport: Transporter | undefined;

  const connect = (): Transporter | undefined => {
    if (port === undefined) return undefined;
    transport ??= createTransport({ pool: true, maxConnections: 2, idleTimeout: 500, host: '127.0.0.1', port, secure: false, ignoreTLS: true });
    return transport;
  };

  const bring = async (to: string, raw: Buffer): Promise<void> => {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      await delay(pauseBefore(attempt), undefined, { signal: stopping.signal });
      const line = connect();
      if (line === undefined) continue;
      try {
        // RFC 3464 §2, RFC 8098 §3: the null reverse-path, so that nobody answers an answer.
        await line.sendMail({ envelope: { from: '', to: [to] }, raw });
        return;
      } catch (fault) {
        options.log(`notification not taken (${(fault as { code?: string }).code ?? 'ERROR'}), attempt ${attempt}`);
      }
    }
    options.log('notification given up');
  };

  const bringAll = async (to: string, mails: Buffer[]): Promise<void> => {
    try {
      await delay(options.delayMs, undefined, { signal: stopping.signal });
      for (const raw of mails) await bring(to, raw);
    } catch {
      options.log('notification dropped: stopping');
    }
  };

  return {
    notifyTo(wanted) {
      if (wanted === port) return;
      transport?.close();
      transport = undefined;
      port = wanted;
    },
    async send(to, mails) {
      if (mails.length === 0) return;
      const work = bringAll(to, mails);
      underWay.add(work);
      await work.finally(() => underWay.delete(work));
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(underWay);
      transport?.close();
    },
  };
};
