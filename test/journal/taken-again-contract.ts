import { expect } from 'chai';
import type { Journal, LinkRequest, ResultOutcome } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, mailFor, notice, type OpenBench, order, queued, raw, readyMessage, recipient, result, stateOf } from './fixtures.ts';

const TWO = 'two@direct.lakeside.example';

const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', ({ code }: { code: string }) => code);

/** Results that a person takes in once more. */
export const takenAgainContract = (open: OpenBench): void => {
  describe('a result taken in once more by a person', () => {
    let bench: Bench;
    let journal: Journal;
    beforeEach(async () => {
      bench = await open();
      journal = bench.journal;
    });
    afterEach(() => bench.end());

    const again = (of: string, change: Partial<LinkRequest> = {}, edit = {}): Promise<ResultOutcome> =>
      journal.acceptResult(result(edit), raw('{}', 'edited.json'), null, { kind: 'edit', of, reason: 'a wrong name', actor: 'ops', ...change });
    const shown = async (id: string): Promise<string> => {
      const { state, code } = (await journal.message(id))!;
      return code === null ? state : `${state}(${code})`;
    };

    it('is a message of its own, linked, told in the audit chain, and leaves by the same order in node', async () => {
      await journal.storeOrder(order(), raw(), true);
      const first = await journal.acceptResult(result({ Patient: { Name: { Last: 'Otherperson' } } }), { ...raw(), entry: 'e1' }, null);
      expect(await shown(first.messageId)).to.equal('HELD(PATIENT_MISMATCH)');
      const second = await again(first.messageId);
      expect(second.outcome).to.equal('ready');
      expect((await journal.message(second.messageId))!.link).to.deep.equal({ kind: 'edit', of: first.messageId, reason: 'a wrong name', actor: 'ops' });
      expect(await shown(first.messageId)).to.equal('FILTERED(RERUN)');
      expect((await journal.claimFlow(['e1'], 9)).map(({ direct }) => direct.id)).to.deep.equal([second.messageId]);
      const { rows } = await journal.audit();
      expect(rows.map(({ actor, action, target, reason }) => ({ actor, action, target, reason })))
        .to.deep.equal([{ actor: 'ops', action: 'edit', target: first.messageId, reason: 'a wrong name' }]);
    });

    it('the one that waited for its order goes out no more when the order comes', async () => {
      const waiting = await journal.acceptResult(result({ Order: { LocalId: 'ORD9' } }), raw(), null);
      await journal.storeOrder(order(), raw(), true);
      expect((await again(waiting.messageId)).outcome).to.equal('ready');
      const { released } = await journal.storeOrder(order({ Order: { LocalId: 'ORD9' } }), raw(), true);
      expect(released).to.deep.equal([]);
      expect(await shown(waiting.messageId)).to.equal('FILTERED(RERUN)');
    });

    it('what was queued gives way', async () => {
      const { messageId, deliveryId } = await queued(journal);
      await again(messageId);
      expect(await stateOf(journal, deliveryId)).to.equal('CANCELLED(RERUN)');
      expect(await journal.claimDue([ACCOUNT], 9)).to.deep.equal([]);
    });

    it('what was delivered stays as it is', async () => {
      const { messageId, deliveryId } = await queued(journal);
      const [claim] = await journal.claimDue([ACCOUNT], 1);
      await journal.settleAttempt(deliveryId, claim!.attempt, accepted);
      for (const event of ['processed', 'dispatched'] as const) await journal.applyNotice(notice(deliveryId, event));
      const before = [await journal.message(messageId), await journal.delivery(deliveryId)];
      await again(messageId);
      expect([await journal.message(messageId), await journal.delivery(deliveryId)]).to.deep.equal(before);
    });

    it('goes to those alone that were chosen, and leaves the others in the queue', async () => {
      const { direct: { id } } = await readyMessage(journal);
      const [claimed] = await journal.claimFlow([''], 1);
      const planned = await journal.planRecipients(id, [recipient(), recipient({ address: TWO })], claimed!.direct.run);
      for (const { id: delivery, address } of planned) await journal.enqueue(mailFor(delivery!, { to: address! }), claimed!.direct.run);
      const second = await again(id, { only: [planned[1]!.id!] });
      const anew = await journal.planRecipients(second.messageId, [recipient(), recipient({ address: TWO })]);
      expect(anew.map(({ address, state, code }) => [address, state, code])).to.deep.equal([
        ['pcp@direct.lakeside.example', 'SUPPRESSED', 'NOT_CHOSEN'], [TWO, 'RESOLVING', null]]);
      expect(await stateOf(journal, planned[0]!.id!)).to.equal('QUEUED');
      expect(await stateOf(journal, planned[1]!.id!)).to.equal('CANCELLED(RERUN)');
    });

    it('is refused while the first is busy, for a message or a recipient that is none, and without a reason: nothing is kept then', async () => {
      const { direct: { id } } = await readyMessage(journal);
      expect(await codeOf(again(id))).to.equal('MESSAGE_BUSY');
      await journal.claimFlow([''], 1);
      expect(await codeOf(again(id))).to.equal('MESSAGE_BUSY');
      expect(await codeOf(again('nobody'))).to.equal('MESSAGE_UNKNOWN');
      const [planned] = await journal.planRecipients(id, [recipient()]);
      await journal.enqueue(mailFor(planned!.id!));
      expect(await codeOf(again(id, { only: ['nobody'] }))).to.equal('DELIVERY_UNKNOWN');
      expect(await codeOf(again(id, { reason: ' ' }))).to.equal('REQUEST_INVALID');
      await journal.claimDue([ACCOUNT], 1);
      expect(await codeOf(again(id))).to.equal('DELIVERY_SENDING');
      expect((await journal.inputs()).filter(({ name }) => name === 'edited.json')).to.deep.equal([]);
      expect((await journal.messages()).length).to.equal(1);
      expect((await journal.audit()).rows).to.deep.equal([]);
    });
  });
};
