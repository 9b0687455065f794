import { expect } from 'chai';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { freePort } from '../../nodes/cli/engine.ts';
import { removeTemporaryFolders, ROOT, temporaryFolder } from '../support/demo.ts';
import { chromiumPath, openChromium } from './chromium.ts';
import {
  addConfig, ask, closeForm, deploy, type Editor, type EditorNode, logIn, openConfig, openEditor, openForm, place, saveConfig, saveForm, untilReady,
} from './editor.ts';
import { type Product, startProduct } from './product.ts';
import { configTypings, STAGES } from './typing.ts';

type FlowNode = Record<string, unknown> & { id: string; type: string };

const folder = temporaryFolder();
// Kept when a place is named, for whoever wants to look.
const shots = process.env['COURIER_SCREENSHOTS'] ?? join(folder, 'screenshots');
const typings = configTypings(folder);

/** Fields that belong to another choice than the one that was made: the PEM pair, the SQLite file, notifications that are not fetched. */
const OTHER_CHOICE: Record<string, string[]> = {
  'direct-identity': ['p12'], 'direct-journal': ['backend', 'schema', 'url'], 'direct-hisp-receive': ['account'],
};

describe('the editor (needs Chromium)', function () {
  this.timeout(60_000);
  // Each test goes on where the one before has left the page.
  this.bail(true);
  let product: Product | undefined;
  let context: BrowserContext | undefined;
  let editor: Editor;
  /** By type: what was placed on the new tab, and the config nodes that were added there. */
  const placed = new Map<string, EditorNode>();
  const added = new Map<string, string>();
  const typed = new Map<string, unknown>();

  before(async function () {
    if (chromiumPath === undefined) this.skip();
    this.timeout(90_000);
    mkdirSync(shots, { recursive: true });
    product = await startProduct(folder);
    context = await openChromium(join(folder, 'profile'));
    editor = await openEditor(context, product);
  });

  after(async function () {
    this.timeout(30_000);
    await context?.close();
    await product?.stop();
    removeTemporaryFolders();
  });

  it('shows nothing to whoever has not logged in', async () => {
    const paths = ['flows', 'settings', 'credentials/direct-identity/iris-identity'];
    const answers = await Promise.all(paths.map(async (path) => await fetch(`${product!.url}${path}`)));
    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401, 401]);
  });

  it('lets in who knows the printed password', async () => {
    await logIn(editor, product!.password);
    // The page asks for its settings before it knows that it must log in.
    expect(editor.faults.splice(0).filter((fault) => !/401 \(Unauthorized\) \(\S+\/settings/.test(fault))).to.deep.equal([]);
  });

  it('shows the flow iris-results with every node of the pipeline, well configured', async () => {
    const nodes = await ask<EditorNode[]>(editor, 'nodes', 'iris-results');
    for (const { type } of STAGES) expect(nodes.map((node) => node.type)).to.include(type);
    expect(nodes.filter(({ valid }) => !valid)).to.deep.equal([]);
    expect(await ask(editor, 'overlaps', 'iris-results')).to.deep.equal([]);
    await editor.page.screenshot({ path: join(shots, 'flow.png') });
  });

  it('lists the nodes in the palette in the order of the data', async () => {
    expect(await ask(editor, 'paletteTypes', 'Direct')).to.deep.equal(STAGES.map(({ type }) => type));
  });

  it('places every node on a new tab', async () => {
    await editor.page.click('.red-ui-tab-button.red-ui-tabs-add a');
    expect(await ask(editor, 'activeTab')).to.not.equal('iris-results');
    for (const [index, { type }] of STAGES.entries()) {
      placed.set(type, await place(editor, type, 160 + 260 * (index % 3), 100 + 120 * Math.floor(index / 3)));
    }
  });

  for (const { type, choose, fill = {} } of STAGES) {
    it(`opens the form of ${type}, shows every field, takes what is typed`, async () => {
      const { page } = editor;
      await openForm(editor, placed.get(type)!.id);
      expect(await ask(editor, 'unseen', type, 'node-input-')).to.deep.equal(OTHER_CHOICE[type] ?? []);
      for (const { from: { property }, ...typing } of typings.filter(({ from }) => from.type === type)) {
        await addConfig(editor, property);
        await page.fill('#node-config-input-name', `browser ${typing.type}`);
        await typing.fill(page);
        typed.set(typing.type, await ask(editor, 'values'));
        expect(await ask(editor, 'blemishes')).to.deep.equal([]);
        await saveConfig(editor);
        added.set(typing.type, await page.inputValue(`#node-input-${property}`));
      }
      for (const [property, config] of Object.entries(choose)) await page.selectOption(`#node-input-${property}`, added.get(config)!);
      if (type === 'direct-hisp-receive') await page.fill('#node-input-port', String(await freePort()));
      for (const [property, value] of Object.entries(fill)) await page.fill(`#node-input-${property}`, value);
      await page.fill('#node-input-name', `my ${type}`);
      expect(await ask(editor, 'blemishes')).to.deep.equal([]);
      typed.set(type, await ask(editor, 'values'));
      await saveForm(editor);
    });
  }

  it('shows the account whose mailbox is read, and no listener, when mail comes that way', async () => {
    await openForm(editor, placed.get('direct-hisp-receive')!.id);
    await editor.page.selectOption('#node-input-source', 'mailbox');
    expect(await ask(editor, 'unseen', 'direct-hisp-receive', 'node-input-')).to.have.members(['identity', 'trust', 'host', 'port', 'domains']);
    expect(await ask(editor, 'blemishes')).to.deep.equal([]);
    await closeForm(editor);
  });

  for (const { type } of typings) {
    it(`opens ${type} again with every field and what was typed`, async () => {
      await openConfig(editor, type, added.get(type)!);
      const unseen = await ask<string[]>(editor, 'unseen', type, 'node-config-input-');
      expect(unseen).to.have.members(OTHER_CHOICE[type] ?? []);
      expect(await ask(editor, 'values')).to.deep.equal(typed.get(type));
      await closeForm(editor);
    });
  }

  it('deploys what is well configured', async () => {
    expect((await ask<EditorNode[]>(editor, 'nodes', await ask(editor, 'activeTab'))).filter(({ valid }) => !valid)).to.deep.equal([]);
    await deploy(editor);
  });

  it('has given the server what was typed, and secrets to nobody', async () => {
    const flows = await ask<FlowNode[]>(editor, 'deployed');
    for (const { type } of STAGES) expect(flows.find(({ id }) => id === placed.get(type)!.id)).to.include({ type, name: `my ${type}` });
    for (const { type, deployed } of typings) {
      const node = flows.find(({ id }) => id === added.get(type));
      for (const [key, value] of Object.entries(deployed)) expect(node?.[key], `${type}.${key}`).to.deep.equal(value);
    }
    // Organizations find an identity and an account by name; an id in its place would not survive an import.
    expect(flows.filter(({ id, name, type }) => id === name && added.has(type))).to.deep.equal([]);
    const stored = ['flows.json', 'flows_cred.json'].map((file) => readFileSync(join(folder, 'user', file), 'utf8'));
    for (const text of [JSON.stringify(flows), ...stored]) expect(text).to.not.match(/a password for the browser test|PRIVATE KEY/);
  });

  it('explains, in the form of resolve route, who would get a result and why', async () => {
    const { page } = editor;
    const sample = (name: string): string => readFileSync(join(ROOT, 'flows/iris-results/samples', name), 'utf8');
    await openForm(editor, 'resolve-route');
    await page.fill('#node-input-explain-order', sample('02-order-npi-order.json'));
    await page.fill('#node-input-explain-result', sample('02-order-npi-result.json'));
    await page.click('#node-input-explain');
    const answer = page.locator('#node-input-explain-answer');
    await answer.getByText('dr.pria.care@good.riverside.sim.example').waitFor();
    expect(await answer.innerText()).to.match(/message: ROUTED/).and.match(/QUEUED/).and.match(/found, row 2/).and.match(/trusted/).and.match(/0\.25 USD/);
    await page.screenshot({ path: join(shots, 'explain.png') });
    await page.fill('#node-input-explain-order', 'no JSON');
    await page.click('#node-input-explain');
    await answer.getByText('INPUT_NOT_JSON').waitFor();
    await closeForm(editor);
  });

  it('sends, from a row of the route table, a test message, and shows beside the row what became of it', async () => {
    const { page } = editor;
    const row = (index: number) => page.locator('#node-config-input-rows-list > li').nth(index);
    await openConfig(editor, 'direct-route-table', 'iris-route-table');
    for (const [index, state] of ['PROCESSED', 'DELIVERED'].entries()) {
      await row(index).getByRole('button', { name: 'Send a test message' }).click();
      await row(index).getByText(`Last test: ${state}`).waitFor({ timeout: 40_000 });
      expect(await row(index).getByRole('status').innerText()).to.match(/ · .*\d.* · admin/);
    }
    await page.screenshot({ path: join(shots, 'test-message.png') });
    await closeForm(editor);
    await openConfig(editor, 'direct-route-table', 'iris-route-table');
    await page.getByText('Last test: DELIVERED').waitFor();
    await closeForm(editor);
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has kept everything when the page is loaded anew, and shows it readably in ${scheme} colours`, async () => {
      await editor.page.evaluate('RED.settings.setLocal("view-dark-theme", "auto")');
      await editor.page.emulateMedia({ colorScheme: scheme });
      await editor.page.reload();
      await untilReady(editor);
      expect(await editor.page.evaluate('document.documentElement.classList.contains("nr-theme-dark")')).to.equal(scheme === 'dark');
      for (const type of [...placed.keys(), ...added.keys()]) {
        await (added.has(type) ? openConfig(editor, type, added.get(type)!) : openForm(editor, placed.get(type)!.id));
        expect(await ask(editor, 'values')).to.deep.equal(typed.get(type));
        const contrasts = await ask<{ element: string; ratio: number }[]>(editor, 'contrasts');
        expect(contrasts.length).to.be.greaterThan(1);
        expect(contrasts.filter(({ ratio }) => ratio < 4.5), type).to.deep.equal([]);
        await editor.page.screenshot({ path: join(shots, `${scheme}-${type}.png`) });
        await closeForm(editor);
      }
    });
  }

  it('never faulted, never asked another host, and the product never complained', () => {
    expect(editor.faults).to.deep.equal([]);
    expect(product!.printed()).to.not.match(/\[error\]/);
  });

  it('ends at SIGTERM', async () => {
    expect(await product!.stop()).to.equal(0);
  });
});
