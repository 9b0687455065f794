import { expect } from 'chai';
import type { CourierMessage, Recipient } from '../../nodes/0-order/message.ts';
import { restored } from '../../nodes/flow/restore.ts';
import { type Journal, OWN_DOCUMENT } from '../../nodes/journal/port.ts';
import { type Bench, mailFor, type OpenBench, readyMessage, recipient } from './fixtures.ts';

const WISHED = recipient({ finalDelivery: false, finalDeliveryBy: 'row', deadlineMinutes: 7.5 });
const wishesOf = ({ finalDelivery, finalDeliveryBy, deadlineMinutes }: Pick<Recipient, 'finalDelivery' | 'finalDeliveryBy' | 'deadlineMinutes'>): unknown =>
  ({ finalDelivery, finalDeliveryBy, deadlineMinutes });

/** What the plan wishes for each delivery, and which document is whose, must outlast the flow that forgot it. */
export const wishesContract = (open: OpenBench): void => {
  describe('what a flow may lose', () => {
    let bench: Bench;
    let journal: Journal;
    let id: string;
    beforeEach(async () => {
      bench = await open();
      journal = bench.journal;
      id = (await readyMessage(journal)).direct.id;
    });
    afterEach(() => bench.end());

    const lost = async (messageId = id): Promise<CourierMessage> => restored(
      { direct: { id: messageId, orderLocalId: 'ORD1001', organization: 'o', site: 's', priority: 'routine' } }, ['recipients', 'cda'], journal, undefined);
    const save = (profile: string): Promise<unknown> =>
      journal.saveDocument(id, { id: `ID-${profile}`, profile, data: Buffer.from(profile), warnings: [] });

    it('who decided on final delivery, and a row\'s own deadline, stay with the delivery', async () => {
      const [planned, plain] = await journal.planRecipients(id, [WISHED, recipient({ address: 'b@direct.lakeside.example' })]) as [typeof WISHED, typeof WISHED];
      expect(wishesOf(planned)).to.deep.equal(wishesOf(WISHED));
      expect(plain).not.to.have.any.keys('finalDeliveryBy', 'deadlineMinutes');
      expect((await lost()).recipients!.map(wishesOf)).to.deep.equal([planned, plain].map(wishesOf));
      await journal.settleRecipients(id, [{ ...planned, finalDelivery: true, finalDeliveryBy: 'domain', deadlineMinutes: 3 }]);
      const [record, ...others] = await journal.deliveries({ messageId: id });
      expect([wishesOf(record!), others]).to.deep.equal([{ finalDelivery: true, finalDeliveryBy: 'domain', deadlineMinutes: 3 }, []]);
      await bench.reopen();
      journal = bench.journal;
      expect(wishesOf((await lost()).recipients![0]!)).to.deep.equal({ finalDelivery: true, finalDeliveryBy: 'domain', deadlineMinutes: 3 });
    });

    it('they go along when the message is run again or redirected', async () => {
      const [planned] = await journal.planRecipients(id, [WISHED]);
      await save('r2.1/none');
      await journal.enqueue(mailFor(planned!.id!, { to: WISHED.address! }));
      const rerun = await journal.rerun({ messageId: id, from: 'seal-mail', actor: 'ann', reason: 'again' });
      expect(wishesOf((await lost(rerun.messageId)).recipients![0]!)).to.deep.equal(wishesOf(WISHED));
    });

    it('of several documents, the message\'s own one is found again, not the newest', async () => {
      for (const profile of ['r2.1/none', 'r2.1/mrn']) await save(profile);
      expect((await lost()).cda!.profile, 'as ever, where nothing is noted').to.equal('r2.1/mrn');
      await journal.recordStage(id, OWN_DOCUMENT, 'r2.1/none');
      expect((await lost()).cda).to.include({ profile: 'r2.1/none', id: 'ID-r2.1/none' });
      await journal.planRecipients(id, [WISHED]);
      const [delivery] = await journal.deliveries({ messageId: id });
      await journal.enqueue(mailFor(delivery!.id, { to: WISHED.address! }));
      const { messageId } = await journal.rerun({ messageId: id, from: 'seal-mail', actor: 'ann', reason: 'again' });
      expect((await lost(messageId)).cda!.profile, 'of the message that it sends again').to.equal('r2.1/none');
    });
  });
};
