import { expect } from 'chai';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CourierMessage, Recipient } from '../../nodes/0-order/message.ts';
import directoryConfig, { type DirectoryNode } from '../../nodes/2-npi/directory-config.ts';
import lookupNpi from '../../nodes/2-npi/lookup-npi.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { openFile } from '../journal/fixtures.ts';
import { accept, around, collect, errorsLogged, helper, journalNode, send, startServer, stopServer } from '../1-route/running-flow.ts';
import { NPI } from '../support/samples.ts';

const LEE = 'lee@direct.lakeside.example';
const recipient = (change: Partial<Recipient>): Recipient => ({
  level: 'order', alsoFrom: [], address: null, npi: null, source: 'HealthPlan.PrimaryCareProvider.NPI',
    why: 'The order names it.', finalDelivery: true,
  state: 'RESOLVING', code: null, warnings: [], ...change,
});

describe('the lookup NPI node', () => {
  let journal: Journal;
  let folder: string;

  const start = async (directory: object | null): Promise<{ first: CourierMessage[]; second: CourierMessage[] }> => {
    await helper.load([lookupNpi, directoryConfig, journalNode(() => journal)], [
      ...around('lookup'),
      { id: 'journal', type: 'direct-journal' },
      ...(directory === null ? [] : [{ id: 'directory', type: 'direct-directory', name: 'Directory', file: '', rows: [], ...directory }]),
      { id: 'lookup', type: 'direct-lookup-npi', z: 'tab', x: 0, y: 0, directory: directory === null ? '' : 'directory', wires: [['first'],
        ['second']] },
      { id: 'first', type: 'helper', z: 'tab', x: 0, y: 0 }, { id: 'second', type: 'helper', z: 'tab', x: 0, y: 0 },
    ]);
    return { first: collect('first'), second: collect('second') };
  };

  before(startServer);
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'lookup-')); });
  afterEach(async () => {
    await helper.unload();
    await rm(folder, { recursive: true });
  });
  after(stopServer);

  it('second output for unresolved recipients while the others go on', async () => {
    const { first, second } = await start({ rows: [{ npi: NPI.pcp, address: LEE, name: 'Lee', status: 'active' }] });
    const fault = await send('lookup', {
      payload: 'mine',
      recipients: [recipient({ npi: NPI.pcp }), recipient({ npi: NPI.grader }), recipient({ level: 'site', address: LEE, source: 'route:2' })],
    });
    expect(fault).to.equal(undefined);
    expect(first.map(({ payload, recipients }) => [payload, recipients!.map(({ address, alsoFrom }) => [address, alsoFrom])]))
      .to.deep.equal([['mine', [[LEE, ['site']]]]]);
    expect(second.map(({ recipients }) => recipients!.map(({ npi, code }) => [npi, code]))).to.deep.equal([[[NPI.grader, 'NPI_NOT_FOUND']]]);
  });

  it('emits on one output only when the other has nobody', async () => {
    const { first, second } = await start({ rows: [{ npi: NPI.pcp, address: LEE }] });
    await send('lookup', { recipients: [recipient({ npi: NPI.pcp })] });
    await send('lookup', { recipients: [recipient({ npi: '123' })] });
    expect([first.length, second.length]).to.deep.equal([1, 1]);
    expect(second[0]!.recipients![0]!.code).to.equal('NPI_INVALID');
  });

  for (const [name, directory] of [['no directory', null], ['a directory that names nothing', {}], ['a missing file', {
    file: 'missing-directory.csv' }]] as const) {
    it(`${name}: NPIs are DIRECTORY_UNAVAILABLE, addresses go on`, async () => {
      const { first, second } = await start(directory);
      await send('lookup', { recipients: [recipient({ npi: NPI.pcp }), recipient({ address: LEE })] });
      expect(first[0]!.recipients!.map(({ address }) => address)).to.deep.equal([LEE]);
      expect(second[0]!.recipients!.map(({ code }) => code)).to.deep.equal(['DIRECTORY_UNAVAILABLE']);
    });
  }

  it('a file is read again when it has changed', async () => {
    const file = join(folder, 'directory.csv');
    await writeFile(file, 'npi,address,name,status\n');
    const { first, second } = await start({ file });
    await send('lookup', { recipients: [recipient({ npi: NPI.pcp })] });
    await writeFile(file, `npi,address,name,status\n${NPI.pcp},${LEE},Lee,\n`);
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    await send('lookup', { recipients: [recipient({ npi: NPI.pcp })] });
    expect([first.length, second.length]).to.deep.equal([1, 1]);
    expect((await helper.getNode<DirectoryNode>('directory').open())!.rows).to.equal(1);
  });

  it('a file that is no directory is told once in the log, without its path', async () => {
    const file = join(folder, 'directory.csv');
    await writeFile(file, 'npi\n');
    const { second } = await start({ file });
    for (let time = 0; time < 3; time += 1) await send('lookup', { recipients: [recipient({ npi: NPI.pcp })] });
    expect(second.map(({ recipients }) => recipients![0]!.code)).to.deep.equal(Array(3).fill('DIRECTORY_UNAVAILABLE'));
    const told = errorsLogged().filter((text) => text.includes('missing columns'));
    expect(told).to.have.length(1);
    expect(told[0]).not.to.contain(folder);
  });

  it('a message without recipients is a fault', async () => {
    await start(null);
    expect(await send('lookup', {})).to.include({ code: 'MESSAGE_INCOMPLETE' });
  });

  it('the directory\'s editor endpoint reads CSV, JSON and rows, and tells skipped rows', async () => {
    await start({});
    const post = (body: object): ReturnType<ReturnType<typeof helper.request>['post']> => helper.request().post('/direct/directory/parse').send(body);
    const read = await post({ text: `npi,address,name,status\n${NPI.pcp},${LEE},"Lee, P",\n9,,,\n` });
    expect(read.status).to.equal(200);
    expect(read.body.rows).to.deep.equal([{ npi: NPI.pcp, address: LEE, name: 'Lee, P', status: 'active' }]);
    expect(read.body.rejects).to.deep.equal([{ line: 3, code: 'NPI_INVALID' }]);
    expect((await post({ rows: read.body.rows })).body).to.deep.include({ rows: read.body.rows, csv: read.body.csv, rejects: [] });
    expect((await post({ text: 'npi\n1' })).body).to.include({ code: 'DIRECTORY_INVALID', path: 'line 1' });
    expect((await post({})).status).to.equal(400);
  });

  it('with a journal, records what became of each planned recipient; merged ones go', async () => {
    journal = await openFile(join(folder, 'journal.db'));
    try {
      const { direct } = await accept(journal);
      const planned = await journal.planRecipients(direct.id, [
        recipient({ npi: NPI.pcp, finalDelivery: false }), recipient({ npi: NPI.grader }), recipient({ level: 'organization', address: LEE,
          source: 'route:2' }),
        recipient({ level: 'site', address: LEE, source: 'route:3', state: 'SUPPRESSED', code: 'LEVEL_OFF' }),
      ]);
      const { first } = await start({ rows: [{ npi: NPI.pcp, address: LEE }] });
      const going = planned.filter(({ state }) => state === 'RESOLVING');
      expect(await send('lookup', { direct, recipients: going })).to.equal(undefined);
      const deliveries = await journal.deliveries({ messageId: direct.id });
      expect(deliveries.map(({ recipient: address, npi, state, code, alsoFrom, finalDelivery }) =>
        ({ address, npi, state, code, alsoFrom, finalDelivery }))).to.deep.equal([
        { address: LEE, npi: NPI.pcp, state: 'RESOLVING', code: null, alsoFrom: ['organization'], finalDelivery: true },
        { address: null, npi: NPI.grader, state: 'UNRESOLVED', code: 'NPI_NOT_FOUND', alsoFrom: [], finalDelivery: true },
        { address: LEE, npi: null, state: 'SUPPRESSED', code: 'LEVEL_OFF', alsoFrom: [], finalDelivery: true },
      ]);
      expect(first[0]!.recipients!.map(({ id }) => id)).to.deep.equal([planned[0]!.id]);
      expect(deliveries[0]!.why).to.contain('row 2').and.contain('route:2');
    } finally {
      await journal.close();
    }
  });
});
