// The config nodes of a flow for an explanation: those of a running Node-RED, or made anew from a file of flows.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DoNotSendEntry } from '../../0-order/do-not-send.ts';
import { organizationsOf, type OrganizationsForm } from '../../0-order/organizations.ts';
import { FREE_MAIL_DOMAINS, readDomains } from '../../1-route/direct-domain.ts';
import { readRouteJson, readRouteText } from '../../1-route/route-table.ts';
import { directoryFile, directoryList } from '../../2-npi/directory-source.ts';
import { trustStore } from '../../5-smime/trust-store.ts';
import type { Identity } from '../../5-smime/types.ts';
import { type AccountForm, readAccount } from '../../6-hisp/account.ts';
import { asCourierError, CourierError } from '../../errors.ts';
import type { FlowNode } from '../engine.ts';
import type { Configs, RouteTable } from './setting.ts';

type Which = { name: string } | { id: string };

/** A node of a type, by id or by name; the latest of one name counts. */
const nodeFor = (nodes: readonly FlowNode[], type: string, which: Which): FlowNode | undefined =>
  nodes.findLast((node) => node.type === type && ('id' in which ? node.id === which.id : node['name'] === which.name));

const VARIABLE = /^\$\{([^}]+)\}$/;

/** Node-RED's rule: a property that is wholly `${NAME}` stands for a variable of the environment. */
export const withEnvironment = (nodes: readonly FlowNode[], env: Readonly<Record<string, string | undefined>>): FlowNode[] => nodes.map((node) =>
  Object.fromEntries(Object.entries(node).map(([key, value]) => {
    const name = typeof value === 'string' ? VARIABLE.exec(value)?.[1] : undefined;
    return [key, name === undefined ? value : env[name] ?? ''];
  })) as FlowNode);

/** Variables that nodes of a type stand for and that are not set. */
export const unsetVariables = (nodes: readonly FlowNode[], type: string, env: Readonly<Record<string, string | undefined>>): string[] =>
  nodes.filter((node) => node.type === type).flatMap((node) => Object.values(node))
    .flatMap((value) => (typeof value === 'string' ? VARIABLE.exec(value)?.[1] ?? [] : [])).filter((name) => env[name] === undefined);

const text = (value: unknown): string => typeof value === 'string' ? value : '';

const routeTableOf = (node: FlowNode, base: string): RouteTable => ({
  table: () => {
    const file = text(node['file']);
    try {
      return file === '' ? readRouteJson(node['rows'] ?? []) : readRouteText(readFileSync(resolve(base, file), 'utf8'));
    } catch (error) {
      throw asCourierError(error, 'ROUTE_FILE_UNREADABLE');
    }
  },
  trustedDomains: readDomains(node['trustedDomains'] as string | string[] | undefined),
  freeMailDomains: [...FREE_MAIL_DOMAINS, ...readDomains(node['freeMailDomains'] as string | undefined)],
});

export interface FileSurroundings {
  /** What relative paths are relative to. */
  base: string;
  /** Credentials do not stand in a file of flows: who signs is somebody like that. */
  identityFor: () => Promise<Identity>;
  /** The journal whose do-not-send list holds, whatever the flow's own is. */
  doNotSend: readonly DoNotSendEntry[];
}

/** Config nodes as a file of flows has them, variables replaced already. */
export const configsOf = (nodes: readonly FlowNode[], { base, identityFor, doNotSend }: FileSurroundings): Configs => {
  const find = (type: string, which: Which): FlowNode | undefined => nodeFor(nodes, type, which);
  return {
    organizations: (id) => {
      const node = find('direct-organizations', { id });
      if (node === undefined) return null;
      const { organizations } = organizationsOf(node as OrganizationsForm);
      return { find: (clientGuid) => organizations.find((organization) => organization.clientGuid === clientGuid.toLowerCase()) };
    },
    routeTable: (id) => {
      const node = find('direct-route-table', { id });
      return node === undefined ? null : routeTableOf(node, base);
    },
    directory: (id) => {
      const node = find('direct-directory', { id });
      if (node === undefined) return null;
      const file = text(node['file']);
      return { open: file === '' ? directoryList(node['rows'] ?? []) : directoryFile(resolve(base, file)) };
    },
    trust: (id) => {
      const node = find('direct-trust', { id });
      return node === undefined ? null : trustStore({
        anchors: text(node['anchors']), anchorsFile: text(node['anchorsFile']), certificateFolder: text(node['certificateFolder']),
        certificateService: text(node['certificateService']), base,
      });
    },
    identity: (which) => find('direct-identity', which) === undefined ? null : { open: identityFor },
    account: (which) => {
      const node = find('direct-hisp-account', which);
      if (node === undefined) return undefined;
      const read = (file: string): string => readFileSync(resolve(base, file), 'utf8');
      return readAccount(node as AccountForm & FlowNode, undefined, read);
    },
    journal: () => ({ open: async () => ({ blocked: async () => doNotSend }) }),
  };
};

/** What Node-RED's `getNode` gives for the types that an explanation asks for. */
export interface LiveNode { table?: unknown; find?: unknown; open?: unknown; anchors?: unknown; account?: unknown }

/** The nodes that are deployed. `getNode` gives null for what is not. */
export const liveConfigs = (nodes: readonly FlowNode[], getNode: (id: string) => LiveNode | null): Configs => {
  const having = <Kind>(id: string | undefined, property: keyof LiveNode): Kind | null => {
    const node = id === undefined || id === '' ? null : getNode(id);
    return node?.[property] === undefined ? null : node as Kind;
  };
  const idOf = (type: string, which: Which): string | undefined => nodeFor(nodes, type, which)?.id;
  return {
    organizations: (id) => having(id, 'find'),
    routeTable: (id) => having(id, 'table'),
    directory: (id) => having(id, 'open'),
    trust: (id) => having(id, 'anchors'),
    identity: (which) => having(idOf('direct-identity', which), 'open'),
    account: (which) => having<{ account: ReturnType<Configs['account']> }>(idOf('direct-hisp-account', which), 'account')?.account,
    journal: (id) => having(id, 'open'),
  };
};

/** The nodes of a file of flows. Throws FIELD_INVALID. */
export const readFlows = (input: string): FlowNode[] => {
  let read: unknown;
  try {
    read = JSON.parse(input.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new CourierError('FIELD_INVALID', { path: 'flows', detail: 'JSON was expected', cause });
  }
  const isNode = (node: unknown): node is FlowNode =>
    typeof (node as FlowNode | null)?.id === 'string' && typeof (node as FlowNode).type === 'string';
  if (!Array.isArray(read) || !read.every(isNode)) throw new CourierError('FIELD_INVALID', { path: 'flows', detail: 'a list of nodes was expected' });
  return read;
};
