import { expect } from 'chai';
import pg from 'pg';
import { openDriver } from '../../nodes/journal/driver.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { describePostgres, type FreshSchema, freshSchema, query } from '../support/postgres.ts';
import { ACCOUNT, mailFor, notice, order, raw, recipient, result, sent, TEST_KEY } from './fixtures.ts';

/** A delivery of its own in the queue: of another order, or of the same one after the others. */
const queue = async (journal: Journal, localId: string, plan = ''): Promise<string> => {
  await journal.storeOrder(order({ Order: { LocalId: localId } }), raw(), true);
  const change = { ResultCode: 'A', Order: { LocalId: localId }, Gradings: { CarePlanName: plan } };
  const { messageId } = await journal.acceptResult(result(change), raw(), null);
  const [planned] = await journal.planRecipients(messageId, [recipient()]);
  await journal.enqueue(mailFor(planned!.id!));
  return planned!.id!;
};

await describePostgres('tickets and transactions that meet on PostgreSQL', (url) => {
  let place: FreshSchema;
  let journal: Journal;

  beforeEach(async () => {
    place = freshSchema(url);
    journal = await openDriver({ kind: 'postgres', url, backend: 'postgres', schema: place.schema }, { key: TEST_KEY, demo: true, now: Date.now });
  });
  afterEach(async () => {
    await journal.close();
    await place.drop();
  });

  it('the tickets of a stuck lane cost another delivery no turn', async () => {
    const stuck = await queue(journal, 'A1');
    await journal.act({ kind: 'hold', deliveries: { ids: [stuck] }, actor: 'Pat', reason: 'asked' });
    for (let n = 0; n < 12; n += 1) await queue(journal, 'A1', `${n}`);
    const free = await queue(journal, 'B1');
    expect((await journal.claimDue([ACCOUNT], 2)).map(({ deliveryId }) => deliveryId)).to.deep.equal([free]);
  });

  it('a deadline that is moved while a notification is settled stays moved', async () => {
    const { deliveryId } = await sent(journal);
    const { deadlineAt } = (await journal.delivery(deliveryId))!;
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    try {
      await other.query(`SET search_path TO ${place.schema}; BEGIN; UPDATE delivery SET deadline_at = deadline_at + 5000`);
      const settling = journal.applyNotice(notice(deliveryId, 'processed'));
      const [{ pid }] = (await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows as [{ pid: number }];
      const isWaitedFor = async (): Promise<boolean> =>
        (await query(url, 'SELECT 1 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))', [pid])).length > 0;
      while (!await isWaitedFor()) await new Promise((resolve) => { setTimeout(resolve, 20); });
      await other.query('COMMIT');
      await settling;
    } finally {
      await other.end();
    }
    expect((await journal.delivery(deliveryId))!.deadlineAt).to.equal(deadlineAt! + 5_000);
  });
});
