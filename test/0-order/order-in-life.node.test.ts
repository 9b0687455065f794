import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import orderIn from '../../nodes/0-order/order-in.ts';
import organizationsConfig from '../../nodes/0-order/organizations-config.ts';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import { startExpiry, waitMsOf } from '../../nodes/0-order/waiting.ts';
import type { ExpiryRequest, Journal } from '../../nodes/journal/port.ts';
import { openFile } from '../journal/fixtures.ts';
import { around, collect, errorsLogged, helper, journalNode, send, startServer, stopServer, until } from '../1-route/running-flow.ts';
import { CLINIC, irisOrder, irisResult } from '../support/samples.ts';

const OUTPUTS = ['accepted', 'ready', 'stored', 'rejected'] as const;
const SOON = '0.00001';
const RECEIPT = {
  Version: '2.3.1', TransactionId: '00000000-0000-4000-8000-000000000003', Timestamp: '2026-01-05T10:15:00+00:00', Success: true, ErrorMessage: null,
  ResultObjectType: 'OrderCreationReceipt', IrisOrderId: 900001, OrderLocalId: 'ORD1001', PatientLocalId: 'MRN1001',
};

describe('order in, over the life of an order', () => {
  let folder: string;
  let journal: Journal;
  let arrived: Record<(typeof OUTPUTS)[number], CourierMessage[]>;

  before(startServer);
  after(stopServer);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'order-life-'));
    journal = await openFile(join(folder, 'journal.sqlite'));
  });
  afterEach(async () => {
    await helper.unload();
    await journal.close();
    await rm(folder, { recursive: true });
  });

  const load = async (change: object = {}, organizations: object[] = [{ clientGuid: CLINIC, name: 'Lakeside Eye Clinic' }]): Promise<void> => {
    await helper.load([orderIn, organizationsConfig, journalNode(() => journal)], [
      ...around('in'),
      { id: 'journal', type: 'direct-journal' }, { id: 'organizations', type: 'direct-organizations', organizations },
      { id: 'in', type: 'direct-order-in', z: 'tab', x: 0, y: 0, journal: 'journal', organizations: 'organizations', bound: '', input: 'payload',
        inputType: 'msg', maxSize: '25', wires: OUTPUTS.map((output) => [output]), ...change },
      ...OUTPUTS.map((id) => ({ id, type: 'helper', z: 'tab', x: 0, y: 0 })),
    ]);
    arrived = Object.fromEntries(OUTPUTS.map((output) => [output, collect(output)])) as typeof arrived;
  };
  const take = async (payload: object): Promise<Record<string, unknown>> => {
    const before = arrived.accepted.length;
    await send('in', { payload });
    return arrived.accepted[before]?.direct as unknown as Record<string, unknown>;
  };
  const standing = async (): Promise<string[]> => (await journal.messages()).map(({ state, code }) => `${state} ${code}`);

  it('accepts events: a receipt links, again it is a replay, others are noted, unknown ones rejected', async () => {
    await load();
    expect(await take(RECEIPT)).to.include({ kind: 'event', outcome: 'linked' }).and.not.have.any.keys('id', 'journal');
    expect(await take(RECEIPT)).to.include({ kind: 'event', outcome: 'replay' });
    expect(await take({ ...RECEIPT, ResultObjectType: 'OrderGradedEvent' })).to.include({ kind: 'event', outcome: 'noted' });
    expect(await take({ ...RECEIPT, ResultObjectType: 'Something' })).to.equal(undefined);
    expect(arrived.rejected[0]!.rejection).to.include({ code: 'INPUT_UNKNOWN' });
    expect([arrived.stored.length, arrived.ready.length]).to.deep.equal([0, 0]);
    await take(irisOrder({ Order: { LocalId: 'ORD2' } }));
    expect(await take(irisResult({ Order: { LocalId: 'ORD2' } }))).to.include({ outcome: 'held', code: 'ORDER_LINK_CONFLICT' });
  });

  it('keeps the words of a refusal sealed: they stand in no record, no answer and no log', async () => {
    await load();
    const told = await take({ ...RECEIPT, Success: false, ErrorMessage: 'Patient Quotedperson is unknown' });
    expect(told).to.include({ outcome: 'noted', code: 'ORDER_REFUSED_BY_IRIS' });
    const everywhere = JSON.stringify([told, await journal.inputs(), await journal.audit(), errorsLogged()]);
    expect(everywhere).to.include('ORDER_REFUSED_BY_IRIS').and.not.include('Quotedperson');
    const { id } = (await journal.inputs())[0]!;
    expect(Buffer.from((await journal.rawInput(id))!).toString()).to.include('Quotedperson');
  });

  it('answers what comes after the result with what it is worth', async () => {
    await load();
    await take(irisOrder());
    await take(irisResult());
    expect(await take(irisOrder({ OrderControlCode: 'XO', Patient: { LocalId: 'MRN9' } })))
      .to.deep.include({ outcome: 'changed', code: 'ORDER_FIELD_FIXED', codes: ['ORDER_FIELD_FIXED', 'ORDER_HAS_RESULT'] });
    expect(await take({ OrderControlCode: 'CA', ClientGuid: CLINIC, Order: { LocalId: 'ORD1001' } })).to.include({ outcome: 'cancelled', code: 'ORDER_HAS_RESULT' });
    expect((await journal.messages())[0]).to.include({ code: null });
  });

  it('holds a result whose order does not come, and hands it on when it comes after all', async () => {
    await load({ waitHours: SOON });
    await take(irisResult());
    await until('the result to be held', async () => (await standing())[0] === 'HELD ORDER_UNKNOWN');
    await take(irisOrder());
    await until('the result at the flow', () => arrived.ready.length === 1);
    expect(arrived.ready[0]!.order!.primaryCareProvider).to.include({ address: 'pcp@direct.lakeside.example' });
  });

  it('holds at its start what has waited too long meanwhile', async () => {
    await load();
    await take(irisResult());
    await helper.unload();
    await load({ waitHours: SOON });
    await until('the result to be held', async () => (await standing())[0] === 'HELD ORDER_UNKNOWN');
  });

  it('lets it wait for a day where the flow was saved without saying how long', async () => {
    await load();
    await take(irisResult());
    expect(await standing()).to.deep.equal(['RECEIVED AWAITS_ORDER']);
    for (const hours of [undefined, '', '0', '-1', 'for ever', 'Infinity', 0]) expect(waitMsOf(hours), String(hours)).to.equal(24 * 3_600_000);
    expect(waitMsOf('0.5')).to.equal(1_800_000);
  });

  it('sends it to its site or organization where the form says so and the node is bound', async () => {
    await load({ waitHours: SOON, withoutOrder: 'send', bound: CLINIC.toUpperCase() });
    await take(irisResult());
    await until('the result at the flow', () => arrived.ready.length === 1);
    const { order, organization, result } = arrived.ready[0]!;
    expect([order!.standIn, organization!.name, result!.order.localId]).to.deep.equal([true, 'Lakeside Eye Clinic', 'ORD1001']);
  });

  for (const [what, change, organizations] of [
    ['the node is bound to nobody', {}, undefined], ['its organization is not configured', { bound: CLINIC }, []],
  ] as [string, object, object[] | undefined][]) {
    it(`holds it all the same when ${what}`, async () => {
      await load({ waitHours: SOON, withoutOrder: 'send', ...change }, organizations);
      await take(irisResult());
      await until('the result to be held', async () => (await standing())[0] === 'HELD ORDER_UNKNOWN');
      expect(arrived.ready).to.deep.equal([]);
    });
  }
});

describe('looking for results that wait in vain', () => {
  it('goes on after a fault, asks until nothing is left, and stops', async () => {
    const asked: ExpiryRequest[] = [];
    const told: unknown[] = [];
    let left = 3;
    let faults = 1;
    const stop = startExpiry({
      entry: 'in', waitMs: 5, standIn: () => null, onFault: (fault) => { told.push(fault?.code); },
      open: async () => {
        if (faults-- > 0) throw new Error('disk full');
        return { expireWaiting: async (request) => { asked.push(request); return { held: 1, stoodIn: 0, more: --left > 0 }; } };
      },
    });
    await until('three answers', () => asked.length >= 3 && told.length >= 2);
    await stop();
    const before = asked.length;
    expect(told.slice(0, 2)).to.deep.equal(['JOURNAL_FAILED', undefined]);
    expect(asked[0]).to.deep.equal({ waitMs: 5, standIn: null, entries: ['in'] });
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(asked.length).to.equal(before);
  });
});
