import { expect } from 'chai';
import type { Action, ActionOutcome, Journal } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, mailFor, notice, type OpenBench, order, queued, raw, readyMessage, recipient, result, sent, stateOf } from './fixtures.ts';

const BY = { actor: 'ops', reason: 'tried out' } as const;
const HOUR = 3_600_000;

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'none', ({ code, path }: { code: string; path?: string }) => path === undefined ? code : `${code} ${path}`);

const temporary = (retryAt: number | null) => ({ kind: 'temporary', code: 'HISP_DEFERRED', response: '451', retryAt }) as const;

/** Deliveries of orders of their own, queued for an account each. */
const several = async (journal: Journal, accounts: string[]): Promise<string[]> => {
  const ids: string[] = [];
  for (const [index, account] of accounts.entries()) {
    const localId = `S${index}`;
    await journal.storeOrder(order({ Order: { LocalId: localId } }), raw(), true);
    const { ready } = await journal.acceptResult(result({ Order: { LocalId: localId } }), raw(), null);
    const [planned] = await journal.planRecipients(ready!.direct.id, [recipient({ address: `r${index}@direct.lakeside.example` })]);
    await journal.enqueue(mailFor(planned!.id!, { account, to: `r${index}@direct.lakeside.example` }));
    ids.push(planned!.id!);
  }
  return ids;
};

/** Hold, release, cancel, pause, legal hold: what people do. */
export const actionsContract = (open: OpenBench): void => {
  describe('actions', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const act = (action: Omit<Action, 'actor' | 'reason'>): Promise<ActionOutcome> => bench.journal.act({ ...BY, ...action } as Action);
    const on = (kind: 'hold' | 'release' | 'cancel', ...ids: string[]) => act({ kind, deliveries: { ids } } as Action);
    const claim = async (account = ACCOUNT) => (await bench.journal.claimDue([account], 10))[0];
    const newestAudit = async () => (await bench.journal.audit({ limit: 500 })).rows.at(-1)!;

    it('a held delivery is not sent, a released one at once', async () => {
      const { deliveryId } = await queued(bench.journal);
      expect(await on('hold', deliveryId)).to.deep.equal({ changed: [deliveryId], skipped: [] });
      expect(await stateOf(bench.journal, deliveryId)).to.equal('HELD(OPERATOR)');
      expect(await claim()).to.equal(undefined);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(null);
      expect(await on('release', deliveryId)).to.deep.equal({ changed: [deliveryId], skipped: [] });
      expect(await stateOf(bench.journal, deliveryId)).to.equal('QUEUED');
      expect((await claim())!.deliveryId).to.equal(deliveryId);
    });

    it('said twice, an action changes nothing the second time', async () => {
      const { deliveryId } = await queued(bench.journal);
      for (const kind of ['hold', 'release', 'cancel'] as const) {
        expect((await on(kind, deliveryId, deliveryId)).changed, kind).to.deep.equal([deliveryId]);
        expect(await on(kind, deliveryId), kind).to.deep.equal({ changed: [], skipped: [{ id: deliveryId, code: 'ACTION_UNFIT' }] });
      }
      expect((await bench.journal.delivery(deliveryId))!.history.map(({ state }) => state))
        .to.deep.equal(['RESOLVING', 'QUEUED', 'HELD', 'QUEUED', 'CANCELLED']);
    });

    it('what is being sent can be neither held nor cancelled', async () => {
      const { deliveryId } = await queued(bench.journal);
      const { attempt } = (await claim())!;
      for (const kind of ['hold', 'cancel', 'release'] as const) {
        expect(await on(kind, deliveryId)).to.deep.equal({ changed: [], skipped: [{ id: deliveryId, code: 'DELIVERY_SENDING' }] });
      }
      expect(await bench.journal.settleAttempt(deliveryId, attempt, accepted)).to.include({ state: 'SENT' });
      expect((await on('cancel', deliveryId)).skipped).to.deep.equal([{ id: deliveryId, code: 'ACTION_UNFIT' }]);
    });

    it('a release begins the limits anew', async () => {
      const { deliveryId } = await queued(bench.journal);
      const { attempt, ageFrom } = (await claim())!;
      await bench.journal.settleAttempt(deliveryId, attempt, { kind: 'hold', code: 'HISP_REFUSED', response: '550' });
      bench.clock.turn(9 * HOUR);
      await on('release', deliveryId);
      expect(await claim()).to.include({ attempt: 2, tries: 1, ageFrom: ageFrom + 9 * HOUR });
    });

    it('a held delivery without a mail cannot be released', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.stopMessage(direct.id, 'ERROR', 'PDF_FAILED', 'x');
      expect(await on('release', planned!.id!)).to.deep.equal({ changed: [], skipped: [{ id: planned!.id!, code: 'RERUN_NEEDED' }] });
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('HELD(PDF_FAILED)');
    });

    it('a cancelled delivery ends its part of the message, and the job in the flow with the last one', async () => {
      const { direct } = await readyMessage(bench.journal);
      const planned = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'two@direct.lakeside.example' })]);
      await bench.journal.enqueue(mailFor(planned[0]!.id!));
      await on('cancel', planned[0]!.id!, planned[1]!.id!);
      expect(await stateOf(bench.journal, planned[1]!.id!)).to.equal('CANCELLED(OPERATOR)');
      expect((await bench.journal.message(direct.id))!.state).to.equal('DONE_WITH_PROBLEMS');
      expect(await bench.journal.enqueue(mailFor(planned[1]!.id!))).to.equal(null);
      expect(await bench.journal.claimFlow([''], 9)).to.deep.equal([]);
      expect(await bench.journal.unrated(9)).to.deep.equal([]);
    });

    it('a stopped message that is given up waits for nobody any more', async () => {
      const { direct } = await readyMessage(bench.journal);
      const planned = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'two@direct.lakeside.example' })]);
      await bench.journal.stopMessage(direct.id, 'ERROR', 'PDF_FAILED', 'x');
      await on('cancel', planned[0]!.id!);
      expect((await bench.journal.message(direct.id))!.state).to.equal('ERROR');
      await on('cancel', planned[1]!.id!);
      expect((await bench.journal.message(direct.id))!).to.include({ state: 'DONE_WITH_PROBLEMS', code: 'PDF_FAILED' });
    });

    it('a delivery that may have arrived says so when it is cancelled, and is charged once a notification proves it', async () => {
      const { deliveryId } = await queued(bench.journal);
      await bench.journal.settleAttempt(deliveryId, (await claim())!.attempt, { kind: 'unknown', code: 'HISP_UNKNOWN', response: '', retryAt: bench.clock.now() + HOUR });
      await on('cancel', deliveryId);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('CANCELLED(HISP_UNKNOWN)');
      bench.clock.turn(2 * HOUR);
      expect(await claim()).to.equal(undefined);
      const { outcome, change } = await bench.journal.applyNotice(notice(deliveryId, 'processed'));
      expect([outcome, change?.state, change?.chargeable]).to.deep.equal(['late', 'CANCELLED', true]);
      expect(await bench.journal.unrated(9)).to.have.length(1);
    });

    it('the next of a lane goes when the one before it is cancelled, not when it is only held', async () => {
      const first = await queued(bench.journal);
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'A', Gradings: { CarePlanName: 'addendum' } }), raw(), null);
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      await on('hold', first.deliveryId);
      expect(await claim()).to.equal(undefined);
      await on('cancel', first.deliveryId);
      expect((await claim())!.deliveryId).to.equal(planned!.id);
    });

    it('a filter takes all that fit and were there, in more than one batch', async () => {
      const accounts = Array.from({ length: 110 }, (_, index) => index % 11 === 0 ? 'other' : ACCOUNT);
      const ids = await several(bench.journal, accounts);
      const before = (await bench.journal.audit({ limit: 500 })).rows.length;
      const { changed, skipped } = await act({ kind: 'hold', deliveries: { filter: { account: ACCOUNT } } } as Action);
      expect([...changed].sort()).to.deep.equal(ids.filter((_, index) => index % 11 !== 0).sort());
      expect(skipped).to.deep.equal([]);
      expect((await bench.journal.counts()).deliveries).to.deep.equal({ HELD: 100, QUEUED: 10 });
      expect((await bench.journal.audit({ limit: 500 })).rows.length - before).to.equal(3);
      expect((await act({ kind: 'release', deliveries: { filter: { state: 'HELD' } } } as Action)).changed).to.have.length(100);
    }).timeout(60_000);

    it('filters go together, and find nothing that the action is not for', async () => {
      const [one, two] = await several(bench.journal, [ACCOUNT, 'other', ACCOUNT]);
      const held = async (filter: Record<string, string>) => (await act({ kind: 'hold', deliveries: { filter } } as Action)).changed;
      expect(await held({ orderLocalId: 'S0', account: 'other' })).to.deep.equal([]);
      expect(await held({ recipient: ' R0@Direct.Lakeside.Example', account: ACCOUNT })).to.deep.equal([one]);
      expect(await held({ orderLocalId: 'S1' })).to.deep.equal([two]);
      expect(await held({ state: 'SENT' })).to.deep.equal([]);
      expect(await act({ kind: 'hold', deliveries: { filter: { state: 'HELD' } } } as Action)).to.deep.equal({ changed: [], skipped: [] });
    });

    it('a delivery that does not exist is told, the others are done', async () => {
      const { deliveryId } = await queued(bench.journal);
      expect(await on('hold', 'nobody', deliveryId)).to.deep.equal({ changed: [deliveryId], skipped: [{ id: 'nobody', code: 'DELIVERY_UNKNOWN' }] });
    });

    it('a pause is durable, stops only its account and uses up no age', async () => {
      const [mine, theirs] = await several(bench.journal, [ACCOUNT, 'other']);
      await bench.journal.settleAttempt(theirs!, (await claim('other'))!.attempt, temporary(bench.clock.now()));
      expect(await act({ kind: 'pause', account: ACCOUNT } as Action)).to.deep.equal({ changed: [ACCOUNT], skipped: [] });
      await bench.reopen();
      expect((await act({ kind: 'pause', account: ACCOUNT } as Action)).skipped).to.deep.equal([{ id: ACCOUNT, code: 'ACTION_UNFIT' }]);
      expect(await claim()).to.equal(undefined);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(null);
      expect((await claim('other'))!.deliveryId).to.equal(theirs);
      expect((await bench.journal.accounts()).find(({ name }) => name === ACCOUNT)).to.deep.equal(
        { name: ACCOUNT, paused: { at: bench.clock.now(), by: 'ops', reason: 'tried out' }, fault: null, queued: 1 });
      const before = bench.clock.now();
      bench.clock.turn(5 * HOUR);
      expect((await act({ kind: 'resume', account: ACCOUNT } as Action)).changed).to.deep.equal([ACCOUNT]);
      expect((await act({ kind: 'resume', account: ACCOUNT } as Action)).skipped).to.deep.equal([{ id: ACCOUNT, code: 'ACTION_UNFIT' }]);
      expect(await claim()).to.include({ deliveryId: mine, ageFrom: before + 5 * HOUR });
    });

    it('a back-off outlives a pause', async () => {
      const { deliveryId } = await queued(bench.journal);
      await bench.journal.settleAttempt(deliveryId, (await claim())!.attempt, temporary(bench.clock.now() + 2 * HOUR));
      await act({ kind: 'pause', account: ACCOUNT } as Action);
      bench.clock.turn(HOUR);
      await act({ kind: 'resume', account: ACCOUNT } as Action);
      expect(await claim()).to.equal(undefined);
      bench.clock.turn(HOUR);
      expect((await claim())!.deliveryId).to.equal(deliveryId);
    });

    it('a legal hold is put on and taken off', async () => {
      const { direct: { id } } = await readyMessage(bench.journal);
      expect((await act({ kind: 'legal-hold', messageId: id } as Action)).changed).to.deep.equal([id]);
      expect((await bench.journal.message(id))!.legalHold).to.equal(true);
      expect((await act({ kind: 'legal-hold', messageId: id } as Action)).skipped).to.deep.equal([{ id, code: 'ACTION_UNFIT' }]);
      expect((await act({ kind: 'legal-release', messageId: id } as Action)).changed).to.deep.equal([id]);
      expect((await act({ kind: 'legal-hold', messageId: 'none' } as Action)).skipped).to.deep.equal([{ id: 'none', code: 'MESSAGE_UNKNOWN' }]);
    });

    it('every action leaves an entry in the chain: who, what, why, without an address', async () => {
      const { deliveryId } = await queued(bench.journal);
      await on('hold', deliveryId);
      expect(await newestAudit()).to.include({ actor: 'ops', action: 'hold', target: deliveryId, reason: 'tried out' });
      await act({ kind: 'release', deliveries: { filter: { recipient: 'pcp@direct.lakeside.example', state: 'HELD' } } } as Action);
      expect(await newestAudit()).to.include({ action: 'release', target: 'deliveries', detail: `filter recipient+state, changed 1, skipped 0, ${deliveryId}` });
      await act({ kind: 'viewed', target: deliveryId } as Action);
      expect(await newestAudit()).to.include({ action: 'viewed', target: deliveryId, detail: '' });
      await act({ kind: 'pause', account: ACCOUNT } as Action);
      expect(await newestAudit()).to.include({ action: 'pause', target: `account ${ACCOUNT}`, detail: 'changed 1, skipped 0' });
      const { rows } = await bench.journal.audit({ limit: 500 });
      expect(JSON.stringify(rows)).to.not.match(/lakeside/i);
    });

    it('actors and reasons are cleaned and cut, and social security numbers taken out', async () => {
      await bench.journal.act({ kind: 'viewed', target: 'x', actor: ` o\u0000p\ns\u202e ${'a'.repeat(400)}`, reason: 'patient 123-45-6789 asked' });
      const { actor, reason } = await newestAudit();
      expect(actor).to.match(/^o p s {2}a+$/).and.have.length(200);
      expect(reason).to.equal('patient  asked');
    });

    it('what is incomplete is refused with the part that is missing, and changes nothing', async () => {
      const { deliveryId } = await queued(bench.journal);
      const asked = async (action: unknown) => codeOf(bench.journal.act(action as Action));
      const hold = { ...BY, kind: 'hold' };
      expect(await asked({ ...hold, actor: ' \n', deliveries: { ids: [deliveryId] } })).to.equal('REQUEST_INVALID actor');
      expect(await asked({ kind: 'hold', actor: 'x', deliveries: { ids: [deliveryId] } })).to.equal('REQUEST_INVALID reason');
      expect(await asked({ ...hold, deliveries: { filter: {} } })).to.equal('REQUEST_INVALID deliveries.filter');
      expect(await asked({ ...hold, deliveries: { filter: { account: '' } } })).to.equal('REQUEST_INVALID deliveries.filter.account');
      expect(await asked({ ...hold, deliveries: { filter: { account: 'a\u0000b' } } })).to.equal('REQUEST_INVALID deliveries.filter.account');
      expect(await asked({ ...hold, deliveries: { filter: null } })).to.equal('REQUEST_INVALID deliveries.filter');
      expect(await asked({ ...hold, deliveries: { ids: [] } })).to.equal('REQUEST_INVALID deliveries.ids');
      expect(await asked({ ...hold, deliveries: { ids: [{ evil: true }] } })).to.equal('REQUEST_INVALID deliveries.ids');
      expect(await asked({ ...hold })).to.equal('REQUEST_INVALID deliveries');
      expect(await asked({ ...BY, kind: 'explode' })).to.equal('REQUEST_INVALID kind');
      expect(await asked({ ...BY, kind: 'pause', account: '\u0007' })).to.equal('REQUEST_INVALID account');
      expect(await asked({ ...BY, kind: 'viewed' })).to.equal('REQUEST_INVALID target');
      expect(await asked({ ...hold, deliveries: { filter: { account: `'; DROP TABLE delivery; --` } } })).to.equal('none');
      expect(await stateOf(bench.journal, deliveryId)).to.equal('QUEUED');
    });

    it('asked for at the same moment, one of two things happens and the other is told so', async () => {
      const ids = await several(bench.journal, Array.from({ length: 12 }, () => ACCOUNT));
      const [claims, held, cancelled] = await Promise.all([bench.journal.claimDue([ACCOUNT], 20), on('hold', ...ids.toReversed()), on('cancel', ...ids)]);
      const more = await bench.journal.claimDue([ACCOUNT], 20);
      const sending = [...claims, ...more].map(({ deliveryId }) => deliveryId);
      expect(new Set(sending).size).to.equal(sending.length);
      for (const id of ids) {
        const { state, history } = (await bench.journal.delivery(id))!;
        expect(state === 'SENDING', id).to.equal(sending.includes(id));
        expect(cancelled.changed.includes(id), id).to.equal(state === 'CANCELLED');
        expect(held.changed.includes(id), id).to.equal(history.some((step) => step.state === 'HELD'));
        if (state === 'SENDING') expect(cancelled.skipped, id).to.deep.include({ id, code: 'DELIVERY_SENDING' });
      }
    });

    it('what a correction has overtaken while it was held is not released', async () => {
      const { deliveryId } = await queued(bench.journal);
      await on('hold', deliveryId);
      await bench.journal.acceptResult(result({ ResultCode: 'C', Gradings: { CarePlanName: 'corrected' } }), raw(), null);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('SUPPRESSED(SUPERSEDED)');
      expect((await on('release', deliveryId)).skipped).to.deep.equal([{ id: deliveryId, code: 'ACTION_UNFIT' }]);
    });
  });

  describe('redirecting', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const redirect = (deliveryId: string, address: string) => bench.journal.act({ ...BY, kind: 'redirect', deliveryId, address });
    const document = { id: 'D1', profile: 'p', data: Buffer.from('cda'), warnings: [] };
    const claim = async () => (await bench.journal.claimDue([ACCOUNT], 10))[0]!;

    it('takes the stored documents to the new address under a linked message, and stops the old one', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient()]);
      await bench.journal.saveDocument(direct.id, document);
      await bench.journal.enqueue(mailFor(planned!.id!));
      const { changed, created } = await redirect(planned!.id!, ' New@Direct.Hillside.Example ');
      expect(changed).to.deep.equal([planned!.id]);
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('CANCELLED(REDIRECTED)');
      const message = (await bench.journal.message(created!))!;
      expect(message).to.deep.include({ state: 'ROUTED', resendOf: direct.id, link: { kind: 'redirect', of: direct.id, actor: 'ops', reason: 'tried out' } });
      expect((await bench.journal.document(created!, 'p'))!.id).to.equal('D1');
      const [flow] = await bench.journal.claimFlow([''], 9);
      expect(flow!.direct).to.include({ id: created, resendOf: direct.id });
      const [next] = await bench.journal.planRecipients(created!, [recipient()], flow!.direct.run);
      expect(next).to.include({ address: 'new@direct.hillside.example', state: 'RESOLVING', source: 'redirect' });
      await bench.journal.enqueue(mailFor(next!.id!, { to: 'new@direct.hillside.example' }), flow!.direct.run);
      const { deliveryId, attempt } = await claim();
      expect(deliveryId).to.equal(next!.id);
      await bench.journal.settleAttempt(deliveryId, attempt, accepted);
      expect((await bench.journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['delivery']);
    });

    it('what the HISP had accepted is charged as a resend', async () => {
      const { deliveryId } = await sent(bench.journal, { finalDelivery: false });
      await bench.journal.applyNotice(notice(deliveryId, 'failed'));
      const { created } = await redirect(deliveryId, 'new@direct.hillside.example');
      expect(await stateOf(bench.journal, deliveryId)).to.equal('FAILED(MDN_FAILED)');
      const [next] = await bench.journal.planRecipients(created!, []);
      await bench.journal.enqueue(mailFor(next!.id!, { to: 'new@direct.hillside.example' }));
      await bench.journal.settleAttempt(next!.id!, (await claim()).attempt, accepted);
      expect((await bench.journal.unrated(9)).map(({ kind }) => kind)).to.deep.equal(['delivery', 'resend']);
    });

    it('is refused for what is on its way or has arrived, for the same address, and twice', async () => {
      const { deliveryId } = await queued(bench.journal);
      expect((await redirect(deliveryId, 'PCP@direct.lakeside.example')).skipped).to.deep.equal([{ id: deliveryId, code: 'ACTION_UNFIT' }]);
      const { attempt } = await claim();
      expect((await redirect(deliveryId, 'new@direct.hillside.example')).skipped).to.deep.equal([{ id: deliveryId, code: 'DELIVERY_SENDING' }]);
      await bench.journal.settleAttempt(deliveryId, attempt, temporary(bench.clock.now() + HOUR));
      expect((await redirect(deliveryId, 'new@direct.hillside.example')).changed).to.deep.equal([deliveryId]);
      expect((await redirect(deliveryId, 'new@direct.hillside.example')).skipped).to.deep.equal([{ id: deliveryId, code: 'ACTION_UNFIT' }]);
      expect((await redirect('none', 'new@direct.hillside.example')).skipped).to.deep.equal([{ id: 'none', code: 'DELIVERY_UNKNOWN' }]);
      expect(await bench.journal.messages()).to.have.length(2);
      const other = await open();
      const done = await sent(other.journal);
      expect((await other.journal.act({ ...BY, kind: 'redirect', deliveryId: done.deliveryId, address: 'new@direct.hillside.example' })).skipped)
        .to.deep.equal([{ id: done.deliveryId, code: 'ACTION_UNFIT' }]);
      await other.end();
    });

    it('a malformed address is refused before anything changes', async () => {
      const { deliveryId } = await queued(bench.journal);
      for (const address of ['', 'nobody', 'a@b\r\nBcc: x@y.example', 'Dr X <x@y.example>', null, 7]) {
        expect(await codeOf(redirect(deliveryId, address as string))).to.equal('ADDRESS_INVALID address');
      }
      expect(await stateOf(bench.journal, deliveryId)).to.equal('QUEUED');
      expect(await bench.journal.messages()).to.have.length(1);
    });

    it('while the message is in the flow, it waits', async () => {
      const { direct } = await readyMessage(bench.journal);
      const planned = await bench.journal.planRecipients(direct.id, [recipient(), recipient({ address: 'two@direct.lakeside.example' })]);
      await bench.journal.enqueue(mailFor(planned[0]!.id!));
      expect((await redirect(planned[0]!.id!, 'new@direct.hillside.example')).skipped).to.deep.equal([{ id: planned[0]!.id!, code: 'MESSAGE_BUSY' }]);
    });

    it('somebody who could not be resolved gets it at the address that a person knows', async () => {
      const { direct } = await readyMessage(bench.journal);
      const [planned] = await bench.journal.planRecipients(direct.id, [recipient({ address: null, npi: '2990000012' })]);
      await bench.journal.endRecipient(planned!.id!, 'UNRESOLVED', 'NPI_NOT_FOUND', 'Not listed.');
      const { created } = await redirect(planned!.id!, 'new@direct.hillside.example');
      expect((await bench.journal.message(created!))!).to.include({ resendOf: null, state: 'ROUTED' });
      expect(await stateOf(bench.journal, planned!.id!)).to.equal('UNRESOLVED(NPI_NOT_FOUND)');
      const [next] = await bench.journal.planRecipients(created!, []);
      expect(next).to.include({ address: 'new@direct.hillside.example', state: 'RESOLVING' });
    });
  });
};
