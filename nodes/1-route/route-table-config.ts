import { readFileSync } from 'node:fs';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { OrganizationsNode } from '../0-order/organizations-config.ts';
import { asCourierError, type CourierError } from '../errors.ts';
import { FREE_MAIL_DOMAINS, readDomains } from './direct-domain.ts';
import { type Deployed, exchangeChanges, exchangeRows } from './route-exchange.ts';
import { readRouteJson, readRouteText, type RouteRow } from './route-table.ts';

interface RouteTableDef extends NodeDef { rows: unknown; trustedDomains: string[]; freeMailDomains: string; file: string }

/** What config nodes of type `direct-route-table` offer. */
export interface RouteTableNode extends Node {
  /** The rows; throws the ROUTE_ROW_INVALID that was found at start. */
  table(): RouteRow[];
  /** The rows, none where they cannot be used: for forms. */
  usable(): RouteRow[];
  trustedDomains: string[];
  freeMailDomains: string[];
}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-route-table', function (this: RouteTableNode, def: RouteTableDef) {
    RED.nodes.createNode(this, def);
    let rows: RouteRow[] = [];
    let fault: CourierError | undefined;
    try {
      rows = def.file ? readRouteText(readFileSync(def.file, 'utf8')) : readRouteJson(def.rows ?? []);
    } catch (error) {
      fault = asCourierError(error, 'ROUTE_FILE_UNREADABLE');
      this.status({ fill: 'red', shape: 'ring', text: fault.code });
      this.error(fault.message);
    }
    this.table = () => {
      if (fault) throw fault;
      return rows;
    };
    this.usable = () => rows;
    this.trustedDomains = readDomains(def.trustedDomains);
    this.freeMailDomains = [...FREE_MAIL_DOMAINS, ...readDomains(def.freeMailDomains)];
  });

  const deployed = (): Deployed => {
    const nodes: Node[] = [];
    RED.nodes.eachNode(({ id, type }) => {
      const node = /^direct-(?:organizations|route-table)$/.test(type) ? RED.nodes.getNode(id) : null;
      if (node) nodes.push(node);
    });
    const organizations = nodes.flatMap((node) => 'all' in node ? (node as OrganizationsNode).all() : []);
    return { organizations, rows: nodes.flatMap((node) => 'usable' in node ? (node as RouteTableNode).usable() : []) };
  };

  // The form's import and export: one reader for pasted text, files and rows, so that all refuse the same.
  const needsReading = RED.auth.needsPermission('direct.read');
  RED.httpAdmin.post('/direct/route-table/parse', needsReading, (request, response) => {
    const { status, body } = exchangeRows(request.body as object, deployed());
    response.status(status).json(body);
  });
  RED.httpAdmin.post('/direct/route-table/changes', needsReading, (request, response) => {
    const { status, body } = exchangeChanges(request.body as object, deployed());
    response.status(status).json(body);
  });
};
