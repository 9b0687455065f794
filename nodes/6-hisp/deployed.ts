// Other nodes of the running flows, as far as one of ours has to know of them.
import type { Organization } from '../0-order/organization.ts';

interface Definition { id: string; type: string; journal?: string }

/** What Node-RED offers as `RED.nodes`. */
export interface DeployedNodes { eachNode(look: (def: Definition) => void): void; getNode(id: string): unknown }

/** The ids of those that fit and run. */
export const idsOf = (nodes: DeployedNodes, fits: (def: Definition) => boolean): string[] => {
  const ids: string[] = [];
  nodes.eachNode((def) => { if (fits(def) && nodes.getNode(def.id) != null) ids.push(def.id); });
  return ids;
};

/** As any of the deployed lists has it. */
export const organizationIn = (nodes: DeployedNodes, clientGuid: string | null): Organization | undefined => {
  if (clientGuid === null) return undefined;
  for (const id of idsOf(nodes, ({ type }) => type === 'direct-organizations')) {
    const found = (nodes.getNode(id) as { find?(guid: string): Organization | undefined }).find?.(clientGuid);
    if (found !== undefined) return found;
  }
  return undefined;
};
