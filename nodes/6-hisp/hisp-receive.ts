import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { IdentityNode } from '../5-smime/identity-config.ts';
import { openInPool } from '../5-smime/open.ts';
import type { TrustNode } from '../5-smime/trust-config.ts';
import { asCourierError, CourierError } from '../errors.ts';
import { requireJournal, statusOf } from '../stage.ts';
import { openingKeys } from './opening-keys.ts';
import type { Reception } from './reception.ts';
import { startReceiver } from './receiver.ts';

interface HispReceiveDef extends NodeDef { journal: string; identity: string; trust: string; host: string; port: string | number; domains: string }

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-hisp-receive', function (this: Node, def: HispReceiveDef) {
    RED.nodes.createNode(this, def);
    const show = statusOf(this);
    const closing = new AbortController();
    const complain = (error: unknown): void => {
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

    const emit = (reception: Reception): void => {
      if (reception.kind === 'notification') this.send([reception.receipts.map((receipt) => ({ receipt })) as unknown as NodeMessage[], null]);
      else this.send([null, { payload: reception.raw, opened: reception.opened } as NodeMessage]);
    };

    const listening = requireJournal(RED, def.journal).then((journal) => startReceiver({
      host: def.host || '127.0.0.1', port: Number(def.port), domains: (def.domains ?? '').split(','), journal, trust,
      open: openInPool, now: () => new Date(), onReception: emit, onFault: complain,
    }, closing.signal));
    listening.then(({ port }) => {
      show({ fill: 'green', shape: 'dot', text: RED._('hisp-receive.status.listening', { port: String(port) }) });
    }, complain);

    this.on('close', (_removed: boolean, done: () => void) => {
      closing.abort();
      listening.then((receiver) => receiver.stop(), () => undefined).then(done, done);
    });
  });
};
