import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper, { type TestFlows } from 'node-red-node-test-helper';
import organizationsConfig from '../../nodes/0-order/organizations-config.ts';
import type { Result } from '../../nodes/0-order/model.ts';
import renderPdf from '../../nodes/3-pdf/render-pdf.ts';
import accountConfig from '../../nodes/6-hisp/account-config.ts';
import type { AlertMessage, HandoffMessage } from '../../nodes/6-hisp/alarm-messages.ts';
import hispSend from '../../nodes/6-hisp/hisp-send.ts';
import { stopSenders } from '../../nodes/6-hisp/sender.ts';
import { type Network, startNetwork } from '../../nodes/6-hisp/simulator/network.ts';
import type { ReceiptMessage } from '../../nodes/6-hisp/types.ts';
import journalConfig from '../../nodes/journal/journal-config.ts';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { closePool } from '../../nodes/pool.ts';
import { CLINIC } from '../support/samples.ts';
import { inState, plan, type Planned, queued, removeJournals, until } from './deliveries.ts';
import { PASSWORD, USER } from './servers.ts';

const MODULES = [journalConfig, accountConfig, organizationsConfig, renderPdf, hispSend];
const OUTPUTS = ['accepted', 'failed', 'status', 'alert', 'accepted2', 'failed2', 'status2', 'alert2', 'reported', 'caught'];

type Told = Partial<AlertMessage & HandoffMessage & ReceiptMessage> & { pdf?: { data: Buffer }; error?: { code?: string } };

const EMERGENT: Partial<Result> = { gradings: { urgent: false, emergent: true, notes: [], diagnoses: [] } };

describe('alerts and hand-offs of HISP send in Node-RED', () => {
  let folder: string;
  let network: Network;
  let journal: Journal;
  const got: Record<string, Told[]> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'direct-alarms-'));
    network = await startNetwork({ folder: join(folder, 'pki'), user: USER, password: PASSWORD });
    await new Promise<void>((resolve) => { helper.startServer(resolve); });
  });

  after(async () => {
    await new Promise<void>((resolve) => { helper.stopServer(resolve); });
    await network.stop();
    await closePool();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    await helper.unload();
    await stopSenders(500);
    await removeJournals();
    await rm(join(folder, 'journal'), { recursive: true, force: true });
  });

  const flow = (change: Record<string, object> = {}, left: string[] = []): TestFlows => [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'j', type: 'direct-journal', name: 'journal', file: join(folder, 'journal', 'journal.sqlite') },
    {
      id: 'a', type: 'direct-hisp-account', name: 'test', host: '127.0.0.1', port: String(network.smtpPort), security: 'starttls', serverName: 'localhost',
      authorities: network.authorityPem, retryFirst: '0.1', retryMax: '1', deadline: '60', ...change['a'],
    },
    { id: 'o', type: 'direct-organizations', name: 'clinics', organizations: [{ clientGuid: CLINIC, name: 'Lakeside', contact: 'desk 555-0100' }] },
    { id: 's', z: 'tab', type: 'direct-hisp-send', journal: 'j', account: 'a', wires: [['accepted'], ['failed', 'p'], ['status'], ['alert']], ...change['s'] },
    { id: 's2', z: 'tab', type: 'direct-hisp-send', journal: 'j', account: 'a', wires: [['accepted2'], ['failed2'], ['status2'], ['alert2']], ...change['s2'] },
    { id: 'p', z: 'tab', type: 'direct-render-pdf', mode: 'absent', pageSize: 'letter', imageFolder: '', wires: [['reported'], []] },
    { id: 'c', z: 'tab', type: 'catch', scope: null, uncaught: false, wires: [['caught']] },
    ...OUTPUTS.map((id) => ({ id, z: 'tab', type: 'helper', wires: [] })),
  ].filter(({ id }) => !left.includes(id)) as unknown as TestFlows;

  const load = async (change?: Record<string, object>, left?: string[]): Promise<void> => {
    await helper.load(MODULES as never, flow(change, left), { a: { user: USER, password: PASSWORD } } as never);
    for (const id of OUTPUTS) {
      got[id] = [];
      helper.getNode(id).on('input', (msg) => { got[id]!.push(msg as never); });
    }
    journal = await openJournal(join(folder, 'journal', 'journal.sqlite'));
  };

  const refused = async (change: Partial<Result> = {}, node = 's'): Promise<Planned> => {
    const planned = await plan(journal, 'dr.lee@refuse.sim.example', true, change);
    await journal.saveReport(planned.messageId, Buffer.from('%PDF-kept'));
    await journal.enqueue(queued(planned, { node }));
    await inState(journal, planned.deliveryId, 'FAILED');
    return planned;
  };
  const acknowledge = async (deliveryId: string) => await journal.act({ kind: 'acknowledge', deliveryId, actor: 'Pat', reason: 'called' });
  const never = async (output: string, ms = 400): Promise<void> => {
    await new Promise((resolve) => { setTimeout(resolve, ms); });
    expect(got[output], output).to.deep.equal([]);
  };

  it('a delivery that fails is handed off once, with what somebody else needs, and its report at hand', async () => {
    await load();
    const { deliveryId, messageId, to } = await refused();
    await until(async () => got['reported']!.length === 1);
    const [told, ...more] = got['failed']!;
    expect(more).to.deep.equal([]);
    expect(told!.direct).to.include({ id: messageId, journal: 'j', organization: CLINIC, site: 'SITE01' });
    expect(told!.receipt).to.include({ deliveryId, state: 'FAILED', code: 'HISP_REFUSED', recipient: to });
    expect(told!.handoff).to.deep.include({ deliveryId, state: 'FAILED', code: 'HISP_REFUSED', recipient: to, contact: 'desk 555-0100', report: { messageId } });
    expect(told!.handoff!.text).to.match(/refused/);
    expect(told!.organization).to.include({ name: 'Lakeside' });
    expect(Buffer.from(got['reported']![0]!.pdf!.data).toString()).to.equal('%PDF-kept');
    expect(got['status']!.map(({ receipt }) => receipt!.state)).to.deep.equal(['QUEUED', 'SENDING', 'FAILED']);
    await helper.unload();
    await load();
    await never('failed');
    await never('alert', 1);
  });

  it('an emergent one alarms at once and again, also after a restart, until somebody says what was done', async () => {
    await load({ s: { alertEvery: '0.01' } });
    const { deliveryId, messageId, to } = await refused(EMERGENT);
    await until(async () => got['alert']!.length >= 2);
    const [first, second] = got['alert']!;
    expect(first!.alert).to.deep.include({ deliveryId, state: 'FAILED', code: 'HISP_REFUSED', count: 1, recipient: to, contact: 'desk 555-0100' });
    expect(second!.alert).to.deep.include({ id: first!.alert!.id, count: 2 });
    expect(first!.direct).to.include({ id: messageId, journal: 'j', priority: 'emergent' });
    await helper.unload();
    await stopSenders(500);
    await closeJournals();
    await load({ s: { alertEvery: '0.01' } });
    await until(async () => got['alert']!.length >= 1);
    await acknowledge(deliveryId);
    got['alert'] = [];
    await never('alert', 1500);
    expect(got['failed']).to.deep.equal([]);
  }).timeout(30_000);

  it('each node tells of its own deliveries, one of them of those without a node, another of one that is gone', async () => {
    await load();
    const own = await refused(EMERGENT, 's2');
    await until(async () => got['alert2']!.length === 1 && got['failed2']!.length === 1);
    expect(got['failed2']![0]!.handoff!.deliveryId).to.equal(own.deliveryId);
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example', true, EMERGENT);
    await journal.endRecipient(planned.deliveryId, 'UNRESOLVED', 'CERT_NONE', 'x');
    await until(async () => got['failed']!.length + got['failed2']!.length === 2 && got['alert']!.length + got['alert2']!.length === 2);
    await helper.unload();
    await load({}, ['s2']);
    const { deliveryId } = await refused(EMERGENT, 's2');
    await until(async () => got['failed']!.length === 1 && got['alert']!.length === 1);
    expect(got['alert']![0]!.alert!.deliveryId).to.equal(deliveryId);
  });

  it('a message that stands still alarms, too', async () => {
    await load();
    const { messageId } = await plan(journal, 'dr.lee@good.lakeside.sim.example', true, EMERGENT);
    await journal.stopMessage(messageId, 'ERROR', 'PDF_FAILED', 'x');
    await until(async () => got['alert']!.length + got['alert2']!.length === 2);
    const alerts = [...got['alert']!, ...got['alert2']!].map(({ alert }) => alert!);
    expect(alerts.map(({ state, deliveryId }) => [state, deliveryId === null])).to.have.deep.members([['ERROR', true], ['HELD', false]]);
  });

  it('what ended while no node was there is handed off when there is one', async () => {
    await load();
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    await helper.unload();
    await journal.endRecipient(planned.deliveryId, 'UNRESOLVED', 'CERT_NONE', 'x');
    await load();
    await until(async () => got['failed']!.length + got['failed2']!.length === 1);
  });

  it('test traffic goes over a simulated account only; there too a real result may go', async () => {
    await load();
    const send = (planned: Planned, test?: true): void => {
      const { deliveryId, to, messageId } = planned;
      helper.getNode('s').receive({
        direct: { id: messageId, journal: 'j', orderLocalId: 'x', organization: CLINIC, site: 'SITE01', priority: 'routine', ...(test && { test }) },
        mail: { ...queued({ ...planned, deliveryId }), to, finalDelivery: true },
      } as never);
    };
    const one = await plan(journal, 'dr.lee@good.lakeside.sim.example', true, { test: true });
    send(one, true);
    await inState(journal, one.deliveryId, 'HELD');
    expect(await journal.message(one.messageId)).to.include({ state: 'HELD', code: 'TEST_TRAFFIC' });
    await helper.unload();
    await load({ a: { simulated: true } });
    const two = await plan(journal, 'dr.lee@good.lakeside.sim.example', true, { test: true });
    const real = await plan(journal, 'dr.poe@good.lakeside.sim.example');
    send(two);
    send(real);
    await inState(journal, two.deliveryId, 'SENT');
    await inState(journal, real.deliveryId, 'SENT');
    await until(async () => got['accepted']!.length === 2);
    expect(got['accepted']!.find(({ receipt }) => receipt!.deliveryId === two.deliveryId)!.direct!.test).to.equal(true);
  });

  it('test traffic that was queued for a simulated account does not leave when the account has become a real one', async () => {
    await load({ a: { simulated: true, host: '127.0.0.1', port: '1' } });
    const planned = await plan(journal, 'dr.lee@good.lakeside.sim.example', true, { test: true });
    await journal.enqueue(queued(planned, { node: 's', simulated: true }));
    await until(async () => (await journal.accounts()).some(({ fault }) => fault !== null));
    await helper.unload();
    await load({ a: { probeFirst: '0.05' } });
    const held = await inState(journal, planned.deliveryId, 'HELD');
    expect(held.code).to.equal('TEST_TRAFFIC');
    await journal.act({ kind: 'release', deliveries: { ids: [planned.deliveryId] }, actor: 'Pat', reason: 'tried' });
    await until(async () => (await journal.delivery(planned.deliveryId))!.history.filter(({ code }) => code === 'TEST_TRAFFIC').length === 2);
    expect(got['accepted']).to.deep.equal([]);
  });

  it('a wrong interval is told and leaves nobody without alerts', async () => {
    await load({ s: { alertEvery: 'often' } });
    const { deliveryId } = await refused(EMERGENT);
    await until(async () => got['alert']!.length === 1);
    expect(got['alert']![0]!.alert!.deliveryId).to.equal(deliveryId);
  });
});
