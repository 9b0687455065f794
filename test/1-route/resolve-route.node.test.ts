import { expect } from 'chai';
import type { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import resolveRoute from '../../nodes/1-route/resolve-route.ts';
import routeTable, { type RouteTableNode } from '../../nodes/1-route/route-table-config.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { openFile } from '../journal/fixtures.ts';
import { CLINIC } from '../support/samples.ts';
import { accept, around, collect, errorsLogged, helper, journalNode, orderOf, resultOf, send, startServer, stopServer } from './running-flow.ts';

const PCP = 'pcp@direct.lakeside.example';
const row = (change: object = {}): object => ({ level: 'organization', organization: CLINIC, site: '',
  address: 'all@direct.lakeside.example', finalDelivery: true, enabled: true, ...change });
const NOBODY = { HealthPlan: { PrimaryCareProvider: undefined } };

describe('the resolve route node', () => {
  let journal: Journal;
  let folder: string;

  const start = async (table: object | null, policy = 'organization'): Promise<{ first: CourierMessage[]; second: CourierMessage[] }> => {
    await helper.load([resolveRoute, routeTable, journalNode(() => journal)], [
      ...around('route'),
      { id: 'journal', type: 'direct-journal' },
      ...(table === null ? [] : [{ id: 'table', type: 'direct-route-table', name: 'Table', rows: [], trustedDomains: [], freeMailDomains: '',
        file: '', ...table }]),
      { id: 'route', type: 'direct-resolve-route', z: 'tab', x: 0, y: 0, name: 'Route', table: table === null ? '' : 'table', policy,
        wires: [['first'], ['second']] },
      { id: 'first', type: 'helper', z: 'tab', x: 0, y: 0 }, { id: 'second', type: 'helper', z: 'tab', x: 0, y: 0 },
    ]);
    return { first: collect('first'), second: collect('second') };
  };

  before(startServer);
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'route-')); });
  afterEach(async () => {
    await helper.unload();
    await rm(folder, { recursive: true });
  });
  after(stopServer);

  describe('in a hand-built flow', () => {
    it('emits recipients and route, and leaves the payload alone', async () => {
      const { first, second } = await start({ rows: [row()] });
      expect(await send('route', { payload: 'mine', order: orderOf(), result: resultOf() })).to.equal(undefined);
      expect(second).to.deep.equal([]);
      expect(first).to.have.length(1);
      expect(first[0]!.payload).to.equal('mine');
      expect(first[0]!.recipients!.map(({ level, address, source }) => [level, address, source])).to.deep.equal([
        ['order', PCP, 'HealthPlan.PrimaryCareProvider.EmailAddress'], ['organization', 'all@direct.lakeside.example', 'route:2'],
      ]);
      expect(first[0]!.route!.policy).to.equal('union');
    });

    it('says in its status that there is no journal', async () => {
      await start({});
      const shown: unknown[] = [];
      (helper.getNode('route') as unknown as EventEmitter).on('call:status', (call: { args: unknown[] }) => { shown.push(call.args[0]); });
      await send('route', { order: orderOf() });
      await send('route', { order: orderOf() });
      expect(shown).to.deep.equal([{ fill: 'grey', shape: 'ring', text: 'resolve-route.status.alone' }]);
    });

    it('works without a route table and without a result', async () => {
      const { first } = await start(null);
      await send('route', { order: orderOf() });
      expect(first[0]!.recipients!.map(({ address }) => address)).to.deep.equal([PCP]);
    });

    it('takes the organization\'s policy, and its own over it', async () => {
      const organization = { clientGuid: CLINIC, name: 'Lakeside Eye Clinic', policy: 'most-specific' as const };
      const theirs = await start({ rows: [row()] });
      await send('route', { order: orderOf(), organization });
      expect(theirs.first[0]!.recipients!.map(({ level }) => level)).to.deep.equal(['order']);
      await helper.unload();
      const own = await start({ rows: [row()] }, 'union');
      await send('route', { order: orderOf(), organization });
      expect(own.first[0]!.recipients!.map(({ level }) => level)).to.deep.equal(['order', 'organization']);
    });

    it('second output: nobody is named', async () => {
      const { first, second } = await start({});
      await send('route', { order: orderOf(NOBODY) });
      expect(first).to.deep.equal([]);
      expect(second.map(({ recipients, route }) => [recipients, route])).to.deep.equal([[[], { policy: 'union', considered: [] }]]);
    });

    it('second output: only switched off or unusable', async () => {
      const { first, second } = await start({ rows: [row({ enabled: false }), row({ address: 'zz-not-a-user@gmail.com' })] });
      await send('route', { order: orderOf(NOBODY) });
      expect(first).to.deep.equal([]);
      expect(second[0]!.recipients!.map(({ state, code }) => [state, code]))
        .to.deep.equal([['SUPPRESSED', 'LEVEL_OFF'], ['UNRESOLVED', 'ADDRESS_NOT_DIRECT']]);
    });

    it('second output: unresolved ones while the others go on; what is only switched off does not disturb', async () => {
      const { first, second } = await start({ rows: [row(), row({ level: 'order', address: '', enabled: false }), row({
        address: 'x@direct.hill.example' })], trustedDomains: ['lakeside.example'] });
      await send('route', { order: orderOf() });
      expect(first[0]!.recipients!.map(({ source }) => source)).to.deep.equal(['route:2']);
      expect(second[0]!.recipients!.map(({ state }) => state)).to.deep.equal(['SUPPRESSED', 'UNRESOLVED']);
      await helper.unload();
      const quiet = await start({ rows: [row(), row({ level: 'order', address: '', enabled: false })] });
      await send('route', { order: orderOf() });
      expect(quiet.first).to.have.length(1);
      expect(quiet.second).to.deep.equal([]);
    });

    it('further free-mail domains are those of the table', async () => {
      const { second } = await start({ freeMailDomains: 'mail.test; @direct.lakeside.example' });
      await send('route', { order: orderOf({ HealthPlan: { PrimaryCareProvider: { NPI: undefined } } }) });
      expect(second[0]!.recipients![0]).to.include({ code: 'ADDRESS_NOT_DIRECT' });
    });

    it('a message without an order is a fault', async () => {
      const { first, second } = await start({});
      expect(await send('route', { payload: 'x' })).to.include({ code: 'MESSAGE_INCOMPLETE' });
      expect([...first, ...second]).to.deep.equal([]);
    });

    it('a table that is chosen but not deployed is a fault, not an empty table', async () => {
      await helper.load([resolveRoute, routeTable], [...around('route'), { id: 'route', type: 'direct-resolve-route', z: 'tab', x: 0, y: 0,
        table: 'gone', policy: 'union', wires: [[], []] }]);
      expect(await send('route', { order: orderOf() })).to.include({ code: 'ROUTE_TABLE_MISSING' });
    });
  });

  describe('with a route table', () => {
    it('a bad row of the list stops every message, with its line', async () => {
      const { first } = await start({ rows: [row(), row({ enabled: 'perhaps' })] });
      const fault = await send('route', { order: orderOf() });
      expect(fault).to.include({ code: 'ROUTE_ROW_INVALID' });
      expect(fault!.message).to.contain('line 3');
      expect(errorsLogged().filter((text) => text.includes('line 3'))).not.to.deep.equal([]);
      expect(first).to.deep.equal([]);
      expect(() => helper.getNode<RouteTableNode>('table').table()).to.throw(/line 3/).with.property('code', 'ROUTE_ROW_INVALID');
    });

    it('a CSV file takes the place of the list', async () => {
      const file = join(folder, 'route.csv');
      await writeFile(file, `enabled,level,organization,site,address,final_delivery\n,site,${CLINIC},SITE01,site@direct.lakeside.example,false\n`);
      const { first } = await start({ rows: [row()], file });
      await send('route', { order: orderOf(NOBODY) });
      expect(first[0]!.recipients!.map(({ address, source, finalDelivery }) => [address, source, finalDelivery]))
        .to.deep.equal([['site@direct.lakeside.example', 'route:2', false]]);
    });

    it('a bad row of a file and a missing file are faults', async () => {
      const file = join(folder, 'route.csv');
      await writeFile(file, `level,organization,site,address,final_delivery,enabled\nsite,${CLINIC},,x@direct.lakeside.example,,\n`);
      await start({ file });
      expect((await send('route', { order: orderOf() }))!.message).to.contain('line 2');
      await helper.unload();
      await start({ file: join(folder, 'missing.csv') });
      expect(await send('route', { order: orderOf() })).to.include({ code: 'ROUTE_FILE_UNREADABLE' });
    });

    it('its editor endpoint reads CSV, JSON and rows, writes CSV, and names the line of a bad row', async () => {
      await start({});
      const post = (body: object): ReturnType<ReturnType<typeof helper.request>['post']> =>
        helper.request().post('/direct/route-table/parse').send(body);
      const read = await post({ rows: [row()] });
      expect(read.status).to.equal(200);
      expect(await post({ text: read.body.csv }).then(({ body }) => body)).to.deep.equal(read.body);
      expect(await post({ text: JSON.stringify(read.body.rows) }).then(({ body }) => body)).to.deep.equal(read.body);
      const refused = await post({ text: 'level,organization,site,address,final_delivery,enabled\nclinic,,,,,\n' });
      expect(refused.status).to.equal(400);
      expect(refused.body).to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 2' });
      expect((await post({})).status).to.equal(400);
    });
  });

  describe('with a journal', () => {
    beforeEach(async () => { journal = await openFile(join(folder, 'journal.db')); });
    afterEach(() => journal.close());

    it('records the whole plan, and only those go on who can', async () => {
      const { first } = await start({ rows: [row(), row({ enabled: false })] });
      const msg = await accept(journal);
      expect(await send('route', msg)).to.equal(undefined);
      const deliveries = await journal.deliveries({ messageId: msg.direct.id });
      expect(deliveries.map(({ recipient, state, code }) => [recipient, state, code])).to.deep.equal([
        [PCP, 'RESOLVING', null], ['all@direct.lakeside.example', 'RESOLVING', null], ['all@direct.lakeside.example', 'SUPPRESSED', 'LEVEL_OFF'],
      ]);
      expect(first[0]!.recipients!.map(({ id }) => id)).to.deep.equal(deliveries.slice(0, 2).map(({ id }) => id));
    });

    it('a message that runs again keeps its first plan, also when the table has changed', async () => {
      const msg = await accept(journal, NOBODY);
      const before = await start({ rows: [row()] });
      await send('route', msg);
      await helper.unload();
      const after = await start({ rows: [] });
      await send('route', msg);
      expect(after.first[0]!.recipients!.map(({ id }) => id)).to.deep.equal(before.first[0]!.recipients!.map(({ id }) => id));
      expect((await journal.message(msg.direct.id))!.state).to.equal('ROUTED');
    });

    it('a message that runs again goes on for those only who have no mail yet', async () => {
      const msg = await accept(journal);
      const { first, second } = await start({ rows: [row()] });
      await send('route', msg);
      const [served, other] = first[0]!.recipients!;
      const mail = { account: 'a', node: 'n', from: 'a@direct.courier.example', raw: Buffer.from('x'), deadlineMs: 1000,
        evidence: { signer: '', recipientCertificates: [], anchor: '' }, warnings: [] };
      await journal.enqueue({ ...mail, deliveryId: served!.id!, to: served!.address!, messageId: '<one@courier.example>' });
      await send('route', msg);
      expect(first[1]!.recipients!.map(({ id }) => id)).to.deep.equal([other!.id]);
      await journal.enqueue({ ...mail, deliveryId: other!.id!, to: other!.address!, messageId: '<two@courier.example>' });
      await send('route', msg);
      expect([first.length, second.length]).to.deep.equal([2, 0]);
    });

    it('nobody named: HELD with NO_ROUTE, second output', async () => {
      const { first, second } = await start({});
      const msg = await accept(journal, NOBODY);
      await send('route', msg);
      expect(first).to.deep.equal([]);
      expect(second[0]!.direct!.id).to.equal(msg.direct.id);
      expect(await journal.message(msg.direct.id)).to.include({ state: 'HELD', code: 'NO_ROUTE' });
      expect(await journal.deliveries({ messageId: msg.direct.id })).to.deep.equal([]);
    });

    it('a preliminary result nobody asked for: FILTERED before anybody is planned, second output; asked for, it goes on', async () => {
      const msg = await accept(journal);
      msg.result!.resultCode = 'P';
      const { first, second } = await start({ rows: [row()] });
      await send('route', msg);
      expect([first.length, second[0]!.recipients, second[0]!.route!.withheld!.code]).to.deep.equal([0, [], 'PRELIMINARY_OFF']);
      expect(await journal.message(msg.direct.id)).to.include({ state: 'FILTERED', code: 'PRELIMINARY_OFF' });
      expect(await journal.deliveries({ messageId: msg.direct.id })).to.deep.equal([]);
      await send('route', { order: orderOf(), result: msg.result!, organization: { clientGuid: CLINIC, name: 'Lakeside Eye Clinic', preliminary: true } });
      expect(first[0]!.recipients!.map(({ address }) => address)).to.include(PCP);
    });

    it('a bad table is an ERROR of the message', async () => {
      await start({ rows: [row({ level: 'clinic' })] });
      const msg = await accept(journal);
      expect(await send('route', msg)).to.include({ code: 'ROUTE_ROW_INVALID' });
      expect(await journal.message(msg.direct.id)).to.include({ state: 'ERROR', code: 'ROUTE_ROW_INVALID' });
    });
  });
});
