// What the tests of `route explain` ask about: orders and results of one patient, lists, and flows around the shipped one.
import { join } from 'node:path';
import { openPki } from '../../nodes/6-hisp/simulator/pki.ts';
import { readBundle } from '../../nodes/cli/bundle.ts';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { writeFiles } from '../support/demo.ts';
import { CLINIC, irisOrder, irisResult, type Json, NPI, OTHER_CLINIC } from '../support/samples.ts';

/** Nobody's name, birth date and numbers, in every way in which they could be written. */
export const MARKERS = ['Qzoe', 'Qpatient', 'QMRN77', '2/29/1952', '1952-02-29', '19520229', '5557770142', '(555) 777-0142', 'QMEMBER', 'Qstreet'];
const PATIENT = {
  LocalId: 'QMRN77', Name: { First: 'Qzoe', Last: 'Qpatient' }, Dob: '2/29/1952', Phone: '(555) 777-0142', Address: { Street1: '1 Qstreet' },
};
export const GOOD = 'dr.care@good.riverside.sim.example';

const orderFor = (provider: Json, change: Json = {}): Json =>
  irisOrder({ Patient: PATIENT, HealthPlan: { MemberId: 'QMEMBER', PrimaryCareProvider: { NPI: '', EmailAddress: '', ...provider } }, ...change });
const resultOf = (change: Json = {}): Json => irisResult({ Patient: PATIENT, HealthPlan: { MemberId: 'QMEMBER' }, ...change });

export const FILES = {
  'order.json': orderFor({ EmailAddress: GOOD }), 'npi.json': orderFor({ NPI: NPI.pcp }), 'nobody.json': orderFor({}),
  'change.json': orderFor({ EmailAddress: GOOD }, { OrderControlCode: 'XO' }), 'cancel.json': orderFor({}, { OrderControlCode: 'CA' }),
  'test-order.json': orderFor({ EmailAddress: GOOD }, { Test: true }),
  'nocert.json': orderFor({ EmailAddress: 'dr.care@nocert.riverside.sim.example' }),
  'stranger.json': orderFor({ EmailAddress: GOOD }, { ClientGuid: '00000000-0000-4000-8000-0000000000ff' }),
  'other-house.json': orderFor({ EmailAddress: GOOD }, { ClientGuid: OTHER_CLINIC }),
  'result.json': resultOf(), 'test.json': resultOf({ Test: true }), 'preliminary.json': resultOf({ ResultCode: 'P' }),
  'other-order.json': resultOf({ Order: { LocalId: 'ORD7' } }), 'other-site.json': resultOf({ Site: { LocalId: 'SITE02' } }),
  'other-patient.json': resultOf({ Patient: { ...PATIENT, Dob: '2/28/1952' } }),
  'other-name.json': resultOf({ Patient: { ...PATIENT, Name: { First: 'Qzoe', Last: 'Qpatientx' } } }),
  'large.json': resultOf({ ResultsDocument: { Content: 'A'.repeat(26 * 1024 * 1024) } }),
  'wrong-field.json': orderFor({}, { Patient: { ...PATIENT, Dob: 'Qpatient' } }),
  'broken.json': '{"Patient":{"LocalId":"QMRN77","Name":{"Last":"Qpatient"',
  'deep.json': `{"Patient":${'["Qpatient",'.repeat(100_000)}`,
  'bytes.json': Buffer.from([0x7B, 0xFF, 0xFE, 0x00]), 'empty.json': '', 'nothing.json': 'null', 'list.json': '["Qpatient"]',
  'route.csv': `level,organization,site,address,final_delivery,enabled\norganization,${CLINIC},,results@good.hillview.sim.example,,`
    + `\nsite,${CLINIC},SITE01,desk@good.lakeside.sim.example,,\n`,
  'off.csv': `level,organization,site,address,final_delivery,enabled\norder,${CLINIC},,,,false\n`,
  'broken.csv': `level,organization,site,address,final_delivery,enabled\nclinic,${CLINIC},,,,\n`,
  'directory.csv': `npi,address,name,status\n${NPI.pcp},care@good.elsewhere.sim.example,"Care, Pria",active\n`,
  'moved.csv': `npi,address,name,status\n${NPI.pcp},${GOOD},"Other, Olga",active\n`,
  'organizations.csv': `clientGuid,name,policy,sender\n${CLINIC},Renamed House,most-specific,results@direct.courier.example\n`,
};

const ACCOUNT = 'direct-hisp-account';

/** The shipped flow with a trust of its own, and the same with an account that is no simulated one. */
export const flowFiles = async (folder: string): Promise<void> => {
  const pki = await openPki({ folder: join(folder, 'certificates') });
  for (const address of [GOOD, 'desk@good.lakeside.sim.example', 'results@good.hillview.sim.example']) await pki.certificateFor(address);
  const trusting = (await readBundle('iris-results')).map((node): FlowNode => node.type !== 'direct-trust' ? node
    : { ...node, anchors: pki.authorityPem, anchorsFile: '', certificateFolder: 'certificates', certificateService: '' });
  const set = (type: string, change: Json): FlowNode[] => trusting.map((node) => (node.type === type ? { ...node, ...change } : node));
  const second = trusting.find(({ type }) => type === 'direct-resolve-route')!;
  writeFiles(folder, {
    'flows.json': trusting, 'real.json': set(ACCOUNT, { simulated: false }), 'small.json': set('direct-order-in', { maxSize: '0.001' }),
    'ruled.json': set('direct-organizations', { recipientDomains: [{ domain: '*.riverside.sim.example', finalDelivery: false }] }),
    'bound.json': set('direct-order-in', { bound: CLINIC.toUpperCase() }),
    'two.json': [...trusting, { ...second, id: 'second', policy: 'most-specific' }],
    'no-route.json': trusting.filter((node) => node !== second),
    'no-table.json': trusting.filter(({ type }) => type !== 'direct-route-table'),
  });
};
