import { readFileSync } from 'node:fs';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asCourierError, type CourierError } from '../errors.ts';
import { FREE_MAIL_DOMAINS, readDomains } from './direct-domain.ts';
import { readRouteJson, readRouteText, type RouteRow, writeRouteCsv } from './route-table.ts';

interface RouteTableDef extends NodeDef { rows: unknown; trustedDomains: string[]; freeMailDomains: string; file: string }

/** What config nodes of type `direct-route-table` offer. */
export interface RouteTableNode extends Node {
  /** The rows; throws the ROUTE_ROW_INVALID that was found at start. */
  table(): RouteRow[];
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
    this.trustedDomains = readDomains(def.trustedDomains);
    this.freeMailDomains = [...FREE_MAIL_DOMAINS, ...readDomains(def.freeMailDomains)];
  });

  // The form's import and export: one reader for pasted text, files and rows, so that all refuse the same.
  RED.httpAdmin.post('/direct/route-table/parse', RED.auth.needsPermission('direct.read'), (request, response) => {
    try {
      const { text, rows: listed } = request.body as { text?: string; rows?: unknown };
      const rows = typeof text === 'string' ? readRouteText(text) : readRouteJson(listed);
      response.json({ rows, csv: writeRouteCsv(rows) });
    } catch (error) {
      const { code, path, message } = asCourierError(error);
      response.status(400).json({ code, path, text: message });
    }
  });
};
