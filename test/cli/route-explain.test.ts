// Who would get it, asked at the command line: whatever is asked, the patient is not in the answer, and nothing is changed by asking.
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CandidateExplanation, Explanation } from '../../nodes/cli/explain/explanation.ts';
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/demo.ts';
import { CLINIC } from '../support/samples.ts';
import { FILES, flowFiles, GOOD, MARKERS } from './explain-scene.ts';
import { filledFile, REASON, type Said, startShell, writeText } from './scene.ts';

describe('direct-courier route explain', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const shell = startShell();
  before(async () => {
    writeFiles(folder, FILES);
    await flowFiles(folder);
  });
  after(() => {
    shell.stop();
    removeTemporaryFolders();
  });

  /** Whatever is asked, nothing of the patient is in the answer. */
  const ask = async (...args: string[]): Promise<Said> => {
    const said = await shell.run(['route', 'explain', ...args], folder);
    for (const marker of MARKERS) expect(said.stdout + said.stderr, args.join(' ')).to.not.include(marker);
    return said;
  };
  const answer = async (...args: string[]): Promise<Explanation & { exit: number }> => {
    const { exit, stdout, stderr } = await ask(...args, '--json');
    expect(stderr, args.join(' ')).to.equal('');
    return { exit, ...JSON.parse(stdout) as Explanation };
  };
  const withCertificates = ['--flows', 'flows.json'];
  const brief = ({ level, address, state, code }: CandidateExplanation): string => [level, address, state, code].join(' ');

  it('asks the shipped flow as long as no other is named, and says that it has no certificates', async () => {
    const page = await ask('npi.json', 'result.json');
    expect([page.exit, page.stderr]).to.deep.equal([0, '']);
    expect(page.stdout).to.match(/^message: ROUTED\norder: ORD1001 {2}Lakeside Eye Clinic/).and.include('directory: found  row 2')
      .and.include('dr.pria.care@good.riverside.sim.example  RESOLVING').and.include('simulated HISP  notifications within 60 minutes')
      .and.include('fee: delivery  0.25  USD').and.match(/Certificates were not asked for: DIRECT_ANCHORS/);
  });

  it('shows each candidate with certificate and account where the flow has them, as a page and as JSON', async () => {
    const page = await ask('order.json', 'result.json', ...withCertificates);
    expect([page.exit, page.stderr]).to.deep.equal([0, '']);
    expect(page.stdout).to.include(`${GOOD}  QUEUED`).and.include('certificate: trusted').and.not.include('not asked for');
    const said = await answer('order.json', 'result.json', ...withCertificates);
    expect(said).to.deep.include({ exit: 0, message: { state: 'ROUTED', code: null, why: null } });
    expect(said).to.include({ order: 'ORD1001', site: 'SITE01', priority: 'routine' });
    const [first] = said.candidates;
    expect(first).to.include({ level: 'order', address: GOOD, used: true, state: 'QUEUED' });
    expect(first).to.include({ from: 'results@direct.courier.example', account: 'simulated HISP' });
    expect(first!.certificate).to.include({ verdict: 'trusted' }).and.have.property('certificates').with.length(1);
  });

  it('goes as far as an order alone allows', async () => {
    for (const order of ['order.json', 'change.json']) {
      const { exit, message, priority, candidates, report, documents } = await answer(order, ...withCertificates);
      const found = { exit, state: message.state, priority, report, documents };
      expect(found).to.deep.equal({ exit: 0, state: 'ROUTED', priority: null, report: null, documents: [] });
      expect(candidates.map(brief)).to.deep.equal([`order ${GOOD} RESOLVING `]);
    }
  });

  it('ends with 3 where nobody gets it, or not everybody', async () => {
    const cases: [string[], string][] = [
      [['nobody.json', 'result.json'], 'HELD NO_ROUTE'], [['order.json', 'result.json', '--route', 'off.csv'], 'DONE null'],
      [['nocert.json', 'result.json'], 'DONE_WITH_PROBLEMS null'], [['npi.json', 'result.json', '--directory', 'moved.csv'], 'ROUTED null'],
      [['order.json', 'preliminary.json'], 'FILTERED PRELIMINARY_OFF'], [['stranger.json', 'result.json'], 'HELD ORGANIZATION_UNKNOWN'],
      [['order.json', 'other-patient.json'], 'HELD PATIENT_MISMATCH'], [['order.json', 'other-name.json'], 'HELD PATIENT_MISMATCH'],
      [['order.json', 'other-order.json'], 'RECEIVED AWAITS_ORDER'], [['order.json', 'other-site.json'], 'RECEIVED AWAITS_ORDER'],
    ];
    for (const [args, expected] of cases) {
      const { exit, message: { state, code } } = await answer(...args, ...withCertificates);
      expect([exit, `${state} ${code}`], args.join(' ')).to.deep.equal([3, expected]);
      expect((await ask(...args, ...withCertificates)).exit, 'as a page').to.equal(3);
    }
  });

  it('says what is wrong with an input that would be rejected', async () => {
    const cases: [string[], string][] = [
      ...['broken.json', 'deep.json', 'bytes.json', 'empty.json'].map((file): [string[], string] => [[file], 'INPUT_NOT_JSON']),
      ...['nothing.json', 'list.json', 'result.json'].map((file): [string[], string] => [[file], 'INPUT_UNKNOWN']),
      [['order.json', 'order.json'], 'INPUT_UNKNOWN'],
      [['order.json', 'broken.json'], 'INPUT_NOT_JSON'], [['order.json', 'large.json'], 'INPUT_TOO_LARGE'], [['cancel.json'], 'FIELD_INVALID'],
      [['order.json', 'result.json', '--flows', 'small.json'], 'INPUT_TOO_LARGE'], [['wrong-field.json'], 'DATE_INVALID'],
    ];
    for (const [args, code] of cases) {
      const { exit, message } = await answer(...args);
      expect([exit, message.state, message.code], args.join(' ')).to.deep.equal([3, 'REJECTED', code]);
      expect((await ask(...args)).stdout).to.match(new RegExp(`^message: REJECTED {2}${code} {2}\\S`));
    }
  });

  it('takes what the options put in place of the flow\'s lists and policy', async () => {
    const asked = async (...options: string[]): Promise<string[]> =>
      (await answer('order.json', 'result.json', ...withCertificates, ...options)).candidates.map(brief);
    const order = `order ${GOOD} QUEUED `;
    const site = 'site desk@good.lakeside.sim.example QUEUED ';
    const house = 'organization results@good.hillview.sim.example QUEUED ';
    expect(await asked('--route', 'route.csv')).to.deep.equal([order, site, house]);
    expect(await asked('--route', 'route.csv', '--policy', 'site-over-organization')).to.deep.equal([order, site, 'organization   ']);
    expect(await asked('--route', 'route.csv', '--policy', 'most-specific')).to.deep.equal([order, 'site   ', 'organization   ']);
    expect(await asked('--route', 'route.csv', '--organizations', 'organizations.csv')).to.deep.equal([order, 'site   ', 'organization   ']);
    const { organization } = await answer('order.json', '--organizations', 'organizations.csv');
    expect(organization).to.deep.equal({ clientGuid: CLINIC, name: 'Renamed House' });
    expect((await answer('other-house.json', '--organizations', 'organizations.csv')).message.code).to.equal('ORGANIZATION_UNKNOWN');
    expect((await answer('npi.json', '--directory', 'directory.csv')).candidates[0]).to.deep.include({ address: 'care@good.elsewhere.sim.example' });
  });

  it('asks around the node that is named, and joins for the organization that the order in node is bound to', async () => {
    const policyOf = async (node: string): Promise<string | null> => (await answer('order.json', '--flows', 'two.json', '--node', node)).policy;
    expect([await policyOf('resolve-route'), await policyOf('second')]).to.deep.equal(['union', 'most-specific']);
    expect((await answer('order.json', 'result.json', '--flows', 'bound.json')).message.state).to.equal('ROUTED');
    expect((await answer('other-house.json', 'result.json', '--flows', 'bound.json')).message.code).to.equal('AWAITS_ORDER');
    expect((await answer('order.json', '--flows', 'no-table.json')).message).to.include({ state: 'ERROR', code: 'ROUTE_TABLE_MISSING' });
  });

  it('heeds the rules for recipient domains that a flow has for all of its organizations', async () => {
    const asked = async (flows: string): Promise<boolean | null | undefined> =>
      (await answer('order.json', 'result.json', '--flows', flows)).candidates.find(({ level }) => level === 'order')?.finalDelivery;
    expect([await asked('flows.json'), await asked('ruled.json')]).to.deep.equal([true, false]);
  });

  it('lets test traffic to the simulated network only, whether or not its certificates could be asked for', async () => {
    const cases: [string[], number, string][] = [
      [['order.json', 'test.json', ...withCertificates], 0, 'ROUTED null'], [['order.json', 'test.json'], 0, 'ROUTED null'],
      [['order.json', 'test.json', '--flows', 'real.json'], 3, 'HELD TEST_TRAFFIC'],
      [['test-order.json', '--flows', 'real.json'], 3, 'HELD TEST_TRAFFIC'],
      [['test-order.json', 'result.json', '--flows', 'real.json'], 3, 'HELD TEST_TRAFFIC'],
      [['order.json', 'result.json', '--flows', 'real.json'], 0, 'ROUTED null'],
    ];
    for (const [args, exit, expected] of cases) {
      const said = await answer(...args);
      expect([said.exit, `${said.message.state} ${said.message.code}`], args.join(' ')).to.deep.equal([exit, expected]);
    }
    const [first] = (await answer('order.json', 'test.json', ...withCertificates)).candidates;
    expect(first!.fee).to.deep.equal({ kind: 'test', amount: '0.00', currency: 'USD' });
  });

  it('counts the do-not-send list of a journal, says who entered it and why, and leaves the journal as it is', async () => {
    const { file } = await filledFile();
    const block = ['do-not-send', 'add', '--domain', 'riverside.sim.example', '--actor', 'A. Person', '--reason', 'left the practice'];
    expect((await shell.run(['journal', ...block, '--journal', file])).exit).to.equal(0);
    const before = readFileSync(file);
    // Beside the journal it is a demonstration's; named, it must lie elsewhere.
    const key = ['--journal', file, '--key-file', writeText(readFileSync(`${file}.key`, 'utf8'), 'journal.key')];
    for (const options of [key, key.slice(0, 2)]) {
      const { exit, candidates } = await answer('order.json', 'result.json', ...withCertificates, ...options);
      expect([exit, brief(candidates[0]!)]).to.deep.equal([3, `order ${GOOD} SUPPRESSED DO_NOT_SEND`]);
      expect(candidates[0]!.why).to.include('A. Person').and.include('left the practice');
    }
    const lookedUp = await answer('npi.json', 'result.json', ...key);
    expect(brief(lookedUp.candidates[0]!)).to.equal('order dr.pria.care@good.riverside.sim.example SUPPRESSED DO_NOT_SEND');
    const { exit, candidates } = await answer('order.json', 'result.json', '--route', 'route.csv', ...withCertificates, ...key);
    expect([exit, candidates.map(({ state }) => state)]).to.deep.equal([3, ['SUPPRESSED', 'QUEUED', 'QUEUED']]);
    expect(readFileSync(file).equals(before), 'changed by asking').to.equal(true);
    const wrongKey = writeText(`${randomBytes(32).toString('base64')}\n`, 'wrong.key');
    const refused = await ask('order.json', '--journal', file, '--key-file', wrongKey);
    expect(refused).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(/^KEY_WRONG/);
    expect((await shell.run(['journal', 'verify', '--journal', file, ...REASON])).exit).to.equal(0);
  });

  const COULD_NOT: [string, string[], RegExp][] = [
    ['no order', [], /route explain ORDER \[RESULT\]\n\ndirect-courier <command>/],
    ['too much', ['order.json', 'result.json', 'result.json'], /route explain ORDER/],
    ['an unknown option', ['order.json', '--rout', 'route.csv'], /--rout'[\s\S]*direct-courier <command>/],
    ['an option without its value', ['--flows'], /--flows/],
    ['a policy that there is not', ['order.json', '--policy', 'all'], /--policy takes one of: organization, union/],
    ['a missing order', ['none.json'], /ENOENT.*none\.json/],
    ['a missing result', ['order.json', 'none.json'], /ENOENT.*none\.json/],
    ['a folder', ['.'], /EISDIR/],
    ['a missing flow', ['order.json', '--flows', 'none.json'], /ENOENT/],
    ['a flow that is none', ['order.json', '--flows', 'order.json'], /^FIELD_INVALID.*\(flows\)/],
    ['a flow that is not JSON', ['order.json', '--flows', 'route.csv'], /^FIELD_INVALID.*\(flows\)/],
    ['a flow without such a node', ['order.json', '--flows', 'no-route.json'], /^ROUTE_NODE_MISSING/],
    ['an unknown node', ['order.json', '--node', 'x'], /^ROUTE_NODE_MISSING/],
    ['a missing table', ['order.json', '--route', 'none.csv'], /ENOENT/],
    ['a table that is none', ['order.json', '--route', 'broken.csv'], /^ROUTE_ROW_INVALID.*line 2/],
    ['a missing directory', ['order.json', '--directory', 'none.csv'], /ENOENT/],
    ['a directory that is none', ['order.json', '--directory', 'route.csv'], /^DIRECTORY_INVALID/],
    ['missing organizations', ['order.json', '--organizations', 'none.csv'], /ENOENT/],
    ['organizations that are none', ['order.json', '--organizations', 'route.csv'], /^ORGANIZATION_ROW_INVALID/],
    ['a missing journal', ['order.json', '--journal', 'none.sqlite'], /There is no journal/],
  ];
  for (const [what, args, says] of COULD_NOT) {
    it(`ends with 1, says why and explains nothing for ${what}`, async () => {
      expect(await ask(...args)).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(says).and.not.match(/\n {4}at /);
    });
  }

  it('is the only verb of route', async () => {
    for (const args of [[], ['tell', 'order.json']]) {
      expect(await shell.run(['route', ...args], folder)).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(/^route explain ORDER/);
    }
  });
});
