import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentType, headerOf, parseEntity, partsOf } from '../../nodes/mail/mime.ts';
import { type DemoRun, removeTemporaryFolders, ROOT, runDemo } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { inputPair } from '../support/samples.ts';

const SAMPLES = join(ROOT, 'flows/iris-results/samples');

/** What became of each recipient, whatever way it went. */
const told = (run: DemoRun): unknown[] => [
  ...run.deliveries.map(({ orderLocalId, recipient, npi, level, state, code, fee, finalDelivery, why, warnings, history }) =>
    ({ orderLocalId, recipient, npi, level, state, code, fee, finalDelivery, why, warnings, history: history.map((step) => [step.state, step.code]) })),
  ...run.summary.unresolved, ...run.summary.suppressed, ...run.summary.held, ...run.summary.waiting, ...run.summary.rejected,
].map((entry) => JSON.stringify(entry)).sort();

const both = async (inputs: Record<string, unknown>, options: string[] = []): Promise<{ courier: DemoRun; hisp: DemoRun }> => ({
  courier: await runDemo({ inputs, options: ['--edge', 'courier', ...options] }),
  hisp: await runDemo({ inputs, options: ['--edge', 'hisp', ...options] }),
});

describe('accounts whose HISP seals, beside those for which we do (real Node-RED)', () => {
  after(removeTemporaryFolders);

  it('end the shipped samples alike: states, codes and fees, recipient by recipient', async function () {
    this.timeout(180_000);
    const files = readdirSync(SAMPLES).map((name) => [name, readFileSync(join(SAMPLES, name))]);
    const { courier, hisp } = await both(Object.fromEntries(files) as Record<string, Buffer>);
    expect(courier.deliveries.length + courier.summary.unresolved.length).to.be.greaterThan(7);
    expect(told(hisp)).to.deep.equal(told(courier));
    expect(hisp.summary).to.deep.equal(courier.summary);
    expect([hisp.exit, courier.exit]).to.deep.equal([3, 3]);
    const types = (run: DemoRun): unknown[] => [...new Set(run.deliveries.map(({ folder }) =>
      contentType(parseEntity(readFileSync(join(folder, 'mail.eml')))).type))];
    expect([types(courier), types(hisp)]).to.deep.equal([['application/pkcs7-mime'], ['multipart/mixed']]);
  });

  it('end alike whatever the recipient\'s side does', async function () {
    this.timeout(180_000);
    const labels = ['good', 'processed', 'silent', 'bounce', 'refuse', 'greylist', 'untrusted', 'expired', 'nocert', 'later', 'swallow'];
    const inputs = Object.assign({}, ...labels.map((label, index) => inputPair(index + 1, { address: `x@${label}.lakeside.sim.example` })));
    const { courier, hisp } = await both(inputs as Record<string, unknown>, ['--deadline', '10']);
    expect(told(hisp)).to.deep.equal(told(courier));
    expect(hisp.summary.fees).to.deep.equal(courier.summary.fees);
    expect(Object.keys(hisp.summary.deliveries)).to.have.members(['DELIVERED', 'FAILED', 'UNCONFIRMED', 'UNRESOLVED']);
  });

  it('another word than courier or hisp is refused', async () => {
    const run = await runDemo({ inputs: inputPair(1), options: ['--edge', 'nobody'] });
    expect([run.exit, run.stderr]).to.satisfy(([exit, text]: [number, string]) => exit === 1 && text.includes('courier, hisp'));
  });
});

describe('an account whose HISP seals, without a trust in the S/MIME node (real Node-RED)', () => {
  let lab: TestLab;
  before(async function () {
    this.timeout(60_000);
    const credentials = { user: '${DIRECT_EDGE_USER}', password: '${DIRECT_EDGE_PASSWORD}' };
    lab = await startTestLab((flows) => [
      ['direct-hisp-account', { sealing: 'hisp', imapPort: '${DIRECT_IMAP_PORT}', credentials }],
      ['direct-hisp-receive', { source: 'mailbox', account: 'iris-hisp-account', identity: '', trust: '' }],
      ['direct-seal-mail', { identity: '', trust: '' }],
    ].reduce((nodes, [type, change]) => setOn(nodes, type as string, change as object as Record<string, unknown>), flows));
  });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  it('the HISP decides: whom it cannot seal for comes back as a failure, after acceptance and with its fee', async function () {
    this.timeout(60_000);
    const labels = ['good', 'untrusted', 'expired', 'nocert'];
    for (const [index, label] of labels.entries()) {
      for (const [name, body] of Object.entries(inputPair(index + 1, { address: `x@${label}.lakeside.sim.example` }))) await lab.post(name, body);
    }
    const deliveries = await lab.until('four ends', async (journal) => {
      const records = await journal.deliveries();
      return records.length === 4 && records.every(({ state, fee }) => ['DELIVERED', 'FAILED'].includes(state) && fee !== null) && records;
    });
    expect(deliveries.map(({ recipient, state, code }) => [recipient!.split('.')[0], state, code])).to.have.deep.members([
      ['x@good', 'DELIVERED', null], ['x@untrusted', 'FAILED', 'DSN_FAILED'], ['x@expired', 'FAILED', 'DSN_FAILED'], ['x@nocert', 'FAILED', 'DSN_FAILED'],
    ]);
    expect(deliveries.map(({ evidence }) => evidence!.sealedBy)).to.deep.equal(['hisp', 'hisp', 'hisp', 'hisp']);
  });

  it('what the HISP was given is the whole mail, with nothing of the patient in its headers or file names', async () => {
    const [mail] = lab.network.received;
    const entity = parseEntity(mail!.raw);
    expect(headerOf(entity, 'subject')).to.equal('Exam result');
    const outside = [entity, ...partsOf(entity)].flatMap(({ headers }) => headers.map(({ name, value }) => `${name}:${value}`)).join('\n');
    expect(outside).to.not.match(/Testpatient|MRN|1960/);
    expect(outside).to.include('exam-result.xml');
  });
});
