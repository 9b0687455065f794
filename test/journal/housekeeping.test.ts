import { expect } from 'chai';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CourierError } from '../../nodes/errors.ts';
import { startHousekeeping } from '../../nodes/journal/housekeeping.ts';
import { type Journal, RETENTION } from '../../nodes/journal/port.ts';
import { openFile, raw } from './fixtures.ts';
import { DAY, delivered, pruneAll } from './keeping.ts';

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => { while (!await condition()) await sleep(5); };

describe('housekeeping', () => {
  let folder: string;
  let file: string;
  let journal: Journal;
  let instant: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'courier-housekeeping-'));
    file = join(folder, 'journal.sqlite');
    instant = Date.UTC(2026, 0, 6);
    journal = await openFile(file, { now: () => instant });
  });
  afterEach(async () => {
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('takes everything that has had its time, batch by batch, again and again', async () => {
    for (let index = 0; index < 80; index++) await journal.rejectInput(raw(`input ${index}`), { code: 'INPUT_NOT_JSON', text: 't', kind: 'unreadable' });
    instant += 30 * DAY;
    const stop = startHousekeeping(journal, RETENTION, { first: 1, every: 20, pause: 1 });
    await until(async () => (await journal.stats()).contents === 0);
    await journal.rejectInput(raw('later'), { code: 'INPUT_NOT_JSON', text: 't', kind: 'unreadable' });
    instant += 30 * DAY;
    await until(async () => (await journal.stats()).contents === 0);
    stop();
    expect(new Set((await journal.audit()).rows.map(({ actor }) => actor))).to.deep.equal(new Set(['housekeeping']));
    expect((await journal.verify()).ok).to.equal(true);
  });

  it('stops at once, in the middle of a run', async () => {
    let calls = 0;
    const stop = startHousekeeping({ prune: async () => ({ counts: {}, bytes: 0, more: ++calls > 0 }) }, RETENTION, { first: 1, pause: 1 });
    await until(() => calls > 2);
    stop();
    const then = calls;
    await sleep(30);
    expect(calls).to.be.at.most(then + 1);
  });

  it('tells a fault and tries again', async () => {
    const told: (string | null)[] = [];
    let calls = 0;
    const prune: Journal['prune'] = async () => {
      if (++calls === 1) throw new CourierError('JOURNAL_FAILED');
      return { counts: {}, bytes: 0, more: false };
    };
    const stop = startHousekeeping({ prune }, RETENTION, { first: 1, every: 1, tell: (fault) => told.push(fault?.code ?? null) });
    await until(() => told.length > 1);
    stop();
    expect(told.slice(0, 2)).to.deep.equal(['JOURNAL_FAILED', null]);
  });

  it('gives the disk its space back', async () => {
    const block = (index: number) => raw(String.fromCharCode(97 + index % 26).repeat(400_000) + index);
    for (let index = 0; index < 40; index++) await journal.rejectInput(block(index), { code: 'INPUT_NOT_JSON', text: 't', kind: 'unreadable' });
    const life = await delivered(journal, 'ORD1');
    const used = async () => (await stat(file)).size + (await stat(`${file}-wal`).catch(() => ({ size: 0 }))).size;
    expect(await used()).to.be.greaterThan(16_000_000);
    instant += 31 * DAY;
    const { bytes } = await pruneAll(journal);
    expect(bytes).to.be.greaterThan(16_000_000);
    await until(async () => await used() < 1_000_000);
    expect(Buffer.from((await journal.report(life.messageId))!).toString()).to.equal('report ORD1');
    expect((await journal.verify()).ok).to.equal(true);
  });
});
