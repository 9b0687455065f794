// A bundle's flow as data: read, pointed at files and options, made ready to deploy.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FlowNode, PACKAGE_ROOT } from './engine.ts';

export const BUNDLE = 'iris-results';

export const bundleFolder = (name: string): string => join(PACKAGE_ROOT, 'flows', name);

export const readBundle = async (name: string): Promise<FlowNode[]> =>
  JSON.parse(await readFile(join(bundleFolder(name), 'flows.json'), 'utf8')) as FlowNode[];

/** Sets properties on every node of a type. */
export const configure = (flows: FlowNode[], type: string, properties: Record<string, unknown>): FlowNode[] =>
  flows.map((node) => node.type === type ? { ...node, ...properties } : node);

/** The first node of a type, which the bundle is known to have. */
export const nodeOf = (flows: FlowNode[], type: string): FlowNode => {
  const found = flows.find((node) => node.type === type);
  if (found === undefined) throw new Error(`the bundle has no node of type ${type}`);
  return found;
};
