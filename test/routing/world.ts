// A made-up world to route in: every way in which an order names a provider, organizations with every mix of levels, switches and policies,
// and addresses whose domain says what the simulated network makes of them. The decision table and the tests of the running flow share it.
import type { RoutePolicy } from '../../nodes/0-order/organization.ts';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { irisOrder, irisResult, type Json } from '../support/samples.ts';

export const POLICIES: readonly RoutePolicy[] = ['union', 'site-over-organization', 'most-specific'];

/** What the route table says for a level: nothing, an address, an address that is switched off, ordinary e-mail; for the site also the organization's address. */
export const ORDER_ROWS = ['none', 'off'] as const;
export const SITE_ROWS = ['none', 'on', 'off', 'mail', 'same'] as const;
export const ORGANIZATION_ROWS = ['none', 'on', 'off', 'mail'] as const;

export interface House {
  clientGuid: string; policy: RoutePolicy;
  order: typeof ORDER_ROWS[number]; site: typeof SITE_ROWS[number]; organization: typeof ORGANIZATION_ROWS[number];
}

const guid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** One organization per mix. */
export const HOUSES: readonly House[] = POLICIES.flatMap((policy) => ORDER_ROWS.flatMap((order) => SITE_ROWS.flatMap((site) =>
  ORGANIZATION_ROWS.map((organization) => ({ policy, order, site, organization })))))
  .map((house, index) => ({ clientGuid: guid(1000 + index), ...house }));

export const SITE = 'SITE01';
const ORGANIZATION_ADDRESS = 'results@good.hillview.sim.example';
const addressOf = (row: string, own: string): string =>
  row === 'mail' ? 'clinic@gmail.com' : row === 'same' ? ORGANIZATION_ADDRESS : own;

/** Settings beside the mix, by the number of the house: they change no recipient, but what is asked of it, which document it gets and by when. */
const turnOf = ({ clientGuid }: Pick<House, 'clientGuid'>): number => Number(clientGuid.slice(-4));

/** An account to which no test traffic may go. */
const REAL_ACCOUNT = 'HISP';

const settingsOf = (house: House): Json => {
  const turn = turnOf(house);
  return {
    ...(turn % 8 === 0 && { account: REAL_ACCOUNT }), ...(turn % 5 === 0 && { finalDelivery: false }), ...(turn % 3 === 0 && { deadlines: { urgent: 20, routine: 45 } }),
    ...(turn % 7 === 0 && { sites: { [SITE]: { finalDelivery: turn % 2 === 0, deadlines: { urgent: 10 } } } }),
    recipientDomains: [
      ...(turn % 4 === 0 ? [{ domain: '*.riverside.sim.example', finalDelivery: false, patientIdentifier: 'mrn' }] : []),
      ...(turn % 4 === 1 ? [{ domain: 'good.hillview.sim.example', finalDelivery: true, patientIdentifier: 'null' }] : []),
      ...(turn % 4 === 2 ? [{ domain: 'good.hillview.sim.example', maxMegabytes: 0.01 }] : []),
    ],
  };
};

const rowsOf = ({ clientGuid, order, site, organization }: House): Json[] => [
  ...(order === 'none' ? [] : [{ level: 'order', organization: clientGuid, site: '', address: '', finalDelivery: true, enabled: false }]),
  ...(site === 'none' ? [] : [{
    level: 'site', organization: clientGuid, site: SITE, address: addressOf(site, 'desk@good.lakeside.sim.example'), finalDelivery: true, enabled: site !== 'off',
  }]),
  ...(organization === 'none' ? [] : [{
    level: 'organization', organization: clientGuid, site: '', address: addressOf(organization, ORGANIZATION_ADDRESS),
    finalDelivery: turnOf({ clientGuid }) % 2 === 0 ? '' : 'false', deadline: turnOf({ clientGuid }) % 11 === 0 ? '7.5' : '', enabled: organization !== 'off',
  }]),
];

/** NPIs with a right check digit that nobody has. */
export const NPIS = {
  found: '2990000012', ambiguous: '2990000020', deactivated: '2990000053', unlisted: '2990000095', shared: '2990000061', sharing: '2990000079',
  organization: '2990000038', untrusted: '2990000087', expired: '2990000103', nocert: '2990000111', mail: '2990000129',
} as const;

const found = (behaviour: string): string => `dr.care@${behaviour}.riverside.sim.example`;

const entry = (npi: string, address: string, more: Json = {}): Json => ({ npi, address, name: 'Care, Pria', status: 'active', ...more });

const DIRECTORY: readonly Json[] = [
  entry(NPIS.found, found('good')), entry(NPIS.ambiguous, 'care.a@good.hill.sim.example'), entry(NPIS.ambiguous, 'care.b@good.hill.sim.example'),
  entry(NPIS.deactivated, 'care@good.oldtown.sim.example', { status: 'deactivated' }),
  entry(NPIS.shared, 'desk@good.shared.sim.example'), entry(NPIS.sharing, 'desk@good.shared.sim.example', { name: 'Other, Olga' }),
  entry(NPIS.organization, 'front@good.front.sim.example', { name: 'Riverside Clinic', type: 'organization' }),
  entry(NPIS.untrusted, found('untrusted')), entry(NPIS.expired, found('expired')), entry(NPIS.nocert, found('nocert')), entry(NPIS.mail, 'dr.care@gmail.com'),
];

/** Who is on the do-not-send list. */
export const BLOCKED = [
  { block: 'address', value: found('good') }, { block: 'npi', value: NPIS.organization }, { block: 'domain', value: 'hill.sim.example' },
  { block: 'domain', value: 'nocert.lakeside.sim.example' },
] as const;

/** A flow made to work in this world. */
export const worldly = (flows: readonly FlowNode[], houses: readonly House[] = HOUSES): FlowNode[] => flows.flatMap((node) => {
  switch (node.type) {
    case 'direct-organizations': return {
      ...node,
      organizations: houses.map((house, index) => ({
        ...settingsOf(house), clientGuid: house.clientGuid, policy: house.policy, name: `Synthetic Organization ${index + 1}`, phone: '555-555-0100', sender: 'results@direct.courier.example', price: '0.25', currency: 'USD',
      })),
    };
    case 'direct-hisp-account': return [node, { ...node, id: `${node.id}-real`, name: REAL_ACCOUNT, simulated: false }];
    case 'direct-route-table': return { ...node, file: '', rows: houses.flatMap(rowsOf) };
    case 'direct-directory': return { ...node, file: '', rows: DIRECTORY };
    default: return node;
  }
});

/** How an order names the provider: address, NPI, both, neither; and the name beside them. */
export interface Naming { what: string; address?: string; npi?: string; family?: string }

const CERTIFICATES = ['good', 'untrusted', 'expired', 'nocert'] as const;
const WRONG_DIGIT = '2990000013';

export const NAMINGS: readonly Naming[] = [
  { what: 'nobody' },
  ...CERTIFICATES.map((behaviour): Naming => ({ what: `an address (certificate: ${behaviour})`, address: `dr.lee@${behaviour}.lakeside.sim.example` })),
  { what: 'an address that is not well-formed', address: 'dr.lee at lakeside' },
  { what: 'ordinary e-mail', address: 'dr.lee@gmail.com' },
  { what: 'an NPI that is found', npi: NPIS.found },
  { what: 'an NPI that is found (certificate: untrusted)', npi: NPIS.untrusted },
  { what: 'an NPI that is found (certificate: expired)', npi: NPIS.expired },
  { what: 'an NPI that is found (certificate: nocert)', npi: NPIS.nocert },
  { what: 'an NPI that is found under another family name', npi: NPIS.found, family: 'Moved' },
  { what: 'an NPI that is found with a shared mailbox, another name', npi: NPIS.shared, family: 'Moved' },
  { what: 'an NPI of an organization', npi: NPIS.organization },
  { what: 'an NPI with several addresses', npi: NPIS.ambiguous },
  { what: 'an NPI that is deactivated', npi: NPIS.deactivated },
  { what: 'an NPI that the directory lacks', npi: NPIS.unlisted },
  { what: 'an NPI with ordinary e-mail only', npi: NPIS.mail },
  { what: 'an NPI with a wrong check digit', npi: WRONG_DIGIT },
  { what: 'an address and the NPI that belongs to it', address: found('good'), npi: NPIS.found },
  { what: 'an address and an NPI with another one', address: 'dr.care@good.lakeside.sim.example', npi: NPIS.found },
  { what: 'an address and an NPI under another family name', address: 'dr.moved@good.lakeside.sim.example', npi: NPIS.found, family: 'Moved' },
  { what: 'ordinary e-mail and an NPI that is found', address: 'dr.care@gmail.com', npi: NPIS.found },
  { what: 'an address that is not well-formed and an NPI that the directory lacks', address: 'dr.care at riverside', npi: NPIS.unlisted },
  { what: 'the organization\'s address', address: ORGANIZATION_ADDRESS },
];

export interface Input { order: Json; result: Json }

/** Order and result number `n` of a house; `change` is merged into the result. */
export const inputFor = (n: number, { clientGuid }: Pick<House, 'clientGuid'>, { address = '', npi = '', family = 'Care' }: Naming, change: Json = {}): Input => {
  const [localId, patient] = [`RT${n}`, { LocalId: `MRN${n}` }];
  return {
    order: irisOrder({
      ClientGuid: clientGuid, Site: { LocalId: SITE }, Order: { LocalId: localId }, Patient: patient,
      HealthPlan: { PrimaryCareProvider: { NPI: npi, EmailAddress: address, Name: { First: 'Pria', Last: family } } },
    }),
    result: irisResult({ Site: { LocalId: SITE }, Order: { LocalId: localId }, Patient: patient, ...change }),
  };
};
