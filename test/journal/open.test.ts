import { expect } from 'chai';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { CourierError } from '../../nodes/errors.ts';
import { makeKeyFile } from '../../nodes/journal/keys.ts';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { fingerprint } from '../../nodes/journal/sealed.ts';
import { ACCOUNT, order, queued, raw } from './fixtures.ts';

const NAMES = ['DIRECT_JOURNAL_KEY', 'DIRECT_JOURNAL_KEY_FILE', 'DIRECT_JOURNAL_KEY_BACKUP', 'DIRECT_JOURNAL_DEMO'];

const codeOf = (promise: Promise<unknown>): Promise<string | null> => promise.then(() => null, (error: unknown) => (error as CourierError).code);

describe('opening a journal with its key', () => {
  const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  let folder: string;
  let file: string;
  let keyFile: string;

  beforeEach(async () => {
    for (const name of NAMES) delete process.env[name];
    folder = await mkdtemp(join(tmpdir(), 'courier-open-'));
    file = join(folder, 'data', 'journal.sqlite');
    keyFile = join(folder, 'journal.key');
  });
  afterEach(async () => {
    await closeJournals();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('without a key it is refused, and no file is made', async () => {
    expect(await codeOf(openJournal(file))).to.equal('KEY_MISSING');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('outside a demonstration it asks for the backup once, and opens when that is answered', async () => {
    const { fingerprint: print } = makeKeyFile(keyFile);
    const fault = await openJournal(file, { keyFile }).then(() => null, (error: unknown) => error as CourierError);
    expect(fault).to.include({ code: 'KEY_NOT_BACKED_UP', detail: `fingerprint ${print}` });
    const journal = await openJournal(file, { keyFile, keyBackup: print });
    await queued(journal);
    await closeJournals();
    expect((await (await openJournal(file, { keyFile })).claimDue([ACCOUNT], 1)).map(({ raw: bytes }) => Buffer.from(bytes).toString())[0]).to.match(/^sealed /);
  });

  it('takes key, answer and demonstration from the environment', async () => {
    const key = Buffer.from('0123456789abcdefghijklmnopqrstuv');
    process.env['DIRECT_JOURNAL_KEY'] = key.toString('base64');
    expect(await codeOf(openJournal(file))).to.equal('KEY_NOT_BACKED_UP');
    process.env['DIRECT_JOURNAL_KEY_BACKUP'] = fingerprint(key);
    expect(await codeOf(openJournal(file))).to.equal(null);
    await closeJournals();
    for (const name of NAMES) delete process.env[name];
    process.env['DIRECT_JOURNAL_DEMO'] = '1';
    expect(await codeOf(openJournal(join(folder, 'demo', 'journal.sqlite')))).to.equal(null);
  });

  it('with a wrong, exposed or missing key it is refused, and its contents are there again with the right one', async () => {
    const { fingerprint: print } = makeKeyFile(keyFile);
    await (await openJournal(file, { keyFile, keyBackup: print })).storeOrder(order(), raw('{"kept": true}'), true);
    await closeJournals();
    const other = join(folder, 'other.key');
    const { fingerprint: otherPrint } = makeKeyFile(other);
    expect(await codeOf(openJournal(file, { keyFile: other, keyBackup: otherPrint }))).to.equal('KEY_WRONG');
    expect(await codeOf(openJournal(file, { demo: true }))).to.equal('KEY_WRONG');
    await chmod(keyFile, 0o644);
    expect(await codeOf(openJournal(file, { keyFile }))).to.equal('KEY_EXPOSED');
    await chmod(keyFile, 0o600);
    const journal = await openJournal(file, { keyFile });
    const [input] = await journal.inputs();
    expect(Buffer.from((await journal.rawInput(input!.id))!).toString()).to.equal('{"kept": true}');
  });

  it('another key, brought in while it runs, is the one that opens it from then on', async () => {
    const { fingerprint: print } = makeKeyFile(keyFile);
    const journal = await openJournal(file, { keyFile, keyBackup: print });
    await journal.storeOrder(order(), raw('{"kept": true}'), true);
    const next = Buffer.from('vutsrqponmlkjihgfedcba9876543210');
    expect(await journal.rotateKey(next, 'test')).to.deep.equal({ fingerprint: fingerprint(next) });
    await closeJournals();
    expect(await codeOf(openJournal(file, { keyFile }))).to.equal('KEY_WRONG');
    process.env['DIRECT_JOURNAL_KEY'] = next.toString('base64url');
    expect(await codeOf(openJournal(file))).to.equal('KEY_NOT_BACKED_UP');
    const later = await openJournal(file, { keyBackup: fingerprint(next) });
    expect(Buffer.from((await later.rawInput((await later.inputs())[0]!.id))!).toString()).to.equal('{"kept": true}');
  });

  it('stays open as long as somebody listens, be it for deliveries or for work, and is closed a while after the last has gone', async () => {
    for (const listen of [(journal: Journal) => journal.subscribe(() => undefined), (journal: Journal) => journal.subscribeWork(() => undefined)]) {
      const journal = await openJournal(file, { demo: true });
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const stop = listen(journal);
        await journal.close();
        for (let n = 0; n < 3; n += 1) mock.timers.tick(31_000);
        expect(await openJournal(file, { demo: true })).to.equal(journal);
        expect(await journal.counts()).to.have.property('unrated', 0);
        await journal.close();
        stop();
        stop();
        mock.timers.tick(31_000);
      } finally {
        mock.timers.reset();
      }
      expect(await openJournal(file, { demo: true })).to.not.equal(journal);
      expect(await codeOf(journal.counts())).to.equal('JOURNAL_FAILED');
      await closeJournals();
    }
  });

  it('no byte of what came in stands readable in the files', async () => {
    const journal = await openJournal(file, { demo: true });
    const submitted = order();
    await journal.storeOrder(submitted, raw('{"secret": "XYZZY-PLUGH"}'), true);
    const files = await readdir(join(folder, 'data'), { withFileTypes: true });
    const bytes = Buffer.concat(await Promise.all(files.filter((entry) => entry.isFile()).map(({ name }) => readFile(join(folder, 'data', name)))));
    expect(bytes.includes(submitted.localId), 'the order\'s number is no secret').to.equal(true);
    const { name, birthDate } = submitted.patient!;
    expect([name?.family, birthDate]).to.not.include(undefined);
    for (const text of ['XYZZY-PLUGH', name!.family!, birthDate!]) expect(bytes.includes(text), text).to.equal(false);
  });
});
