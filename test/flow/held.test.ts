import { expect } from 'chai';
import { type DemoRun, removeTemporaryFolders, runDemo } from '../support/demo.ts';
import { CLINIC, inputPair, irisOrder, OTHER_CLINIC } from '../support/samples.ts';

const ADDRESS = 'dr.lee@good.lakeside.sim.example';
const ROUTE = `level,organization,site,address,final_delivery,enabled\norder,${CLINIC},,,,\norder,${OTHER_CLINIC},,,,\n`;
const STRANGER = '00000000-0000-4000-8000-0000000000cc';

const orderOf = (n: number) => inputPair(n, { address: ADDRESS })[`${String(n).padStart(4, '0')}-order.json`]!;
const resultOf = (n: number, change = {}) => inputPair(n, { address: ADDRESS, result: change })[`${String(n).padStart(4, '0')}-result.json`]!;
const control = (n: number, OrderControlCode: string) => ({ Version: '2.3.1', OrderControlCode, ClientGuid: CLINIC, Site: { LocalId: 'SITE01' }, Order: { LocalId: `ORD${n}` } });

const INPUTS: Record<string, unknown> = {
  ...inputPair(1, { address: ADDRESS }),
  // two organizations, the same site and order number
  ...inputPair(2, { address: ADDRESS }),
  '0002-other-order.json': irisOrder({ ClientGuid: OTHER_CLINIC, Order: { LocalId: 'ORD2' }, Patient: { LocalId: 'MRN2' }, HealthPlan: { PrimaryCareProvider: { EmailAddress: 'spy@good.other.sim.example' } } }),
  ...inputPair(3, { address: ADDRESS, result: { Patient: { LocalId: 'MRN-OTHER' } } }),
  ...inputPair(4, { address: ADDRESS, result: { Patient: { Dob: '1/16/1960' } } }),
  ...inputPair(5, { address: ADDRESS, result: { Patient: { Name: { Last: 'Someoneelse' } } } }),
  // the same person, written otherwise
  ...inputPair(6, { address: ADDRESS, order: { Patient: { Name: { Last: 'Müller-Lüdenscheidt' } } }, result: { Patient: { LocalId: ' mrn6 ', Dob: '1960-01-15T00:00:00.0000000+00:00', Name: { Last: 'MULLER LUDENSCHEIDT' } } } }),
  ...inputPair(7, { address: ADDRESS }),
  '0007-ca.json': control(7, 'CA'),
  ...inputPair(8, { organization: STRANGER, address: ADDRESS }),
  ...inputPair(9),
  '0010-result.json': resultOf(10),
  '0011-order.json': orderOf(11),
  '0011-xo.json': { ...control(11, 'XO'), HealthPlan: { PrimaryCareProvider: { EmailAddress: 'changed@good.lakeside.sim.example' } } },
  '0011-result.json': resultOf(11),
  '0012-order.json': orderOf(12),
  '0012-result.json': resultOf(12),
  '0012-resend.json': control(12, 'ResendResult'),
};

describe('what is held, through the running flow', function () {
  this.timeout(120_000);
  let run: DemoRun;
  before(async () => { run = await runDemo({ inputs: INPUTS, route: ROUTE, options: ['--deadline', '5'] }); });
  after(removeTemporaryFolders);

  const heldAs = (orderLocalId: string) => run.summary.held.filter((entry) => entry.orderLocalId === orderLocalId).map(({ code }) => code);
  const sentTo = (orderLocalId: string) => run.deliveries.filter((delivery) => delivery.orderLocalId === orderLocalId).map(({ recipient }) => recipient);

  it('a result that fits two organizations\' orders is held and goes to neither', () => {
    expect(heldAs('ORD2')).to.deep.equal(['ORDER_AMBIGUOUS']);
    expect(sentTo('ORD2')).to.deep.equal([]);
  });

  for (const [n, what] of [[3, 'patient id'], [4, 'birth date'], [5, 'family name']] as const) {
    it(`a result with another ${what} than its order is held and never sent`, () => {
      expect(heldAs(`ORD${n}`)).to.deep.equal(['PATIENT_MISMATCH']);
      expect(sentTo(`ORD${n}`)).to.deep.equal([]);
    });
  }

  it('case, accents and the way a date is written do not make another patient', () => {
    expect(heldAs('ORD6')).to.deep.equal([]);
    expect(sentTo('ORD6')).to.deep.equal([ADDRESS]);
  });

  it('a result of a cancelled order is held', () => {
    expect(heldAs('ORD7')).to.deep.equal(['ORDER_CANCELLED']);
    expect(sentTo('ORD7')).to.deep.equal([]);
  });

  it('an order of an unknown organization is held, and its result waits', () => {
    expect(heldAs('ORD8')).to.deep.equal(['ORGANIZATION_UNKNOWN']);
    expect(run.summary.waiting.map(({ orderLocalId }) => orderLocalId)).to.include('ORD8');
  });

  it('a result without any recipient is held', () => { expect(heldAs('ORD9')).to.deep.equal(['NO_ROUTE']); });

  it('a result whose order never came is waiting, not lost', () => {
    expect(run.summary.waiting.map(({ file, orderLocalId }) => [file, orderLocalId])).to.deep.include(['0010-result.json', 'ORD10']);
  });

  it('a change of the order decides where its result goes', () => { expect(sentTo('ORD11')).to.deep.equal(['changed@good.lakeside.sim.example']); });

  it('a resend is a new delivery with its own Message-ID and fee, and the very same document', async () => {
    const both = run.deliveries.filter(({ orderLocalId }) => orderLocalId === 'ORD12');
    expect(both.map(({ state }) => state)).to.deep.equal(['DELIVERED', 'DELIVERED']);
    expect(new Set(both.map(({ messageId }) => messageId)).size).to.equal(2);
    const { readFileSync } = await import('node:fs');
    const [first, second] = both.map(({ folder }) => readFileSync(`${folder}/cda.xml`));
    expect(first!.equals(second!)).to.equal(true);
    expect(both.map(({ fee }) => fee?.amount)).to.deep.equal(['0.25', '0.25']);
  });

  it('the run says that not all went well', () => { expect(run.exit).to.equal(3); });
});

describe('results and reports', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  it('without a report of its own a result is held when reports are only passed on', async () => {
    const run = await runDemo({ inputs: inputPair(1, { address: ADDRESS }), route: ROUTE, options: ['--pdf', 'pass'] });
    expect(run.summary.held.map(({ orderLocalId, code }) => [orderLocalId, code])).to.deep.equal([['ORD1', 'NO_PDF']]);
    expect(run.exit).to.equal(3);
  });

  it('all well is exit 0, expectations included; an unmet one is 3', async () => {
    const met = { orderLocalId: 'ORD1', recipient: ADDRESS.toUpperCase(), state: 'DELIVERED' };
    const inputs = inputPair(1, { address: ADDRESS });
    const [good, bad] = await Promise.all([
      runDemo({ inputs, route: ROUTE, expect: [met] }),
      runDemo({ inputs, route: ROUTE, expect: [met, { orderLocalId: 'ORD1', state: 'FAILED' }] }),
    ]);
    expect(good.exit, good.stdout + good.stderr).to.equal(0);
    expect(bad.exit).to.equal(3);
  });

  it('a bad row of the route table stops the start with its line number', async () => {
    const run = await runDemo({ inputs: inputPair(1), route: `${ROUTE}site,${CLINIC},,x@good.sim.example,,\n` });
    expect(run.exit).to.equal(1);
    expect(run.stderr).to.match(/ROUTE_ROW_INVALID.*line 4/s);
  });
});
