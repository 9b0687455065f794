// Brings notifications to the listener on this machine. As a HISP would, it keeps them while nobody listens and brings them again.
import { setTimeout as delay } from 'node:timers/promises';
import { createTransport, type Transporter } from 'nodemailer';

export interface Notifier {
  /** Where the listener is; undefined: nowhere yet, notifications wait. */
  notifyTo(port: number | undefined): void;
  /** In order, after `delayMs`; resolves when all are brought or given up. Never throws. */
  send(to: string, mails: Buffer[]): Promise<void>;
  stop(): Promise<void>;
}

export interface NotifierOptions {
  delayMs: number;
  log: (line: string) => void;
  /** How long a notification that nobody takes is kept, in ms. */
  keepMs?: number;
}

interface Letter { to: string; mails: Buffer[]; tries: number; giveUpAt: number; done: () => void }

// Few at a time, so that a listener that comes back is not overrun by all that waited for it.
const CARRIERS = 4;
const KEEP_MS = 15 * 60_000;
const pauseAfter = (tries: number): number => Math.min(200 * 2 ** (tries - 1), 2000);

export const createNotifier = ({ delayMs, log, keepMs = KEEP_MS }: NotifierOptions): Notifier => {
  const stopping = new AbortController();
  const waiting: Letter[] = [];
  const underWay = new Set<Promise<void>>();
  const promised = new Set<() => void>();
  let carriers = 0;
  let port: number | undefined;
  let transport: Transporter | undefined;

  const line = (): Transporter | undefined => {
    if (port === undefined) return undefined;
    return transport ??= createTransport({
      pool: true, maxConnections: CARRIERS, idleTimeout: 500, host: '127.0.0.1', port, secure: false, ignoreTLS: true,
    });
  };

  /** Brings what it can; true when nothing is left. */
  const bring = async (letter: Letter): Promise<boolean> => {
    try {
      for (let raw = letter.mails[0]; raw !== undefined; raw = letter.mails[0]) {
        const open = line();
        if (open === undefined) return false;
        // RFC 3464 §2, RFC 8098 §3: the null reverse-path, so that nobody answers an answer.
        await open.sendMail({ envelope: { from: '', to: [letter.to] }, raw });
        letter.mails.shift();
      }
      return true;
    } catch (fault) {
      log(`notification not taken (${(fault as { code?: string }).code ?? 'ERROR'}), attempt ${letter.tries + 1}`);
      return false;
    }
  };

  const carry = async (): Promise<void> => {
    for (let letter = waiting.shift(); letter !== undefined && !stopping.signal.aborted; letter = waiting.shift()) {
      if (await bring(letter)) { letter.done(); continue; }
      letter.tries += 1;
      if (Date.now() > letter.giveUpAt) {
        log('notification given up');
        letter.done();
        continue;
      }
      // The carrier itself pauses: while nobody listens, not every letter knocks on its own.
      await delay(pauseAfter(letter.tries), undefined, { signal: stopping.signal }).catch(() => undefined);
      waiting.push(letter);
    }
  };

  const hire = (): void => {
    if (carriers >= CARRIERS) return;
    carriers += 1;
    const work = carry().finally(() => {
      carriers -= 1;
      underWay.delete(work);
      if (waiting.length > 0 && !stopping.signal.aborted) hire();
    });
    underWay.add(work);
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
      await delay(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          promised.delete(done);
          resolve();
        };
        promised.add(done);
        waiting.push({ to, mails: [...mails], tries: 0, giveUpAt: Date.now() + keepMs, done });
        hire();
      });
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(underWay);
      for (const done of promised) done();
      transport?.close();
    },
  };
};
