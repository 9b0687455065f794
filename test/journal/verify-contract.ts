import { expect } from 'chai';
import { type Bench, notice, type OpenBench } from './fixtures.ts';
import { delivered, started } from './keeping.ts';

/** Whether the journal still holds what was stored. */
export const verifyContract = (open: OpenBench): void => void describe('verification', () => {
  let bench: Bench;
  beforeEach(async () => { bench = await open(); });
  afterEach(() => bench.end());

  describe('of a journal', () => {
    it('opens every content once and finds a sound one sound', async () => {
      expect(await bench.journal.verify()).to.deep.include({ ok: true, contents: { checked: 0, damaged: [] }, structure: [] });
      for (let index = 0; index < 50; index++) await started(bench.journal, `ORD${index}`);
      await delivered(bench.journal, 'ORD50');
      await bench.journal.act({ kind: 'viewed', target: 'message 1', actor: 'a', reason: 'b' });
      const outcome = await bench.journal.verify();
      expect(outcome).to.deep.include({ ok: true, contents: { checked: 51 * 6 + 2, damaged: [] }, structure: [] });
      expect(outcome.audit).to.include({ entries: 1, firstBroken: null });
    });

    it('of the audit chain alone looks at nothing else', async () => {
      await started(bench.journal, 'ORD1');
      expect((await bench.journal.verify({ auditOnly: true })).contents).to.deep.equal({ checked: 0, damaged: [] });
    });

    it('goes on beside the traffic', async () => {
      for (let index = 0; index < 30; index++) await started(bench.journal, `ORD${index}`);
      const [outcome] = await Promise.all([bench.journal.verify(), started(bench.journal, 'NEW'), delivered(bench.journal, 'NEWER')]);
      expect(outcome.ok).to.equal(true);
    });
  });

  describe('when somebody was at the database,', () => {
    const damaged = async (sql: string): Promise<string[]> => {
      await bench.tamper(sql);
      const { ok, contents, audit } = await bench.journal.verify();
      expect(audit.firstBroken).to.equal(null);
      expect(ok).to.equal(contents.damaged.length === 0);
      return contents.damaged;
    };

    it('names what another content was put in the place of, in either direction', async () => {
      const [one, two] = [await started(bench.journal, 'ORD1'), await started(bench.journal, 'ORD2')];
      const mailOf = (id: string) => `SELECT mail FROM delivery WHERE id = '${id}'`;
      const copy = (from: string, to: string) => `UPDATE content SET sealed = (SELECT sealed FROM content WHERE id = (${mailOf(from)})) WHERE id = (${mailOf(to)})`;
      expect(await damaged(copy(one.deliveryId, two.deliveryId))).to.deep.equal([`mail ${two.deliveryId}`]);
    });

    it('names every place that a damaged content has', async () => {
      const life = await started(bench.journal, 'ORD1');
      const found = await damaged(`UPDATE content SET sealed = (SELECT details FROM delivery LIMIT 1)`);
      expect(found).to.have.members([
        `input ${life.inputId}`, `input ${life.orderInputId}`, `result-pdf ${life.messageId}`, `report ${life.messageId}`,
        `document ${life.messageId}`, `mail ${life.deliveryId}`]);
    });

    it('names sealed values that are not what was sealed there', async () => {
      const life = await delivered(bench.journal, 'ORD1');
      await bench.journal.applyNotice(notice('nobody', 'failed'));
      const details = '(SELECT details FROM delivery LIMIT 1)';
      const found = await damaged(`UPDATE message SET result = ${details}; UPDATE attempt SET response = ${details}; UPDATE notice SET about = ${details};
        UPDATE order_version SET body = ${details}; UPDATE delivery SET details = (SELECT result_pdf FROM message LIMIT 1)`);
      expect(found.map((name) => name.replace(/[0-9a-f-]{36}/g, 'ID').replace(/^notice \d+$/, 'notice SEQ'))).to.have.members([
        'result ID', 'attempt 1 of ID', 'notice ID', 'notice ID', 'notice SEQ', 'order ID version 1', 'delivery ID']);
      expect(found).to.include(`result ${life.messageId}`);
    });
  });
});
