import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { type Emission, startDispatcher } from '../flow/dispatcher.ts';
import { flights, keeper, runtime } from '../flow/tracker.ts';
import type { FlowClaim, Journal } from '../journal/port.ts';
import { leaseOf, requireJournal, stage, statusOf } from '../stage.ts';
import { acceptInput } from './accept.ts';
import { inputName } from './input-name.ts';
import type { CourierMessage } from './message.ts';
import type { OrganizationsNode } from './organizations-config.ts';
import { effectiveOrganization } from './organizations.ts';
import { startExpiry, waitMsOf } from './waiting.ts';

interface OrderInDef extends NodeDef {
  journal: string; organizations: string; bound: string; input: string; inputType: string; maxSize: string; inFlow: string;
  /** Absent in flows saved before there were such settings. */
  waitHours?: string; withoutOrder?: 'hold' | 'send';
}

const IN_FLOW = 8;

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-order-in', function (this: Node, def: OrderInDef) {
    RED.nodes.createNode(this, def);
    const organizations = (): OrganizationsNode | null => RED.nodes.getNode(def.organizations) as OrganizationsNode | null;
    const valueOf = (msg: CourierMessage): Promise<unknown> => new Promise((resolve, reject) => {
      RED.util.evaluateNodeProperty(def.input || 'payload', def.inputType || 'msg', this, msg as NodeMessage,
        (error, value) => (error ? reject(error) : resolve(value)));
    });
    const bound = def.bound?.trim().toLowerCase() || null;
    stage(RED, this, {
      name: 'order-in',
      entrance: true,
      run: async (msg) => {
        const overHttp = msg['req'] !== undefined;
        const name = inputName(msg['filename'], overHttp);
        const admission = await acceptInput(await valueOf(msg), {
          journal: await requireJournal(RED, def.journal),
          bound,
          organization: (clientGuid) => organizations()?.find(clientGuid),
          today: new Date().toISOString().slice(0, 10),
          maxBytes: (Number(def.maxSize) || 25) * 1024 * 1024,
          source: overHttp ? 'http' : name !== undefined ? 'file' : 'flow',
          name, entry: this.id,
        });
        // The original message goes on, with its req and res: who waits for an answer gets it there, before the flow has begun.
        if ('rejection' in admission) return [null, null, null, Object.assign(msg, { rejection: admission.rejection })];
        return [Object.assign(msg, { direct: admission.acceptance }) as CourierMessage, null, admission.stored, null];
      },
    });

    const prepare = ({ direct: claimed, order, result }: FlowClaim, journal: Journal): Emission => {
      const owner = organizations()?.find(order.organization);
      const organization = owner && effectiveOrganization(owner, order.site.localId);
      const direct = { ...claimed, journal: def.journal };
      const msgid = RED.util.generateId();
      const message = { _msgid: msgid, payload: direct.id, direct, organization, order, result } as NodeMessage;
      return {
        start: { direct, entry: this.id, organization, journal, leaseMs: leaseOf(RED, def.journal) }, msgid,
        ...(organization !== undefined && { send: () => { this.send([null, message, null, null]); } }),
      };
    };
    const show = statusOf(this);
    const dispatcher = startDispatcher({
      entry: this.id, limit: Math.max(1, Math.floor(Number(def.inFlow)) || IN_FLOW),
      journalId: def.journal, open: () => requireJournal(RED, def.journal), prepare, flights, runtime, keeper,
      onFault: (fault) => { show(fault === undefined ? {} : { fill: 'red', shape: 'ring', text: fault.code }); },
    });
    const stopExpiry = startExpiry({
      open: () => requireJournal(RED, def.journal), entry: this.id, waitMs: waitMsOf(def.waitHours),
      standIn: () => (def.withoutOrder === 'send' && bound !== null && organizations()?.find(bound) !== undefined ? bound : null),
    });
    this.on('close', (removed: boolean, done: () => void) => {
      // What still waits for a node that is deleted leaves by another one.
      const handOver = async (): Promise<void> => { if (removed) await (await requireJournal(RED, def.journal)).dropEntry(this.id); };
      void Promise.all([dispatcher.stop(), stopExpiry()]).then(handOver).catch(() => undefined).then(done);
    });
  });
};
