import type { Node, NodeAPI, NodeDef } from 'node-red';
import { CourierError } from '../errors.ts';
import { required, stage } from '../stage.ts';
import type { IdentityNode } from './identity-config.ts';
import { sealRecipients } from './seal-recipients.ts';
import { organizationAt } from './sender.ts';
import type { TrustNode } from './trust-config.ts';
import type { ContentCipher } from './types.ts';

interface SealMailDef extends NodeDef { identity: string; trust: string; subject: string; attachPdf: boolean; cipher: ContentCipher }

export default (RED: NodeAPI): void => {
  /** The identity that the organization names, else the node's own. */
  const identityNode = (named: string | undefined, own: string): IdentityNode | null => {
    let id = named ? undefined : own;
    RED.nodes.eachNode((node) => {
      if (named && node.type === 'direct-identity' && node.name === named) id = node.id;
    });
    return id === undefined ? null : RED.nodes.getNode(id) as IdentityNode | null;
  };

  const trustNode = (id: string): TrustNode => {
    const node = RED.nodes.getNode(id) as TrustNode | null;
    if (!node?.anchors) throw new CourierError('TRUST_INVALID', { detail: 'no trust is chosen' });
    return node;
  };

  RED.nodes.registerType('direct-seal-mail', function (this: Node, def: SealMailDef) {
    RED.nodes.createNode(this, def);
    stage(RED, this, {
      name: 'seal-mail',
      needs: ['organization', 'recipients', 'cda', ...(def.attachPdf ? ['pdf' as const] : [])],
      alone: RED._('seal-mail.status.alone'),
      run: async (msg, { journal }) => {
        const organization = organizationAt(required(msg, 'organization'), msg.direct?.site ?? msg.order?.site.localId);
        const trust = trustNode(def.trust);
        const { sealed, refused } = await sealRecipients({
          recipients: required(msg, 'recipients'), organization, document: required(msg, 'cda'), pdf: msg.pdf,
          identity: await identityNode(organization.identity, def.identity)?.open(),
          trust: { source: trust.source, anchors: await trust.anchors() },
          settings: {
            subject: def.subject, attachPdf: def.attachPdf, cipher: def.cipher || 'aes-256-cbc', ...(msg.direct?.test === true && { test: true }),
          },
          now: new Date(),
        });
        for (const { id, code, why } of refused) {
          if (journal && id !== undefined) await journal.endRecipient(id, 'UNRESOLVED', code ?? 'CERT_NONE', why, msg.direct?.run);
        }
        const { recipients: _, ...rest } = msg;
        return [sealed.map(({ recipient, mail }) => ({ ...rest, recipient, mail })), refused.length > 0 ? { ...msg, recipients: refused } : null];
      },
    });
  });
};
