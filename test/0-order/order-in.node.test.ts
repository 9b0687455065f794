import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import orderIn from '../../nodes/0-order/order-in.ts';
import organizationsConfig, { type OrganizationsNode } from '../../nodes/0-order/organizations-config.ts';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { openFile } from '../journal/fixtures.ts';
import { around, collect, errorsLogged, helper, journalNode, send, startServer, stopServer, until } from '../1-route/running-flow.ts';
import { CLINIC, irisOrder, irisResult, OTHER_CLINIC } from '../support/samples.ts';

const OUTPUTS = ['accepted', 'ready', 'stored', 'rejected'] as const;
type Arrived = Record<(typeof OUTPUTS)[number], CourierMessage[]>;

const ORGANIZATIONS = [
  { clientGuid: CLINIC, name: 'Lakeside Eye Clinic', sender: 'results@direct.lakeside.example', price: '0.25', currency: 'USD',
    sites: { SITE01: { price: '0.30' } } },
  { clientGuid: OTHER_CLINIC, name: 'Hill Clinic' },
];

describe('order in', () => {
  let folder: string;
  let journal: Journal;
  let broken = false;
  let arrived: Arrived;

  before(startServer);
  after(stopServer);

  const flow = (change: object = {}, organizations: unknown[] = ORGANIZATIONS, recipientDomains?: unknown[]): object[] => [
    ...around('in'),
    { id: 'journal', type: 'direct-journal' },
    { id: 'organizations', type: 'direct-organizations', organizations, ...(recipientDomains && { recipientDomains }) },
    {
      id: 'in', type: 'direct-order-in', z: 'tab', x: 0, y: 0, journal: 'journal', organizations: 'organizations', bound: '', input: 'payload',
        inputType: 'msg', maxSize: '25',
      wires: OUTPUTS.map((output) => [output]), ...change,
    },
    ...OUTPUTS.map((id) => ({ id, type: 'helper', z: 'tab', x: 0, y: 0 })),
  ];

  const load = async (change: object = {}, organizations?: unknown[], recipientDomains?: unknown[]): Promise<void> => {
    const offered = journalNode(() => (broken
      ? { ...journal, storeOrder: () => Promise.reject(new Error('disk full')), acceptResult: () => Promise.reject(new Error('disk full')),
        rejectInput: () => Promise.reject(new Error('disk full')) }
      : journal));
    await helper.load([orderIn, organizationsConfig, offered], flow(change, organizations, recipientDomains));
    arrived = Object.fromEntries(OUTPUTS.map((output) => [output, collect(output)])) as Arrived;
  };

  const counts = (): number[] => OUTPUTS.map((output) => arrived[output].length);
  const last = (output: keyof Arrived): CourierMessage => arrived[output].at(-1)!;
  /** *result ready* is fed from the journal: a little later than the answer. */
  const readyOnes = async (count: number): Promise<CourierMessage[]> => {
    await until(`${count} results at the flow`, () => arrived.ready.length >= count);
    return arrived.ready;
  };
  const nothingReady = async (): Promise<void> => {
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect(arrived.ready).to.deep.equal([]);
  };

  beforeEach(async () => {
    broken = false;
    folder = await mkdtemp(join(tmpdir(), 'order-in-'));
    journal = await openFile(join(folder, 'journal.sqlite'));
  });
  afterEach(async () => {
    await helper.unload();
    await journal.close();
    await rm(folder, { recursive: true });
  });

  it('accepts an order, then its result, and hands the joined pair on', async () => {
    await load();
    expect(await send('in', { payload: irisOrder() })).to.equal(undefined);
    expect(counts()).to.deep.equal([1, 0, 1, 0]);
    expect(last('accepted').direct).to.include({ kind: 'order', outcome: 'stored' }).and.not.have.property('journal');
    expect(last('stored')).to.deep.include({ payload: 'ORD1001' });
    expect(last('stored').organization?.name).to.equal('Lakeside Eye Clinic');

    await send('in', { payload: Buffer.from(JSON.stringify(irisResult())) });
    const [ready] = await readyOnes(1) as [CourierMessage];
    expect(counts()).to.deep.equal([2, 1, 1, 0]);
    expect(last('accepted').direct).to.include({ kind: 'result', outcome: 'ready', id: ready.direct!.id });
    expect(ready.payload).to.equal(ready.direct!.id);
    expect(ready.direct).to.include({ run: 1, journal: 'journal', orderLocalId: 'ORD1001', organization: CLINIC, site: 'SITE01', priority: 'routine' });
    expect([ready.order?.localId, ready.result?.resultCode, ready.organization?.price]).to.deep.equal(['ORD1001', 'F', '0.30']);
    expect(ready.organization).not.to.have.property('sites');
  });

  it('hands on the message that came, with its req and res, and puts the ids beside', async () => {
    await load();
    const [req, res] = [{ url: '/iris' }, { send: () => undefined }];
    await send('in', { payload: irisOrder(), req, res, topic: 'mine' });
    expect(last('accepted')).to.include({ req, res, topic: 'mine' });
    const { inputId } = last('accepted').direct as unknown as { inputId: string };
    expect((await journal.inputs()).map(({ id, source, name }) => [id, source, name])).to.deep.equal([[inputId, 'http', null]]);
  });

  it('keeps the last part of the file name beside the input', async () => {
    await load();
    await send('in', { payload: irisOrder(), filename: '/data/in/order-1.json' });
    await send('in', { payload: 'garbage', filename: 'C:\\in\\garbage.json' });
    expect((await journal.inputs()).map(({ name, source }) => [name, source])).to.have.deep.members([['order-1.json', 'file'],
      ['garbage.json', 'file']]);
  });

  it('lets a result wait for its order and releases it', async () => {
    await load();
    await send('in', { payload: irisResult() });
    expect(counts()).to.deep.equal([1, 0, 0, 0]);
    expect(last('accepted').direct).to.include({ kind: 'result', outcome: 'waiting', code: 'AWAITS_ORDER' });
    await send('in', { payload: irisOrder() });
    await readyOnes(1);
    expect(counts()).to.deep.equal([2, 1, 1, 0]);
    expect(last('ready').direct!.id).to.equal(arrived.accepted[0]!.direct!.id);
  });

  it('changes nothing for a repetition', async () => {
    await load();
    const result = irisResult();
    for (const payload of [irisOrder(), irisOrder(), result, result]) await send('in', { payload });
    await readyOnes(1);
    expect(counts()).to.deep.equal([4, 1, 1, 0]);
    expect(arrived.accepted.map(({ direct }) => (direct as unknown as { outcome: string }).outcome)).to.deep.equal(['stored', 'replay', 'ready',
      'replay']);
  });

  for (const [code, prepare, result] of [
    ['PATIENT_MISMATCH', [irisOrder()], irisResult({ Patient: { Dob: '1/16/1960' } })],
    ['ORDER_AMBIGUOUS', [irisOrder(), irisOrder({ ClientGuid: OTHER_CLINIC })], irisResult()],
    ['ORDER_CANCELLED', [irisOrder(), { OrderControlCode: 'CA', ClientGuid: CLINIC, Order: { LocalId: 'ORD1001' } }], irisResult()],
  ] as [string, object[], object][]) {
    it(`accepts but holds a result with ${code}`, async () => {
      await load();
      for (const payload of [...prepare, result]) await send('in', { payload });
      expect(last('accepted').direct).to.include({ kind: 'result', outcome: 'held', code });
      await nothingReady();
      expect(arrived.rejected).to.deep.equal([]);
      expect((await journal.messages()).map(({ state, code: why }) => [state, why])).to.deep.equal([['HELD', code]]);
    });
  }

  it('joins within the organization that it is bound to', async () => {
    await load({ bound: ` ${OTHER_CLINIC.toUpperCase()} ` });
    for (const payload of [irisOrder(), irisOrder({ ClientGuid: OTHER_CLINIC }), irisResult()]) await send('in', { payload });
    expect((await readyOnes(1)).map(({ order, organization }) => [order?.organization, organization?.name])).to.deep.equal([[OTHER_CLINIC, 'Hill Clinic']]);
  });

  it('holds an order of an unknown organization and lets its result wait', async () => {
    await load({}, [ORGANIZATIONS[1]]);
    for (const payload of [irisOrder(), irisResult()]) await send('in', { payload });
    expect(arrived.accepted[0]!.direct).to.include({ kind: 'order', outcome: 'held', code: 'ORGANIZATION_UNKNOWN' });
    await nothingReady();
    expect(counts()).to.deep.equal([2, 0, 0, 0]);
  });

  it('holds the result of an organization that is no longer configured', async () => {
    await load();
    await send('in', { payload: irisOrder() });
    await helper.unload();
    await load({}, []);
    await send('in', { payload: irisResult() });
    expect(last('accepted').direct).to.include({ kind: 'result', outcome: 'held', code: 'ORGANIZATION_UNKNOWN' });
    await nothingReady();
    expect((await journal.messages())[0]).to.include({ state: 'HELD', code: 'ORGANIZATION_UNKNOWN' });
  });

  it('sends again on request as a new message, or says that there is nothing to send', async () => {
    await load();
    const resend = { OrderControlCode: 'ResendResult', ClientGuid: CLINIC, Site: { LocalId: 'SITE01' }, Order: { LocalId: 'ORD1001' } };
    await send('in', { payload: irisOrder() });
    await send('in', { payload: resend });
    expect(last('rejected').rejection).to.include({ code: 'RESULT_UNKNOWN' });
    await send('in', { payload: irisResult() });
    const [first] = await readyOnes(1);
    // The first one's way must have ended: messages of one order go one after another.
    await journal.stopMessage(first!.direct!.id, 'HELD', 'NO_ROUTE', 'test');
    await send('in', { payload: resend });
    expect(last('accepted').direct).to.include({ kind: 'resend', outcome: 'ready' });
    await readyOnes(2);
    expect(arrived.ready[1]!.direct).to.include({ resendOf: arrived.ready[0]!.direct!.id });
  });

  for (const [code, path, payload] of [
    ['INPUT_NOT_JSON', undefined, 'garbage'], ['INPUT_UNKNOWN', undefined, { hello: 1 }],
      ['FIELD_MISSING', 'Patient.Dob', irisOrder({ Patient: { Dob: '' } })],
    ['DATE_INVALID', 'Patient.Dob', irisOrder({ Patient: { Dob: '2/30/1960' } })],
      ['PDF_BROKEN', 'ResultsDocument.Content', irisResult({ ResultsDocument: { Content: '%%%' } })],
    ['INPUT_NOT_JSON', undefined, undefined],
  ] as const) {
    it(`rejects ${JSON.stringify(payload)?.slice(0, 30)} with ${code}, keeps it, and goes on`, async () => {
      await load();
      expect(await send('in', { payload })).to.equal(undefined);
      expect(counts()).to.deep.equal([0, 0, 0, 1]);
      const { rejection } = last('rejected');
      expect([rejection?.code, rejection?.path]).to.deep.equal([code, path]);
      expect(rejection?.text).to.match(/\.$/);
      expect((await journal.inputs())[0]).to.include({ id: rejection!.inputId, outcome: 'rejected', code });
      const kept = Buffer.from((await journal.rawInput(rejection!.inputId))!).toString();
      expect(kept).to.equal(typeof payload === 'string' ? payload : payload === undefined ? '' : JSON.stringify(payload));
      await send('in', { payload: irisOrder() });
      expect(arrived.accepted).to.have.length(1);
    });
  }

  it('rejects and keeps what is too large, social security numbers blanked', async () => {
    await load({ maxSize: '1' });
    await send('in', { payload: `{"SSN":"123-45-6789","x":"${'x'.repeat(2 ** 20)}"}` });
    expect(last('rejected').rejection?.code).to.equal('INPUT_TOO_LARGE');
    expect(Buffer.from((await journal.rawInput(last('rejected').rejection!.inputId))!).toString()).not.to.include('6789');
  });

  it('acknowledges nothing when the journal cannot store: the fault goes to Catch', async () => {
    await load();
    broken = true;
    for (const payload of [irisOrder(), irisResult(), 'garbage']) {
      expect((await send('in', { payload }))?.message).to.match(/^JOURNAL_FAILED/);
    }
    expect(counts()).to.deep.equal([0, 0, 0, 0]);
    broken = false;
    await send('in', { payload: irisOrder() });
    expect(counts()).to.deep.equal([1, 0, 1, 0]);
  });

  it('says that it needs a journal', async () => {
    await load({ journal: '' });
    expect((await send('in', { payload: irisOrder() }))?.message).to.match(/^JOURNAL_MISSING/);
  });

  it('reads from the property that the form names', async () => {
    await load({ input: 'body.order' });
    await send('in', { body: { order: irisOrder() }, payload: 'untouched' });
    expect(last('accepted').payload).to.equal('untouched');
    expect(counts()).to.deep.equal([1, 0, 1, 0]);
  });

  it('writes no patient data to the log', async () => {
    await load();
    for (const payload of [irisOrder({ Patient: { Dob: '13/13/1913' } }), irisResult({ Patient: { Name: { Last: 5 } } }),
      '{"Name":"Testpatient"']) await send('in', { payload });
    expect(JSON.stringify(helper.log().args)).not.to.match(/Testpatient|MRN1001|13\/13/);
  });

  describe('organizations', () => {
    it('are found by ClientGuid in any case; a bad entry is logged with its number and left out', async () => {
      await load({}, [...ORGANIZATIONS, { clientGuid: 'x', name: 'Bad' }]);
      const node = helper.getNode<OrganizationsNode>('organizations');
      expect(node.find(CLINIC.toUpperCase())?.name).to.equal('Lakeside Eye Clinic');
      expect(node.find('nobody')).to.equal(undefined);
      expect(node.all().map(({ name }) => name)).to.deep.equal(['Lakeside Eye Clinic', 'Hill Clinic']);
      expect(errorsLogged().filter((text) => text.includes('entry 3') && text.includes('[2].clientGuid'))).to.have.length(1);
    });

    it('come with the rules for recipient domains that hold for them; a bad rule is logged and left out', async () => {
      const own = { domain: 'a.example', maxMegabytes: 5 };
      await load({}, [{ ...ORGANIZATIONS[0], recipientDomains: [own] }, ORGANIZATIONS[1]!],
        [{ domain: 'a.example', maxMegabytes: '9', finalDelivery: 'false' }, { domain: 'not a domain' }]);
      const node = helper.getNode<OrganizationsNode>('organizations');
      const forAll = { domain: 'a.example', maxMegabytes: 9, finalDelivery: false };
      expect(node.find(CLINIC)!.recipientDomains).to.deep.equal([own, forAll]);
      expect(node.all().at(-1)!.recipientDomains).to.deep.equal([forAll]);
      expect(errorsLogged().filter((text) => text.includes('domain rule 2'))).to.have.length(1);
    });

    it('tell the form what a text would change', async () => {
      await load();
      const { body } = await helper.request().post('/direct/organizations/parse')
        .send({ organizations: [{ ...ORGANIZATIONS[0], preliminary: true }], current: ORGANIZATIONS });
      expect((body['changes'] as { code: string }[]).map(({ code }) => code)).to.deep.equal(['preliminary-sent', 'organization-removed']);
    });

    it('answer the form: text to rows, rows to text, bad text to a sentence', async () => {
      await load();
      const post = (body: object) => helper.request().post('/direct/organizations/parse').send(body);
      const { status, body } = await post({ organizations: ORGANIZATIONS });
      expect(status).to.equal(200);
      expect((await post({ text: body['csv'] })).body['organizations']).to.deep.equal(body['organizations']);
      const refused = await post({ text: 'clientGuid,name\nx,y' });
      expect([refused.status, refused.body['code'], String(refused.body['text']).includes('line 2')]).to.deep.equal([400, 'ORGANIZATION_ROW_INVALID',
        true]);
    });
  });
});
