// The edge log-in of the simulated network: its mailbox, the server that it is read from, and how its mail is answered.
import { timingSafeEqual } from 'node:crypto';
import type { Behaviour } from './behaviour.ts';
import type { Holder } from './certificate.ts';
import { reactToPlain, refusalOf } from './edge-agent.ts';
import { type Faults, firstTimes } from './faults.ts';
import { type ImapServer, imapServer } from './imap-server.ts';
import { createMailbox, type SimulatedMailbox } from './mailbox.ts';
import { freshId } from './security-agent.ts';

/** A log-in that hands over plain mail and reads its notifications by IMAP. */
export interface EdgeOptions {
  user: string;
  password: string;
  /** Port of the mailbox, 0 or absent: a free one. */
  imapPort?: number;
  /** What its server knows: IDLE, keywords of clients. Default: both. */
  idle?: boolean;
  keywords?: boolean;
}

export interface EdgeTools { faults: () => Faults; certificate: () => Holder; delayMs: number; now: () => Date; log: (line: string) => void }

export interface Edge {
  mailbox: SimulatedMailbox;
  server: ImapServer;
  knows(user: string, password: string): boolean;
  /** Why this mail is not taken; null when it is. */
  refusal(raw: Buffer): string | null;
  answer(to: string, raw: Buffer, behaviour: Behaviour): void;
  stop(): Promise<void>;
}

const same = (given: string, wanted: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
};

export const createEdge = ({ user, password, idle = true, keywords = true }: EdgeOptions, tools: EdgeTools): Edge => {
  const { faults, certificate, delayMs, now, log } = tools;
  const mailbox = createMailbox(now());
  const cut = firstTimes();
  const knows = (name: string, word: string): boolean => same(name, user) && same(word, password);
  const server = imapServer({
    mailbox, idle, keywords, certificate, log,
    mayLogIn: (name, word) => faults().login === 'ok' && knows(name, word),
    cuts: () => cut('mailbox', faults().mailboxCuts),
  });
  const pending = new Set<NodeJS.Timeout>();
  return {
    mailbox, server, knows, refusal: refusalOf,
    answer(to, raw, behaviour) {
      const { answers, why } = reactToPlain({ to, raw, behaviour, now: now() }, freshId);
      log(`plain mail ${why}, ${answers.length} to answer`);
      const timer = setTimeout(() => {
        pending.delete(timer);
        for (const answer of answers) mailbox.append(answer);
      }, delayMs);
      pending.add(timer);
    },
    async stop() {
      for (const timer of pending) clearTimeout(timer);
      await server.shut();
    },
  };
};
