import { expect } from 'chai';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryFile, directoryList } from '../../nodes/2-npi/directory-source.ts';
import { NPI } from '../support/samples.ts';

const csv = (address: string): string => `npi,address,name,status\n${NPI.pcp},${address},,\n`;

describe('directory source', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'directory-'));
    path = join(folder, 'directory.csv');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads a file once, and again when it has changed', async () => {
    await writeFile(path, csv('a@direct.lakeside.example'));
    const open = directoryFile(path);
    const first = await open();
    expect(first.lookUp(NPI.pcp).address).to.equal('a@direct.lakeside.example');
    expect(await open()).to.equal(first);
    await writeFile(path, csv('b@direct.lakeside.example'));
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    expect((await open()).lookUp(NPI.pcp).address).to.equal('b@direct.lakeside.example');
  });

  it('is temporary while the file is missing, and recovers when it comes', async () => {
    const open = directoryFile(path);
    const missing = await open();
    expect(missing.lookUp(NPI.pcp).outcome).to.equal('temporary');
    expect(missing.problem).to.include({ code: 'DIRECTORY_UNAVAILABLE', detail: 'ENOENT' });
    expect(missing.problem!.message).not.to.contain(folder);
    await writeFile(path, csv('a@direct.lakeside.example'));
    expect((await open()).lookUp(NPI.pcp).outcome).to.equal('found');
    await rm(path);
    expect((await open()).lookUp(NPI.pcp).outcome).to.equal('temporary');
  });

  it('is temporary while the file is no directory', async () => {
    await writeFile(path, 'not,a,directory\n');
    const directory = await directoryFile(path)();
    expect(directory.lookUp(NPI.pcp).outcome).to.equal('temporary');
    expect(directory.problem?.code).to.equal('DIRECTORY_INVALID');
  });

  it('tries again after a failed reading although the file looks the same', async () => {
    let broken = true;
    const open = directoryFile('directory.csv', {
      stamp: async () => '1',
      read: async () => {
        if (broken) throw new Error('busy');
        return csv('a@direct.lakeside.example');
      },
    });
    expect((await open()).lookUp(NPI.pcp).outcome).to.equal('temporary');
    broken = false;
    expect((await open()).lookUp(NPI.pcp).outcome).to.equal('found');
  });

  it('reads a file once for many who ask at the same time', async () => {
    let reads = 0;
    const open = directoryFile('directory.csv', { stamp: async () => '1',
      read: async () => { reads += 1; return csv('a@direct.lakeside.example'); } });
    await Promise.all(Array.from({ length: 10 }, open));
    expect(reads).to.equal(1);
  });

  it('takes a list of rows; an empty one is no directory, a broken one is temporary', async () => {
    expect((await directoryList([{ npi: NPI.pcp, address: 'a@direct.lakeside.example' }])())?.lookUp(NPI.pcp))
      .to.include({ outcome: 'found', row: 2 });
    expect(await directoryList([])()).to.equal(undefined);
    expect((await directoryList({ rows: [] })())?.lookUp(NPI.pcp).outcome).to.equal('temporary');
  });
});
