// The mailbox of an account in the simulated network, and a reader of it on a real journal.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MailboxOptions, type MailboxSource, startMailbox } from '../../nodes/6-hisp/mailbox-source.ts';
import { MAILBOX_LIMITS } from '../../nodes/6-hisp/mailbox-session.ts';
import { writeDsn, writeMdn } from '../../nodes/6-hisp/notification-write.ts';
import type { Reception } from '../../nodes/6-hisp/reception.ts';
import { type Network, type NetworkOptions, startNetwork } from '../../nodes/6-hisp/simulator/network.ts';
import type { HispAccount } from '../../nodes/6-hisp/types.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { PASSWORD, USER } from './servers.ts';
import { account as anAccount } from './servers.ts';

export const ACCOUNT = 'edge';

export interface Scene {
  network: Network;
  account(change?: Partial<HispAccount>): HispAccount;
  /** What a reader told, in order. */
  reader(journal: Pick<Journal, 'applyNotice' | 'rejectInput' | 'sourceUp' | 'sourceDown'>, change?: Partial<MailboxOptions>): Reader;
  end(): Promise<void>;
}

export interface Reader { source: MailboxSource; receptions: Reception[]; told: (string | null)[]; faults: string[] }

export const codeOf = (fault: unknown): string => (fault as { code?: string }).code ?? String(fault);

export const startScene = async (options: Partial<NetworkOptions> = {}): Promise<Scene> => {
  const folder = await mkdtemp(join(tmpdir(), 'mailbox-'));
  const network = await startNetwork({
    folder, user: 'courier', password: PASSWORD, ...options, edge: { user: USER, password: PASSWORD, ...options.edge },
  });
  const sources: MailboxSource[] = [];
  const account = (change: Partial<HispAccount> = {}): HispAccount => anAccount({
    name: ACCOUNT, sealing: 'hisp', port: network.smtpPort, authorities: network.authorityPem,
    imap: { host: '127.0.0.1', port: network.imapPort!, security: 'implicit' }, ...change,
  });
  return {
    network, account,
    reader(journal, change = {}) {
      const [receptions, told, faults]: [Reception[], (string | null)[], string[]] = [[], [], []];
      const source = startMailbox({
        account: account(), journal, source: 'reader', onReception: (reception) => { receptions.push(reception); },
        onFault: (fault) => { faults.push(codeOf(fault)); }, tell: (fault) => { told.push(fault === null ? null : codeOf(fault)); },
        pauses: { fault: { first: 20, max: 100 }, login: { first: 20, max: 100 } }, everyMs: 50, ...change,
      });
      sources.push(source);
      return { source, receptions, told, faults };
    },
    async end() {
      await Promise.all(sources.splice(0).map(async (source) => { await source.stop(false); }));
      await network.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Limits with which a test need not wait for a silent server. */
export const QUICK = { ...MAILBOX_LIMITS, connect: 1000, silence: 2000, poll: 50 };

interface About { deliveryId: string; to: string }

const common = ({ deliveryId, to }: About) => ({
  from: to, to: USER, messageId: `<n-${deliveryId}@x.example>`, originalMessageId: `<${deliveryId}@direct.clinic.example>`, finalRecipient: to,
  date: new Date(0), reporter: 'x.example',
});

export const mdn = (about: About, disposition: 'processed' | 'dispatched' | 'failed' = 'processed'): Buffer =>
  writeMdn({ ...common(about), disposition, finalDelivery: disposition === 'dispatched' });

export const dsn = (about: About): Buffer => writeDsn({ ...common(about), action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such mailbox' });
