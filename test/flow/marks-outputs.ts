// A laboratory in which every output of HISP send, every hold and every way that a result can wait has something to tell, about the patient
// of marks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import type { Action } from '../../nodes/journal/port.ts';
import { ROOT } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { CLINIC, NPI } from '../support/samples.ts';
import { EVERYTHING, type Json, pair, PATIENT, SSN } from './marks.ts';
import { type Ears, withEars } from './marks-ears.ts';

export const EDGES = ['courier', 'hisp'] as const;
export type Edge = typeof EDGES[number];

export const DESK = 'desk@good.lakeside.sim.example';
export const BY = { actor: 'Pat Ops', reason: `asked the clinic, SSN ${SSN.replaceAll('-', '')} and ${SSN}` };

const ROWS = [{ level: 'site', organization: CLINIC, site: 'SITE01', address: DESK, finalDelivery: true, enabled: true }];
const DIRECTORY = [{ npi: NPI.pcp, address: 'dr.pria.care@good.riverside.sim.example', name: 'Care, Pria', status: 'active' }];
const SEALED_BY_HISP: [string, Json][] = [
  ['direct-hisp-account', {
    sealing: 'hisp', imapPort: '${DIRECT_IMAP_PORT}', credentials: { user: '${DIRECT_EDGE_USER}', password: '${DIRECT_EDGE_PASSWORD}' },
  }],
  ['direct-hisp-receive', { source: 'mailbox', account: 'iris-hisp-account', identity: '', trust: '' }],
  ['direct-seal-mail', { identity: '', trust: '' }],
];

/** The shipped flow that makes notices, behind HISP send. */
const withNotices = (flows: FlowNode[], folder: string): FlowNode[] => {
  const shipped = JSON.parse(readFileSync(join(ROOT, 'flows/not-delivered/flows.json'), 'utf8')) as FlowNode[];
  const env = [{ name: 'NOTICE_FOLDER', value: folder, type: 'str' }];
  const placed = shipped.map((node) => node['env'] === undefined ? node : { ...node, env });
  return [
    ...flows.map((node) => {
      const [accepted, failed, ...others] = (node['wires'] ?? []) as string[][];
      return node.type === 'direct-hisp-send' ? { ...node, wires: [accepted, [...failed!, 'handed-off'], ...others] } : node;
    }),
    ...placed,
  ];
};

/** Results without their order: sent to their site by the one whose mails we seal, held by the other. */
export const startOutputs = async (edge: Edge, ears: Ears, notices: string): Promise<TestLab> => await startTestLab((flows) => {
  const changes: [string, Json][] = [
    ['direct-order-in', { waitHours: '0.0003', withoutOrder: edge === 'courier' ? 'send' : 'hold', bound: CLINIC }],
    ['direct-route-table', { rows: ROWS }], ['direct-directory', { rows: DIRECTORY }],
    ['direct-hisp-account', { deadline: '5' }], ['direct-hisp-send', { alertEvery: '0.01', unconfirmed: true }],
    ...(edge === 'hisp' ? SEALED_BY_HISP : []),
  ];
  const changed = changes.reduce((nodes, [type, properties]) => setOn(nodes, type, properties), flows);
  return withNotices(withEars(changed), notices);
}, { ...ears.settings, adminAuth: { type: 'credentials', users: [], default: { permissions: 'read' } } });

const BARE = SSN.replaceAll('-', '');
const EMERGENT = {
  Gradings: { Emergent: true, Notes: [{ Date: '2026-01-06T14:09:00+00:00', Text: EVERYTHING }], CarePlanDescription: `Call about SSN ${BARE}.` },
};
const failing = ['refuse', 'nocert', 'bounce', 'silent'].flatMap((label, index) =>
  pair(60 + index, {
    address: `x@${label}.lakeside.sim.example`, order: { HealthPlan: { PrimaryCareProvider: { FaxNumber: '5555550111' } } }, result: EMERGENT,
  }));
const again = (n: number, result: Json): Json => pair(n, { result })[1]!;

const GOOD = 'dr.lee@good.lakeside.sim.example';

/** Inputs in the order in which they come; each is waited for before the next. */
export const COMING: Json[] = [
  ...pair(50, { address: GOOD, result: EMERGENT }), again(50, { Gradings: { CarePlanName: `Refer ${SSN}` } }),
  again(50, { ResultCode: 'C', Gradings: { CarePlanDescription: 'Corrected.' } }),
  again(50, { ResultCode: 'A', Gradings: { CarePlanDescription: `More, SSN: ${SSN.replaceAll('-', ' ')}.` } }),
  ...pair(51, { address: GOOD, result: { ...EMERGENT, Patient: { ...PATIENT, Dob: '3/18/1947' } } }),
  ...pair(52, { npi: NPI.pcp, order: { HealthPlan: { PrimaryCareProvider: { Name: { First: 'Ann', Last: 'Elsewho' } } } }, result: EMERGENT }),
  again(53, EMERGENT),
  ...pair(54, { address: GOOD, result: { ResultCode: 'P' } }),
  { ...pair(50)[0]!, OrderControlCode: 'XO', Patient: { ...PATIENT, LocalId: `${PATIENT.LocalId}B`, Ssn: SSN } },
  { ...pair(50)[0]!, OrderControlCode: 'CA' },
  ...pair(55, { address: GOOD, order: { Test: true } }), ...pair(56, { address: 'x@blocked.sim.example', result: EMERGENT }),
  {
    TransactionId: '00000000-0000-4000-8000-000000000003', Success: false, ErrorMessage: EVERYTHING, Version: '2.3.1', IrisOrderId: 1,
    OrderLocalId: 'ORD50', OrderControlCodeType: 'NW',
  },
  ...failing,
];

/** Order and result of a number as they came first. */
export const examOf = (n: number): Json[] => COMING.filter((body) => (body['Order'] as Json | undefined)?.['LocalId'] === `ORD${n}`).slice(0, 2);

export const CODES = (edge: Edge): string[] => [
  'CHANGED_WITHOUT_CORRECTION', 'PATIENT_MISMATCH', 'NAME_MISMATCH', 'PRELIMINARY_OFF', 'ORDER_HAS_RESULT', 'DO_NOT_SEND', 'HISP_REFUSED',
  ...(edge === 'courier' ? ['CERT_NONE'] : ['ORDER_UNKNOWN']),
];

export const ACTIONS: Action[] = [
  { kind: 'block', block: 'domain', value: 'blocked.sim.example', ...BY },
  { kind: 'test', organization: CLINIC, site: 'SITE01', address: 'desk@processed.hillview.sim.example', finalDelivery: false, ...BY },
];
