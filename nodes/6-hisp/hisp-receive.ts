import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { IdentityNode } from '../5-smime/identity-config.ts';
import { openInPool } from '../5-smime/open.ts';
import type { TrustNode } from '../5-smime/trust-config.ts';
import { asCourierError, CourierError } from '../errors.ts';
import { type JournalNode, statusOf } from '../stage.ts';
import type { AccountNode } from './account-config.ts';
import { type MailboxSource, startMailbox } from './mailbox-source.ts';
import { type NotificationSource, startSource } from './notification-source.ts';
import { openingKeys } from './opening-keys.ts';
import type { Reception } from './reception.ts';

interface HispReceiveDef extends NodeDef {
  journal: string; source?: 'listener' | 'mailbox'; account?: string;
  identity: string; trust: string; host: string; port: string | number; domains: string;
}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-hisp-receive', function (this: Node, def: HispReceiveDef) {
    RED.nodes.createNode(this, def);
    const show = statusOf(this);
    const closing = new AbortController();
    const complain = (error: unknown): void => {
      if (closing.signal.aborted) return;
      const fault = asCourierError(error, 'JOURNAL_FAILED');
      show({ fill: 'red', shape: 'ring', text: fault.code });
      this.error(fault);
    };

    const trust = async (): Promise<{ keys: Awaited<ReturnType<typeof openingKeys>>; anchors: Uint8Array[] }> => {
      const ids = new Set([def.identity]);
      RED.nodes.eachNode((node) => { if (node.type === 'direct-identity') ids.add(node.id); });
      const identities = [...ids].map((id) => RED.nodes.getNode(id) as IdentityNode | null).filter((node) => typeof node?.open === 'function');
      const anchors = await (RED.nodes.getNode(def.trust) as TrustNode | null)?.anchors?.();
      if (anchors === undefined) throw new CourierError('TRUST_INVALID', { detail: 'no trust is chosen' });
      return { keys: await openingKeys(identities as IdentityNode[]), anchors };
    };

    let source: Promise<NotificationSource> | MailboxSource | undefined;
    let taking = '';
    const listening = async (): Promise<void> => {
      const running = await source;
      if (running === undefined || closing.signal.aborted) return;
      const status = 'port' in running ? RED._('hisp-receive.status.listening', { port: String(running.port) }) : taking;
      show({ fill: 'green', shape: 'dot', text: status });
    };
    const emit = (reception: Reception): void => {
      void listening();
      if (reception.kind === 'notification') this.send([reception.receipts.map((receipt) => ({ receipt })) as unknown as NodeMessage[], null]);
      else this.send([null, { payload: reception.raw, opened: reception.opened } as NodeMessage]);
    };
    const tell = (fault: unknown): void => { if (fault === null) void listening(); else complain(fault); };
    const common = { source: this.id, onReception: emit, onFault: complain, tell };
    const read = async (opened: JournalNode['opened']): Promise<void> => {
      const journal = await opened;
      if (closing.signal.aborted) return;
      const account = (RED.nodes.getNode(def.account ?? '') as AccountNode | null)?.account;
      if (account === undefined) throw new CourierError('ACCOUNT_MISSING');
      taking = RED._('hisp-receive.status.mailbox', { name: account.name });
      show({ fill: 'yellow', shape: 'ring', text: RED._('hisp-receive.status.connecting', { name: account.name }) });
      source = startMailbox({ ...common, account, journal });
    };
    const listen = async (opened: JournalNode['opened']): Promise<void> => {
      const journal = await opened;
      if (closing.signal.aborted) return;
      source = startSource({
        ...common, host: def.host || '127.0.0.1', port: Number(def.port), domains: (def.domains ?? '').split(','),
        journal, trust, open: openInPool, now: () => new Date(),
      }, closing.signal);
      await listening();
    };

    const journalNode = RED.nodes.getNode(def.journal) as JournalNode | null;
    // The journal's own node says when it cannot be opened, and tries again.
    if (journalNode === null) complain(new CourierError('JOURNAL_MISSING'));
    else (def.source === 'mailbox' ? read : listen)(journalNode.opened).catch(complain);

    this.on('close', (removed: boolean, done: () => void) => {
      closing.abort();
      Promise.resolve(source).then(async (running) => { await running?.stop(removed); }).then(done, () => done());
    });
  });
};
