import type { Node, NodeAPI, NodeDef } from 'node-red';
import { CourierError } from '../errors.ts';
import { required, stage } from '../stage.ts';
import { FREE_MAIL_DOMAINS } from './direct-domain.ts';
import { planRoute, splitPlan } from './plan.ts';
import type { PolicyChoice } from './policy.ts';
import { withheld, withholding } from './preliminary.ts';
import { resolveRoute } from './resolve.ts';
import type { RouteTableNode } from './route-table-config.ts';

interface ResolveRouteDef extends NodeDef { table: string; policy: PolicyChoice }

type Table = Pick<RouteTableNode, 'table' | 'trustedDomains' | 'freeMailDomains'>;

const NO_TABLE: Table = { table: () => [], trustedDomains: [], freeMailDomains: [...FREE_MAIL_DOMAINS] };

export default (RED: NodeAPI): void => {
  const tableOf = (id: string): Table => {
    const node = id ? RED.nodes.getNode(id) as RouteTableNode | null : NO_TABLE;
    // A table that was chosen and is gone must not look like one that names nobody.
    if (!node?.table) throw new CourierError('ROUTE_TABLE_MISSING');
    return node;
  };

  RED.nodes.registerType('direct-resolve-route', function (this: Node, def: ResolveRouteDef) {
    RED.nodes.createNode(this, def);
    stage(RED, this, {
      name: 'resolve-route',
      needs: ['organization', 'order', 'result'],
      alone: RED._('resolve-route.status.alone'),
      run: async (msg, { journal }) => {
        const { table, trustedDomains, freeMailDomains } = tableOf(def.table);
        const order = required(msg, 'order');
        const { recipients: named, route } = resolveRoute({
          order, result: msg.result, organization: msg.organization,
          table: table(), policy: def.policy || 'organization', trustedDomains, freeMailDomains,
        });
        const stop = withheld(msg.result, msg.organization, msg.result?.site.localId ?? order.site.localId);
        if (stop !== null) {
          if (journal && msg.direct) await journal.stopMessage(msg.direct.id, 'FILTERED', stop.code, stop.why, msg.direct.run);
          return [null, { ...msg, route: withholding(route, stop), recipients: [] }];
        }
        const { going, left, unresolved } = splitPlan(journal && msg.direct ? await planRoute(journal, msg.direct, named) : named);
        return [
          going.length > 0 ? { ...msg, route, recipients: going } : null,
          // A flow that runs again finds nobody left to serve: that is no missing route.
          unresolved || (going.length === 0 && (left.length > 0 || named.length === 0)) ? { ...msg, route, recipients: left } : null,
        ];
      },
    });
  });
};
