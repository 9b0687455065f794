// What a machine does to a journal in SQLite: a full disk, a held lock, damaged bytes, a kill in the middle of a migration.
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Journal } from '../../nodes/journal/port.ts';
import { accepted, ACCOUNT, mailFor, notice, openFile, order, raw, recipient, result, sent } from './fixtures.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'courier-faults-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

const codeOf = (error: unknown): string => (error as { code: string }).code;

/** The whole life of one delivery, step by step, each with a document of some size. */
const steps = (journal: Journal, number: string): (() => Promise<unknown>)[] => {
  const known: { message?: string; delivery?: string; attempt?: number } = {};
  const bulk = (text: string): Buffer => Buffer.from(`${text} ${number} `.repeat(8_000));
  return [
    () => journal.storeOrder(order({ Order: { LocalId: number } }), raw(bulk('order').toString()), true),
    async () => { known.message = (await journal.acceptResult(result({ Order: { LocalId: number } }), raw(bulk('result').toString()), null)).messageId; },
    async () => { known.delivery = (await journal.planRecipients(known.message!, [recipient()]))[0]!.id!; },
    () => journal.saveReport(known.message!, bulk('report')),
    () => journal.saveDocument(known.message!, { id: number, profile: 'p', data: bulk('document'), warnings: [] }),
    () => journal.enqueue(mailFor(known.delivery!, { raw: bulk('mail') })),
    async () => { known.attempt = (await journal.claimDue([ACCOUNT], 1)).find(({ deliveryId }) => deliveryId === known.delivery)?.attempt ?? known.attempt!; },
    () => journal.settleAttempt(known.delivery!, known.attempt!, accepted),
    () => journal.applyNotice(notice(known.delivery!, 'processed', { raw: bulk('notice') })),
    () => journal.applyNotice(notice(known.delivery!, 'dispatched')),
  ];
};

describe('a full disk', () => {
  const mount = (size: string, remount = false): boolean =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', `${remount ? 'remount,' : ''}size=${size}`, 'tmpfs', folder]).status === 0;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'courier-faults-'));
    const possible = mount('1m');
    spawnSync('umount', [folder]);
    if (!possible) this.skip();
  });
  afterEach(() => { spawnSync('umount', [folder]); });

  // Each size lets the disk become full at another write.
  for (const kilobytes of [900, 1100, 1300, 1500, 1700, 1900, 2100, 2300, 2500]) {
    it(`of ${kilobytes} kB: nothing unkept is acknowledged, and it goes on when there is space again (needs the right to mount)`, async () => {
      mount(`${kilobytes}k`);
      const journal = await openFile(join(folder, 'journal.sqlite'));
      const codes = new Set<string>();
      try {
        for (let number = 1; number <= 4; number += 1) {
          for (const step of steps(journal, `FULL${number}`)) {
            await step().catch(async (error: unknown) => {
              codes.add(codeOf(error));
              mount('64m', true);
              await step();
            });
          }
        }
        expect([...codes]).to.deep.equal(['JOURNAL_FULL']);
        const deliveries = await journal.deliveries();
        expect(deliveries.map(({ state, attempts, notices }) => [state, attempts.length, notices.length])).to.deep.equal(Array(4).fill(['DELIVERED', 1, 2]));
        expect(await journal.inputs()).to.have.length(8);
        expect(await journal.unrated(9)).to.have.length(4);
        expect(await journal.verify()).to.deep.include({ ok: true, structure: [] });
      } finally {
        await journal.close();
      }
    });
  }
});

describe('a file that another process has locked', () => {
  it('is refused with a code for as long as that lasts, and works again after', async () => {
    const file = join(folder, 'journal.sqlite');
    const journal = await openFile(file);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    expect(await journal.storeOrder(order(), raw(), true).then(() => 'kept', codeOf)).to.equal('JOURNAL_LOCKED');
    expect(await journal.counts().then(() => 'read', codeOf)).to.equal('JOURNAL_LOCKED');
    other.exec('ROLLBACK');
    other.close();
    expect(await journal.storeOrder(order(), raw(), true)).to.include({ outcome: 'stored' });
    await journal.close();
  });
});

/** Everything that can be asked about it; an error instead of it is its code. */
const everything = async (file: string): Promise<unknown> => {
  const journal = await openFile(file);
  try {
    const { ok } = await journal.verify();
    if (!ok) return 'found by verify';
    const told = [await journal.messages(), await journal.deliveries(), await journal.inputs(), await journal.ledger(), await journal.counts()];
    const inputs = await journal.inputs();
    for (const { id } of inputs) await journal.rawInput(id);
    return told;
  } finally {
    await journal.close();
  }
};

describe('a damaged file', () => {
  let file: string;
  let whole: string;

  beforeEach(async () => {
    file = join(folder, 'journal.sqlite');
    whole = join(folder, 'whole.sqlite');
    const journal = await openFile(file);
    await sent(journal);
    for (let number = 1; number <= 3; number += 1) for (const step of steps(journal, `D${number}`)) await step();
    await journal.close();
    await cp(file, whole);
  });

  const flip = async (offset: number): Promise<void> => {
    const handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, offset);
    await handle.write(Buffer.from([byte[0]! ^ 0x10]), 0, 1, offset);
    await handle.close();
  };

  const damaged = async (): Promise<string> => everything(file).then(() => 'nothing', codeOf);

  it('closed in good order: one bit anywhere is found before it is opened', async () => {
    const { size } = await stat(file);
    const sum = await readFile(`${file}.sum`);
    for (let n = 0; n < 12; n += 1) {
      await cp(whole, file);
      await writeFile(`${file}.sum`, sum);
      await flip(Math.floor((size * (n + 0.5)) / 12));
      expect(await damaged(), `bit ${n}`).to.equal('JOURNAL_DAMAGED');
    }
  });

  it('left by a crash: a bit is refused, found, or was in nothing that counts', async function () {
    this.timeout(120_000);
    await rm(`${file}.sum`);
    const before = JSON.stringify(await everything(file));
    await cp(file, whole);
    const { size } = await stat(whole);
    const outcomes: Record<string, number> = {};
    for (let n = 0; n < 40; n += 1) {
      await cp(whole, file);
      await rm(`${file}.sum`, { force: true });
      await flip(Math.floor((size * (n + 0.37)) / 40));
      const found = await everything(file).then((told) => (JSON.stringify(told) === before ? 'unharmed' : told === 'found by verify' ? told : 'changed'), codeOf);
      outcomes[found] = (outcomes[found] ?? 0) + 1;
    }
    expect(Object.keys(outcomes)).to.not.include('changed');
    expect((outcomes['JOURNAL_DAMAGED'] ?? 0) + (outcomes['found by verify'] ?? 0), JSON.stringify(outcomes)).to.be.greaterThan(20);
  });

  it('cut off is refused, and left as it was', async () => {
    const { size } = await stat(file);
    for (const keep of [size - 4096, size - 1, Math.floor(size / 2), 4096, 100, 10]) {
      await cp(whole, file);
      await rm(`${file}.sum`, { force: true });
      await truncate(file, keep);
      expect(await damaged(), `${keep} bytes`).to.equal('JOURNAL_DAMAGED');
      expect((await stat(file)).size).to.equal(keep);
    }
  });
});

describe('a migration that is killed', () => {
  it('has happened wholly or not at all, and is done the next time', async function () {
    this.timeout(90_000);
    const old = gunzipSync(await readFile(new URL('./old/0.1.0.sqlite.gz', import.meta.url)));
    const told = JSON.parse(await readFile(new URL('./old/0.1.0.json', import.meta.url), 'utf8')) as { counts: object };
    const script = `
      import { openFile } from ${JSON.stringify(new URL('./fixtures.ts', import.meta.url).href)};
      process.stdout.write('ready');
      await openFile(process.argv[1]);
      process.stdout.write('open');
      setInterval(() => {}, 1000);`;
    for (const after of [0, 30, 60, 90, 120, 150, 180, 220, 300, 400]) {
      const own = join(folder, String(after));
      await mkdir(own);
      const file = join(own, 'journal.sqlite');
      await writeFile(file, old);
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await pause(after);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const journal = await openFile(file);
      expect(await journal.counts(), `killed after ${after} ms`).to.deep.equal(told.counts);
      await journal.close();
    }
  });
});
