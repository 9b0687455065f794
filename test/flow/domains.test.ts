import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoRun, removeTemporaryFolders, runDemo } from '../support/demo.ts';
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
