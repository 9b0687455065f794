import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asCourierError } from '../errors.ts';
import { type AccountForm, readAccount } from './account.ts';
import { accountBook } from './account-book.ts';
import type { HispAccount } from './types.ts';

interface AccountCredentials { user?: string; password?: string }

/** What config nodes of type `direct-hisp-account` offer; undefined when the form holds something unusable. */
export interface AccountNode extends Node<AccountCredentials> { account?: HispAccount }

export default (RED: NodeAPI): void => {
  RED.nodes.registerType<AccountNode, AccountForm & NodeDef, object, AccountCredentials>('direct-hisp-account', function (this: AccountNode, def) {
    RED.nodes.createNode(this, def);
    try {
      this.account = readAccount(def, this.credentials, (path) => readFileSync(resolve(RED.settings.userDir ?? '.', path), 'utf8'));
      this.on('close', accountBook.deploy(this.account));
    } catch (error) {
      const fault = asCourierError(error, 'FIELD_INVALID');
      this.status({ fill: 'red', shape: 'ring', text: fault.code });
      this.error(fault);
    }
  }, { credentials: { user: { type: 'text' }, password: { type: 'password' } } });
};
