import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Organization } from './organization.ts';
import { exchangeOrganizations, type ExchangeQuestion } from './organizations-exchange.ts';
import { organizationsOf, type OrganizationsForm } from './organizations.ts';

interface OrganizationsDef extends NodeDef, OrganizationsForm {}

/** What config nodes of type `direct-organizations` offer. Entries that cannot be used are left out. */
export interface OrganizationsNode extends Node {
  /** By ClientGuid in any case; with the rules for recipient domains that hold for it. */
  find(clientGuid: string): Organization | undefined;
  all(): Organization[];
}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-organizations', function (this: OrganizationsNode, def: OrganizationsDef) {
    RED.nodes.createNode(this, def);
    const { organizations, errors } = organizationsOf(def);
    if (errors[0] !== undefined) this.status({ fill: 'red', shape: 'ring', text: errors[0].code });
    errors.forEach((error) => this.error(error.message));
    this.find = (clientGuid) => organizations.find((organization) => organization.clientGuid === clientGuid.toLowerCase());
    this.all = () => organizations;
  });

  // The form's import and export: one reader for pasted text and rows, so that all refuse the same.
  RED.httpAdmin.post('/direct/organizations/parse', RED.auth.needsPermission('direct.read'), (request, response) => {
    const { status, body } = exchangeOrganizations(request.body as ExchangeQuestion);
    response.status(status).json(body);
  });
};
