import { expect } from 'chai';
import { courier, removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/demo.ts';
import { CLINIC } from '../support/samples.ts';

const csv = (policy: string): string => `clientGuid,site,name,policy\n${CLINIC},,Lakeside,${policy}\n`;
const table = (...more: string[]): string => [
  'level,organization,site,address,final_delivery,enabled', `organization,${CLINIC},,all@direct.lakeside.example,,`, ...more,
].join('\n');
const SITE = `site,${CLINIC},SITE01,site@direct.lakeside.example,,`;

describe('direct-courier organizations check', () => {
  const folder = temporaryFolder();
  const check = (...args: string[]): ReturnType<typeof courier> => courier(['organizations', 'check', ...args], { cwd: folder });
  before(() => writeFiles(folder, {
    'old.csv': csv('site-over-organization'), 'new.csv': csv('union'), 'same.json': JSON.stringify([{ clientGuid: CLINIC, name: 'Lakeside', policy: 'union' }]),
    'route.csv': table(SITE), 'new-route.csv': table(), 'broken.csv': 'clientGuid,colour\n', 'broken-route.csv': table('clinic,,,,,'),
  }));
  after(removeTemporaryFolders);

  it('says what would change, by code and sentence, with exit code 4', async () => {
    const { exit, stdout } = await check('new.csv', '--current', 'old.csv', '--route', 'route.csv');
    expect(exit).to.equal(4);
    expect(stdout.trim().split('\n').map((line) => line.split('  ')[0])).to.deep.equal(['policy-changes', 'two-copies', 'recipient-added']);
    expect(stdout).to.contain('site SITE01');
  });

  it('compares two route tables, and gives JSON', async () => {
    const { exit, stdout } = await check('old.csv', '--current', 'old.csv', '--route', 'route.csv', '--new-route', 'new-route.csv', '--json');
    expect(exit).to.equal(4);
    const { changes } = JSON.parse(stdout) as { changes: { code: string; site: string }[] };
    expect(changes.map(({ code, site }) => `${code} ${site}`)).to.deep.equal(['recipient-added SITE01', 'recipient-removed SITE01']);
  });

  it('ends with 0 where nothing changes, whatever the format', async () => {
    const { exit, stdout } = await check('same.json', '--current', 'new.csv', '--route', 'route.csv');
    expect([exit, stdout]).to.deep.equal([0, 'Nothing would change.\n']);
  });

  for (const [name, args, says] of [
    ['a list that cannot be read', ['broken.csv', '--current', 'old.csv'], 'ORGANIZATION_ROW_INVALID'],
    ['a table that cannot be read', ['new.csv', '--current', 'old.csv', '--route', 'broken-route.csv'], 'ROUTE_ROW_INVALID'],
    ['a file that is not there', ['new.csv', '--current', 'none.csv'], 'none.csv'], ['no --current', ['new.csv'], '--current'],
    ['no list', [], 'organizations check NEW'], ['an unknown option', ['new.csv', '--curent', 'old.csv'], '--curent'],
  ] as [string, string[], string][]) {
    it(`ends with 1 for ${name}`, async () => {
      const { exit, stderr } = await check(...args);
      expect(exit).to.equal(1);
      expect(stderr).to.contain(says);
    });
  }
});
