import { expect } from 'chai';
import fc from 'fast-check';
import type { Action, AttemptOutcome, ClaimedDelivery, DeliveryChange, DeliveryNotice, DeliveryRecord, FlowClaim, Stage } from '../../nodes/journal/port.ts';
import { isTerminal } from '../../nodes/journal/states.ts';
import { type Bench, mailFor, notice, type OpenBench, order, raw, recipient, result } from './fixtures.ts';

const HOUR = 3_600_000;
const BY = { actor: 'ops', reason: 'by chance' } as const;

/** What the journal may answer to somebody who asks at the wrong moment. Anything else is a fault. */
const REFUSALS = new Set(['MESSAGE_BUSY', 'MESSAGE_NOT_JOINED', 'SUPERSEDED', 'DELIVERY_SENDING', 'ACTION_UNFIT', 'RECIPIENT_NONE', 'NOTHING_TO_TAKE_OVER',
  'FLOW_OVERTAKEN']);

const polite = async <T>(promise: Promise<T>): Promise<T | undefined> => promise.catch((error: { code?: string }) => {
  if (!REFUSALS.has(error.code ?? '')) throw error;
  return undefined;
});

interface Sealing { act: 'seal' | 'unresolved' | 'stop' | 'vanish' | 'end' }

type Happening =
  | { is: 'result'; order: number; code: 'F' | 'A' | 'C' | 'R'; serial: number }
  | { is: 'flow'; sealings: Sealing[] }
  | { is: 'late' | 'lose'; which: number }
  | { is: 'claim'; limit: number }
  | { is: 'settle'; which: number; keep: boolean; outcome: 'accepted' | 'refused' | 'temporary' | 'exhausted' | 'unknown' | 'unknown for good' | 'hold' | 'account' }
  | { is: 'notice'; which: number; event: DeliveryNotice['event']; kind: 'mdn' | 'dsn'; twice: boolean }
  | { is: 'time'; ms: number }
  | { is: 'expire' | 'probe' | 'pause' | 'resume' | 'restart' | 'rate' }
  | { is: 'act'; kind: 'hold' | 'release' | 'cancel'; which: number; all: boolean }
  | { is: 'redirect'; which: number; to: number }
  | { is: 'rerun'; which: number; from: Stage; only: boolean };

const which = fc.nat({ max: 11 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('result'), order: fc.nat({ max: 1 }), code: fc.constantFrom('F', 'F', 'A', 'C', 'R'), serial: fc.nat({ max: 9 }) }) },
  { weight: 7, arbitrary: fc.record({ is: fc.constant('flow'), sealings: fc.array(fc.record({ act: fc.constantFrom('seal', 'seal', 'seal', 'seal', 'unresolved', 'stop', 'vanish', 'end') }), { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('late', 'lose'), which }) },
  { weight: 8, arbitrary: fc.record({ is: fc.constant('claim'), limit: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 9, arbitrary: fc.record({ is: fc.constant('settle'), which, keep: fc.boolean(), outcome: fc.constantFrom('accepted', 'accepted', 'refused', 'temporary', 'exhausted', 'unknown', 'unknown for good', 'hold', 'account') }) },
  { weight: 8, arbitrary: fc.record({ is: fc.constant('notice'), which, event: fc.constantFrom('processed', 'dispatched', 'failed', 'other'), kind: fc.constantFrom('mdn', 'dsn'), twice: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('time'), ms: fc.constantFrom(1_000, HOUR, HOUR, 25 * HOUR) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('expire') }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('probe', 'pause', 'resume', 'resume', 'rate') }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('restart') }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('act'), kind: fc.constantFrom('hold', 'release', 'release', 'cancel'), which, all: fc.constantFrom(false, false, false, true) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('redirect'), which, to: fc.nat({ max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('rerun'), which, from: fc.constantFrom('resolve-route', 'lookup-npi', 'render-pdf', 'build-cda', 'seal-mail'), only: fc.boolean() }) },
) as fc.Arbitrary<Happening>;

/** One life on the journal: orders, an account and an entry of its own. */
const createWorld = (bench: Bench, serial: number) => {
  const [account, entry] = [`account-${serial}`, `entry-${serial}`];
  const orders = [0, 1].map((index) => `L${serial}-${index}`);
  const claims: ClaimedDelivery[] = [];
  const lost: FlowClaim[] = [];
  /** Bytes that the HISP may have had. */
  const exposed = new Map<string, string>();
  const settled = new Set<string>();
  const attempts = new Map<string, number>();
  const changes: DeliveryChange[] = [];
  let sealed = 0;
  let listen = bench.journal.subscribe((change) => changes.push(change));

  const messages = async () => (await Promise.all(orders.map((orderLocalId) => bench.journal.messages({ orderLocalId })))).flat();
  const deliveries = async (): Promise<DeliveryRecord[]> => (await Promise.all((await messages()).map(({ id }) => bench.journal.deliveries({ messageId: id })))).flat();
  const pick = async (index: number): Promise<DeliveryRecord | undefined> => {
    const all = await deliveries();
    return all[index % Math.max(all.length, 1)];
  };

  const stage = async ({ direct: { id, run } }: FlowClaim, { act }: Sealing): Promise<void> => {
    const { journal } = bench;
    if (act === 'end') return journal.endFlow(id, run, 'switch');
    const plan = await journal.planRecipients(id, [recipient(), recipient({ address: `two-${serial}@direct.lakeside.example` })], run);
    await journal.saveReport(id, Buffer.from('report'), run);
    await journal.saveDocument(id, { id: `${id}-document`, profile: 'p', data: Buffer.from('cda'), warnings: [] }, run);
    for (const { id: delivery, address, state, messageId } of plan) {
      if (state !== 'RESOLVING') continue;
      if (act === 'unresolved') await journal.endRecipient(delivery!, 'UNRESOLVED', 'CERT_NONE', 'none', run);
      if (act !== 'seal') continue;
      await journal.enqueue(mailFor(delivery!, { account, to: address!, raw: Buffer.from(`${delivery} ${sealed += 1}`), ...(messageId !== undefined && { messageId }) }), run);
    }
    if (act === 'stop') await journal.stopMessage(id, 'ERROR', 'SEAL_FAILED', 'by chance', run);
  };

  const claim = async (limit: number): Promise<void> => {
    for (const claimed of await bench.journal.claimDue([account], limit)) {
      const { deliveryId, attempt } = claimed;
      expect(attempt, 'attempts grow').to.be.above(attempts.get(deliveryId) ?? 0);
      attempts.set(deliveryId, attempt);
      const bytes = Buffer.from(claimed.raw).toString();
      expect(bytes, 'what the HISP may have had never changes').to.equal(exposed.get(deliveryId) ?? bytes);
      expect(claimed.messageId).to.equal(`<${deliveryId}@direct.courier.example>`);
      claims.push(claimed);
    }
  };

  const outcomeOf = (kind: Extract<Happening, { is: 'settle' }>['outcome']): AttemptOutcome => {
    const now = bench.clock.now();
    const told = { code: 'HISP_DEFERRED', response: '4xx' };
    switch (kind) {
      case 'accepted': return { kind, response: '250' };
      case 'refused': return { kind, ...told };
      case 'temporary': return { kind, ...told, retryAt: now + 1_000 };
      case 'exhausted': return { kind: 'temporary', ...told, retryAt: null };
      case 'unknown': return { kind, ...told, retryAt: now };
      case 'unknown for good': return { kind: 'unknown', ...told, retryAt: null };
      case 'hold': return { kind, ...told };
      case 'account': return { kind, ...told, probeAt: now };
    }
  };

  const expose = ({ deliveryId, raw: bytes }: ClaimedDelivery): void => { exposed.set(deliveryId, Buffer.from(bytes).toString()); };

  const settle = async (claimed: ClaimedDelivery, outcome: AttemptOutcome): Promise<void> => {
    // Settled a second time, it is a process thought dead that speaks: what the first word was, counts.
    const attempt = `${claimed.deliveryId} ${claimed.attempt}`;
    if (!settled.has(attempt) && (outcome.kind === 'accepted' || outcome.kind === 'unknown')) expose(claimed);
    settled.add(attempt);
    await bench.journal.settleAttempt(claimed.deliveryId, claimed.attempt, outcome);
  };

  const restart = async (): Promise<void> => {
    listen();
    for (const claimed of claims) if (!settled.has(`${claimed.deliveryId} ${claimed.attempt}`)) expose(claimed);
    await bench.reopen();
    listen = bench.journal.subscribe((change) => changes.push(change));
  };

  const rate = async (): Promise<void> => {
    const events = (await bench.journal.unrated(1_000)).filter((event) => event.account === account);
    const lines = events.map(({ deliveryId, kind, organization, site, at }) => ({ deliveryId, kind, organization, site, at, ratedAt: at, amount: '0.25', currency: 'USD' }));
    expect(await bench.journal.appendLedger([...lines, ...lines])).to.have.length(lines.length);
  };

  const happen = async (event: Happening): Promise<void> => {
    const { journal } = bench;
    switch (event.is) {
      case 'result': {
        const change = { Order: { LocalId: orders[event.order] }, ResultCode: event.code, Gradings: { GradedTime: new Date(Date.UTC(2026, 0, 6) + event.serial).toISOString() } };
        await journal.acceptResult(result(change), { ...raw(), entry }, null);
        return;
      }
      case 'flow':
        for (const [index, given] of (await journal.claimFlow([entry], event.sealings.length)).entries()) {
          if (event.sealings[index]!.act === 'vanish') lost.push(given);
          else await polite(stage(given, event.sealings[index]!));
        }
        return;
      case 'late': case 'lose': {
        const [given] = lost.splice(event.which % Math.max(lost.length, 1), 1);
        if (given === undefined) return;
        if (event.is === 'late') await polite(stage(given, { act: 'seal' }));
        else await journal.releaseFlow(given.direct.id, given.direct.run, true);
        return;
      }
      case 'claim': return claim(event.limit);
      case 'settle': {
        const index = event.which % Math.max(claims.length, 1);
        const claimed = claims[index];
        if (claimed === undefined) return;
        // A claim that is kept is settled again later, by a process that is thought dead.
        if (!event.keep) claims.splice(index, 1);
        return settle(claimed, outcomeOf(event.outcome));
      }
      case 'notice': {
        const about = await pick(event.which);
        if (about === undefined || about.recipient === null) return;
        const told = notice(about.id, event.event, { kind: event.kind, recipient: about.recipient });
        for (const once of event.twice ? [told, told] : [told]) await journal.applyNotice(once);
        return;
      }
      case 'time': return bench.clock.turn(event.ms);
      case 'expire': await journal.expireDeadlines(); return;
      case 'probe': return journal.settleProbe(account, { ok: true });
      case 'pause': case 'resume': await journal.act({ ...BY, kind: event.is, account }); return;
      case 'restart': return restart();
      case 'rate': return rate();
      case 'act': {
        const about = await pick(event.which);
        if (about === undefined) return;
        const chosen = event.all ? { filter: { account } } : { ids: [about.id] };
        await journal.act({ ...BY, kind: event.kind, deliveries: chosen } as Action);
        return;
      }
      case 'redirect': {
        const about = await pick(event.which);
        if (about !== undefined) await polite(journal.act({ ...BY, kind: 'redirect', deliveryId: about.id, address: `other-${event.to}@direct.hillside.example` }));
        return;
      }
      case 'rerun': {
        const about = await pick(event.which);
        if (about !== undefined) await polite(journal.rerun({ ...BY, messageId: about.messageId, from: event.from, ...(event.only && { only: [about.id] }) }));
      }
    }
  };

  /** Everything that can go on does, with a healthy HISP. */
  const calmDown = async (): Promise<void> => {
    const { journal } = bench;
    for (const claimed of claims.splice(0)) await settle(claimed, { kind: 'accepted', response: '250' });
    for (const { direct } of lost.splice(0)) await journal.releaseFlow(direct.id, direct.run, false);
    await journal.act({ ...BY, kind: 'resume', account });
    await journal.settleProbe(account, { ok: true });
    for (let idle = 0, round = 0; idle < 3; round += 1) {
      expect(round, 'it comes to rest').to.be.below(200);
      bench.clock.turn(2_000);
      await journal.act({ ...BY, kind: 'release', deliveries: { filter: { account } } });
      const given = await journal.claimFlow([entry], 20);
      for (const one of given) await stage(one, { act: 'seal' });
      await claim(20);
      idle = given.length + claims.length === 0 ? idle + 1 : 0;
      for (const claimed of claims.splice(0)) await settle(claimed, { kind: 'accepted', response: '250' });
    }
    bench.clock.turn(2 * HOUR);
    await journal.expireDeadlines();
  };

  const check = async (): Promise<void> => {
    await rate();
    const lines = (await bench.journal.ledger()).map(({ deliveryId }) => deliveryId);
    for (const delivery of await deliveries()) {
      const { id, state, code, history, acceptedAt, mailMessageId } = delivery;
      const label = `${id} ${history.map((step) => `${step.state}${step.code === undefined ? '' : `(${step.code})`}`).join(' ')}`;
      history.slice(0, -1).forEach((step, index) => {
        if (!isTerminal(step.state)) return;
        expect(step.state, label).to.equal('UNCONFIRMED');
        expect(history[index + 1]!.state, label).to.be.oneOf(['PROCESSED', 'DELIVERED']);
      });
      expect(history.at(-1), label).to.deep.include({ state, ...(code !== null && { code }) });
      expect(lines.filter((line) => line === id), label).to.have.length(acceptedAt === null ? 0 : 1);
      expect(changes.filter((change) => change.deliveryId === id && change.chargeable), label).to.have.length(acceptedAt === null ? 0 : 1);
      // Held before it had a mail, it waits for a person; everything else has come to its end.
      if (state !== 'HELD' || mailMessageId !== null) expect(isTerminal(state), label).to.equal(true);
    }
  };

  const begin = async (): Promise<void> => {
    for (const localId of orders) await bench.journal.storeOrder(order({ Order: { LocalId: localId } }), { ...raw(), entry }, true);
  };
  return { begin, happen, calmDown, check, end: () => listen() };
};

/** Lives of messages by chance, over the real store. */
export const lifeContract = (open: OpenBench, runs: number): void => {
  describe('whatever happens in whatever order', () => {
    let bench: Bench;
    before(async () => { bench = await open(); });
    after(() => bench.end());

    it('no terminal state is left, no fee is lost or doubled, no bytes change, and everything comes to its end', async () => {
      let serial = 0;
      await fc.assert(fc.asyncProperty(fc.array(happening, { minLength: 20, maxLength: 90, size: 'max' }), async (happenings) => {
        serial += 1;
        const world = createWorld(bench, serial);
        await world.begin();
        for (const event of happenings) await world.happen(event);
        await world.calmDown();
        await world.check();
        world.end();
      }), { numRuns: runs, endOnFailure: false });
    }).timeout(600_000);
  });
};
