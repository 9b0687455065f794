import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { adapters, catalogOf, definitionOf, filesUnder, lookUp, packageJson, read, ROOT } from './tree.ts';

/** Keys that the form and its script ask the catalog for; `a.b.` at the end of a literal is a prefix that is added to. */
const catalogKeys = (html: string, base: string): string[] => {
  const inMarkup = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap((match) => match[1]!.split(';')).map((key) => key.replace(/^\[[^\]]+\]/, ''));
  const inScript = [...html.matchAll(/\b_\(\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
  return [...inMarkup, ...inScript].filter((key) => key.startsWith(`${base}.`));
};

describe('node forms', () => {
  for (const adapter of adapters) {
    const base = basename(adapter, '.ts');
    const room = dirname(adapter);
    describe(base, () => {
      const { type, definition, html } = definitionOf(adapter);
      const isConfig = definition.category === 'config';

      it('registers the type that package.json lists, with our prefix', () => {
        expect(type).to.match(/^direct-/);
        expect(packageJson['node-red'].nodes[type]).to.equal(adapter.replace(/^nodes/, 'dist').replace(/\.ts$/, '.js'));
        expect(read(adapter)).to.include(`'${type}'`);
        if (!isConfig) expect(definition.category).to.equal('Direct');
      });

      it('has a field for every property and credential', () => {
        const prefix = isConfig ? 'node-config-input-' : 'node-input-';
        const missing = [...Object.keys(definition.defaults), ...Object.keys(definition.credentials ?? {})]
          .filter((key) => !html.includes(`id="${prefix}${key}"`) && !html.includes(`id="${prefix}${key}-list"`));
        expect(missing).to.deep.equal([]);
        expect(html).to.include(`data-template-name="${type}"`);
      });

      it('keeps secrets in password credentials only', () => {
        const open = Object.entries(definition.credentials ?? {}).filter(([key, { type: kind }]) => /key|pass|p12|secret/i.test(key) && kind !== 'password');
        expect(open).to.deep.equal([]);
        expect(Object.keys(definition.defaults).filter((key) => /passw|passphrase|secret|privatekey/i.test(key))).to.deep.equal([]);
      });

      it('finds every text it shows in the catalog', () => {
        const catalog = catalogOf(adapter);
        const missing = catalogKeys(html, base).filter((key) => lookUp(catalog, key.replace(/\.$/, '')) === undefined);
        expect(missing).to.deep.equal([]);
        // What a person reads between tags or in placeholders must come from the catalog.
        const bare = [...html.replace(/<script type="text\/javascript">[\s\S]*?<\/script>/g, '').matchAll(/>([^<>]*[A-Za-z]{3}[^<>]*)</g)].map((match) => match[1]!.trim());
        expect(bare).to.deep.equal([]);
      });

      it('hard-codes no colour in its form', () => {
        const form = html.replace(/\bcolor: '#[0-9A-Fa-f]{6}',/, '');
        expect(form.match(/#[0-9a-fA-F]{3,8}\b(?!-)/g)?.filter((found) => /^#([0-9a-fA-F]{3}){1,2}$/.test(found)) ?? []).to.deep.equal([]);
      });

      it('has help in markdown', () => {
        const help = read(join(room, 'locales/en-US', `${base}.html`));
        expect(help).to.include(`data-help-name="${type}"`);
        expect(help).to.include('text/markdown');
        if (!isConfig && (definition.inputs ?? 0) > 0) expect(help).to.match(/### Inputs/);
        if ((definition.outputs ?? 0) > 0) expect(help).to.match(/### Outputs/);
      });

      if (!isConfig) {
        it('has an icon, a palette label and a label for each output', () => {
          expect(existsSync(join(ROOT, 'icons', definition.icon!))).to.equal(true);
          expect(definition.paletteLabel).to.be.a('string');
          const asked: string[] = [];
          const self = { name: '', _: (key: string) => { asked.push(key); return key; } };
          for (let index = 0; index < (definition.outputs ?? 0); index += 1) definition.outputLabels!.call(self, index);
          expect(asked).to.have.length(definition.outputs ?? 0);
          expect(new Set(asked).size).to.equal(asked.length);
          for (const key of asked) expect(lookUp(catalogOf(adapter), key), key).to.be.a('string');
        });

        it('stands in a shipped flow', () => {
          const flows = filesUnder('flows', 'flows.json').flatMap((file) => JSON.parse(read(file)) as { type: string }[]);
          expect(flows.map((node) => node.type)).to.include(type);
        });
      }
    });
  }

  const FORMLESS = ['nodes/guard.ts', 'nodes/cli/explain/endpoint.ts', 'nodes/cli/test-messages.ts'];

  it('every listed node but those that work in the background has a form', () => {
    const listed = Object.values(packageJson['node-red'].nodes).map((file) => file.replace(/^dist/, 'nodes').replace(/\.js$/, '.ts'));
    expect(listed.filter((file) => !FORMLESS.includes(file)).sort()).to.deep.equal([...adapters].sort());
    for (const file of listed) expect(file).to.match(/\.ts$/);
  });

  it('the palette shows the stages in the order of the data', () => {
    const stages = Object.values(packageJson['node-red'].nodes).filter((file) => /dist\/\d/.test(file) && !file.endsWith('-config.js'));
    expect(stages.map((file) => file.split('/')[1])).to.deep.equal([...stages.map((file) => file.split('/')[1])].sort());
  });
});
