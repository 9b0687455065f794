import { expect } from 'chai';
import type { Action, ActionOutcome } from '../../nodes/journal/port.ts';
import { ACCOUNT, type Bench, mailFor, type OpenBench, raw, readyMessage, recipient, result, stateOf } from './fixtures.ts';

const BY = { actor: 'ops', reason: 'looked at' } as const;
const DAY = 24 * 3_600_000;
const DOUBT = recipient({ hold: 'NAME_MISMATCH' });

/** Deliveries that are sealed and then kept back for a person. */
export const holdsContract = (open: OpenBench): void => {
  describe('holds after sealing', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const act = (action: object): Promise<ActionOutcome> => bench.journal.act({ ...BY, ...action } as Action);
    const on = (kind: 'release' | 'cancel', id: string) => act({ kind, deliveries: { ids: [id] } });

    const held = async (): Promise<{ messageId: string; deliveryId: string }> => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [DOUBT]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      return { messageId: direct.id, deliveryId: planned!.id! };
    };

    it('is sealed as usual, and waits for a person', async () => {
      const { deliveryId, messageId } = await held();
      const record = (await bench.journal.delivery(deliveryId))!;
      expect(record).to.include({ state: 'HELD', code: 'NAME_MISMATCH', hold: 'NAME_MISMATCH' });
      expect(record.history.map(({ state, code }) => [state, code])).to.deep.equal([['RESOLVING', undefined], ['QUEUED', undefined], ['HELD', 'NAME_MISMATCH']]);
      expect(await bench.journal.mail(deliveryId)).to.not.equal(null);
      expect(await bench.journal.claimDue([ACCOUNT], 9)).to.deep.equal([]);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(null);
      expect((await bench.journal.message(messageId))!.state).to.equal('ROUTED');
    });

    it('is known in the plan that a message gets again', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      expect(planned).to.not.have.property('hold');
      await bench.journal.settleRecipients(direct.id, [{ ...planned!, hold: 'NAME_MISMATCH' }]);
      expect((await bench.journal.planRecipients(direct.id, []))[0]).to.include({ hold: 'NAME_MISMATCH' });
      await bench.journal.settleRecipients(direct.id, [planned!]);
      expect((await bench.journal.planRecipients(direct.id, []))[0]).to.not.have.property('hold');
    });

    it('released by a person it goes, and is not held again when it is sealed anew', async () => {
      const { deliveryId, messageId } = await held();
      expect((await on('release', deliveryId)).changed).to.deep.equal([deliveryId]);
      expect(await bench.journal.delivery(deliveryId)).to.include({ state: 'QUEUED', hold: null });
      bench.clock.turn(2 * DAY);
      expect(await bench.journal.claimDue([ACCOUNT], 9)).to.deep.equal([]);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('RESOLVING(RESEAL)');
      const [planned] = await bench.journal.planRecipients(messageId, []);
      await bench.journal.settleRecipients(messageId, [{ ...planned!, hold: 'NAME_MISMATCH' }]);
      await bench.journal.enqueue(mailFor(deliveryId, { raw: Buffer.from('sealed anew') }));
      expect((await bench.journal.claimDue([ACCOUNT], 9)).map(({ deliveryId: id }) => id)).to.deep.equal([deliveryId]);
    });

    it('another doubt than the one a person has let pass holds it anew', async () => {
      const { deliveryId, messageId } = await held();
      await on('release', deliveryId);
      bench.clock.turn(2 * DAY);
      await bench.journal.claimDue([ACCOUNT], 9);
      const [planned] = await bench.journal.planRecipients(messageId, []);
      await bench.journal.settleRecipients(messageId, [{ ...planned!, hold: 'NPI_DEACTIVATED' }]);
      await bench.journal.enqueue(mailFor(deliveryId));
      expect(await stateOf(bench.journal, deliveryId)).to.equal('HELD(NPI_DEACTIVATED)');
    });

    it('can be cancelled, redirected and superseded', async () => {
      const one = await held();
      await on('cancel', one.deliveryId);
      expect(await stateOf(bench.journal, one.deliveryId)).to.equal('CANCELLED(OPERATOR)');
      const addendum = await bench.journal.acceptResult(result({ ResultCode: 'A', Gradings: { CarePlanName: 'addendum' } }), raw(), null);
      const [two] = await bench.journal.planRecipients(addendum.messageId, [DOUBT]);
      await bench.journal.enqueue(mailFor(two!.id!));
      const { created } = await act({ kind: 'redirect', deliveryId: two!.id!, address: 'right@direct.lakeside.example' });
      expect(await stateOf(bench.journal, two!.id!)).to.equal('CANCELLED(REDIRECTED)');
      expect((await bench.journal.deliveries({ messageId: created! }))[0], 'whom a person names is not in doubt').to.include({ hold: null });
    });

    it('a correction overtakes it', async () => {
      const { deliveryId } = await held();
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'C', Gradings: { CarePlanName: 'corrected' } }), raw(), null);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
      const plan = await bench.journal.planRecipients(ready!.direct.id, [DOUBT]);
      expect(plan).to.have.length(1);
      await bench.journal.enqueue(mailFor(plan[0]!.id!));
      expect(await stateOf(bench.journal, plan[0]!.id!)).to.equal('HELD(NAME_MISMATCH)');
    });

    it('a message that is run again keeps the doubt', async () => {
      const { deliveryId, messageId } = await held();
      await bench.journal.saveReport(messageId, Buffer.from('%PDF-x'));
      const again = await bench.journal.rerun({ messageId, from: 'build-cda', only: [deliveryId], ...BY });
      expect((await bench.journal.planRecipients(again.messageId, []))[0]).to.include({ hold: 'NAME_MISMATCH' });
    });

    it('survives a restart', async () => {
      const { deliveryId } = await held();
      await bench.reopen();
      expect(await stateOf(bench.journal, deliveryId)).to.equal('HELD(NAME_MISMATCH)');
      await on('release', deliveryId);
      await bench.reopen();
      expect((await bench.journal.claimDue([ACCOUNT], 9))).to.have.length(1);
    });
  });
};
