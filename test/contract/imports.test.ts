import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, isAdapter, packageJson, packagesOf, read, ROOT, roomOf, sources } from './tree.ts';

const STAGES = ['0-order', '1-route', '2-npi', '3-pdf', '4-cda', '5-smime', '6-hisp', '7-fee'];
const ON_TOP = ['cli', 'console', 'simulator'];
const ADAPTER_LIKE = ['nodes/stage.ts', 'nodes/guard.ts', 'nodes/flow/hooks.ts', 'nodes/flow/tracker.ts'];

/** Whether a domain file of one room may import a domain file of another. */
const mayImport = (from: string, to: string, target: string): boolean => {
  if (from === to || ON_TOP.includes(from)) return true;
  if (['nodes/errors.ts', 'nodes/pool.ts'].includes(target)) return true;
  if (from === '') return target.startsWith('nodes/0-order/') || target === 'nodes/journal/port.ts';
  if (from === 'mail') return false;
  if (from === 'journal') return to === '0-order';
  if (from === 'flow') return to === '0-order' || target === 'nodes/journal/port.ts';
  if (to === 'mail' || target === 'nodes/journal/port.ts') return true;
  return STAGES.includes(from) && STAGES.includes(to) && STAGES.indexOf(to) < STAGES.indexOf(from);
};

describe('import direction', () => {
  for (const file of sources.filter((source) => !isAdapter(source) && !ADAPTER_LIKE.includes(source))) {
    it(`${file} imports only leftward and never Node-RED`, () => {
      const wrong = importsOf(file).filter(({ target }) => isAdapter(target) || !mayImport(roomOf(file), roomOf(target), target)).map(({ target }) => target);
      expect(wrong).to.deep.equal([]);
      if (roomOf(file) !== 'cli') expect(packagesOf(file).map(({ name }) => name)).to.not.include('node-red');
    });
  }

  for (const file of sources.filter(isAdapter)) {
    it(`${file} imports its own room, config nodes' types, the stage bridge and the flow's account`, () => {
      const wrong = importsOf(file).filter(({ target, typeOnly }) => {
        const own = roomOf(target) === roomOf(file);
        const leftward = !isAdapter(target) && mayImport(roomOf(file), roomOf(target), target);
        return !own && !leftward && target !== 'nodes/stage.ts' && roomOf(target) !== 'flow' && !(typeOnly && isAdapter(target));
      }).map(({ target }) => target);
      expect(wrong).to.deep.equal([]);
      expect(packagesOf(file).filter(({ name, typeOnly }) => name === 'node-red' && !typeOnly)).to.deep.equal([]);
    });
  }

  it('every relative import names a file that exists', () => {
    const missing = sources.flatMap((file) => importsOf(file).filter(({ target }) => !existsSync(join(ROOT, target))).map(({ target }) => `${file} → ${target}`));
    expect(missing).to.deep.equal([]);
  });

  it('every package that the product imports is a dependency of its own', () => {
    const known = new Set([...Object.keys(packageJson.dependencies), 'node-red']);
    const foreign = sources.flatMap((file) => packagesOf(file)
      .filter(({ name, typeOnly }) => !typeOnly && !name.startsWith('node:') && !known.has(name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')))
      .map(({ name }) => `${file}: ${name}`));
    expect(foreign).to.deep.equal([]);
  });
});

describe('source files', () => {
  it('have lines that fit a screen, and one idea each', () => {
    const lines = sources.map((file) => ({ file, lines: read(file).split('\n') }));
    expect(lines.filter((entry) => entry.lines.some((line) => line.length > 150)).map(({ file }) => file)).to.deep.equal([]);
    expect(lines.filter((entry) => entry.lines.length > 220).map(({ file }) => file)).to.deep.equal([]);
  });

  it('hold no unfinished business', () => {
    expect(sources.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|\bas any\b/.test(read(file)))).to.deep.equal([]);
  });
});
