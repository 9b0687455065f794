import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { type DemoRun, removeTemporaryFolders, runDemo } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { CLINIC, inputPair, NPI } from '../support/samples.ts';

const HEADER = 'level,organization,site,address,final_delivery,enabled,deadline';

describe('a demo run with rules for recipient domains', function () {
  this.timeout(120_000);
  let run: DemoRun;
  before(async () => {
    run = await runDemo({
      inputs: inputPair(1, { npi: NPI.pcp }),
      directory: `npi,address,name,status\n${NPI.pcp},lee@good.found.sim.example,,\n`,
      route: [
        HEADER, `organization,${CLINIC},,all@good.plain.sim.example,,,`, `organization,${CLINIC},,desk@good.mrn.sim.example,,,0.5`,
        `organization,${CLINIC},,row@good.found.sim.example,true,,`, `organization,${CLINIC},,box@good.small.sim.example,,,`,
      ].join('\n'),
      organizations: [{
        clientGuid: CLINIC, name: 'Lakeside', patientIdentifier: 'null', recipientDomains: [
          { domain: 'good.mrn.sim.example', patientIdentifier: 'mrn' }, { domain: '*.found.sim.example', finalDelivery: false },
          { domain: 'good.small.sim.example', maxMegabytes: 0.01 },
        ],
      }],
    });
  });
  after(removeTemporaryFolders);

  const cdaOf = (address: string): string =>
    readFileSync(join(run.deliveries.find(({ recipient }) => recipient === address)!.folder, 'cda.xml'), 'utf8');

  it('asks for final delivery where row, domain and standard say so, also for an address that look-up found', () => {
    const seen = run.deliveries.map(({ recipient, state, finalDelivery }) => `${recipient} ${state} ${finalDelivery}`);
    expect(seen.sort(), run.stderr).to.deep.equal([
      'all@good.plain.sim.example DELIVERED true', 'desk@good.mrn.sim.example DELIVERED true',
      'lee@good.found.sim.example PROCESSED false', 'row@good.found.sim.example DELIVERED true',
    ]);
  });

  it('gives each recipient the document that its domain wants, each with its own id', () => {
    const [plain, mrn] = [cdaOf('all@good.plain.sim.example'), cdaOf('desk@good.mrn.sim.example')];
    expect(plain).to.contain('nullFlavor="NI"').and.not.match(/<patientRole><id root="2\.25/);
    expect(mrn).to.match(/<patientRole><id root="2\.25/);
    expect(cdaOf('row@good.found.sim.example')).to.equal(plain);
    const id = (cda: string): string | undefined => /<id root="([0-9A-F-]{36})"\/>/.exec(cda)?.[1];
    expect(id(plain)).to.be.a('string').and.not.equal(id(mrn));
  });

  it('refuses the mail that is too large for its domain, with size and limit, and sends the others', () => {
    const { unresolved } = run.summary as unknown as { unresolved: { recipient: string; code: string; why: string }[] };
    const [refused] = unresolved.filter(({ recipient }) => recipient === 'box@good.small.sim.example');
    expect(refused, JSON.stringify(run.summary)).to.include({ code: 'MAIL_TOO_LARGE' });
    expect(refused!.why).to.match(/The sealed mail has 0\.\d MB; the limit for its domain is 0\.01 MB\.$/);
  });
});

/** The bundle's flow with a Function node between build CDA and S/MIME that returns a new object: everything on the message is lost. */
const forgetful = (flows: FlowNode[]): FlowNode[] => {
  const build = flows.find(({ type }) => type === 'direct-build-cda')!;
  const forget = { id: 'forget', type: 'function', z: build['z'], name: '', func: 'return { payload: "new" };', outputs: 1, wires: build['wires'] };
  return [...flows.map((node) => node === build ? { ...node, wires: [['forget']] } : node), forget as unknown as FlowNode];
};

describe('a flow that forgets between build CDA and S/MIME', function () {
  this.timeout(60_000);
  let lab: TestLab;
  before(async () => {
    lab = await startTestLab((flows) => setOn(setOn(forgetful(flows), 'direct-organizations', {
      organizations: [{
        clientGuid: CLINIC, name: 'Lakeside', sender: 'results@direct.courier.example', deadlines: { routine: 40 },
        recipientDomains: [{ domain: '*.mrn.sim.example', patientIdentifier: 'mrn' }],
      }],
    }), 'direct-route-table', {
      file: '', rows: [
        { level: 'organization', organization: CLINIC, address: 'desk@good.mrn.sim.example', deadline: '7.5' },
        { level: 'organization', organization: CLINIC, address: 'all@good.plain.sim.example' },
      ],
    }));
  });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  it('still gives each recipient its own document and its own deadline', async () => {
    for (const [name, body] of Object.entries(inputPair(1))) await lab.post(name, body);
    const deliveries = await lab.until('both deliveries at their ends', async (journal) => {
      const all = await journal.deliveries();
      return all.length === 2 && all.every(({ state }) => state === 'DELIVERED') && all;
    });
    const seen = deliveries.map(({ recipient, evidence, acceptedAt, deadlineAt }) =>
      `${recipient} ${evidence?.document?.profile} ${(deadlineAt! - acceptedAt!) / 60_000}`);
    expect(seen.sort()).to.deep.equal(['all@good.plain.sim.example r2.1/none 40', 'desk@good.mrn.sim.example r2.1/mrn 7.5']);
  });
});
