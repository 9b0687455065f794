import { expect } from 'chai';
import type { Journal } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, type Bench, mailFor, type OpenBench, queued, raw, recipient, result, stateOf } from './fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BY = { actor: 'ops', reason: 'maintenance' } as const;

/** Another delivery of the same order, to somebody else. */
const another = async (journal: Journal, address: string): Promise<string> => {
  const { ready } = await journal.acceptResult(result({ ResultCode: 'A', Gradings: { CarePlanName: address } }), raw(), null);
  const [planned] = await journal.planRecipients(ready!.direct.id, [recipient({ address })]);
  await journal.enqueue(mailFor(planned!.id!, { to: address }));
  return planned!.id!;
};

/** Accounts at fault: their queue, their incident, their probes. */
export const accountsContract = (open: OpenBench): void => {
  describe('accounts at fault', () => {
    let bench: Bench;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());
    const claim = async (limit = 10) => bench.journal.claimDue([ACCOUNT], limit);
    const fault = (probeAt = bench.clock.now() + MINUTE, code = 'HISP_LOGIN') => ({ kind: 'account', code, response: '535 5.7.8 no', probeAt }) as const;
    const account = async () => (await bench.journal.accounts()).find(({ name }) => name === ACCOUNT)!;
    const broken = async () => {
      const { deliveryId } = await queued(bench.journal);
      const [{ attempt } = { attempt: 0 }] = await claim();
      await bench.journal.settleAttempt(deliveryId, attempt, fault());
      return deliveryId;
    };

    it('the account stands still, the delivery goes back uncounted, one incident is open', async () => {
      const deliveryId = await broken();
      expect(await stateOf(bench.journal, deliveryId)).to.equal('QUEUED(HISP_LOGIN)');
      bench.clock.turn(HOUR);
      expect(await claim()).to.deep.equal([]);
      expect(await account()).to.deep.equal({
        name: ACCOUNT, paused: null, queued: 1,
        fault: { since: bench.clock.now() - HOUR, code: 'HISP_LOGIN', probes: 0, nextProbeAt: bench.clock.now() - HOUR + MINUTE } });
      const [incident, ...more] = await bench.journal.incidents();
      expect(more).to.deep.equal([]);
      expect(incident).to.include({ account: ACCOUNT, code: 'HISP_LOGIN', openedAt: bench.clock.now() - HOUR, resolvedAt: null, probes: 0, response: '535 5.7.8 no' });
      expect((await bench.journal.delivery(deliveryId))!.attempts.map(({ code }) => code)).to.deep.equal(['HISP_LOGIN']);
    });

    it('further faults while it stands still bring the one incident up to date', async () => {
      await queued(bench.journal);
      await another(bench.journal, 'two@direct.lakeside.example');
      const claims = await claim();
      expect(claims).to.have.length(2);
      const [one, two] = claims;
      await bench.journal.settleAttempt(one!.deliveryId, one!.attempt, fault());
      bench.clock.turn(1_000);
      await bench.journal.settleAttempt(two!.deliveryId, two!.attempt, fault(bench.clock.now() + HOUR, 'HISP_UNREACHABLE'));
      expect(await bench.journal.incidents()).to.have.length(1);
      expect((await bench.journal.incidents())[0]).to.include({ code: 'HISP_UNREACHABLE', openedAt: bench.clock.now() - 1_000 });
      expect((await account()).fault).to.include({ nextProbeAt: bench.clock.now() - 1_000 + MINUTE, code: 'HISP_UNREACHABLE' });
    });

    it('a due probe is handed out once; after a minute without an answer again', async () => {
      await broken();
      expect(await bench.journal.claimProbes([ACCOUNT])).to.deep.equal([]);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(bench.clock.now() + MINUTE);
      bench.clock.turn(MINUTE);
      expect(await bench.journal.claimProbes(['other'])).to.deep.equal([]);
      const claims = await Promise.all([bench.journal.claimProbes([ACCOUNT]), bench.journal.claimProbes([ACCOUNT, 'other'])]);
      expect(claims.flat()).to.deep.equal([{ account: ACCOUNT, probes: 0, at: bench.clock.now() }]);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(bench.clock.now() + MINUTE);
      bench.clock.turn(MINUTE);
      expect(await bench.journal.claimProbes([ACCOUNT])).to.have.length(1);
    });

    it('a probe that fails counts, and the next one is due when it says', async () => {
      await broken();
      const probeAt = bench.clock.now() + HOUR;
      await bench.journal.settleProbe(ACCOUNT, { ok: false, code: 'HISP_TLS', response: 'bad certificate', probeAt });
      expect((await account()).fault).to.include({ code: 'HISP_TLS', probes: 1, nextProbeAt: probeAt });
      expect((await bench.journal.incidents())[0]).to.include({ code: 'HISP_TLS', probes: 1, response: 'bad certificate', resolvedAt: null });
      expect(await claim()).to.deep.equal([]);
      bench.clock.turn(HOUR);
      expect(await bench.journal.claimProbes([ACCOUNT])).to.deep.equal([{ account: ACCOUNT, probes: 1, at: bench.clock.now() }]);
    });

    it('a probe that succeeds resolves the incident; what waited has not aged', async () => {
      const deliveryId = await broken();
      const before = bench.clock.now();
      bench.clock.turn(HOUR);
      const late = await another(bench.journal, 'two@direct.lakeside.example');
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      expect((await account()).fault).to.equal(null);
      expect((await bench.journal.incidents())[0]).to.include({ resolvedAt: bench.clock.now(), probes: 1 });
      expect(await bench.journal.incidents({ open: true })).to.deep.equal([]);
      expect(await bench.journal.incidents({ open: false, account: ACCOUNT })).to.have.length(1);
      const claims = Object.fromEntries((await claim()).map((claimed) => [claimed.deliveryId, claimed]));
      expect(claims[deliveryId]).to.include({ attempt: 2, tries: 1, ageFrom: before + 2 * HOUR });
      expect(claims[late]).to.include({ tries: 1, ageFrom: before + 2 * HOUR });
    });

    it('an age before the fault counts on after it', async () => {
      const { deliveryId } = await queued(bench.journal);
      const sealedAt = bench.clock.now();
      bench.clock.turn(3 * HOUR);
      const [first] = await claim();
      await bench.journal.settleAttempt(deliveryId, first!.attempt, fault());
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      const [second] = await claim();
      expect(second!.ageFrom).to.equal(sealedAt + HOUR);
    });

    it('recovery settled twice is one recovery, and the next fault is an incident of its own', async () => {
      const deliveryId = await broken();
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      const [first] = await claim();
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      await bench.journal.settleProbe(ACCOUNT, { ok: false, code: 'HISP_TLS', response: '', probeAt: 0 });
      expect((await account()).fault).to.equal(null);
      await bench.journal.settleAttempt(deliveryId, first!.attempt, fault());
      expect((await bench.journal.incidents()).map(({ resolvedAt }) => resolvedAt === null)).to.deep.equal([true, false]);
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      expect((await claim())[0]).to.include({ ageFrom: first!.ageFrom + HOUR });
    });

    it('paused and at fault at once, time is taken off once, and nothing is probed while a person has it paused', async () => {
      const deliveryId = await broken();
      const before = bench.clock.now();
      bench.clock.turn(HOUR);
      await bench.journal.act({ ...BY, kind: 'pause', account: ACCOUNT });
      bench.clock.turn(HOUR);
      expect(await bench.journal.claimProbes([ACCOUNT])).to.deep.equal([]);
      expect(await bench.journal.nextWake([ACCOUNT])).to.equal(null);
      await bench.journal.act({ ...BY, kind: 'resume', account: ACCOUNT });
      expect(await claim()).to.deep.equal([]);
      expect(await bench.journal.claimProbes([ACCOUNT])).to.have.length(1);
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      const [claimed] = await claim();
      expect(claimed).to.include({ deliveryId, ageFrom: before + 3 * HOUR });
    });

    it('recovered while a person has it paused, it waits for the person', async () => {
      const deliveryId = await broken();
      const before = bench.clock.now();
      await bench.journal.act({ ...BY, kind: 'pause', account: ACCOUNT });
      bench.clock.turn(HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      expect(await claim()).to.deep.equal([]);
      bench.clock.turn(HOUR);
      await bench.journal.act({ ...BY, kind: 'resume', account: ACCOUNT });
      expect((await claim())[0]).to.include({ deliveryId, ageFrom: before + 2 * HOUR });
    });

    it('an account that a fault hits is still at fault after a restart', async () => {
      await broken();
      await bench.reopen();
      expect(await claim()).to.deep.equal([]);
      expect(await bench.journal.incidents({ open: true })).to.have.length(1);
    });

    it('a clock that goes back during a fault makes nothing older or younger', async () => {
      const deliveryId = await broken();
      const before = bench.clock.now();
      bench.clock.turn(-HOUR);
      await bench.journal.settleProbe(ACCOUNT, { ok: true });
      bench.clock.turn(HOUR);
      const [claimed] = await claim();
      expect(claimed).to.include({ deliveryId, ageFrom: before });
      await bench.journal.settleAttempt(deliveryId, claimed!.attempt, accepted);
      expect(await stateOf(bench.journal, deliveryId)).to.equal('SENT');
    });

    it('one account\'s fault leaves the others alone', async () => {
      await broken();
      const { ready } = await bench.journal.acceptResult(result({ ResultCode: 'A', Gradings: { CarePlanName: 'x' } }), raw(), null);
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient({ address: 'o@direct.lakeside.example' })]);
      await bench.journal.enqueue(mailFor(planned!.id!, { account: 'other', to: 'o@direct.lakeside.example' }));
      expect((await bench.journal.claimDue([ACCOUNT, 'other'], 9)).map(({ deliveryId }) => deliveryId)).to.deep.equal([planned!.id]);
      expect((await bench.journal.accounts()).map(({ name, queued: n }) => [name, n])).to.deep.equal([[ACCOUNT, 1], ['other', 0]]);
    });
  });
};
