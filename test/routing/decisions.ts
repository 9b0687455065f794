// Every combination of level, look-up outcome, certificate outcome, policy and switch, decided by the explanation: what the documentation shows
// and what the tests hold it to.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Level } from '../../nodes/0-order/message.ts';
import type { Organization, RoutePolicy } from '../../nodes/0-order/organization.ts';
import { FREE_MAIL_DOMAINS } from '../../nodes/1-route/direct-domain.ts';
import { readRouteJson } from '../../nodes/1-route/route-table.ts';
import { type Directory, readDirectoryJson } from '../../nodes/2-npi/directory.ts';
import type { CertificateSource } from '../../nodes/5-smime/types.ts';
import { openPki, type SimulatedPki } from '../../nodes/6-hisp/simulator/pki.ts';
import { explain } from '../../nodes/cli/explain/explain.ts';
import type { CandidateState, Explanation } from '../../nodes/cli/explain/explanation.ts';
import type { Setting } from '../../nodes/cli/explain/setting.ts';
import { standInIdentity } from '../../nodes/cli/explain/stand-in.ts';
import { CourierError } from '../../nodes/errors.ts';
import type { Json } from '../support/samples.ts';
import { inputFor, type Naming, POLICIES } from './world.ts';

export const LOOK_UPS = [
  'found', 'found, another name', 'found, shared mailbox', 'found, an organization', 'several addresses', 'not listed', 'no Direct address', 'deactivated',
  'wrong check digit', 'no directory',
] as const;
export type LookUp = typeof LOOK_UPS[number];

export const CERTIFICATES = ['trusted', 'no anchor', 'expired', 'none', 'of another domain', 'not to be had'] as const;
export type Certificate = typeof CERTIFICATES[number];

/** How a level names its recipient. */
export const NAMES = ['order: address', 'order: NPI', 'order: both', 'site', 'organization'] as const;
export type Name = typeof NAMES[number];

export interface Decision {
  name: Name;
  /** Null where no NPI is looked up. */
  lookUp: LookUp | null;
  certificate: Certificate;
  policy: RoutePolicy;
  on: boolean;
  state: CandidateState | null;
  code: string | null;
  warnings: string[];
}

const GUID = '00000000-0000-4000-8000-0000000000aa';
const NPI = '2990000012';
const OTHER_NPI = '2990000020';

const LABELS: Record<Certificate, string> = {
  trusted: 'good', 'no anchor': 'untrusted', expired: 'expired', none: 'nocert', 'of another domain': 'unbound', 'not to be had': 'down',
};

const addressAt = (certificate: Certificate): string => `dr.care@${LABELS[certificate]}.riverside.sim.example`;

/** The network's certificates, and two more ways to have none that serves. */
const sourceOf = (pki: SimulatedPki): CertificateSource => ({
  async find(address) {
    const label = address.slice(address.indexOf('@') + 1).split('.')[0];
    if (label === 'down') throw new CourierError('CERT_UNAVAILABLE');
    const holder = await pki.certificateFor(label === 'unbound' ? 'x@good.elsewhere.sim.example' : address);
    return holder === null ? [] : [new X509Certificate(holder.certificatePem).raw];
  },
});

const row = (address: string, more: Json = {}): Json => ({ npi: NPI, address, name: 'Care, Pria', status: 'active', ...more });

const DIRECTORIES: Record<Exclude<LookUp, 'no directory'>, (address: string) => Json[]> = {
  found: (address) => [row(address)],
  'found, another name': (address) => [row(address, { name: 'Moved, Max' })],
  'found, shared mailbox': (address) => [row(address, { name: 'Moved, Max' }), row(address, { npi: OTHER_NPI, name: 'Other, Olga' })],
  'found, an organization': (address) => [row(address, { name: 'Riverside', type: 'organization' })],
  'several addresses': (address) => [row(address), row('other@good.hill.sim.example')],
  'not listed': () => [row('other@good.hill.sim.example', { npi: OTHER_NPI })],
  'no Direct address': () => [row('dr.care@gmail.com')],
  deactivated: (address) => [row(address, { status: 'deactivated' })],
  'wrong check digit': (address) => [row(address)],
};

const directoryFor = (lookUp: LookUp | null, address: string): Directory | undefined =>
  lookUp === null || lookUp === 'no directory' ? undefined : readDirectoryJson(DIRECTORIES[lookUp](address));

const namingOf = (name: Name, lookUp: LookUp | null, address: string): Naming => ({
  what: name, family: 'Care',
  ...((name === 'order: address' || name === 'order: both') && { address }),
  ...((name === 'order: NPI' || name === 'order: both') && { npi: lookUp === 'wrong check digit' ? '2990000013' : NPI }),
});

/** One row of a route table. */
export interface Row { level: Level; address: string; on: boolean; finalDelivery?: boolean }

const tableOf = (rows: readonly Row[]): Setting['table'] => () => ({
  table: () => readRouteJson(rows.map(({ level, address, on, finalDelivery = true }) =>
    ({ level, organization: GUID, site: level === 'site' ? 'SITE01' : '', address, finalDelivery, enabled: on }))),
  trustedDomains: [], freeMailDomains: [...FREE_MAIL_DOMAINS],
});

export interface Bench {
  /** Who would get the result of an order that names the provider so, with these rows, under this policy. */
  ask(naming: Naming, rows: readonly Row[], policy: RoutePolicy, directory?: Directory, change?: Json): Promise<Explanation>;
  end(): Promise<void>;
}

export const openBench = async (): Promise<Bench> => {
  const folder = await mkdtemp(join(tmpdir(), 'courier-routing-'));
  const pki = await openPki({ folder });
  const [source, anchors] = [sourceOf(pki), async () => [new X509Certificate(pki.authorityPem).raw]];
  const now = new Date();
  const organizationOf = (policy: RoutePolicy): Organization =>
    ({ clientGuid: GUID, name: 'Synthetic Clinic', phone: '555-555-0100', sender: 'results@direct.courier.example', policy });
  const identity = standInIdentity([organizationOf('union')], now);
  const account = { name: 'simulated HISP', user: '', anyFrom: false, deadlines: { routine: 3_600_000, urgent: 1_800_000, emergent: 900_000 } };
  const setting = (rows: readonly Row[], policy: RoutePolicy, directory: Directory | undefined): Setting => ({
    configs: {
      organizations: () => null, routeTable: () => null, directory: () => null, trust: () => ({ source, anchors }),
      identity: () => ({ open: identity }), account: () => account as never, journal: () => null,
    },
    entrance: { maxBytes: 25 * 1024 * 1024, bound: null }, organization: () => organizationOf(policy), doNotSend: async () => [], table: tableOf(rows), policy: 'organization',
    lookUp: { directory: async () => directory, onMismatch: 'hold' },
    pdf: { mode: 'pass', pageSize: 'letter', imageFolder: '' },
    cda: { patientIdentifier: 'null', documentCode: '', title: '', gender: 'birth' },
    seal: { subject: 'Exam result', attachPdf: false, cipher: 'aes-256-cbc', identity: 'identity', trust: 'trust', account: '' },
    account: 'account', prices: () => ({ amount: '0.25', currency: 'USD' }),
  });
  const report = { Type: 'PDF', Content: Buffer.from('%PDF-1.7\n%%EOF\n').toString('base64') };
  return {
    ask: async (naming, rows, policy, directory, change = {}) => {
      const { order, result } = inputFor(1, { clientGuid: GUID }, naming, { ResultsDocument: report, ...change });
      const bytes = (json: Json): Buffer => Buffer.from(JSON.stringify(json));
      return await explain({ order: bytes(order), result: bytes(result) }, setting(rows, policy, directory), now);
    },
    end: () => rm(folder, { recursive: true, force: true }),
  };
};

const levelOf = (name: Name): Level => (name.startsWith('order') ? 'order' : name as Level);

const rowsFor = (name: Name, address: string, on: boolean): Row[] =>
  levelOf(name) === 'order' ? (on ? [] : [{ level: 'order', address: '', on }]) : [{ level: levelOf(name), address, on }];

const lookUpsOf = (name: Name): readonly (LookUp | null)[] => (name === 'order: NPI' || name === 'order: both' ? LOOK_UPS : [null]);

/** All of them, in the order of the lists. */
export const allDecisions = async ({ ask }: Bench): Promise<Decision[]> => {
  const decisions: Decision[] = [];
  for (const name of NAMES) for (const lookUp of lookUpsOf(name)) for (const certificate of CERTIFICATES) for (const policy of POLICIES) for (const on of [true, false]) {
    const address = addressAt(certificate);
    const { candidates } = await ask(namingOf(name, lookUp, address), rowsFor(name, address, on), policy, directoryFor(lookUp, address));
    const { state, code, warnings } = candidates[0]!;
    const told = warnings.map((warning) => warning.code).filter((each) => !each.startsWith('CDA_'));
    decisions.push({ name, lookUp, certificate, policy, on, state, code, warnings: [...new Set(told)] });
  }
  return decisions;
};
