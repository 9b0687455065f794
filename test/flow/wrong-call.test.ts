import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { courier, removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/demo.ts';
import { CLINIC, inputPair } from '../support/samples.ts';

const ROUTE_HEADER = 'level,organization,site,address,final_delivery,enabled\n';

describe('a call that cannot run', () => {
  let folder: string;
  before(() => {
    folder = temporaryFolder();
    writeFiles(join(folder, 'in'), inputPair(1));
    writeFiles(join(folder, 'empty', 'folder.json'), {});
    writeFiles(join(folder, 'mine'), { 'letter.txt': 'do not delete' });
    writeFiles(folder, {
      'text.json': 'no JSON', 'stateless.json': [{ orderLocalId: 'ORD1' }],
      'number.json': [{ orderLocalId: 'ORD1', state: 'DELIVERED', recipient: 5 }],
      'bad-row.csv': `${ROUTE_HEADER}\nsite,${CLINIC},,a@b.example,,\n`,
      'directory.csv': 'npi;address\n', 'organizations.json': [{ clientGuid: 'x', name: 'y' }], 'mail.eml': 'Subject: x\r\n\r\nno S/MIME\r\n',
    });
  });
  after(removeTemporaryFolders);

  const demo = async (...args: string[]) => await courier(['demo', '--out', 'out', ...args], { cwd: folder });

  const CALLS: [string[], RegExp][] = [
    [['--input', 'nowhere'], /ENOENT.*nowhere/],
    [['--input', 'empty'], /no \.json file/],
    [['--input', 'in', '--route', 'nofile.csv'], /ENOENT.*nofile\.csv/],
    [['--input', 'in', '--route', 'bad-row.csv'], /ROUTE_ROW_INVALID.*line 3/],
    [['--input', 'in', '--directory', 'directory.csv'], /DIRECTORY_INVALID/],
    [['--input', 'in', '--organizations', 'organizations.json'], /ORGANIZATION_ROW_INVALID.*clientGuid/],
    [['--input', 'in', '--out', 'mine'], /neither empty nor the output/],
    [['--input', 'in', '--out', 'text.json'], /EEXIST.*text\.json/],
    [['--input', 'in', '--deadline', '0.5'], /--deadline/],
    [['--input', 'in', '--expect', 'text.json'], /--expect: the file holds no JSON array/],
    [['--input', 'in', '--expect', 'stateless.json'], /--expect: entry 1/],
    [['--input', 'in', '--expect', 'number.json'], /--expect: .*entry 1/],
  ];

  for (const [args, sentence] of CALLS) {
    it(`demo ${args.join(' ')} says why and ends with 1`, async () => {
      const { exit, stdout, stderr } = await demo(...args);
      expect(exit, stdout).to.equal(1);
      expect(stderr).to.match(sentence).and.not.match(/^\s+at /m);
    });
  }

  it('anchors without a certificate judge no mail', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFiles(folder, { 'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }) });
    const options = ['--recipient', 'key.pem', '--anchors', 'mail.eml', '--json'];
    const { exit, stdout, stderr } = await courier(['open', 'mail.eml', ...options], { cwd: folder });
    expect([exit, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.match(/TRUST_INVALID/);
  });

  it('one thing at a time is checked, never the first of several', async () => {
    for (const args of [['cda', 'check', 'a.xml', 'b.xml'], ['npi', 'check', '2990000004', '1'], ['open', 'a.eml', 'b.eml']]) {
      expect((await courier(args, { cwd: folder })).exit, args.join(' ')).to.equal(1);
    }
  });
});
