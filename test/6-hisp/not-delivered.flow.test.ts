import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper, { type TestFlows } from 'node-red-node-test-helper';
import organizationsConfig from '../../nodes/0-order/organizations-config.ts';
import renderPdf from '../../nodes/3-pdf/render-pdf.ts';
import hispSend from '../../nodes/6-hisp/hisp-send.ts';
import { stopSenders } from '../../nodes/6-hisp/sender.ts';
import journalConfig from '../../nodes/journal/journal-config.ts';
import { openJournal } from '../../nodes/journal/open.ts';
import { closePool } from '../../nodes/pool.ts';
import { CLINIC } from '../support/samples.ts';
import { plan, removeJournals, until } from './deliveries.ts';

const require = createRequire(import.meta.url);
const CORE = ['common/60-link', 'function/10-switch', 'function/15-change', 'function/80-template', 'storage/10-file', 'common/90-comment']
  .map((name) => require(`@node-red/nodes/core/${name}.js`) as never);

interface Shipped { id: string; type: string; z?: string; d?: boolean; env?: { name: string; value: string }[]; wires?: string[][] }
const BUNDLE = new URL('../../flows/not-delivered/flows.json', import.meta.url);

describe('the shipped flow not-delivered', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'direct-notices-'));
    await new Promise<void>((resolve) => { helper.startServer(resolve); });
  });
  after(async () => {
    await helper.unload();
    await new Promise<void>((resolve) => { helper.stopServer(resolve); });
    await stopSenders(500);
    await removeJournals();
    await closePool();
    await rm(folder, { recursive: true, force: true });
  });

  /** The bundle, its folder set, and the report's file switched on as its description says. */
  const flow = (): TestFlows => {
    const shipped = (JSON.parse(readFileSync(BUNDLE, 'utf8')) as Shipped[]).map(({ d: _off, ...node }) => node.env === undefined ? node
      : { ...node, env: [{ name: 'NOTICE_FOLDER', value: join(folder, 'notices'), type: 'str' }] });
    return [
      ...shipped,
      { id: 'j', type: 'direct-journal', name: 'journal', file: join(folder, 'journal.sqlite') },
      { id: 'o', type: 'direct-organizations', name: 'clinics', organizations: [{ clientGuid: CLINIC, name: 'Lakeside Eye' }] },
      { id: 's', z: 'not-delivered', type: 'direct-hisp-send', journal: 'j', account: '', wires: [[], ['handed-off'], [], []] },
    ] as unknown as TestFlows;
  };

  it('places a notice without patient data, and by choice the report, in the organization\'s folder', async () => {
    await helper.load([...CORE, journalConfig, organizationsConfig, renderPdf, hispSend] as never, flow());
    const journal = await openJournal(join(folder, 'journal.sqlite'));
    const { messageId, deliveryId } = await plan(journal, 'dr.lee@good.lakeside.sim.example');
    await journal.saveReport(messageId, Buffer.from('%PDF-kept'));
    await journal.endRecipient(deliveryId, 'UNRESOLVED', 'CERT_NONE', 'No certificate was found.');
    const place = join(folder, 'notices', CLINIC);
    await until(async () => existsSync(place) && (await readdir(place)).length === 2);
    await until(async () => readFileSync(join(place, `${deliveryId}.pdf`)).toString() === '%PDF-kept');
    const notice = readFileSync(join(place, `${deliveryId}.txt`), 'utf8');
    for (const said of ['Lakeside Eye', 'SITE01', 'dr.lee@good.lakeside.sim.example', 'UNRESOLVED (CERT_NONE)', messageId, 'none on the order']) {
      expect(notice).to.include(said);
    }
    expect(notice).to.not.match(/Testpatient|MRN1|1960|\{\{/);
    expect((await journal.claimHandoffs('s', [], false, 9)).handoffs).to.deep.equal([]);
  });

  it('ships with the report switched off', () => {
    const off = (JSON.parse(readFileSync(BUNDLE, 'utf8')) as Shipped[]).filter(({ d }) => d === true).map(({ id }) => id);
    expect(off).to.deep.equal(['place-report']);
  });
});
