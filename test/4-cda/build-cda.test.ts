import { expect } from 'chai';
import type { Node } from 'node-red';
import helper, { type TestFlows } from 'node-red-node-test-helper';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import buildCda from '../../nodes/4-cda/build-cda.ts';
import { checkDocument } from '../../nodes/4-cda/check.ts';
import type { DocumentRecord } from '../../nodes/journal/port.ts';
import { closePool } from '../../nodes/pool.ts';
import { fullPatient, minimalPatient, order, ORGANIZATION, PDF, result } from './support.ts';

/** Config node in place of the real journal. */
let kept: DocumentRecord[] = [];
let stopped: unknown[][] = [];
const journal = {
  document: async (_id: string, profile: string) => kept.find((one) => one.profile === profile) ?? null,
  documentLineage: async () => ({ setId: '00000000-0000-4000-8000-00000000000A', versionNumber: 1 }),
  saveDocument: async (_id: string, document: DocumentRecord) => { kept.push(document); return document; },
  deliveries: async () => [],
  stopMessage: async (...args: unknown[]) => { stopped.push(args); },
};
const journalNode = (RED: { nodes: { registerType: (...args: unknown[]) => void; createNode: (...args: unknown[]) => void } }): void => {
  RED.nodes.registerType('direct-journal', function (this: object, def: object) {
    RED.nodes.createNode(this, def);
    Object.assign(this, { open: async () => journal });
  });
};

const message = (change: Partial<CourierMessage> = {}): CourierMessage =>
  ({ payload: 'mine', order: order(), result: result(), organization: ORGANIZATION, pdf: { data: PDF, source: 'rendered', warnings: [] },
    ...change });

type Outcome = { output: 'document' | 'fault'; msg: CourierMessage & { error?: { code: string; message: string } } };

const load = async (settings: object = {}): Promise<void> => {
  const flow = [
    { id: 'tab', type: 'tab' }, { id: 'j', type: 'direct-journal' },
    { id: 'n', z: 'tab', type: 'direct-build-cda', patientIdentifier: 'organization', documentCode: '78573-3', title: '', gender: 'birth',
      ...settings, wires: [['document']] },
    { id: 'c', z: 'tab', type: 'catch', wires: [['fault']] },
    ...['document', 'fault'].map((id) => ({ id, z: 'tab', type: 'helper' })),
  ] as TestFlows;
  await helper.load([buildCda, journalNode] as never, flow);
};

const receive = (msg: CourierMessage): Promise<Outcome> => new Promise((resolve) => {
  for (const output of ['document', 'fault'] as const) helper.getNode(output).once('input',
    (got: unknown) => resolve({ output, msg: got as CourierMessage }));
  (helper.getNode('n') as Node).receive(msg as never);
});

describe('the build CDA node', () => {
  before((done) => { helper.startServer(done); });
  beforeEach(() => { kept = []; stopped = []; });
  afterEach(() => helper.unload());
  after((done) => { void closePool().then(() => helper.stopServer(done)); });

  it('adds the document and leaves the rest of the message alone', async () => {
    await load();
    const { output, msg } = await receive(message());
    expect(output).to.equal('document');
    expect(msg).to.include({ payload: 'mine' });
    expect(msg.cda).to.include({ profile: 'r2.1/none' });
    expect(msg.cda!.id).to.match(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(msg.cda!.warnings.map(({ code }) => code)).to.deep.equal(['CDA_NO_PATIENT_ID']);
    expect(checkDocument(msg.cda!.data)).to.deep.include({ verdict: 'warnings' });
    expect(Buffer.isBuffer(msg.cda!.data)).to.equal(true);
  });

  it('writes the identifier that the form says', async () => {
    await load({ patientIdentifier: 'mrn' });
    const { msg } = await receive(message());
    expect(msg.cda!.data.toString()).to.include('extension="MRN1001"');
  });

  it('asks the journal that the message came from', async () => {
    await load();
    const direct = { id: 'm1', journal: 'j', orderLocalId: 'ORD1001', organization: ORGANIZATION.clientGuid, site: 'SITE01',
      priority: 'routine' as const };
    const first = await receive(message({ direct }));
    const again = await receive(message({ direct, order: order(minimalPatient()) }));
    expect(kept).to.have.length(1);
    expect(again.msg.cda!.data.equals(first.msg.cda!.data)).to.equal(true);
  });

  for (const property of ['order', 'result', 'organization', 'pdf'] as const) {
    it(`names msg.${property} when it is missing`, async () => {
      await load();
      const { output, msg } = await receive({ ...message(), [property]: undefined });
      expect([output, msg.error?.code]).to.deep.equal(['fault', 'MESSAGE_INCOMPLETE']);
      expect(msg.error?.message).to.include(`msg.${property}`);
    });
  }

  it('gives faults to Catch with their code, tells the journal, and no patient data', async () => {
    await load();
    const direct = { id: 'm1', journal: 'j', orderLocalId: 'ORD1001', organization: ORGANIZATION.clientGuid, site: 'SITE01',
      priority: 'routine' as const };
    const { output, msg } = await receive(message({ direct, order: order(fullPatient({ birthDate: '15.1.1960' })) }));
    expect([output, msg.error?.code]).to.deep.equal(['fault', 'DATE_INVALID']);
    expect(msg.error?.message).not.to.match(/1960|Testpatient|MRN1001/);
    expect(stopped[0]?.slice(0, 3)).to.deep.equal(['m1', 'ERROR', 'DATE_INVALID']);
  });
});
