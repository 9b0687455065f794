import { expect } from 'chai';
import type { Action, ActionOutcome } from '../../nodes/journal/port.ts';
import { ACCOUNT, type Bench, mailFor, type OpenBench, queued, raw, readyMessage, recipient, result, sent, stateOf } from './fixtures.ts';

const BY = { actor: 'Pat Ops', reason: 'closed practice' } as const;
const TO = 'pcp@direct.lakeside.example';

/** The do-not-send list. */
export const blockedContract = (open: OpenBench): void => {
  describe('the do-not-send list', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const act = (action: object): Promise<ActionOutcome> => bench.journal.act({ ...BY, ...action } as Action);
    const block = (kind: string, value: string) => act({ kind: 'block', block: kind, value });
    const SUPPRESSED = 'SUPPRESSED(DO_NOT_SEND)';

    for (const [kind, value] of [['address', ' PCP@direct.Lakeside.example '], ['domain', 'lakeside.example'], ['domain', '@direct.lakeside.example'],
      ['npi', 'NPI: 2990000012']] as const) {
      it(`whom the route names gets nothing: ${kind} ${value.trim()}`, async () => {
        await block(kind, value);
        const { direct } = await readyMessage(bench.journal);
        const plan = await bench.journal.planRecipients(direct.id, [recipient({ npi: '2990000012' }), recipient({ address: 'other@direct.hillview.example' })]);
        expect(plan.map(({ state, code }) => [state, code])).to.deep.equal([['SUPPRESSED', 'DO_NOT_SEND'], ['RESOLVING', null]]);
        expect(plan[0]!.why).to.include('Pat Ops').and.include('closed practice').and.match(/\d{4}-\d\d-\d\d/);
      });
    }

    it('holds for addresses known after look-up, and for exactly what was entered', async () => {
      await block('domain', 'lakeside.example');
      const { direct } = await readyMessage(bench.journal);
      const [one, two] = await bench.journal.planRecipients(direct.id, [recipient({ address: null, npi: '2990000012' }), recipient({ address: 'a@notlakeside.example' })]);
      await bench.journal.settleRecipients(direct.id, [{ ...one!, address: TO }, two!]);
      expect([await stateOf(bench.journal, one!.id!), await stateOf(bench.journal, two!.id!)]).to.deep.equal([SUPPRESSED, 'RESOLVING']);
    });

    it('is the last line before the queue, and before the HISP', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient({ address: null })]);
      await block('address', TO);
      expect(await bench.journal.enqueue(mailFor(planned!.id!))).to.equal(null);
      expect(await stateOf(bench.journal, planned!.id!)).to.equal(SUPPRESSED);
      expect((await bench.journal.message(direct.id))!.state).to.equal('DONE');
      expect(await bench.journal.claimDue([ACCOUNT], 9)).to.deep.equal([]);
    });

    it('ends what waits when it is entered, says why, and leaves alone what is being sent', async () => {
      const { deliveryId } = await queued(bench.journal);
      const outcome = await block('domain', 'direct.lakeside.example');
      expect(outcome.changed).to.deep.equal([deliveryId]);
      expect(await stateOf(bench.journal, deliveryId)).to.equal(SUPPRESSED);
      expect((await bench.journal.delivery(deliveryId))!.why).to.include('closed practice');
      expect(await bench.journal.unrated(9)).to.deep.equal([]);
    });

    it('what is being sent goes no second time', async () => {
      const { deliveryId } = await queued(bench.journal);
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      expect((await block('address', TO)).changed).to.deep.equal([]);
      await bench.journal.settleAttempt(deliveryId, claim!.attempt, { kind: 'temporary', code: 'HISP_DEFERRED', response: '451', retryAt: bench.clock.now() });
      expect(await bench.journal.claimDue([ACCOUNT], 1)).to.deep.equal([]);
      expect(await stateOf(bench.journal, deliveryId)).to.equal(SUPPRESSED);
    });

    it('no redirect, rerun or correction gets around it', async () => {
      const { deliveryId, messageId } = await sent(bench.journal);
      await block('address', TO);
      await block('address', 'new@direct.lakeside.example');
      const other = await queuedTo('fine@direct.hillview.example');
      expect((await act({ kind: 'redirect', deliveryId: other, address: 'new@direct.lakeside.example' })).skipped).to.deep.equal([{ id: other, code: 'DO_NOT_SEND' }]);
      expect(await stateOf(bench.journal, other)).to.equal('QUEUED');
      const { messageId: again } = await bench.journal.rerun({ messageId, from: 'render-pdf', ...BY });
      expect((await bench.journal.deliveries({ messageId: again })).map(({ code }) => code)).to.deep.equal(['DO_NOT_SEND']);
      expect((await bench.journal.message(again))!.state).to.equal('DONE');
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'C', Gradings: { CarePlanName: 'corrected' } }), raw(), null);
      const plan = await bench.journal.planRecipients(ready!.direct.id, [recipient({ address: 'fine@direct.hillview.example' })]);
      expect(plan.map(({ address, state }) => [address, state])).to.deep.include([TO, 'SUPPRESSED']);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('SENT');
    });

    const queuedTo = async (address: string): Promise<string> => {
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'A', Gradings: { CarePlanName: 'addendum' } }), raw(), null);
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient({ address })]);
      await bench.journal.enqueue(mailFor(planned!.id!, { to: address }));
      return planned!.id!;
    };

    it('is read with who entered it and why; what was removed holds no more, and stays on record', async () => {
      const { created } = await block('npi', '2990000012');
      expect(await block('npi', '2990000012'), 'twice is once').to.deep.include({ created });
      const [entry, ...more] = await bench.journal.blocked();
      expect(more).to.deep.equal([]);
      expect(entry).to.deep.include({ id: created, kind: 'npi', value: '2990000012', ...BY, removed: null });
      expect(await act({ kind: 'unblock', id: created, reason: 'opened again' })).to.deep.equal({ changed: [created], skipped: [] });
      expect((await act({ kind: 'unblock', id: created })).skipped).to.deep.equal([{ id: created, code: 'BLOCK_UNKNOWN' }]);
      expect(await bench.journal.blocked()).to.deep.equal([]);
      expect((await bench.journal.blocked({ all: true }))[0]!.removed).to.include({ actor: BY.actor, reason: 'opened again' });
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient({ npi: '2990000012' })]);
      expect(planned!.state).to.equal('RESOLVING');
    });

    it('is audited by id and kind, never by the value', async () => {
      const { created } = await block('address', TO);
      await act({ kind: 'unblock', id: created! });
      const entries = (await bench.journal.audit({ limit: 500 })).rows;
      expect(entries.map(({ action, target }) => [action, target])).to.deep.equal([['block', `do-not-send ${created} address`], ['unblock', `do-not-send ${created}`]]);
      expect(JSON.stringify(entries)).to.not.include('lakeside');
    });

    it('refuses what is no address, domain or NPI with a code', async () => {
      const codes = [];
      for (const [kind, value] of [['address', 'nobody'], ['address', ''], ['domain', 'example'], ['domain', 'a b.example'], ['npi', '2990000013'], ['person', 'x'], ['npi', 7]]) {
        codes.push(await block(kind as string, value as string).catch(({ code }: { code: string }) => code));
      }
      expect(codes).to.deep.equal(['ADDRESS_INVALID', 'REQUEST_INVALID', 'ADDRESS_INVALID', 'ADDRESS_INVALID', 'NPI_INVALID', 'REQUEST_INVALID', 'REQUEST_INVALID']);
      expect(await bench.journal.blocked()).to.deep.equal([]);
      expect((await bench.journal.verify()).ok).to.equal(true);
    });

    it('ends many that wait', async () => {
      const ids: string[] = [];
      const { direct } = await readyMessage(bench.journal);
      const plan = await bench.journal.planRecipients(direct.id, Array.from({ length: 450 }, (_, index) => recipient({ address: `r${index}@direct.lakeside.example` })));
      ids.push(...plan.map(({ id }) => id!));
      expect((await block('domain', 'lakeside.example')).changed).to.have.members(ids);
      expect((await bench.journal.message(direct.id))!.state).to.equal('DONE');
    }).timeout(60_000);
  });
};
