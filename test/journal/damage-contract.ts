import { expect } from 'chai';
import type { Journal } from '../../nodes/journal/port.ts';
import { ACCOUNT, type Bench, type OpenBench, order, queued, raw, result, sent, stateOf } from './fixtures.ts';

const accept = async (journal: Journal, localId: string, change: Record<string, unknown> = {}): Promise<string> => {
  await journal.storeOrder(order({ Order: { LocalId: localId } }), raw(), true);
  return (await journal.acceptResult(result({ Order: { LocalId: localId }, ...change }), raw(), null)).messageId;
};

/** Something else that was sealed: it cannot be opened there. */
const OTHER = '(SELECT sealed FROM content ORDER BY id LIMIT 1)';

/** What cannot be read any more must not keep what can. */
export const damageContract = (open: OpenBench): void => {
  describe('damaged rows', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    it('a result that cannot be read waits for a person, and the flow gets the others', async () => {
      const bad = await accept(bench.journal, 'A1');
      const good = await accept(bench.journal, 'A2');
      await bench.tamper(`UPDATE message SET result = ${OTHER} WHERE id = '${bad}'`);
      expect((await bench.journal.claimFlow([''], 9)).map(({ direct }) => direct.id)).to.deep.equal([good]);
      expect(await bench.journal.message(bad)).to.include({ state: 'ERROR', code: 'CONTENT_DAMAGED' });
    });

    it('a delivery whose recipient cannot be read waits for a person', async () => {
      const { deliveryId } = await queued(bench.journal);
      await bench.tamper(`UPDATE delivery SET details = ${OTHER} WHERE id = '${deliveryId}'`);
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      expect(await bench.journal.counts()).to.deep.include({ deliveries: { HELD: 1 } });
    });

    it('the deadline falls of a delivery whose recipient cannot be read', async () => {
      const { deliveryId } = await sent(bench.journal);
      await bench.tamper(`UPDATE delivery SET details = ${OTHER} WHERE id = '${deliveryId}'`);
      bench.clock.turn(4_000_000);
      expect(await bench.journal.expireDeadlines()).to.have.length(1);
    });

    it('a correction of a result that cannot be read comes in, and stops it', async () => {
      const { messageId, deliveryId } = await queued(bench.journal);
      await bench.tamper(`UPDATE message SET result = ${OTHER} WHERE id = '${messageId}'`);
      await bench.journal.acceptResult(result({ ResultCode: 'C' }), raw(), null);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
    });
  });
};
