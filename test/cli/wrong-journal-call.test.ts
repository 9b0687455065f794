import { expect } from 'chai';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { startShell } from './scene.ts';

const shell = startShell();
after(() => { shell.stop(); });

describe('a new key', () => {
  after(removeTemporaryFolders);

  it('is made once, for its owner alone, and never over another', async () => {
    const file = join(temporaryFolder(), 'keys', 'journal.key');
    const said = await shell.run(['journal', 'init-key', '--file', file]);
    expect(said.exit).to.equal(0);
    expect(said.stdout).to.match(/DIRECT_JOURNAL_KEY_BACKUP=\S+/).and.not.include(readFileSync(file, 'utf8').trim());
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(await shell.run(['journal', 'init-key', '--file', file])).to.include({ exit: 1 }).and.property('stderr').match(/KEY_EXISTS/);
  });
});

describe('a wrong call of the journal command', () => {
  after(removeTemporaryFolders);

  const CALLS: [string[], RegExp][] = [
    [['journal'], /What is to be done/],
    [['journal', 'destroy'], /There is no journal "destroy"/],
    [['journal', 'stats'], /--journal is needed/],
    [['journal', 'stats', '--journal', 'nowhere.sqlite'], /no journal .*nowhere/],
    [['journal', 'stats', '--what'], /--what/],
    [['journal', 'find', '--journal', 'x', '--state', 'GONE'], /--state takes one of/],
    [['journal', 'find', '--journal', 'x', '--from', '2026-02-30'], /--from takes a date/],
    [['journal', 'find', '--journal', 'x', '--from', '2026-02-03T10:00'], /--from takes a date/],
    [['journal', 'find', '--journal', 'x', '--limit', '501'], /--limit takes a whole number/],
    [['journal', 'hold', '--journal', 'x', '--reason', 'y'], /Name deliveries/],
    [['journal', 'hold', '--journal', 'x', '--delivery', 'd'], /--reason/],
    [['journal', 'hold', '--journal', 'x', '--delivery', 'd', '--reason', 'a\nb'], /one line/],
    [['journal', 'rerun', '--journal', 'x', '--message', 'm', '--from', 'mail', '--reason', 'y'], /--from takes one of/],
    [['journal', 'rerun', '--journal', 'x', '--message', 'm', '--from', 'seal-mail', '--edited', 'f', '--reason', 'y'], /--from raw/],
    [['journal', 'prune', '--journal', 'x', '--content', '-1', '--reason', 'y'], /--content/],
    [['journal', 'stats', '--journal', 'postgres://h/d', '--backend', 'oracle'], /--backend takes one of/],
    [['audit'], /audit verify, or audit list/],
    [['audit', 'verify', 'x'], /x/],
  ];

  for (const [args, sentence] of CALLS) {
    it(`${args.join(' ').replaceAll('\n', '\\n')} says why, shows the usage and ends with 1`, async () => {
      const { exit, stdout, stderr } = await shell.run(args, temporaryFolder());
      expect([exit, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.match(sentence).and.not.match(/^\s+at /m);
    });
  }

  it('makes nothing where there was nothing', async () => {
    const cwd = temporaryFolder();
    await shell.run(['journal', 'hold', '--delivery', 'd', '--reason', 'y', '--journal', 'new.sqlite'], cwd);
    expect(readdirSync(cwd)).to.deep.equal([]);
  });

  it('--help is answered with all of it', async () => {
    const { exit, stdout } = await shell.run(['journal', '--help']);
    expect(exit).to.equal(0);
    for (const part of ['rotate-key', 'legal-hold', '--edited', 'Exit codes']) expect(stdout).to.include(part);
  });
});
