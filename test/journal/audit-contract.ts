import { expect } from 'chai';
import { hashOf } from '../../nodes/journal/engine/audit.ts';
import { RETENTION } from '../../nodes/journal/port.ts';
import { type Bench, type OpenBench, queued, readyMessage } from './fixtures.ts';
import { DAY, pruneAll } from './keeping.ts';

/** The record of who did what. */
export const auditContract = (open: OpenBench): void => void describe('the audit chain', () => {
  let bench: Bench;
  beforeEach(async () => { bench = await open(); });
  afterEach(() => bench.end());

  const view = (target: string, change: { actor?: string; reason?: string } = {}) =>
    bench.journal.act({ kind: 'viewed', target, actor: 'ada', reason: 'a call', ...change });
  const chain = async (head?: string) => (await bench.journal.verify({ auditOnly: true, ...(head !== undefined && { head }) })).audit;
  const entries = async () => (await bench.journal.audit({ limit: 500 })).rows;

  describe('of entries', () => {
    it('holds what was done, oldest first, in pages', async () => {
      const { messageId, deliveryId } = await queued(bench.journal);
      await view(`message ${messageId}`);
      bench.clock.turn(5);
      await bench.journal.act({ kind: 'hold', deliveries: { ids: [deliveryId] }, actor: 'bob', reason: 'wait' });
      await bench.journal.act({ kind: 'legal-hold', messageId, actor: 'eve', reason: 'case 7' });
      const one = await bench.journal.audit({ limit: 2 });
      const two = await bench.journal.audit({ limit: 2, after: Number(one.next) });
      expect([...one.rows, ...two.rows].map(({ seq, actor, action, target, reason }) => ({ seq, actor, action, target, reason }))).to.deep.equal([
        { seq: 1, actor: 'ada', action: 'viewed', target: `message ${messageId}`, reason: 'a call' },
        { seq: 2, actor: 'bob', action: 'hold', target: deliveryId, reason: 'wait' },
        { seq: 3, actor: 'eve', action: 'legal-hold', target: messageId, reason: 'case 7' }]);
      expect(one.rows.map(({ at }) => at)).to.deep.equal([bench.clock.now() - 5, bench.clock.now()]);
      expect([one.next, two.next]).to.deep.equal(['2', null]);
    });

    it('of a new journal is empty and sound', async () => {
      expect(await chain()).to.include({ entries: 0, firstBroken: null });
    });

    it('is one chain, whoever writes at once', async () => {
      await Promise.all(Array.from({ length: 30 }, (_, index) => view(`message ${index}`)));
      expect((await entries()).map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 30 }, (_, index) => index + 1));
      expect(await chain()).to.include({ entries: 30, firstBroken: null });
    });

    it('goes on after a restart', async () => {
      await view('message 1');
      await bench.reopen();
      await view('message 2');
      expect(await chain()).to.include({ entries: 2, firstBroken: null });
    });

    it('takes whatever people write as a reason', async () => {
      await view('message 1', { reason: `tab\tnul\u0000 ${'x'.repeat(5_000)} Zoë 😀`, actor: '\ud800 half' });
      await bench.reopen();
      expect(await chain()).to.include({ entries: 1, firstBroken: null });
    });

    it('refuses an act by nobody or for no reason, which then is not done either', async () => {
      const { messageId } = await queued(bench.journal);
      for (const change of [{ actor: ' ' }, { reason: '' }]) {
        const fault = await bench.journal.act({ kind: 'legal-hold', messageId, actor: 'eve', reason: 'case 7', ...change }).then(() => null, (error: Error) => error);
        expect(fault).to.have.property('code', 'REQUEST_INVALID');
      }
      expect((await bench.journal.message(messageId))!.legalHold).to.equal(false);
      expect(await entries()).to.deep.equal([]);
    });

    it('tells its head, which is still in it later', async () => {
      await view('message 1');
      const { head } = await chain();
      await view('message 2');
      expect(await chain(head)).to.include({ headKnown: true, firstBroken: null });
      expect(await chain('00'.repeat(32))).to.include({ headKnown: false });
      expect((await bench.journal.verify({ auditOnly: true, head: '00'.repeat(32) })).ok).to.equal(false);
    });

    it('holds what was pruned, under which settings, and who changed the key; a dry run is no act', async () => {
      await readyMessage(bench.journal);
      const by = { actor: 'ops', reason: 'monthly' };
      await bench.journal.prune({ settings: RETENTION, dryRun: true, ...by });
      expect(await entries()).to.deep.equal([]);
      await pruneAll(bench.journal, {}, by);
      await bench.journal.act({ kind: 'exported', target: 'ledger', actor: 'fin', reason: 'statement' });
      await bench.journal.rejectInput({ bytes: Buffer.from('x'), source: 'test' }, { code: 'INPUT_NOT_JSON', text: 't', kind: 'unreadable' });
      bench.clock.turn(31 * DAY);
      await pruneAll(bench.journal, { content: 31 }, by);
      expect((await entries()).map(({ actor, action }) => `${actor} ${action}`)).to.deep.equal(
        ['ops retention', 'fin exported', 'ops retention', 'ops prune']);
      const { detail, reason } = (await entries()).at(-1)!;
      expect(JSON.parse(detail)).to.deep.equal({ inputs: 1, contents: 1, bytes: 1 });
      expect(reason).to.equal('monthly');
      const { fingerprint } = await bench.journal.rotateKey(new Uint8Array(32).fill(7), 'sec');
      expect((await entries()).at(-1)).to.include({ actor: 'sec', action: 'rotate-key' });
      expect((await entries()).at(-1)!.detail).to.include(fingerprint);
      expect(await chain()).to.include({ entries: 5, firstBroken: null });
    });

    it('can lose its beginning after its years, and is still checked from there on', async () => {
      for (const target of ['message 1', 'message 2', 'message 3']) await view(target);
      const { head: old } = await chain();
      bench.clock.turn(2_000 * DAY);
      await view('message 4');
      bench.clock.turn(557 * DAY);
      expect((await pruneAll(bench.journal)).counts).to.deep.equal({ auditEntries: 3 });
      expect((await entries()).map(({ seq, action }) => `${seq} ${action}`)).to.deep.equal(['4 viewed', '5 retention', '6 prune']);
      expect(await chain()).to.include({ entries: 3, firstBroken: null });
      expect(await chain(old)).to.include({ headKnown: true });
    });
  });

  describe('when somebody was at the database,', () => {
    const broken = async (sql: string, count = 6): Promise<number | null> => {
      for (let index = 1; index <= count; index++) await view(`message ${index}`);
      await bench.tamper(sql);
      const { audit, ok } = await bench.journal.verify({ auditOnly: true });
      expect(ok).to.equal(audit.firstBroken === null);
      return audit.firstBroken;
    };

    it('is sound when nothing was changed', async () => expect(await broken(`UPDATE audit SET actor = 'ada'`)).to.equal(null));
    for (const column of ['actor', 'action', 'target', 'reason', 'detail', 'hash']) {
      it(`tells a changed ${column}`, async () => expect(await broken(`UPDATE audit SET ${column} = 'x' WHERE seq = 3`)).to.equal(3));
    }
    it('tells a changed time', async () => expect(await broken('UPDATE audit SET at = at + 1 WHERE seq = 1')).to.equal(1));
    it('tells a removed entry', async () => expect(await broken('DELETE FROM audit WHERE seq = 4')).to.equal(4));
    it('tells a removed beginning', async () => expect(await broken('DELETE FROM audit WHERE seq < 3')).to.equal(1));
    it('tells a removed end', async () => expect(await broken('DELETE FROM audit WHERE seq > 4')).to.equal(5));
    it('tells that all is gone', async () => expect(await broken('DELETE FROM audit')).to.equal(1));
    it('tells an entry that was put between', async () => expect(await broken(`UPDATE audit SET seq = seq + 100 WHERE seq > 3;
      INSERT INTO audit SELECT 4, at, actor, action, target, reason, detail, hash FROM audit WHERE seq = 3;
      UPDATE audit SET seq = seq - 99 WHERE seq > 100`)).to.equal(4));
    it('tells an entry that was put at the end', async () => expect(await broken(
      'INSERT INTO audit SELECT 7, at, actor, action, target, reason, detail, hash FROM audit WHERE seq = 6')).to.equal(7));
    it('tells two that changed places', async () => expect(await broken(
      'UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 100')).to.equal(2));
    it('tells a chain that was written anew by somebody without the key', async () => {
      for (let index = 1; index <= 6; index++) await view(`message ${index}`);
      const rows = await entries();
      const forged = rows.slice(3).reduce<{ last: string; sql: string[] }>(({ last, sql }, row) => {
        const hash = hashOf(last, { ...row, actor: 'somebody else' });
        return { last: hash, sql: [...sql, `UPDATE audit SET actor = 'somebody else', hash = '${hash}' WHERE seq = ${row.seq}`] };
      }, { last: rows[2]!.hash, sql: [] });
      await bench.tamper([...forged.sql, `UPDATE meta SET value = replace(value, '${rows[5]!.hash}', '${forged.last}') WHERE name = 'audit_head'`].join('; '));
      expect(await chain()).to.include({ entries: 6, firstBroken: 6 });
    });
    it('tells a beginning that was made out to be pruned', async () => {
      for (let index = 1; index <= 6; index++) await view(`message ${index}`);
      const { hash } = (await entries())[2]!;
      const base = JSON.stringify({ seq: 3, hash, seal: '00' });
      await bench.tamper(`DELETE FROM audit WHERE seq <= 3; INSERT INTO meta (name, value) VALUES ('audit_base', '${base}')`);
      expect(await chain()).to.include({ firstBroken: 3 });
    });
    it('tells a forgotten end', async () => expect(await broken(`DELETE FROM meta WHERE name = 'audit_head'`)).to.equal(6));
    it('tells another journal\'s chain', async () => expect(await broken(`UPDATE meta SET value = 'x' WHERE name = 'journal_id'`)).to.equal(1));
  });
});
