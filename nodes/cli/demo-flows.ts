// The bundle, pointed at the files and options of a demo run.
import type { Organization } from '../0-order/organization.ts';
import { domainOf } from '../0-order/direct-address.ts';
import type { Network } from '../6-hisp/simulator/network.ts';
import { BUNDLE, configure, nodeOf, readBundle } from './bundle.ts';
import type { DemoOptions } from './demo-options.ts';
import type { FlowNode } from './engine.ts';
import { EDGE_CREDENTIALS, SENDER_DOMAIN } from './lab.ts';

const SENDER = `results@${SENDER_DOMAIN}`;

/** Every ClientGuid of the route table as an organization with a made-up name. */
const madeUp = (clientGuids: string[]): Organization[] =>
  [...new Set(clientGuids)].map((clientGuid, index) => ({
    clientGuid, name: `Synthetic Organization ${index + 1}`, phone: '555-555-0100', price: '0.25', currency: 'USD',
  }));

const organizationsOf = (options: DemoOptions, bundle: FlowNode[]): Organization[] => {
  if (options.organizations !== undefined) return options.organizations;
  if (options.route !== undefined) return madeUp(options.route.rows.map(({ organization }) => organization));
  return nodeOf(bundle, 'direct-organizations')['organizations'] as Organization[];
};

/** An organization of the laboratory sends by the simulated network: sender and identity are filled in, the account is the bundle's. */
const equipped = ({ account: _account, ...organization }: Organization): Organization => {
  const sender = organization.sender ?? SENDER;
  const sites = Object.fromEntries(Object.entries(organization.sites ?? {}).map(([site, { account: _other, ...settings }]) =>
    [site, settings.sender === undefined ? settings : { ...settings, identity: domainOf(settings.sender) }]));
  return { ...organization, sender, identity: domainOf(sender), ...(organization.sites !== undefined && { sites }) };
};

/** The domains that are sent from. */
export const senderDomains = (organizations: Organization[]): string[] => {
  const senders = organizations.flatMap(({ sender, sites }) => [sender, ...Object.values(sites ?? {}).map((site) => site.sender)]);
  return [...new Set(senders.flatMap((sender) => sender === undefined ? [] : [domainOf(sender)]))];
};

/** One identity node for each domain that is sent from. */
const identityNodes = async (organizations: Organization[], network: Network): Promise<FlowNode[]> => {
  return await Promise.all(senderDomains(organizations).map(async (domain) => {
    const { certificatePem, keyPem } = await network.senderIdentity(domain);
    const credentials = { certificate: certificatePem, key: keyPem };
    return { id: `identity-${domain}`, type: 'direct-identity', name: domain, format: 'pem', credentials };
  }));
};

export const demoOrganizations = async (options: DemoOptions): Promise<Organization[]> =>
  organizationsOf(options, await readBundle(BUNDLE)).map(equipped);

/** The file of the route table, undefined for the bundle's rows. They belong to the bundle's organizations and are never mixed with others. */
const routeOf = ({ route, organizations }: DemoOptions): string | undefined => route?.file ?? (organizations === undefined ? undefined : '');

/** The bundle's account as one whose HISP seals: plain mail by the edge log-in, notifications from its mailbox. */
const edgeChanges = (account: string): [string, Record<string, unknown>][] => [
  ['direct-hisp-account', { sealing: 'hisp', imapPort: '${DIRECT_IMAP_PORT}', credentials: EDGE_CREDENTIALS }],
  ['direct-hisp-receive', { source: 'mailbox', account }],
  ['direct-seal-mail', { account }],
];

export const demoFlows = async (options: DemoOptions, organizations: Organization[], network: Network): Promise<FlowNode[]> => {
  const bundle = await readBundle(BUNDLE);
  const changes: [string, Record<string, unknown>][] = [
    ['direct-organizations', { organizations }],
    ['direct-hisp-account', { deadline: String(options.deadlineSeconds), retryFirst: '2' }],
    ...(options.edge === 'hisp' ? edgeChanges(nodeOf(bundle, 'direct-hisp-account').id) : []),
    ['direct-render-pdf', { imageFolder: options.input, ...(options.pdf !== undefined && { mode: options.pdf }) }],
    ...(routeOf(options) === undefined ? [] : [['direct-route-table', { file: routeOf(options), rows: [] }] as [string, object]]),
    ...(options.directory === undefined ? [] : [['direct-directory', { file: options.directory.file, rows: [] }] as [string, object]]),
    ...(options.patientId === undefined ? [] : [['direct-build-cda', { patientIdentifier: options.patientId }] as [string, object]]),
    ...(options.policy === undefined ? [] : [['direct-resolve-route', { policy: options.policy }] as [string, object]]),
  ] as [string, Record<string, unknown>][];
  const flows = changes.reduce((nodes, [type, properties]) => configure(nodes, type, properties), bundle);
  return [...flows, ...await identityNodes(organizations, network)];
};
