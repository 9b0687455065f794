import { expect } from 'chai';
import type { Action, ActionOutcome, AlertRecord } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, DEADLINE, mailFor, notice, type OpenBench, order, raw, readyMessage, recipient, result } from './fixtures.ts';

const BY = { actor: 'ops', reason: 'called the practice' } as const;
const MINUTE = 60_000;
const REPEAT = 15 * MINUTE;
const EMERGENT = { Gradings: { Emergent: true } };

/** Alerts and hand-offs. */
export const alarmsContract = (open: OpenBench): void => {
  describe('alarms', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const act = (action: Omit<Action, 'actor' | 'reason'>): Promise<ActionOutcome> => bench.journal.act({ ...BY, ...action } as Action);
    const due = async (node = 'n1', others: string[] = []): Promise<AlertRecord[]> => (await bench.journal.claimAlerts(node, others, 50)).alerts;
    const told = async (node = 'n1', others: string[] = []): Promise<AlertRecord[]> => {
      const alerts = await due(node, others);
      await bench.journal.settleAlerts(alerts.map(({ id }) => id), REPEAT);
      return alerts;
    };
    const handedOff = async (node = 'n1', others: string[] = [], unconfirmed = false) =>
      (await bench.journal.claimHandoffs(node, others, unconfirmed, 50)).handoffs;

    const inQueue = async (change: Record<string, unknown> = EMERGENT, node = 'n1'): Promise<{ messageId: string; deliveryId: string }> => {
      const { direct } = await readyMessage(bench.journal, change);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!, { node }));
      return { messageId: direct.id, deliveryId: planned!.id! };
    };
    const attempted = async (deliveryId: string, outcome: Parameters<Bench['journal']['settleAttempt']>[2]): Promise<void> => {
      const [claim] = await bench.journal.claimDue([ACCOUNT], 1);
      await bench.journal.settleAttempt(deliveryId, claim!.attempt, outcome);
    };
    const refused = { kind: 'refused', code: 'HISP_REFUSED', response: '550' } as const;

    it('an emergent delivery that fails alarms at once, and again until a person has said what was done', async () => {
      const { deliveryId, messageId } = await inQueue();
      expect(await told()).to.deep.equal([]);
      await attempted(deliveryId, refused);
      const [alert, ...more] = await told();
      expect(more).to.deep.equal([]);
      expect(alert).to.deep.include({ deliveryId, messageId, state: 'FAILED', code: 'HISP_REFUSED', count: 1, priority: 'emergent',
        recipient: 'pcp@direct.lakeside.example', closed: null });
      expect(await told()).to.deep.equal([]);
      expect((await bench.journal.claimAlerts('n1', [], 9)).nextAt).to.equal(bench.clock.now() + REPEAT);
      bench.clock.turn(REPEAT);
      expect((await told()).map(({ id, count }) => [id, count])).to.deep.equal([[alert!.id, 2]]);
      await bench.reopen();
      bench.clock.turn(REPEAT);
      expect((await told()).map(({ count }) => count)).to.deep.equal([3]);
      expect(await act({ kind: 'acknowledge', alertId: alert!.id } as Action)).to.deep.equal({ changed: [alert!.id], skipped: [] });
      bench.clock.turn(10 * REPEAT);
      expect(await bench.journal.claimAlerts('n1', [], 9)).to.deep.equal({ alerts: [], nextAt: null });
      expect((await bench.journal.alerts())).to.deep.equal([]);
      expect((await bench.journal.alerts({ all: true }))[0]!.closed).to.include({ code: 'ACKNOWLEDGED', ...BY });
      expect((await bench.journal.audit({ limit: 500 })).rows.at(-1)).to.include({ action: 'acknowledge', target: alert!.id, ...BY });
    });

    it('a claim that nobody settles is told by the next, a minute later', async () => {
      const { deliveryId } = await inQueue();
      await attempted(deliveryId, refused);
      expect(await due()).to.have.length(1);
      expect(await due('n2')).to.deep.equal([]);
      bench.clock.turn(MINUTE);
      expect(await told('n2')).to.have.length(1);
    });

    it('routine ones alarm nobody, urgent ones do', async () => {
      await attempted((await inQueue({})).deliveryId, refused);
      expect(await told()).to.deep.equal([]);
      await bench.journal.storeOrder(order({ Order: { LocalId: 'U1' } }), raw(), true);
      const { ready } = await bench.journal.acceptResult(result({ Order: { LocalId: 'U1' }, Gradings: { Urgent: true } }), raw(), null);
      await bench.journal.planRecipients(ready!.direct.id, [recipient({ address: null, npi: '2990000012', state: 'UNRESOLVED', code: 'NPI_NOT_FOUND' })]);
      expect((await told()).map(({ state, code, recipient: to }) => [state, code, to])).to.deep.equal([['UNRESOLVED', 'NPI_NOT_FOUND', null]]);
    });

    it('a held delivery alarms until it is released, and held again it is a cause of its own', async () => {
      const { deliveryId } = await inQueue();
      await act({ kind: 'hold', deliveries: { ids: [deliveryId] } } as Action);
      const [first] = await told();
      expect(first).to.include({ state: 'HELD', code: 'OPERATOR' });
      await act({ kind: 'acknowledge', deliveryId } as Action);
      await act({ kind: 'release', deliveries: { ids: [deliveryId] } } as Action);
      await act({ kind: 'hold', deliveries: { ids: [deliveryId] } } as Action);
      const [second] = await told();
      expect(second!.id).to.not.equal(first!.id);
      await act({ kind: 'cancel', deliveries: { ids: [deliveryId] } } as Action);
      bench.clock.turn(REPEAT);
      expect(await told()).to.deep.equal([]);
      expect((await bench.journal.alerts({ all: true })).map(({ closed }) => closed!.code)).to.deep.equal(['PASSED', 'ACKNOWLEDGED']);
    });

    it('UNCONFIRMED alarms until it is confirmed late', async () => {
      const { deliveryId } = await inQueue();
      await attempted(deliveryId, accepted);
      bench.clock.turn(DEADLINE + 1);
      await bench.journal.expireDeadlines();
      expect((await told()).map(({ code }) => code)).to.deep.equal(['NO_PROCESSED']);
      await bench.journal.applyNotice(notice(deliveryId, 'processed'));
      await bench.journal.applyNotice(notice(deliveryId, 'dispatched'));
      bench.clock.turn(REPEAT);
      expect(await told()).to.deep.equal([]);
    });

    it('a message that is held before it has recipients alarms; acknowledged, it alarms no more, and anew when it is stopped anew', async () => {
      const { direct } = await readyMessage(bench.journal, EMERGENT);
      const [claim] = await bench.journal.claimFlow([''], 9);
      await bench.journal.stopMessage(direct.id, 'HELD', 'NO_ROUTE', 'x', claim!.direct.run);
      expect((await told()).map(({ messageId, deliveryId, code }) => [messageId, deliveryId, code])).to.deep.equal([[direct.id, null, 'NO_ROUTE']]);
      expect((await act({ kind: 'acknowledge', messageId: direct.id } as Action)).changed).to.have.length(1);
      bench.clock.turn(REPEAT);
      expect(await told()).to.deep.equal([]);
      await bench.journal.rerun({ messageId: direct.id, from: 'resolve-route', ...BY });
      expect(await told()).to.deep.equal([]);
      const [again] = await bench.journal.claimFlow([''], 9);
      await bench.journal.stopMessage(direct.id, 'HELD', 'NO_ROUTE', 'x', again!.direct.run);
      expect(await told()).to.have.length(1);
    });

    it('a message acknowledged before its alert was ever told is not told either', async () => {
      const { direct } = await readyMessage(bench.journal, EMERGENT);
      await bench.journal.stopMessage(direct.id, 'ERROR', 'PDF_FAILED', 'x');
      expect((await act({ kind: 'acknowledge', messageId: direct.id } as Action)).changed).to.have.length(1);
      expect(await told()).to.deep.equal([]);
    });

    it('is told by the delivery\'s own node, or by any when that is gone', async () => {
      const { deliveryId } = await inQueue(EMERGENT, 'n1');
      await attempted(deliveryId, refused);
      expect(await told('n2', ['n1'])).to.deep.equal([]);
      expect(await handedOff('n2', ['n1'])).to.deep.equal([]);
      expect(await told('n2', ['n3'])).to.have.length(1);
      expect(await handedOff('n1', ['n2'])).to.have.length(1);
    });

    it('what cannot be acknowledged is told with a code', async () => {
      const { deliveryId } = await inQueue();
      expect(await act({ kind: 'acknowledge', alertId: 'nobody' } as Action)).to.deep.equal({ changed: [], skipped: [{ id: 'nobody', code: 'ALERT_UNKNOWN' }] });
      expect((await act({ kind: 'acknowledge', deliveryId } as Action)).skipped).to.deep.equal([{ id: deliveryId, code: 'ACTION_UNFIT' }]);
      for (const bad of [{}, { alertId: 'a', deliveryId: 'b' }, { alertId: '' }, { messageId: 7 }]) {
        const fault = await act({ kind: 'acknowledge', ...bad } as unknown as Action).catch((error: { code: string }) => error.code);
        expect(fault, JSON.stringify(bad)).to.equal('REQUEST_INVALID');
      }
    });

    it('a rerun or redirect by a person takes the place of the alarm and the hand-off', async () => {
      const { deliveryId } = await inQueue();
      await attempted(deliveryId, refused);
      expect(await told()).to.have.length(1);
      await act({ kind: 'redirect', deliveryId, address: 'other@direct.lakeside.example' } as Action);
      bench.clock.turn(REPEAT);
      expect(await told()).to.deep.equal([]);
      expect(await handedOff()).to.deep.equal([]);
    });

    it('each delivery that ends badly is handed off once, with what somebody else needs', async () => {
      const { deliveryId, messageId } = await inQueue({});
      await bench.journal.saveReport(messageId, Buffer.from('%PDF-x'));
      await attempted(deliveryId, refused);
      const [handoff, ...more] = await handedOff();
      expect(more).to.deep.equal([]);
      expect(handoff).to.deep.include({ deliveryId, messageId, state: 'FAILED', code: 'HISP_REFUSED', recipient: 'pcp@direct.lakeside.example', report: true,
        fax: order().primaryCareProvider?.fax ?? null });
      expect(await handedOff()).to.deep.equal([]);
      bench.clock.turn(MINUTE);
      expect((await handedOff()).map((again) => again.deliveryId), 'nobody settled it').to.deep.equal([deliveryId]);
      await bench.journal.settleHandoffs([deliveryId]);
      bench.clock.turn(10 * MINUTE);
      expect(await bench.journal.claimHandoffs('n1', [], true, 9)).to.deep.equal({ handoffs: [], nextAt: null });
    });

    it('one that never had a node is handed off, too; only the order\'s own provider has a fax number', async () => {
      await bench.journal.storeOrder(order({ HealthPlan: { PrimaryCareProvider: { FaxNumber: '+1 555 0100' } } }), raw(), true);
      const { ready } = await bench.journal.acceptResult(result(), raw(), null);
      const named = recipient({ address: null, npi: '2990000012', state: 'UNRESOLVED', code: 'NPI_NOT_FOUND' });
      await bench.journal.planRecipients(ready!.direct.id, [named, { ...named, level: 'site' }]);
      const found = await handedOff('any', ['n1', 'n2']);
      expect(found.map(({ npi, state, recipient: to }) => [npi, state, to])).to.deep.equal([['2990000012', 'UNRESOLVED', null], ['2990000012', 'UNRESOLVED', null]]);
      expect(found[1]!.fax).to.equal(null);
      expect(found[0]!.fax).to.equal((await bench.journal.readyMessage(ready!.direct.id))!.order.primaryCareProvider?.fax ?? null);
      expect(found[0]!.fax).to.be.a('string');
    });

    it('UNCONFIRMED is handed off by option only, and not when the option comes later', async () => {
      const { deliveryId } = await inQueue({});
      await attempted(deliveryId, accepted);
      bench.clock.turn(DEADLINE + 1);
      await bench.journal.expireDeadlines();
      expect(await handedOff()).to.deep.equal([]);
      bench.clock.turn(MINUTE);
      expect(await handedOff('n1', [], true)).to.deep.equal([]);
    });

    it('UNCONFIRMED is handed off where that is wanted', async () => {
      const { deliveryId } = await inQueue({});
      await attempted(deliveryId, accepted);
      bench.clock.turn(DEADLINE + 1);
      await bench.journal.expireDeadlines();
      expect((await handedOff('n1', [], true)).map(({ state }) => state)).to.deep.equal(['UNCONFIRMED']);
    });

    it('two that claim at once share what is due', async () => {
      const { deliveryId } = await inQueue();
      await attempted(deliveryId, refused);
      const claims = await Promise.all(['n1', 'n2', 'n3'].map((node) => bench.journal.claimAlerts(node, [], 9)));
      expect(claims.flatMap(({ alerts }) => alerts)).to.have.length(1);
      const handoffs = await Promise.all(['n1', 'n2', 'n3'].map((node) => bench.journal.claimHandoffs(node, [], false, 9)));
      expect(handoffs.flatMap(({ handoffs: found }) => found)).to.have.length(1);
    });
  });
};
