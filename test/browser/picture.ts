// Draws docs/flow.png, the flow in the editor with what one result leaves in the Debug sidebar, and docs/explain.png, an explanation.
//   npm run -s build && node test/browser/picture.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { removeTemporaryFolders, ROOT, temporaryFolder } from '../support/demo.ts';
import { inputPair } from '../support/samples.ts';
import { openChromium } from './chromium.ts';
import { type Editor, logIn, openEditor, openForm } from './editor.ts';
import { startProduct } from './product.ts';

/** Only our nodes are open in the palette, which has the whole left side; no tips on the right. */
const arrange = async (page: Page): Promise<void> => {
  await page.evaluate('RED.actions.invoke("core:toggle-show-tips", false)');
  await page.click('.red-ui-sidebar-tab-bar [data-tab-id="explorer"]');
  await page.getByRole('button', { name: 'Collapse all categories' }).click();
  await page.click('#red-ui-palette-header-Direct');
  await page.mouse.move(700, 860);
  // The palette unfolds.
  await page.waitForTimeout(500);
};

/** Who gets a result whose order names a provider by NPI, in the form that is asked. */
const explained = async (editor: Editor): Promise<Buffer> => {
  const { page } = editor;
  const sample = (name: string): string => readFileSync(join(ROOT, 'flows/iris-results/samples', name), 'utf8');
  await page.setViewportSize({ width: 1500, height: 1000 });
  await openForm(editor, 'resolve-route');
  await page.fill('#node-input-explain-order', sample('02-order-npi-order.json'));
  await page.fill('#node-input-explain-result', sample('02-order-npi-result.json'));
  await page.click('#node-input-explain');
  await page.locator('#node-input-explain-answer').getByText('trusted').waitFor();
  return await page.locator('.red-ui-tray').last().screenshot();
};

const folder = temporaryFolder();
const product = await startProduct(folder);
const context = await openChromium(join(folder, 'profile'));
try {
  const editor = await openEditor(context, product);
  await logIn(editor, product.password);
  const { page } = editor;
  for (const input of Object.values(inputPair(2001, { address: 'dr.lee@good.lakeside.sim.example' }))) {
    await fetch(`${product.url}iris`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) });
  }
  await page.locator('.red-ui-debug-msg', { hasText: 'notification' }).last().waitFor();
  await arrange(page);
  mkdirSync(join(ROOT, 'docs'), { recursive: true });
  await page.screenshot({ path: join(ROOT, 'docs/flow.png') });
  writeFileSync(join(ROOT, 'docs/explain.png'), await explained(editor));
} finally {
  await context.close();
  await product.stop();
  removeTemporaryFolders();
}
