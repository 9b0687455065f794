import type { Node, NodeAPI, NodeDef } from 'node-red';
import { credentialFile } from './credential.ts';
import { readIdentity } from './identity.ts';
import type { Identity } from './types.ts';

interface IdentityDef extends NodeDef { format: 'p12' | 'pem' }

/** Files in base64 (or PEM as it is); see credential.ts. */
interface IdentityCredentials { p12?: string; passphrase?: string; certificate?: string; key?: string }

/** What config nodes of type `direct-identity` offer. */
export interface IdentityNode extends Node<IdentityCredentials> {
  /** Errors: IDENTITY_INVALID. */
  open(): Promise<Identity>;
}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType<IdentityNode, IdentityDef, object, IdentityCredentials>('direct-identity', function (this: IdentityNode, def: IdentityDef) {
    RED.nodes.createNode(this, def);
    const { p12 = '', passphrase, certificate = '', key = '' } = this.credentials ?? {};
    const secret = passphrase ? { passphrase } : {};
    let identity: Identity | undefined;
    this.open = async () => identity ??= readIdentity(def.format === 'pem'
      ? { certificate: credentialFile(certificate), key: credentialFile(key), ...secret }
      : { p12: credentialFile(p12), ...secret });
  }, {
    credentials: { p12: { type: 'password' }, passphrase: { type: 'password' }, certificate: { type: 'password' }, key: { type: 'password' } },
  });
};
