// The source tree as the contract tests see it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

export const filesUnder = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending)).map((name) => join(folder, name)).sort();

export const sources = filesUnder('nodes', '.ts').filter((file) => !file.endsWith('.d.ts'));
export const isAdapter = (file: string): boolean => existsSync(join(ROOT, file.replace(/\.ts$/, '.html')));
export const adapters = sources.filter(isAdapter);

/** The room of a file: `0-order`, `mail`, `cli`, or '' for a file of nodes/ itself. The simulator counts as a room of its own. */
export const roomOf = (file: string): string => {
  const parts = relative('nodes', file).split('/');
  if (parts[0] === '6-hisp' && parts[1] === 'simulator') return 'simulator';
  return parts.length === 1 ? '' : parts[0]!;
};

/** Relative imports of a source file as paths from the root, with whether they are types only. */
export const importsOf = (file: string): { target: string; typeOnly: boolean }[] =>
  [...read(file).matchAll(/(?:import|export)\s+(type\s+)?[^'";]*?from\s+'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)/g)]
    .map((match) => ({ target: relative(ROOT, resolve(ROOT, dirname(file), match[2] ?? match[3]!)), typeOnly: match[1] !== undefined }));

export const packagesOf = (file: string): { name: string; typeOnly: boolean }[] =>
  [...read(file).matchAll(/import\s+(type\s+)?[^'";]*?from\s+'([^.'][^']*)'/g)].map((match) => ({ name: match[2]!, typeOnly: match[1] !== undefined }));

export interface Definition {
  category: string; defaults: Record<string, { value?: unknown; type?: string }>; credentials?: Record<string, { type: string }>;
  inputs?: number; outputs?: number; icon?: string; color?: string; paletteLabel?: string; label?: () => string; outputLabels?: (index: number) => string;
}

/** What a form registers, found by running its script with a stand-in for the editor. */
export const definitionOf = (adapter: string): { type: string; definition: Definition; html: string } => {
  const html = read(adapter.replace(/\.ts$/, '.html'));
  const found: { type: string; definition: Definition }[] = [];
  const anything: unknown = new Proxy(() => anything, { get: () => anything, apply: () => anything });
  const RED = { nodes: { registerType: (type: string, definition: Definition) => found.push({ type, definition }) }, validators: anything, settings: {} };
  for (const [, script] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)) vm.runInNewContext(script!, { RED, $: anything, window: {} });
  if (found.length !== 1) throw new Error(`${adapter}: ${found.length} types registered`);
  return { ...found[0]!, html };
};

export const catalogOf = (adapter: string, language = 'en-US'): Record<string, unknown> =>
  JSON.parse(read(join(dirname(adapter), 'locales', language, basename(adapter).replace(/\.ts$/, '.json')))) as Record<string, unknown>;

export const lookUp = (catalog: Record<string, unknown>, key: string): unknown =>
  key.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], catalog);

export const packageJson = JSON.parse(read('package.json')) as {
  files: string[]; bin: Record<string, string>; 'node-red': { nodes: Record<string, string> }; dependencies: Record<string, string>; devDependencies: Record<string, string>;
};
