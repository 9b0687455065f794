// The editor as a person uses it: log in, drag from the palette, fill forms, deploy.
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import type { Product } from './product.ts';

export interface EditorNode { id: string; type: string; name: string; valid: boolean }

export interface Editor {
  page: Page;
  /** Faults of the page since it was opened: console errors, uncaught errors, requests to elsewhere. */
  faults: string[];
}

/** What the page has: the functions of in-page.js, and the little of Node-RED's editor that is called here. */
interface InPage {
  courier: Record<string, (...args: unknown[]) => unknown>;
  RED: { editor: { edit(node: unknown): void; editConfig(property: string, type: string, id: string): void }; nodes: { node(id: string): unknown } };
}

/** Asks one of the functions of in-page.js. */
export const ask = async <Answer>({ page }: Editor, name: string, ...args: unknown[]): Promise<Answer> =>
  await page.evaluate(async ([asked, given]) => await (globalThis as unknown as InPage).courier[asked]!(...given), [name, args] as const) as Answer;

const watch = (page: Page): string[] => {
  const faults: string[] = [];
  // The editor reports what a form's own code throws as a warning.
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().startsWith('onedit')) faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && hostname !== '127.0.0.1') faults.push(`request to ${request.url()}`);
  });
  return faults;
};

export const untilReady = async ({ page }: Editor): Promise<void> => {
  await page.waitForFunction('window.RED?.nodes?.getType?.("direct-fee-meter") && RED.workspaces.active()');
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
};

export const openEditor = async (context: BrowserContext, { url }: Product): Promise<Editor> => {
  const page = context.pages()[0] ?? await context.newPage();
  await context.addInitScript({ path: fileURLToPath(new URL('in-page.js', import.meta.url)) });
  const editor = { page, faults: watch(page) };
  await page.goto(url);
  return editor;
};

export const logIn = async (editor: Editor, password: string): Promise<void> => {
  const { page } = editor;
  await page.fill('#node-dialog-login-username', 'admin');
  await page.fill('#node-dialog-login-password', password);
  await page.click('#node-dialog-login-submit');
  await untilReady(editor);
};

/** Drags a node from the palette to a place of the canvas, in pixels from its corner. */
export const place = async (editor: Editor, type: string, x: number, y: number): Promise<EditorNode> => {
  const { page } = editor;
  const before = await ask<EditorNode[]>(editor, 'nodes', await ask(editor, 'activeTab'));
  const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await entry.scrollIntoViewIfNeeded();
  const [from, canvas] = [(await entry.boundingBox())!, (await page.locator('#red-ui-workspace-chart').boundingBox())!];
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(canvas.x + x, canvas.y + y, { steps: 6 });
  await page.mouse.up();
  const after = await ask<EditorNode[]>(editor, 'nodes', await ask(editor, 'activeTab'));
  const placed = after.find((node) => !before.some(({ id }) => id === node.id));
  if (placed?.type !== type) throw new Error(`${type} did not arrive on the canvas`);
  return placed;
};

/** Waits until the form at this depth (a config node's form opened from a node's form: 2; none: 0) stands still. */
const untilOpen = async ({ page }: Editor, depth: number): Promise<void> => {
  await page.waitForFunction(`document.querySelectorAll('.red-ui-tray').length === ${Math.min(depth, 1)}
    && document.querySelectorAll('.red-ui-tray-breadcrumbs li').length === ${depth}`);
  if (depth > 0) await page.locator('.red-ui-tray-toolbar button.primary').click({ trial: true });
};

export const openForm = async (editor: Editor, id: string): Promise<void> => {
  await editor.page.evaluate((node) => {
    const { RED } = globalThis as unknown as InPage;
    RED.editor.edit(RED.nodes.node(node));
  }, id);
  await untilOpen(editor, 1);
};

export const openConfig = async (editor: Editor, type: string, id: string): Promise<void> => {
  await editor.page.evaluate(([kind, node]) => (globalThis as unknown as InPage).RED.editor.editConfig('', kind, node), [type, id] as const);
  await untilOpen(editor, 1);
};

/** Opens the empty form of a config node by the plus button beside a property. */
export const addConfig = async (editor: Editor, property: string): Promise<void> => {
  await editor.page.click(`#node-input-btn-${property}-add`);
  await untilOpen(editor, 2);
};

export const saveConfig = async (editor: Editor): Promise<void> => {
  const depth = await editor.page.locator('.red-ui-tray-breadcrumbs li').count();
  await editor.page.click('#node-config-dialog-ok');
  await untilOpen(editor, depth - 1);
};

export const saveForm = async (editor: Editor): Promise<void> => {
  await editor.page.click('#node-dialog-ok');
  await untilOpen(editor, 0);
};

export const closeForm = async (editor: Editor): Promise<void> => {
  await editor.page.locator('#node-dialog-cancel, #node-config-dialog-cancel').last().click();
  await untilOpen(editor, 0);
};

export const deploy = async ({ page }: Editor): Promise<void> => {
  const answer = page.waitForResponse((response) => response.url().endsWith('/flows') && response.request().method() === 'POST');
  await page.click('#red-ui-header-button-deploy');
  const status = (await answer).status();
  if (status >= 400) throw new Error(`the deploy was answered with ${status}`);
};
