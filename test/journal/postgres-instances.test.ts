import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openDriver } from '../../nodes/journal/driver.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { describePostgres, type FreshSchema, freshSchema, query } from '../support/postgres.ts';
import { CLINIC } from '../support/samples.ts';
import { accepted, ACCOUNT, mailFor, order, queued, raw, recipient, result, sent, stateOf, TEST_KEY } from './fixtures.ts';

const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
};

/** Messages of different orders, ready for the flow. */
const ready = async (journal: Journal, count: number): Promise<string[]> => await Promise.all(Array.from({ length: count }, async (_, n) => {
  const number = { LocalId: `A-${n}` };
  await journal.storeOrder(order({ Order: number }), raw(`{"o":${n}}`), true);
  return (await journal.acceptResult(result({ Order: number, TransactionId: `T${n}` }), raw(`{"r":${n}}`), null)).messageId;
}));

await describePostgres('several instances on one journal on PostgreSQL', (url) => {
  let place: FreshSchema;
  let opened: Journal[] = [];
  const children: ChildProcess[] = [];
  const open = async (): Promise<Journal> => {
    const journal = await openDriver({ kind: 'postgres', url, backend: 'postgres', schema: place.schema }, { key: TEST_KEY, demo: true, now: Date.now });
    opened.push(journal);
    return journal;
  };
  /** A process of its own that claims by `code` and then does nothing. Resolves to what it says. */
  const holder = async (code: string): Promise<{ child: ChildProcess; said: unknown }> => {
    const script = `
      import { openDriver } from ${JSON.stringify(new URL('../../nodes/journal/driver.ts', import.meta.url).href)};
      const journal = await openDriver({ kind: 'postgres', url: ${JSON.stringify(url)}, backend: 'postgres', schema: ${JSON.stringify(place.schema)} },
        { key: new Uint8Array(${JSON.stringify([...TEST_KEY])}), demo: true, now: Date.now });
      console.log(JSON.stringify(await ${code}));
      setInterval(() => journal.counts(), 500);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = await once(createInterface(child.stdout), 'line') as [string];
    return { child, said: JSON.parse(line) };
  };

  beforeEach(() => { place = freshSchema(url); });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(opened.map((journal) => journal.close()));
    opened = [];
    await place.drop();
  });

  it('let results that wait go once, also when their orders come at that very moment', async function () {
    this.timeout(90_000).slow(30_000);
    const [one, other] = [await open(), await open()];
    const numbers = Array.from({ length: 12 }, (_, n) => ({ LocalId: `W-${n}` }));
    const waiting = await Promise.all(numbers.map(async (number) =>
      (await one.acceptResult(result({ Order: number }), { ...raw(), entry: 'mine' }, CLINIC)).messageId));
    const expire = async (journal: Journal): Promise<number> => {
      let stoodIn = 0;
      for (let more = true; more;) {
        const outcome = await journal.expireWaiting({ waitMs: 0, standIn: CLINIC, entries: ['mine'] });
        [stoodIn, more] = [stoodIn + outcome.stoodIn, outcome.more];
      }
      return stoodIn;
    };
    const store = async (number: object): Promise<number> => (await other.storeOrder(order({ Order: number }), raw(), true)).released.length;
    const [sums, released] = await Promise.all([Promise.all([expire(one), expire(other), expire(one)]), Promise.all(numbers.map(store))]);
    expect([...sums, ...released].reduce((all, some) => all + some, 0)).to.equal(waiting.length);
    const claimed = (await one.claimFlow(['mine'], 50)).map(({ direct }) => direct.id);
    expect(claimed.toSorted()).to.deep.equal(waiting.toSorted());
    expect(await query(url, `SELECT 1 FROM ${place.schema}.orders WHERE state = 'replaced'`)).to.have.length(sums[0] + sums[1] + sums[2]);
  });

  it('share the work: everything goes through once, nothing is claimed twice', async function () {
    this.timeout(90_000).slow(30_000);
    const journals = [await open(), await open()];
    const ids = await ready(journals[0]!, 40);
    const [flows, sends]: [string[], string[]] = [[], []];
    await Promise.all(journals.flatMap((journal) => [0, 1].map(async () => {
      while (flows.length < ids.length) {
        for (const { direct } of await journal.claimFlow([''], 3)) {
          flows.push(direct.id);
          const [planned] = await journal.planRecipients(direct.id, [recipient()], direct.run);
          await journal.enqueue(mailFor(planned!.id!), direct.run);
        }
      }
      while (sends.length < ids.length) {
        for (const { deliveryId, attempt } of await journal.claimDue([ACCOUNT], 3)) {
          sends.push(deliveryId);
          await journal.settleAttempt(deliveryId, attempt, accepted);
        }
      }
    })));
    expect(flows.toSorted()).to.deep.equal(ids.toSorted());
    expect(new Set(sends).size).to.equal(ids.length);
    expect(await journals[1]!.counts()).to.deep.include({ deliveries: { SENT: 40 }, unrated: 40 });
    expect(await journals[0]!.unrated(100)).to.have.length(40);
    expect(await query(url, `SELECT 1 FROM ${place.schema}_jobs.job WHERE singleton_key IS NOT NULL`)).to.deep.equal([]);
  });

  it('one hears of another\'s work when it is committed', async () => {
    const [one, other] = [await open(), await open()];
    const heard = new Promise((resolve) => { other.subscribeWork(resolve); });
    await ready(one, 1);
    expect(await heard).to.equal('flow');
    expect(await other.claimFlow([''], 10)).to.have.length(1);
  });

  it('what a killed one had in hand is finished by another, under the next attempt; what it would still say counts no more', async function () {
    this.timeout(120_000).slow(60_000);
    const journal = await open();
    const { deliveryId } = await queued(journal);
    const sending = await holder(`journal.claimDue(['${ACCOUNT}'], 10)`);
    const [inFlow] = await ready(journal, 1);
    const flowing = await holder(`journal.claimFlow([''], 10)`);
    expect(sending.said).to.have.length(1);
    expect((flowing.said as { direct: { id: string; run: number } }[]).find(({ direct }) => direct.id === inFlow)?.direct.run).to.equal(1);
    sending.child.kill('SIGKILL');
    flowing.child.kill('SIGKILL');
    const [claim] = await until(async () => { const claims = await journal.claimDue([ACCOUNT], 10); return claims.length > 0 ? claims : undefined; });
    expect(claim).to.include({ deliveryId, attempt: 2, tries: 2 });
    expect(await journal.settleAttempt(deliveryId, 1, accepted)).to.equal(null);
    expect(await journal.settleAttempt(deliveryId, 2, accepted)).to.include({ state: 'SENT' });
    const again = await until(async () => (await journal.claimFlow([''], 10)).find(({ direct }) => direct.id === inFlow));
    expect(again.direct.run).to.equal(2);
    expect((await journal.delivery(deliveryId))!.attempts.map(({ number, code }) => [number, code])).to.deep.equal([[1, 'HISP_UNKNOWN'], [2, null]]);
  });

  it('one that only looked dead settles what nobody has taken over, and nothing else', async () => {
    const [one, other] = [await open(), await open()];
    const { deliveryId } = await queued(one);
    const [claim] = await one.claimDue([ACCOUNT], 1);
    // As the supervisor does when signs of life are missing.
    await query(url, `UPDATE ${place.schema}_jobs.job SET state = 'retry', heartbeat_on = NULL WHERE state = 'active' AND singleton_key IS NOT NULL`);
    expect(await one.settleAttempt(deliveryId, claim!.attempt, accepted)).to.include({ state: 'SENT' });
    expect(await other.claimDue([ACCOUNT], 10)).to.deep.equal([]);
    expect(await stateOf(other, deliveryId)).to.equal('SENT');
    expect(await other.unrated(10)).to.have.length(1);
  });

  it('that have another key are refused', async () => {
    await (await open()).close();
    const fault = await openDriver({ kind: 'postgres', url, backend: 'postgres', schema: place.schema }, { key: new Uint8Array(32), demo: true, now: Date.now })
      .then(() => null, (error: unknown) => error);
    expect(fault).to.have.property('code', 'KEY_WRONG');
  });

  it('let somebody read who changes nothing', async () => {
    const read = () => openDriver({ kind: 'postgres', url, backend: 'postgres', schema: place.schema }, { key: TEST_KEY, demo: true, now: Date.now }, true);
    const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'went through', (error: { code?: unknown }) => error.code);
    expect(await codeOf(read())).to.equal('JOURNAL_OLDER');
    expect(await query(url, 'SELECT 1 FROM pg_namespace WHERE nspname LIKE $1', [`${place.schema}%`])).to.deep.equal([]);
    const journal = await open();
    const { deliveryId } = await queued(journal);
    const reader = await read();
    opened.push(reader);
    expect(await stateOf(reader, deliveryId)).to.equal('QUEUED');
    expect(Buffer.from((await reader.mail(deliveryId))!).toString()).to.equal(`sealed ${deliveryId}`);
    expect(await reader.verify()).to.deep.include({ ok: true });
    expect(await codeOf(reader.claimDue([ACCOUNT], 1))).to.equal('JOURNAL_READ_ONLY');
    expect(await journal.claimDue([ACCOUNT], 1)).to.have.length(1);
  });

  describe('whose tickets were lost', () => {
    it('find everything again: waiting, queued, and held by somebody who is gone', async function () {
      this.timeout(60_000).slow(30_000);
      const first = await open();
      const [running, waiting] = await ready(first, 2);
      const [claimed] = await first.claimFlow([''], 1);
      expect([running, waiting]).to.include(claimed!.direct.id);
      const { deliveryId: sending } = await queued(first);
      expect(await first.claimDue([ACCOUNT], 10)).to.have.length(1);
      await query(url, `DROP SCHEMA ${place.schema}_jobs CASCADE`);
      const other = await open();
      const flows = await other.claimFlow([''], 10);
      expect(flows.map(({ direct }) => direct.id)).to.include.members([running, waiting]);
      expect(flows.find(({ direct }) => direct.id === claimed!.direct.id)!.direct.run).to.equal(2);
      expect(await other.claimDue([ACCOUNT], 10)).to.have.nested.property('[0]').that.includes({ deliveryId: sending, attempt: 2 });
      expect(await other.claimFlow([''], 10)).to.deep.equal([]);
    });

    it('find again what somebody has cancelled in the job engine', async () => {
      const first = await open();
      const { deliveryId } = await queued(first);
      await first.claimDue([ACCOUNT], 1);
      await query(url, `UPDATE ${place.schema}_jobs.job SET state = 'cancelled', completed_on = now() WHERE singleton_key IS NOT NULL`);
      const other = await open();
      const [claim] = await other.claimDue([ACCOUNT], 1);
      expect(claim).to.include({ deliveryId, attempt: 2 });
      expect(await first.settleAttempt(deliveryId, 1, accepted)).to.equal(null);
      expect(await other.settleAttempt(deliveryId, 2, accepted)).to.include({ state: 'SENT' });
    });

    it('give none to what needs none', async () => {
      const first = await open();
      await sent(first);
      await first.close();
      const other = await open();
      expect(await query(url, `SELECT 1 FROM ${place.schema}_jobs.job WHERE name LIKE 'send.%'`)).to.deep.equal([]);
      expect(await other.claimDue([ACCOUNT], 10)).to.deep.equal([]);
    });

    it('look at a delivery only when it has been due for a while, and once', async () => {
      const first = await open();
      const { deliveryId } = await queued(first);
      const tickets = () => query(url, `SELECT singleton_key AS id FROM ${place.schema}_jobs.job WHERE name LIKE 'send.%'`);
      await query(url, `DELETE FROM ${place.schema}_jobs.job`);
      await open();
      expect(await tickets()).to.deep.equal([]);
      await query(url, `UPDATE ${place.schema}.delivery SET next_attempt_at = next_attempt_at - 31000`);
      await open();
      await open();
      expect(await tickets()).to.deep.equal([{ id: deliveryId }]);
    });
  });
});
