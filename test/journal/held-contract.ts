import { expect } from 'chai';
import type { ActionOutcome } from '../../nodes/journal/port.ts';
import { acceptAgain } from '../../nodes/journal/again.ts';
import { CLINIC, irisResult, OTHER_CLINIC } from '../support/samples.ts';
import { accepted, ACCOUNT, type Bench, cancel, mailFor, type OpenBench, order, raw, readyMessage, recipient, result, stateOf } from './fixtures.ts';

const BY = { actor: 'ops', reason: 'asked the clinic' };
const OTHER_PLAN = { Gradings: { CarePlanName: 'Refer' } };
const OTHER_PATIENT = { Patient: { Dob: '1/16/1960' } };

/** What people do with messages that wait for them. */
export const heldContract = (open: OpenBench): void => {
  describe('held messages', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    const release = (messageId: string, organization?: string): Promise<ActionOutcome> =>
      bench.journal.act({ kind: 'release-message', messageId, ...(organization !== undefined && { organization }), ...BY });
    const close = (messageId: string): Promise<ActionOutcome> => bench.journal.act({ kind: 'close-message', messageId, ...BY });
    const told = ({ changed, skipped, overrode }: ActionOutcome): unknown => [changed.length, ...skipped.map(({ code }) => code), ...(overrode === undefined ? [] : [overrode])];
    const accept = async (change: Record<string, unknown> = {}, boundTo: string | null = null): Promise<string> => (await bench.journal.acceptResult(result(change), raw(), boundTo)).messageId;
    const standing = async (id: string): Promise<string> => {
      const { state, code } = (await bench.journal.message(id))!;
      return code === null ? state : `${state} ${code}`;
    };
    const inFlow = async (): Promise<string[]> => (await bench.journal.claimFlow([''], 9)).map(({ direct }) => direct.id);
    const audited = async (): Promise<string[]> => (await bench.journal.audit()).rows.map(({ action, target, reason, detail }) => `${action} ${target} ${reason}: ${detail}`);

    it('a person lets go what an obstacle keeps, and the audit names it', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      const id = await accept(OTHER_PATIENT);
      expect(await standing(id)).to.equal('HELD PATIENT_MISMATCH');
      expect(told(await release(id))).to.deep.equal([1, 'PATIENT_MISMATCH']);
      expect(await inFlow()).to.deep.equal([id]);
      expect((await bench.journal.inputs({ outcome: 'held' }))).to.deep.equal([]);
      expect((await audited())[0]).to.equal(`release-message ${id} asked the clinic: changed 1, skipped 0, overrode PATIENT_MISMATCH`);
      expect(told(await release(id))).to.deep.equal([0, 'MESSAGE_BUSY']);
    });

    for (const [code, prepare] of [
      ['ORDER_CANCELLED', async (): Promise<string> => {
        await bench.journal.storeOrder(order(), raw(), true);
        await bench.journal.storeOrder(cancel(), raw(), true);
        return accept();
      }],
      ['CHANGED_WITHOUT_CORRECTION', async (): Promise<string> => {
        const { direct } = await readyMessage(bench.journal);
        await bench.journal.endFlow((await bench.journal.claimFlow([''], 1))[0]!.direct.id, 1, 'switch');
        await bench.journal.planRecipients(direct.id, [recipient()]);
        return accept(OTHER_PLAN);
      }],
      ['ORDER_LINK_CONFLICT', async (): Promise<string> => {
        await bench.journal.storeOrder(order(), raw(), true);
        await bench.journal.acceptEvent({ type: 'OrderCreationReceipt', receipt: true, success: true, irisOrderId: '900001', orderLocalId: 'ORD7' }, raw(), null);
        return accept();
      }],
    ] as const) {
      it(`goes over ${code}, too`, async () => {
        const id = await prepare();
        expect(await standing(id)).to.equal(`HELD ${code}`);
        expect(told(await release(id))).to.deep.equal([1, code]);
        expect(await inFlow()).to.include(id);
      });
    }

    it('what else is in the way is told one after another, and each takes a release of its own', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      const id = await accept(OTHER_PATIENT);
      await bench.journal.storeOrder(cancel(), raw(), true);
      expect(told(await release(id))).to.deep.equal([0, 'ORDER_CANCELLED', 'PATIENT_MISMATCH']);
      expect(await standing(id)).to.equal('HELD ORDER_CANCELLED');
      expect(told(await release(id))).to.deep.equal([1, 'ORDER_CANCELLED']);
      expect(await inFlow()).to.deep.equal([id]);
    });

    it('what was put right meanwhile is gone over by nobody', async () => {
      await bench.journal.storeOrder(order(OTHER_PATIENT), raw(), true);
      const id = await accept();
      expect(await standing(id)).to.equal('HELD PATIENT_MISMATCH');
      await bench.journal.storeOrder(order({ OrderControlCode: 'XO' }), raw(), true);
      expect(told(await release(id))).to.deep.equal([1]);
      expect((await audited())[0]).to.not.include('overrode');
    });

    it('without an order there is nothing to let go', async () => {
      const id = await accept();
      expect(told(await release(id))).to.deep.equal([0, 'ORDER_UNKNOWN']);
      bench.clock.turn(1);
      await bench.journal.expireWaiting({ waitMs: 0, standIn: null, entries: [] });
      expect(told(await release(id))).to.deep.equal([0, 'ORDER_UNKNOWN']);
      expect(await standing(id)).to.equal('HELD ORDER_UNKNOWN');
    });

    it('of several orders the person names the organization', async () => {
      for (const ClientGuid of [CLINIC, OTHER_CLINIC]) await bench.journal.storeOrder(order({ ClientGuid }), raw(), true);
      const [one, other] = [await accept(), await accept(OTHER_PATIENT)];
      expect(told(await release(one))).to.deep.equal([0, 'ORDER_AMBIGUOUS']);
      expect(told(await release(one, '00000000-0000-4000-8000-0000000000cc'))).to.deep.equal([0, 'ORDER_UNKNOWN']);
      expect(told(await release(one, OTHER_CLINIC.toUpperCase()))).to.deep.equal([1]);
      expect((await bench.journal.readyMessage(one))!.direct.organization).to.equal(OTHER_CLINIC);
      expect(told(await release(other, CLINIC))).to.deep.equal([0, 'PATIENT_MISMATCH']);
      expect(told(await release(other, OTHER_CLINIC))).to.deep.equal([0, 'ACTION_UNFIT']);
      expect(told(await release(other))).to.deep.equal([1, 'PATIENT_MISMATCH']);
      expect((await bench.journal.readyMessage(other))!.direct.organization).to.equal(CLINIC);
    });

    it('a message that was stopped before it had a plan goes into the flow again, with the order as it stands', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [claim] = await bench.journal.claimFlow([''], 1);
      await bench.journal.stopMessage(direct.id, 'HELD', 'NO_ROUTE', '', claim!.direct.run);
      await bench.journal.storeOrder(order({ OrderControlCode: 'XO', Order: { State: 'GA' } }), raw(), true);
      expect(told(await release(direct.id))).to.deep.equal([1]);
      expect((await bench.journal.claimFlow([''], 1))[0]!.order.state).to.equal('GA');
    });

    it('of a planned one the held deliveries go on: those with a mail at once, the others through the flow', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [claim] = await bench.journal.claimFlow([''], 1);
      const [sealed, unsealed] = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'b@direct.lakeside.example' })], claim!.direct.run);
      await bench.journal.enqueue(mailFor(sealed!.id!), claim!.direct.run);
      await bench.journal.act({ kind: 'hold', deliveries: { ids: [sealed!.id!] }, ...BY });
      await bench.journal.stopMessage(direct.id, 'ERROR', 'STAGE_FAILED', '', claim!.direct.run);
      expect([await stateOf(bench.journal, sealed!.id!), await stateOf(bench.journal, unsealed!.id!)]).to.deep.equal(['HELD(OPERATOR)', 'HELD(STAGE_FAILED)']);
      expect(told(await release(direct.id))).to.deep.equal([1]);
      expect([await stateOf(bench.journal, sealed!.id!), await stateOf(bench.journal, unsealed!.id!)]).to.deep.equal(['QUEUED', 'RESOLVING']);
      expect(await inFlow()).to.deep.equal([direct.id]);
      expect(await standing(direct.id)).to.equal('ROUTED');
    });

    it('an older version stays where it is when a correction has come', async () => {
      await bench.journal.storeOrder(order(), raw(), true);
      const id = await accept(OTHER_PATIENT);
      await accept({ ResultCode: 'C' });
      expect(told(await release(id))).to.deep.equal([0, 'SUPERSEDED', 'PATIENT_MISMATCH']);
      expect(await standing(id)).to.equal('FILTERED SUPERSEDED');
    });

    it('a closed one is FILTERED, its deliveries are cancelled, and nothing revives it', async () => {
      const waiting = await accept();
      expect(told(await close(waiting))).to.deep.equal([1]);
      expect(await standing(waiting)).to.equal('FILTERED CLOSED');
      expect((await bench.journal.inputs())[0]).to.include({ outcome: 'closed', code: 'CLOSED' });
      expect((await bench.journal.storeOrder(order(), raw(), true)).released).to.deep.equal([]);
      expect(await bench.journal.acceptResult(result(), raw(), null)).to.include({ outcome: 'replay', messageId: waiting });
      expect(await inFlow()).to.deep.equal([]);
      expect(told(await close(waiting))).to.deep.equal([0, 'ACTION_UNFIT']);
      expect(told(await release(waiting))).to.deep.equal([0, 'ACTION_UNFIT']);
      expect(await audited()).to.include(`close-message ${waiting} asked the clinic: changed 1, skipped 0`);
    });

    it('closing a planned one cancels what has not gone, and leaves what has', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [claim] = await bench.journal.claimFlow([''], 1);
      const [sent, held] = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'b@direct.lakeside.example' })], claim!.direct.run);
      await bench.journal.enqueue(mailFor(sent!.id!), claim!.direct.run);
      await bench.journal.stopMessage(direct.id, 'HELD', 'NPI_AMBIGUOUS', '', claim!.direct.run);
      const [sending] = await bench.journal.claimDue([ACCOUNT], 1);
      expect(told(await close(direct.id))).to.deep.equal([0, 'DELIVERY_SENDING']);
      await bench.journal.settleAttempt(sending!.deliveryId, sending!.attempt, accepted);
      expect(told(await close(direct.id))).to.deep.equal([1]);
      expect([await stateOf(bench.journal, sent!.id!), await stateOf(bench.journal, held!.id!)]).to.deep.equal(['SENT', 'CANCELLED(CLOSED)']);
      expect(await standing(direct.id)).to.equal('FILTERED CLOSED');
    });

    it('what is in the flow, done or unknown can be neither released nor closed', async () => {
      const { direct } = await readyMessage(bench.journal);
      expect([told(await release(direct.id)), told(await close(direct.id))]).to.deep.equal([[0, 'MESSAGE_BUSY'], [0, 'MESSAGE_BUSY']]);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      expect([told(await release(direct.id)), told(await close(direct.id))]).to.deep.equal([[0, 'ACTION_UNFIT'], [0, 'ACTION_UNFIT']]);
      for (const act of [release, close]) {
        expect(await act('nobody').then(() => 'done', (error: { code: string }) => error.code)).to.equal('MESSAGE_UNKNOWN');
        expect(await act('').then(() => 'done', (error: { code: string }) => error.code)).to.equal('REQUEST_INVALID');
        expect(await act(7 as unknown as string).then(() => 'done', (error: { code: string }) => error.code)).to.equal('REQUEST_INVALID');
      }
      expect(await release(direct.id, 5 as unknown as string).then(() => 'done', (error: { code: string }) => error.code)).to.equal('REQUEST_INVALID');
    });

    const HELD: [string, () => Promise<string>][] = [
      ['ORDER_UNKNOWN', async () => {
        const id = await accept({ Order: { LocalId: 'WRONG' } });
        await bench.journal.expireWaiting({ waitMs: 0, standIn: null, entries: [] });
        await bench.journal.storeOrder(order(), raw(), true);
        return id;
      }],
      ['PATIENT_MISMATCH', async () => {
        await bench.journal.storeOrder(order(), raw(), true);
        return accept(OTHER_PATIENT);
      }],
      ['ORDER_LINK_CONFLICT', async () => {
        await bench.journal.storeOrder(order(), raw(), true);
        await bench.journal.acceptEvent({ type: 'OrderCreationReceipt', receipt: true, success: true, irisOrderId: '5', orderLocalId: 'ORD7' }, raw(), null);
        return accept({ Order: { PatientOrderId: 5 } });
      }],
      ['CHANGED_WITHOUT_CORRECTION', async () => {
        await readyMessage(bench.journal);
        await inFlow();
        return accept(OTHER_PLAN);
      }],
    ];
    for (const [code, prepare] of HELD) {
      it(`a corrected copy of one held with ${code} goes out, and closes it`, async () => {
        const id = await prepare();
        expect(await standing(id)).to.equal(`HELD ${code}`);
        const edited = Buffer.from(JSON.stringify(irisResult({ Gradings: { CarePlanDescription: 'edited' } })));
        const outcome = await acceptAgain(bench.journal, { messageId: id, edited, ...BY }, new Date());
        expect(outcome).to.include({ outcome: 'ready', linked: true });
        expect(await standing(id)).to.equal('FILTERED RERUN');
        expect((await bench.journal.message(outcome.messageId))!).to.include({ state: 'RECEIVED' });
        // What it was made from, sent again by its source, is no news.
        await bench.journal.storeOrder(order({ Order: { LocalId: 'WRONG' } }), raw(), true);
        expect(await standing(id)).to.equal('FILTERED RERUN');
      });
    }
  });
};
