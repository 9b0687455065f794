// Where the wires of a flow lead.
import type { NodeAPI } from 'node-red';
import type { FlowNode } from '../engine.ts';

/** Every node that is deployed, as its form saved it. */
export const deployedFlow = ({ nodes }: Pick<NodeAPI, 'nodes'>): FlowNode[] => {
  const found: FlowNode[] = [];
  nodes.eachNode((node) => { found.push(node as unknown as FlowNode); });
  return found;
};

/** Nodes that a node sends to, wherever a link leads. */
const following = (node: FlowNode, byId: ReadonlyMap<string, FlowNode>): FlowNode[] => {
  const ids = node.type === 'link out' ? node['links'] as string[] | undefined ?? [] : (node['wires'] as string[][] | undefined ?? []).flat();
  return ids.flatMap((id) => byId.get(id) ?? []);
};

/** The first node of each type behind a node, as the wires go. */
export const behind = (start: FlowNode, nodes: readonly FlowNode[]): Map<string, FlowNode> => {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Map<string, FlowNode>();
  const seen = new Set([start.id]);
  for (let row = [start]; row.length > 0;) {
    row = row.flatMap((node) => following(node, byId)).filter(({ id }) => !seen.has(id) && seen.add(id));
    for (const node of row) if (!found.has(node.type)) found.set(node.type, node);
  }
  return found;
};
