// How the route table, the organizations, the directory and the do-not-send list come to each code.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipient } from '../../nodes/0-order/message.ts';
import { parseOrganizations } from '../../nodes/0-order/organizations.ts';
import { FREE_MAIL_DOMAINS } from '../../nodes/1-route/direct-domain.ts';
import { planRoute } from '../../nodes/1-route/plan.ts';
import { resolveRoute } from '../../nodes/1-route/resolve.ts';
import { readRouteJson, readRouteText } from '../../nodes/1-route/route-table.ts';
import { readDirectoryJson } from '../../nodes/2-npi/directory.ts';
import { directoryFile } from '../../nodes/2-npi/directory-source.ts';
import { lookUpRecipients } from '../../nodes/2-npi/look-up.ts';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { configsOf } from '../../nodes/cli/explain/configs.ts';
import { type Setting, settingOf } from '../../nodes/cli/explain/setting.ts';
import { isCourierError } from '../../nodes/errors.ts';
import { mailFor, order, queued, readyMessage, recipient } from '../journal/fixtures.ts';
import { CLINIC, type Json, NPI } from '../support/samples.ts';
import type { Found, RoutingCode, Scenario, Scene } from './scenario.ts';

const thrown = (work: () => unknown): Found[] => {
  try {
    work();
  } catch (error) {
    if (isCourierError(error)) return [error.code];
    throw error;
  }
  return [];
};

const HEADER = 'level,organization,site,address,final_delivery,enabled\n';

/** Who is named by an order that names its provider so, beside these rows. */
const routed = (provider: Json, ...rows: Json[]): Recipient[] => resolveRoute({
  order: { ...order({ HealthPlan: { PrimaryCareProvider: { NPI: '', EmailAddress: '', ...provider } } }), site: { localId: 'SITE01' } },
  table: readRouteJson(rows.map((row) => ({ organization: CLINIC, site: '', address: '', finalDelivery: true, enabled: true, ...row }))),
  policy: 'union', trustedDomains: [], freeMailDomains: [...FREE_MAIL_DOMAINS],
}).recipients;

const codesOf = (recipients: readonly Recipient[]): Found[] =>
  recipients.flatMap(({ code, hold, warnings }) => [code, hold, ...warnings.map((warning) => warning.code)]);

const ADDRESS = 'dr.care@direct.riverside.example';
const row = (change: Json = {}): Json => ({ npi: NPI.pcp, address: ADDRESS, name: 'Care, Pria', status: 'active', ...change });

/** What the directory with these rows makes of the provider, whom the order calls Care. */
const lookedUp = (provider: Json, rows: readonly Json[]): Found[] => {
  const settings = { provider: { family: 'Care', given: 'Pria' }, onMismatch: 'hold' } as const;
  const { resolved, unresolved } = lookUpRecipients(routed(provider), readDirectoryJson(rows), settings);
  return codesOf([...resolved, ...unresolved]);
};

const ROUTE_NODE = { id: 'route', type: 'direct-resolve-route', table: 'table', wires: [] } as unknown as FlowNode;

const settingFrom = (folder: string, ...nodes: FlowNode[]): Setting =>
  settingOf(nodes, configsOf(nodes, { base: folder, identityFor: () => Promise.reject(new Error('nobody signs')), doNotSend: [] }));

/** One who would get the result, and then is on the list. */
const blocked: Scenario = async ({ journal }) => {
  const { deliveryId } = await queued(journal);
  await journal.act({ kind: 'block', block: 'domain', value: 'lakeside.example', actor: 'A. Person', reason: 'left the practice' });
  return [(await journal.delivery(deliveryId))!.code];
};

const testTraffic: Scenario = async ({ journal }) => {
  const { direct } = await readyMessage(journal, { Test: true });
  const [planned] = await journal.planRecipients(direct.id, [recipient()]);
  await journal.enqueue(mailFor(planned!.id!, { simulated: false }));
  return [(await journal.message(direct.id))!.code, (await journal.delivery(planned!.id!))!.code];
};

const nobody: Scenario = async ({ journal }) => {
  const { direct } = await readyMessage(journal);
  await planRoute(journal, direct, routed({}));
  return [(await journal.message(direct.id))!.code];
};

/** The order's NPI turns out to have the site's address. */
const merged: Scenario = async ({ decide }) => {
  const [site, directory] = ['desk@good.lakeside.sim.example', readDirectoryJson([row({ address: 'desk@good.lakeside.sim.example' })])];
  const naming = { what: 'an NPI', npi: NPI.pcp, family: 'Care' };
  const { candidates } = await decide(naming, [{ level: 'site', address: site, on: true }], 'union', directory);
  return candidates.map(({ code }) => code);
};

/** The directory in a file with this text; null: there is no such file. */
const withFile = async ({ folder }: Scene, text: string | null): Promise<Found[]> => {
  const file = join(folder, 'directory.csv');
  if (text !== null) await writeFile(file, text);
  const directory = await directoryFile(file)();
  const { unresolved } = lookUpRecipients(routed({ NPI: NPI.pcp }), directory);
  return [directory.problem?.code, ...directory.rejects.map(({ code }) => code), ...codesOf(unresolved)];
};

export const SCENARIOS_OF_LISTS = {
  NO_ROUTE: nobody,
  ROUTE_ROW_INVALID: () => thrown(() => readRouteText(`${HEADER}clinic,${CLINIC},,,,\n`)),
  ROUTE_TABLE_MISSING: ({ folder }) => thrown(() => settingFrom(folder, ROUTE_NODE).table()),
  ROUTE_NODE_MISSING: ({ folder }) => thrown(() => settingFrom(folder)),
  ROUTE_FILE_UNREADABLE: ({ folder }) =>
    thrown(() => settingFrom(folder, ROUTE_NODE, { id: 'table', type: 'direct-route-table', file: 'none.csv' } as FlowNode).table().table()),
  ORGANIZATION_ROW_INVALID: () => thrown(() => parseOrganizations(`clientGuid,name,colour\n${CLINIC},Lakeside,blue\n`)),
  LEVEL_OFF: () => codesOf(routed({ EmailAddress: ADDRESS }, { level: 'order', enabled: false })),
  ADDRESS_INVALID: () => codesOf(routed({ EmailAddress: 'dr.care at riverside' })),
  ADDRESS_NOT_DIRECT: () => codesOf(routed({ EmailAddress: 'dr.care@gmail.com' })),
  DO_NOT_SEND: blocked,
  TEST_TRAFFIC: testTraffic,
  MERGED: merged,
  NPI_INVALID: () => lookedUp({ NPI: '2990000013' }, [row()]),
  NPI_NOT_FOUND: () => lookedUp({ NPI: NPI.pcp }, [row({ npi: NPI.grader })]),
  NPI_AMBIGUOUS: () => lookedUp({ NPI: NPI.pcp }, [row(), row({ address: 'other@direct.hill.example' })]),
  NPI_DEACTIVATED: () => lookedUp({ NPI: NPI.pcp }, [row({ status: 'deactivated' })]),
  NAME_MISMATCH: () => lookedUp({ NPI: NPI.pcp }, [row({ name: 'Other, Olga' })]),
  NAME_NOT_COMPARED: () => lookedUp({ NPI: NPI.pcp }, [row({ name: 'Riverside Clinic', type: 'organization' })]),
  ADDRESS_DIFFERS: () => lookedUp({ NPI: NPI.pcp, EmailAddress: 'care@direct.hill.example' }, [row()]),
  DIRECTORY_UNAVAILABLE: (scene) => withFile(scene, null),
  DIRECTORY_INVALID: (scene) => withFile(scene, 'npi,colour\n'),
  DIRECTORY_ROW_INVALID: (scene) => withFile(scene, `npi,address,name,status\n${NPI.pcp},${ADDRESS},"Care" Pria,active\n`),
} as const satisfies Partial<Record<RoutingCode, Scenario>>;
