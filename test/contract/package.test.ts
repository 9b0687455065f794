import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { filesUnder, packageJson, read, ROOT } from './tree.ts';

describe('the package', () => {
  let packed: string[];
  before(function () {
    this.timeout(60_000);
    const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const list = JSON.parse(answer) as { files: { path: string }[] }[] | Record<string, { files: { path: string }[] }>;
    packed = Object.values(list)[0]!.files.map(({ path }) => path);
  });

  it('holds every node file, form, catalog, help page and icon', () => {
    const wanted = [
      ...Object.values(packageJson['node-red'].nodes),
      ...filesUnder('nodes', '.html').map((file) => file.replace(/^nodes/, 'dist')),
      ...filesUnder('nodes', '.json').map((file) => file.replace(/^nodes/, 'dist')),
      ...filesUnder('icons', '.svg').map((file) => `dist/${file}`),
      ...filesUnder('flows', 'flows.json').map((file) => file.replace(/^flows\/(.+)\/flows\.json$/, 'examples/$1.json')),
      'bin/direct-courier', 'settings.cjs', 'README.md', 'LICENSE',
    ];
    expect(wanted.filter((file) => !packed.includes(file))).to.deep.equal([]);
  });

  it('holds no source, test or secret', () => {
    expect(packed.filter((file) => /\.ts$|^test\/|\.pem$|\.key$|\.p12$|\.sqlite/.test(file))).to.deep.equal([]);
  });

  it('flows name no secret, no port and no path of one machine', () => {
    for (const file of filesUnder('flows', 'flows.json')) {
      expect(read(file)).to.not.match(/BEGIN [A-Z ]*PRIVATE KEY|"password"|"credentials"|"\/(home|work|tmp|root)\//);
    }
  });

  it('flows and samples hold made-up people only', () => {
    for (const file of filesUnder('flows', '.json')) {
      const text = read(file);
      expect([...text.matchAll(/[\w.+-]+@([\w.-]+)/g)].map((match) => match[1]).filter((domain) => !/\.(example|test)$/.test(domain!))).to.deep.equal([]);
      expect([...text.matchAll(/"NPI": "(\d+)"|"npi": "(\d+)"/g)].map((match) => match[1] ?? match[2]).filter((npi) => !npi!.startsWith('2'))).to.deep.equal([]);
    }
  });
});
