import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { requireJournal, stage } from '../stage.ts';
import { acceptInput } from './accept.ts';
import { inputName } from './input-name.ts';
import type { CourierMessage } from './message.ts';
import type { OrganizationsNode } from './organizations-config.ts';

interface OrderInDef extends NodeDef { journal: string; organizations: string; bound: string; input: string; inputType: string; maxSize: string }

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-order-in', function (this: Node, def: OrderInDef) {
    RED.nodes.createNode(this, def);
    const valueOf = (msg: CourierMessage): Promise<unknown> => new Promise((resolve, reject) => {
      RED.util.evaluateNodeProperty(def.input || 'payload', def.inputType || 'msg', this, msg as NodeMessage,
        (error, value) => (error ? reject(error) : resolve(value)));
    });
    stage(RED, this, {
      name: 'order-in',
      run: async (msg) => {
        const organizations = RED.nodes.getNode(def.organizations) as OrganizationsNode | null;
        const overHttp = msg['req'] !== undefined;
        const name = inputName(msg['filename'], overHttp);
        const admission = await acceptInput(await valueOf(msg), {
          journal: await requireJournal(RED, def.journal),
          journalId: def.journal,
          bound: def.bound?.trim().toLowerCase() || null,
          organization: (clientGuid) => organizations?.find(clientGuid),
          today: new Date().toISOString().slice(0, 10),
          maxBytes: (Number(def.maxSize) || 25) * 1024 * 1024,
          source: overHttp ? 'http' : name !== undefined ? 'file' : 'flow',
          name,
        });
        // The original message goes on, with its req and res: who waits for an answer gets it there.
        if ('rejection' in admission) return [null, null, null, Object.assign(msg, { rejection: admission.rejection })];
        return [Object.assign(msg, { direct: admission.acceptance }) as CourierMessage, admission.ready, admission.stored, null];
      },
    });
  });
};
