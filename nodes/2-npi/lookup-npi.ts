import type { Node, NodeAPI, NodeDef } from 'node-red';
import { required, stage } from '../stage.ts';
import type { DirectoryNode } from './directory-config.ts';
import { lookUpRecipients } from './look-up.ts';
import type { OnMismatch } from './provider-guard.ts';

interface LookupNpiDef extends NodeDef { directory: string; onMismatch?: OnMismatch }

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-lookup-npi', function (this: Node, def: LookupNpiDef) {
    RED.nodes.createNode(this, def);
    stage(RED, this, {
      name: 'lookup-npi',
      needs: ['recipients', 'order', 'organization'],
      alone: RED._('lookup-npi.status.alone'),
      run: async (msg, { journal }) => {
        const directory = await (RED.nodes.getNode(def.directory) as DirectoryNode | null)?.open();
        const { resolved, unresolved } = lookUpRecipients(required(msg, 'recipients'), directory, {
          provider: msg.order?.primaryCareProvider?.name, onMismatch: def.onMismatch === 'warn' ? 'warn' : 'hold',
          organization: msg.organization,
        });
        if (journal && msg.direct) await journal.settleRecipients(msg.direct.id, [...resolved, ...unresolved], msg.direct.run);
        return [
          resolved.length > 0 ? { ...msg, recipients: resolved } : null,
          unresolved.length > 0 ? { ...msg, recipients: unresolved } : null,
        ];
      },
    });
  });
};
