import { expect } from 'chai';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { commandOn, type Engine, lines, REASON, startEngine, startShell, typed, writeText } from './scene.ts';

/** What stands for a patient or a recipient in what the engine made. */
const PRIVATE = /Testpatient|Otherperson|MRN\d|@direct\.(lake|hill)|Zoë/;

describe('looking into a journal beside a running engine', function () {
  this.timeout(60_000);
  const shell = startShell();
  let engine: Engine;
  const { journal, done, answer, audited } = commandOn(shell, () => engine.file);
  before(async () => { engine = await startEngine(); });
  after(async () => {
    await engine.stop();
    shell.stop();
    removeTemporaryFolders();
  });

  describe('looks', () => {
    it('while the engine writes, and sees what it has written since', async () => {
      const first = await answer<{ messages: Record<string, number> }>('stats');
      const received = async (): Promise<number> => (await answer<{ messages: Record<string, number> }>('stats')).messages['RECEIVED']!;
      // The engine goes on writing, but nobody says how fast: the test's own limit is the limit.
      while (await received() <= first.messages['RECEIVED']!);
      expect(first.messages).to.include({ HELD: 1, ROUTED: 1, DONE: 2 });
    });

    it('finds by each condition', async () => {
      const ids = async (...conditions: string[]): Promise<string[]> => lines<{ id: string }>(await done('find', ...conditions, '--json')).map(({ id }) => id);
      const { queued, held, sent, deliveries, sentDelivery } = engine.made;
      expect(await ids('--id', queued)).to.deep.equal([queued]);
      expect(await ids('--order', 'ORD1')).to.deep.equal([queued]);
      expect(await ids('--state', 'held')).to.deep.equal([held]);
      expect(await ids('--mrn', 'mrn3')).to.deep.equal([sent]);
      expect(await ids('--what', 'deliveries', '--recipient', 'Two@Direct.Hill.Example')).to.deep.equal([deliveries[1]]);
      expect(await ids('--what', 'deliveries', '--account', 'hisp', '--state', 'DELIVERED', '--order', 'ORD3')).to.deep.equal([sentDelivery]);
      expect(await ids('--organization', '00000000-0000-4000-8000-0000000000aa', '--order', 'ORD1')).to.deep.equal([queued]);
      expect(await ids('--organization', '00000000-0000-4000-8000-0000000000bb', '--order', 'ORD1')).to.deep.equal([]);
      expect(await ids('--order', 'ORD1', '--to', '2026-01-31')).to.deep.equal([]);
      expect(await ids('--order', 'ORD1', '--from', '2026-01-31T08:00:00-05:00')).to.deep.equal([queued]);
    });

    it('takes a medical record number from standard input', async () => {
      const { stdout } = await typed(['journal', 'find', '--mrn', '-', '--json', '--journal', engine.file], 'MRN3\n');
      expect(lines<{ id: string }>(stdout).map(({ id }) => id)).to.deep.equal([engine.made.sent]);
    });

    it('goes through pages to the end, each row once', async () => {
      const seen: string[] = [];
      let cursor: string[] = [];
      for (;;) {
        const rows = lines<{ id?: string; next?: string }>(await done('find', '--what', 'deliveries', '--limit', '2', ...cursor, '--json'));
        seen.push(...rows.flatMap(({ id }) => id ?? []));
        const next = rows.at(-1)?.next;
        if (next === undefined) break;
        cursor = ['--cursor', next];
      }
      expect([...seen].sort()).to.deep.equal([...engine.made.deliveries, engine.made.sentDelivery, engine.made.oldDelivery].sort());
      const all = lines<{ id: string }>(await done('find', '--all', '--json')).map(({ id }) => id);
      expect(all).to.include.members([engine.made.sent, engine.made.held, engine.made.queued]);
      expect(new Set(all).size).to.equal(all.length);
    });

    it('shows a message with its whole story', async () => {
      const text = await done('show', '--message', engine.made.sent);
      for (const part of ['DONE', 'ORD3', 'SENDING', 'SENT', 'DELIVERED', 'attempt 1', '250 2.0.0 queued', 'MDN processed', 'MDN dispatched', 'sent@direct.hill.example']) {
        expect(text).to.include(part);
      }
      expect(await done('show', '--message', engine.made.held)).to.include('PATIENT_MISMATCH').and.include('correct the order');
      expect(await journal('show', '--message', 'nobody')).to.include({ exit: 1 }).and.property('stderr').match(/MESSAGE_UNKNOWN/);
    });

    it('tells of no patient in any table', async () => {
      const tables = [await done('find', '--all'), await done('find', '--all', '--what', 'deliveries'), await done('stats'), await done('accounts'), await done('incidents')];
      for (const table of tables) expect(table).to.not.match(PRIVATE);
    });
  });

  describe('shows contents', () => {
    it('to a file of one\'s own, and says so in the audit chain first', async () => {
      const out = join(temporaryFolder(), 'cda.xml');
      await done('show', '--message', engine.made.queued, '--content', 'cda', '--out', out, ...REASON);
      expect(readFileSync(out, 'utf8')).to.equal('<ClinicalDocument n="1"/>');
      expect(statSync(out).mode & 0o777).to.equal(0o600);
      expect((await audited()).at(-1)).to.include({ action: 'exported', target: `${engine.made.queued} cda`, reason: 'a test', actor: userInfo().username });
    });

    it('of every kind', async () => {
      const { queued, deliveries } = engine.made;
      const content = async (kind: string, ...more: string[]): Promise<string> => await done('show', '--message', queued, '--content', kind, '--out', '-', ...more, ...REASON);
      expect(await content('report')).to.equal('%PDF- report 1');
      expect(await content('mail', '--delivery', deliveries[0]!)).to.equal(`sealed ${deliveries[0]}`);
      expect(JSON.parse(await content('raw'))).to.have.nested.property('Order.LocalId', 'ORD1');
      expect(JSON.parse(await content('result'))).to.have.nested.property('order.patient.localId', 'MRN1');
      expect((await audited()).at(-1)).to.include({ action: 'viewed' });
      const several = await journal('show', '--message', queued, '--content', 'mail', '--out', '-', ...REASON);
      expect(several).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(/--delivery/);
    });

    it('to nobody without a reason, and over no file', async () => {
      const before = (await audited()).length;
      const bare = await journal('show', '--message', engine.made.queued, '--content', 'raw', '--out', '-');
      expect(bare).to.include({ exit: 1, stdout: '' }).and.property('stderr').match(/--reason/);
      expect((await audited()).length).to.equal(before);
      const file = writeText('mine');
      expect((await journal('show', '--message', engine.made.queued, '--content', 'raw', '--out', file, ...REASON)).exit).to.equal(1);
      expect(readFileSync(file, 'utf8')).to.equal('mine');
    });
  });

  describe('exports', () => {
    it('without addresses and without an entry, unless asked', async () => {
      const before = (await audited()).length;
      const text = await done('export', '--order', 'ORD1');
      expect(text).to.not.match(PRIVATE);
      const rows = lines<{ kind: string; id: string }>(text);
      expect(rows.map(({ kind, id }) => [kind, id])).to.deep.equal([
        ['message', engine.made.queued], ...engine.made.deliveries.map((id) => ['delivery', id])]);
      expect((await audited()).length).to.equal(before);
    });

    it('with everything, each message noted', async () => {
      const [out, folder] = [join(temporaryFolder(), 'all.ndjson'), join(temporaryFolder(), 'contents')];
      await done('export', '--order', 'ORD1', '--no-redact', '--with-content', folder, '--out', out, ...REASON);
      expect(readFileSync(out, 'utf8')).to.include('one@direct.lake.example');
      const { queued, deliveries } = engine.made;
      expect(readdirSync(join(folder, queued)).sort()).to.deep.equal(['cda.xml', 'raw', 'report.pdf', ...deliveries.map((id) => `${id}.eml`)].sort());
      expect(statSync(join(folder, queued, 'raw')).mode & 0o777).to.equal(0o600);
      expect((await audited()).at(-1)).to.include({ action: 'exported', target: `${queued} record content` });
      expect((await journal('export', '--no-redact')).exit).to.equal(1);
    });
  });
});
