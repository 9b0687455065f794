import type { Node, NodeAPI, NodeDef } from 'node-red';
import { documentOf } from '../4-cda/profiles.ts';
import { CourierError } from '../errors.ts';
import { required, stage } from '../stage.ts';
import type { IdentityNode } from './identity-config.ts';
import { sealRecipients } from './seal-recipients.ts';
import { organizationAt } from './sender.ts';
import type { TrustNode } from './trust-config.ts';
import type { ContentCipher, Sealing } from './types.ts';

interface SealMailDef extends NodeDef {
  identity: string; trust: string; account?: string; subject: string; attachPdf: boolean; cipher: ContentCipher;
}

/** What is used of a config node of type `direct-hisp-account`. */
interface AccountNode extends Node { account?: { name: string; sealing: Sealing } }

export default (RED: NodeAPI): void => {
  /** The identity that the organization names, else the node's own. */
  const identityNode = (named: string | undefined, own: string): IdentityNode | null => {
    let id = named ? undefined : own;
    RED.nodes.eachNode((node) => {
      if (named && node.type === 'direct-identity' && node.name === named) id = node.id;
    });
    return id === undefined ? null : RED.nodes.getNode(id) as IdentityNode | null;
  };

  /** Who seals for the account that the organization names, else for the node's own; where neither is known, we do. */
  const sealingOf = (named: string | undefined, own: string | undefined): Sealing => {
    const accounts: AccountNode['account'][] = [];
    if (!named) accounts.push((RED.nodes.getNode(own ?? '') as AccountNode | null)?.account);
    else RED.nodes.eachNode(({ id, type }) => {
      if (type === 'direct-hisp-account') accounts.push((RED.nodes.getNode(id) as AccountNode | null)?.account);
    });
    return accounts.findLast((account) => account !== undefined && (!named || account.name === named))?.sealing ?? 'courier';
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
        const sealing = sealingOf(organization.account, def.account);
        // Where the HISP seals, certificates are looked at beforehand only if there is something to judge them by.
        const trust = sealing === 'hisp' && !def.trust ? undefined : trustNode(def.trust);
        const { sealed, refused } = await sealRecipients({
          recipients: required(msg, 'recipients'), organization, document: required(msg, 'cda'), documents: msg.documents, pdf: msg.pdf,
          stored: async (profile) => documentOf(journal && msg.direct && await journal.document(msg.direct.id, profile)),
          sealing, identity: sealing === 'hisp' ? undefined : await identityNode(organization.identity, def.identity)?.open(),
          trust: trust && { source: trust.source, anchors: await trust.anchors() },
          settings: {
            subject: def.subject, attachPdf: def.attachPdf, cipher: def.cipher || 'aes-256-cbc', ...(msg.direct?.test === true && { test: true }),
          },
          now: new Date(),
        });
        for (const { id, code, why } of refused) {
          if (journal && id !== undefined) await journal.endRecipient(id, 'UNRESOLVED', code ?? 'CERT_NONE', why, msg.direct?.run);
        }
        const { recipients: _, documents: _documents, ...rest } = msg;
        return [sealed.map(({ recipient, mail }) => ({ ...rest, recipient, mail })), refused.length > 0 ? { ...msg, recipients: refused } : null];
      },
    });
  });
};
