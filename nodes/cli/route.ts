// `direct-courier route explain ORDER [RESULT]`: who would get it, and why, without sending or storing anything.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { DoNotSendEntry } from '../0-order/do-not-send.ts';
import { POLICIES } from '../0-order/organization-settings.ts';
import { organizationsOf, type OrganizationsForm, parseOrganizations } from '../0-order/organizations.ts';
import { readRouteText } from '../1-route/route-table.ts';
import { readDirectoryText } from '../2-npi/directory.ts';
import { closePool } from '../pool.ts';
import { BUNDLE, configure, readBundle } from './bundle.ts';
import { type Command, say, UsageError } from './command.ts';
import type { FlowNode } from './engine.ts';
import { configsOf, readFlows, unsetVariables, withEnvironment } from './explain/configs.ts';
import { explain } from './explain/explain.ts';
import type { Explanation } from './explain/explanation.ts';
import { settingOf } from './explain/setting.ts';
import { standInIdentity } from './explain/stand-in.ts';
import { explanationText } from './explain/text.ts';
import { looking } from './journal-access.ts';
import { locationOf } from './journal-call.ts';
import { TEXTS } from './texts.ts';

const string = { type: 'string' } as const;
const OPTIONS = {
  flows: string, node: string, route: string, directory: string, organizations: string, policy: string,
  journal: string, 'key-file': string, backend: string, schema: string, json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** What the node's form offers. */
const CHOICES: readonly string[] = ['organization', ...POLICIES];

/** A list that is put in place of the flow's must be one: else the answer would be about a flow without it. */
const checkGiven = async ({ route, directory, policy }: Values, path: (file: string) => string): Promise<void> => {
  if (policy !== undefined && !CHOICES.includes(policy)) throw new UsageError(TEXTS.wrongChoice('policy', CHOICES));
  if (route !== undefined) readRouteText(await readFile(path(route), 'utf8'));
  if (directory !== undefined) readDirectoryText(await readFile(path(directory), 'utf8'));
};

/** The flow that is asked: the one given, or the shipped one, with what the options put in its place. */
const flowsOf = async ({ flows, route, directory, organizations, policy }: Values, path: (file: string) => string): Promise<FlowNode[]> => {
  const nodes = flows === undefined ? await readBundle(BUNDLE) : readFlows(await readFile(path(flows), 'utf8'));
  const changes: [string, Record<string, unknown>][] = [
    ...(route === undefined ? [] : [['direct-route-table', { file: path(route), rows: [] }] as [string, object]]),
    ...(directory === undefined ? [] : [['direct-directory', { file: path(directory), rows: [] }] as [string, object]]),
    ...(organizations === undefined ? [] : [['direct-organizations', {
      organizations: parseOrganizations(await readFile(path(organizations), 'utf8')),
    }] as [string, object]]),
    ...(policy === undefined ? [] : [['direct-resolve-route', { policy }] as [string, object]]),
  ] as [string, Record<string, unknown>][];
  return changes.reduce((changed, [type, properties]) => configure(changed, type, properties), nodes);
};

/** The do-not-send list of the journal that the options name; the flow's own journal is asked by the running flow. */
const doNotSendOf = async (values: Values, cwd: string): Promise<readonly DoNotSendEntry[]> => {
  if (values.journal === undefined) return [];
  const keyFile = values['key-file'];
  const place = { location: locationOf(values, cwd), keyFile: keyFile === undefined ? undefined : resolve(cwd, keyFile) };
  return await looking(place, (journal) => journal.blocked());
};

const GOOD: ReadonlySet<string> = new Set(['ROUTED', 'DONE']);

type Candidate = Explanation['candidates'][number];

const getsNothing = ({ state, code }: Candidate): boolean =>
  state === 'UNRESOLVED' || state === 'HELD' || (state === 'SUPPRESSED' && code === 'DO_NOT_SEND');

const mayGetIt = ({ state }: Candidate): boolean => state === 'QUEUED' || state === 'RESOLVING';

/** 3: somebody who is named would not get it, or nobody would. A level that is switched off names nobody. */
const exitCode = ({ message, candidates }: Explanation): number =>
  GOOD.has(message.state) && candidates.some(mayGetIt) && !candidates.some(getsNothing) ? 0 : 3;

const organizationsIn = (nodes: readonly FlowNode[]) => nodes.filter(({ type }) => type === 'direct-organizations')
  .flatMap((node) => organizationsOf(node as OrganizationsForm).organizations);

export const route: Command = async (args, { cwd }) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [verb, order, result, ...more] = positionals;
  if (verb !== 'explain' || order === undefined || more.length > 0) throw new UsageError(TEXTS.explainCall);
  const path = (file: string): string => resolve(cwd, file);
  await checkGiven(values, path);
  const given = await flowsOf(values, path);
  const unset = unsetVariables(given, 'direct-trust', process.env);
  const nodes = withEnvironment(given, process.env);
  const now = new Date();
  const doNotSend = await doNotSendOf(values, cwd);
  const configs = configsOf(nodes, { base: cwd, identityFor: standInIdentity(organizationsIn(nodes), now), doNotSend });
  const setting = settingOf(nodes, configs, values.node);
  try {
    const question = { order: await readFile(path(order)), ...(result !== undefined && { result: await readFile(path(result)) }) };
    const explanation = await explain(question, unset.length > 0 ? { ...setting, seal: null } : setting, now);
    say(values.json ? JSON.stringify(explanation) : explanationText(explanation));
    if (unset.length > 0 && !values.json) say(TEXTS.certificatesNotAsked(unset));
    return exitCode(explanation);
  } finally {
    await closePool();
  }
};
