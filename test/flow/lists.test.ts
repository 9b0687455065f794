import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { courier, type DemoDelivery, type DemoRun, removeTemporaryFolders, runDemo, temporaryFolder, writeFiles } from '../support/demo.ts';
import { CLINIC, inputPair, NPI, OTHER_CLINIC } from '../support/samples.ts';

const BOM = '\uFEFF';

/** Lists as other programs write them: JSON with a byte order mark, capitals, braces, numbers. */
const LISTS = {
  'organizations.json': BOM + JSON.stringify([{
    ClientGuid: `{${CLINIC.toUpperCase()}}`, Name: 'Clínica <Ñ>', Phone: '503-555-0100',
    Sender: 'Results@Direct.Clinic.example', PatientIdentifier: 'MRN', Price: '0.1',
    Sites: { SITE02: { sender: 's2@direct.branch.example', patientIdentifier: 'null', price: '1.005' } },
  }]),
  'route.json': JSON.stringify([
    { level: 'organization', organization: CLINIC.toUpperCase(), address: 'smtp:Org@good.clinic.sim.example', final_delivery: false },
    { level: 'site', organization: CLINIC, site: 'SITE02', address: 'SITE@good.clinic.sim.example', enabled: true },
  ]),
  'directory.json': JSON.stringify([{ npi: Number(NPI.pcp), address: 'Pria@good.directory.sim.example', name: 'Care, P', status: 'Active' }]),
  'expect.json': BOM + JSON.stringify([
    { orderLocalId: 'ORD1', recipient: 'ORG@good.clinic.sim.example', state: 'PROCESSED', code: null },
    { orderLocalId: 'ORD2', recipient: null, state: 'DELIVERED' },
  ]),
};

describe('a demo run whose lists were written by other programs', function () {
  this.timeout(120_000);
  let folder: string;
  let said: { exit: number; stdout: string; stderr: string };
  let deliveries: (DemoDelivery & { cda: string })[];
  before(async () => {
    folder = temporaryFolder();
    writeFiles(join(folder, 'in'), { ...inputPair(1), ...inputPair(2, { site: 'SITE02', npi: NPI.pcp }) });
    writeFiles(folder, LISTS);
    const options = Object.keys(LISTS).flatMap((name) => [`--${name.replace('.json', '')}`, name]);
    said = await courier(['demo', '--input', 'in', '--out', 'out', ...options, '--json'], { cwd: folder });
    deliveries = readdirSync(join(folder, 'out')).filter((name) => name.includes('-')).map((name) => ({
      ...JSON.parse(readFileSync(join(folder, 'out', name, 'delivery.json'), 'utf8')) as DemoDelivery,
      cda: readFileSync(join(folder, 'out', name, 'cda.xml'), 'utf8'),
    }));
  });
  after(removeTemporaryFolders);

  it('finds every recipient that they name', () => {
    const seen = deliveries.map(({ orderLocalId, recipient, state, source }) => `${orderLocalId} ${recipient} ${state} ${source}`);
    expect(seen.sort(), said.stderr).to.deep.equal([
      'ORD1 org@good.clinic.sim.example PROCESSED route:2',
      'ORD2 org@good.clinic.sim.example PROCESSED route:2',
      'ORD2 pria@good.directory.sim.example DELIVERED HealthPlan.PrimaryCareProvider.NPI',
      'ORD2 site@good.clinic.sim.example DELIVERED route:3',
    ]);
  });

  it('takes sender, price and patient identifier from the organization, or from its site where that says so', () => {
    const seen = deliveries.map(({ orderLocalId, messageId, fee, cda }) =>
      `${orderLocalId} ${messageId.replace(/^.*@|>/g, '')} ${fee?.amount} ${/<patientRole><id (root="2\.25\.|nullFlavor="NI")/.exec(cda)?.[1]}`);
    expect(seen.sort()).to.deep.equal([
      'ORD1 direct.clinic.example 0.10 root="2.25.', ...Array<string>(3).fill('ORD2 direct.branch.example 1.005 nullFlavor="NI"'),
    ]);
  });

  it('shows the certificates that signed, and no other', () => {
    const pem = readFileSync(join(folder, 'out', 'pki', 'sender.pem'), 'utf8');
    const subjects = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)!.map((one) => new X509Certificate(one).subjectAltName);
    expect(subjects.sort()).to.deep.equal(['DNS:direct.branch.example', 'DNS:direct.clinic.example']);
    expect(pem).to.not.include('KEY');
  });

  it('tells the end as one line of JSON when asked, with the expectation that was not met', () => {
    const { unmet, ...summary } = JSON.parse(said.stdout) as DemoRun['summary'] & { unmet: unknown[] };
    expect(said.exit).to.equal(3);
    expect(unmet).to.deep.equal([{ orderLocalId: 'ORD2', recipient: null, state: 'DELIVERED' }]);
    expect(summary).to.deep.equal(JSON.parse(readFileSync(join(folder, 'out', 'summary.json'), 'utf8')));
    expect(summary.fees).to.deep.equal({ currency: 'USD', total: '3.115' });
  });
});

describe('a demo run with organizations of its own and no route table', function () {
  this.timeout(60_000);
  let run: DemoRun;
  before(async () => {
    const address = 'dr.lee@good.lakeside.sim.example';
    run = await runDemo({
      inputs: { ...inputPair(1, { site: 'SITE02' }), ...inputPair(2, { address }), ...inputPair(3, { organization: OTHER_CLINIC, address }) },
      organizations: [{ clientGuid: CLINIC, name: 'One', price: '0.25' }, { clientGuid: OTHER_CLINIC, name: 'Other', price: '0.4', currency: 'EUR' }],
    });
  });
  after(removeTemporaryFolders);

  it('sends nothing to the recipients of the sample route table', () => {
    expect(run.exit).to.equal(3);
    expect(run.deliveries.map(({ orderLocalId }) => orderLocalId).sort()).to.deep.equal(['ORD2', 'ORD3']);
    expect(run.summary.held.map(({ code }) => code)).to.deep.equal(['NO_ROUTE']);
  });

  it('adds up each currency by itself', () => {
    const { currency, total, others = [] } = run.summary.fees as DemoRun['summary']['fees'] & { others?: unknown[] };
    expect([{ currency, total }, ...others]).to.have.deep.members([{ currency: 'USD', total: '0.25' }, { currency: 'EUR', total: '0.40' }]);
    expect(run.stdout).to.match(/^fees: (0\.25 USD, 0\.40 EUR|0\.40 EUR, 0\.25 USD)$/m);
  });
});
