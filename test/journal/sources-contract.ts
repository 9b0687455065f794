import { expect } from 'chai';
import { ACCOUNT, accepted, type Bench, DEADLINE, mailFor, notice, type OpenBench, order, raw, recipient, result, stateOf } from './fixtures.ts';

const MINUTE = 60_000;

/** How the clocks of notifications stand still while their source is down. */
export const sourcesContract = (open: OpenBench): void => {
  describe('sources of notifications', () => {
    let bench: Bench;
    let serial = 0;
    beforeEach(async () => { bench = await open(); });
    afterEach(() => bench.end());

    /** A delivery of this sender that the HISP takes now. */
    const sentBy = async (from = 'results@direct.courier.example', account = ACCOUNT): Promise<string> => {
      const localId = `D${++serial}`;
      await bench.journal.storeOrder(order({ Order: { LocalId: localId } }), raw(), true);
      const { ready } = await bench.journal.acceptResult(result({ Order: { LocalId: localId } }), raw(), null);
      const [planned] = await bench.journal.planRecipients(ready!.direct.id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!, { from, account }));
      const [claim] = await bench.journal.claimDue([account], 1);
      await bench.journal.settleAttempt(planned!.id!, claim!.attempt, accepted);
      return planned!.id!;
    };
    /** Time passes with these sources giving signs of life. */
    const alive = async (ms: number, ...sources: [string, string[]][]) => {
      for (let left = ms; left > 0; left -= 25_000) {
        bench.clock.turn(Math.min(left, 25_000));
        for (const [id, domains] of sources) await bench.journal.sourceUp(id, domains);
      }
    };
    const deadlineOf = async (id: string) => (await bench.journal.delivery(id))!.deadlineAt! - bench.clock.now();
    const expired = async () => (await bench.journal.expireDeadlines()).map(({ deliveryId }) => deliveryId);

    it('without any source the clock just runs', async () => {
      const id = await sentBy();
      bench.clock.turn(DEADLINE);
      expect(await expired()).to.deep.equal([id]);
    });

    it('with its source up it runs', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      await alive(DEADLINE, ['r', []]);
      expect(await expired()).to.deep.equal([id]);
    });

    it('while its source says nothing it stands still, and goes on where it stood', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      await alive(10 * MINUTE, ['r', []]);
      bench.clock.turn(5 * DEADLINE);
      expect(await expired()).to.deep.equal([]);
      expect(await bench.journal.nextWake([])).to.equal(null);
      await bench.journal.sourceUp('r', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE - 10 * MINUTE);
      expect(await bench.journal.nextWake([])).to.equal(bench.clock.now() + DEADLINE - 10 * MINUTE);
      expect(await expired()).to.deep.equal([]);
      await alive(DEADLINE - 10 * MINUTE, ['r', []]);
      expect(await expired()).to.deep.equal([id]);
    });

    it('said to be down it stands still from then on, also over a restart', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      await alive(10 * MINUTE, ['r', []]);
      await bench.journal.sourceDown('r', false);
      bench.clock.turn(MINUTE);
      await bench.journal.sourceDown('r', false);
      await bench.reopen();
      bench.clock.turn(DEADLINE);
      expect(await expired()).to.deep.equal([]);
      await bench.journal.sourceUp('r', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE - 10 * MINUTE);
      await bench.journal.sourceUp('r', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE - 10 * MINUTE);
    });

    it('what was accepted meanwhile has its whole time', async () => {
      await bench.journal.sourceUp('r', []);
      await bench.journal.sourceDown('r', false);
      bench.clock.turn(30 * MINUTE);
      const id = await sentBy();
      bench.clock.turn(2 * DEADLINE);
      await bench.journal.sourceUp('r', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE);
    });

    it('deliveries over an account with a mailbox have no other source: its silence stops them and no others, its return moves them and no others', async () => {
      await bench.journal.sourceUp('listener', []);
      await bench.journal.sourceUp('mailbox', [], ACCOUNT);
      const [ours, other] = [await sentBy(), await sentBy('results@direct.courier.example', 'another')];
      await alive(10 * MINUTE, ['listener', []]);
      await alive(DEADLINE, ['listener', []]);
      expect(await expired(), 'the listener cannot tell of what lies in the mailbox').to.deep.equal([other]);
      await bench.journal.sourceUp('mailbox', [], ACCOUNT);
      expect(await deadlineOf(ours)).to.equal(DEADLINE);
      for (let left = DEADLINE; left > 0; left -= 25_000) {
        bench.clock.turn(Math.min(left, 25_000));
        await bench.journal.sourceUp('mailbox', [], ACCOUNT);
      }
      expect(await expired(), 'the listener is silent now').to.deep.equal([ours]);
    });

    it('a mailbox that is up is nothing to deliveries over other accounts', async () => {
      await bench.journal.sourceUp('listener', []);
      const other = await sentBy('results@direct.courier.example', 'another');
      for (let minutes = 0; minutes < 2 * DEADLINE / MINUTE; minutes += 1) {
        bench.clock.turn(MINUTE);
        await bench.journal.sourceUp('mailbox', [], ACCOUNT);
      }
      expect(await expired()).to.deep.equal([]);
      await bench.journal.sourceUp('listener', []);
      expect(await deadlineOf(other)).to.equal(DEADLINE);
    });

    it('a notification that waited at the source still counts', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      bench.clock.turn(3 * DEADLINE);
      await bench.journal.expireDeadlines();
      await bench.journal.sourceUp('r', []);
      for (const event of ['processed', 'dispatched'] as const) await bench.journal.applyNotice(notice(id, event));
      expect(await stateOf(bench.journal, id)).to.equal('DELIVERED');
    });

    it('a source serves the senders of its domains, exactly', async () => {
      await bench.journal.sourceUp('r', [' Direct.Courier.Example ']);
      const [own, upper, sub, other] = [
        await sentBy(), await sentBy('Results@DIRECT.courier.EXAMPLE'), await sentBy('x@sub.direct.courier.example'), await sentBy('x@elsewhere.example')];
      bench.clock.turn(DEADLINE);
      expect((await expired()).sort()).to.deep.equal([sub, other].sort());
      await bench.journal.sourceUp('r', ['direct.courier.example']);
      expect([await deadlineOf(own), await deadlineOf(upper)]).to.deep.equal([DEADLINE, DEADLINE]);
    });

    it('one of two sources is enough', async () => {
      await bench.journal.sourceUp('a', ['direct.courier.example']);
      await bench.journal.sourceUp('b', []);
      const id = await sentBy();
      await bench.journal.sourceDown('a', false);
      await alive(30 * MINUTE, ['b', []]);
      await bench.journal.sourceUp('a', ['direct.courier.example']);
      expect(await deadlineOf(id)).to.equal(30 * MINUTE);
      await bench.journal.sourceDown('b', false);
      await alive(30 * MINUTE, ['a', ['direct.courier.example']]);
      expect(await expired()).to.deep.equal([id]);
    });

    it('with both down it stands still from the second one\'s end to the first one\'s return', async () => {
      await bench.journal.sourceUp('a', []);
      await bench.journal.sourceUp('b', []);
      const id = await sentBy();
      await bench.journal.sourceDown('a', false);
      await alive(20 * MINUTE, ['b', []]);
      await bench.journal.sourceDown('b', false);
      bench.clock.turn(DEADLINE);
      await bench.journal.sourceUp('a', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE - 20 * MINUTE);
      await alive(10 * MINUTE, ['a', []]);
      await bench.journal.sourceUp('b', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE - 30 * MINUTE);
    });

    it('a second instance that keeps the source up is enough', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      for (let n = 0; n < 6; n += 1) {
        bench.clock.turn(5_000);
        await bench.journal.sourceDown('r', false);
        bench.clock.turn(5_000);
        await bench.journal.sourceUp('r', []);
      }
      expect(await deadlineOf(id)).to.equal(DEADLINE - 30_000);
    });

    it('a source that is no more holds up nothing: clocks run on from where they stood', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      await bench.journal.sourceDown('r', false);
      bench.clock.turn(2 * DEADLINE);
      await bench.journal.sourceDown('r', true);
      expect(await expired()).to.deep.equal([]);
      expect(await deadlineOf(id)).to.equal(DEADLINE);
      bench.clock.turn(DEADLINE);
      expect(await expired()).to.deep.equal([id]);
      await bench.journal.sourceDown('r', true);
      await bench.journal.sourceDown('never', false);
    });

    it('another source in its place counts as its return', async () => {
      await bench.journal.sourceUp('old', ['direct.courier.example']);
      const id = await sentBy();
      bench.clock.turn(2 * DEADLINE);
      await bench.journal.sourceUp('new', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE);
    });

    it('a source that serves another domain from now on leaves the clocks of the first running', async () => {
      await bench.journal.sourceUp('r', ['direct.courier.example']);
      const id = await sentBy();
      await bench.journal.sourceDown('r', false);
      bench.clock.turn(2 * DEADLINE);
      await bench.journal.sourceUp('r', ['elsewhere.example']);
      expect(await deadlineOf(id)).to.equal(DEADLINE);
      bench.clock.turn(DEADLINE);
      expect(await expired()).to.deep.equal([id]);
    });

    it('a clock that goes back or forth an hour costs nobody time', async () => {
      await bench.journal.sourceUp('r', []);
      const id = await sentBy();
      bench.clock.turn(-60 * MINUTE);
      await bench.journal.sourceUp('r', []);
      expect(await deadlineOf(id)).to.equal(DEADLINE + 60 * MINUTE);
      bench.clock.turn(60 * MINUTE);
      await bench.journal.sourceUp('r', []);
      expect(await deadlineOf(id)).to.be.at.least(DEADLINE);
    });

    it('a domain that is none is refused, and means neither all nor something in SQL', async () => {
      const refused = async (domain: string) => bench.journal.sourceUp('r', ['direct.courier.example', domain]).then(() => 'none', ({ code }: { code: string }) => code);
      for (const domain of ['', '%', '_.example', `x' OR '1'='1`, 'a b.example', 'x.example\u0000', '-x.example', 'é.example', 'a'.repeat(300)]) {
        expect(await refused(domain), domain).to.equal('REQUEST_INVALID');
      }
      const id = await sentBy();
      bench.clock.turn(DEADLINE);
      expect(await expired()).to.deep.equal([id]);
    });
  });
};
