import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import type { DeliveryRecord, InputRecord, Journal, LedgerLine, MessageRecord } from '../../nodes/journal/port.ts';
import { ACCOUNT, openFile } from './fixtures.ts';

/** What the version told of its journal when it made it. */
interface Told { messages: Partial<MessageRecord>[]; deliveries: DeliveryRecord[]; inputs: InputRecord[]; ledger: LedgerLine[]; counts: object }

const old = (name: string): URL => new URL(`./old/${name}`, import.meta.url);

/** What a patient's data in the fixture looks like on the disk. */
const IN_THE_CLEAR = ['Testpatient', '<patientRole', '%PDF-', 'Gradings'];

/** A copy in a folder of its own, and what its version told of it. */
const unpack = async (version: string): Promise<{ folder: string; file: string; told: Told }> => {
  const folder = await mkdtemp(join(tmpdir(), 'courier-old-'));
  const file = join(folder, 'journal.sqlite');
  await writeFile(file, gunzipSync(await readFile(old(`${version}.sqlite.gz`))));
  return { folder, file, told: JSON.parse(await readFile(old(`${version}.json`), 'utf8')) as Told };
};

describe('the journal of version 0.1.0', () => {
  let folder: string;
  let file: string;
  let told: Told;

  beforeEach(async () => {
    ({ folder, file, told } = await unpack('0.1.0'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** As left behind by a process that was killed, not by a demo that had come to rest. */
  const disturb = (sql: string): void => {
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
  };

  const opened = async (work: (journal: Journal) => Promise<void>): Promise<void> => {
    const journal = await openFile(file);
    try {
      await work(journal);
    } finally {
      await journal.close();
    }
  };

  it('holds what could tell of a patient in the clear before, and nothing of it after', async () => {
    const before = (await readFile(file)).toString('latin1');
    expect(IN_THE_CLEAR.filter((text) => before.includes(text))).to.deep.equal(IN_THE_CLEAR);
    await opened(async () => undefined);
    const after = (await readFile(file)).toString('latin1');
    expect(IN_THE_CLEAR.filter((text) => after.includes(text))).to.deep.equal([]);
    expect(after).to.not.include('MRN');
  });

  it('tells of every input, message, delivery and fee what it told before', async () => {
    await opened(async (journal) => {
      const known = new Set(Object.keys(told.messages[0]!));
      const messages = (await journal.messages()).map((record) => Object.fromEntries(Object.entries(record).filter(([key]) => known.has(key))));
      expect(messages).to.deep.equal(told.messages);
      const fields = new Set(Object.keys(told.deliveries[0]!));
      const deliveries = (await journal.deliveries()).map((record) => Object.fromEntries(Object.entries(record).filter(([key]) => fields.has(key))));
      expect(deliveries).to.deep.equal(told.deliveries);
      expect(await journal.inputs()).to.deep.equal(told.inputs);
      expect(await journal.ledger()).to.deep.equal(told.ledger);
      expect(await journal.counts()).to.deep.equal(told.counts);
      expect(await journal.alerts({ all: true })).to.deep.equal([]);
      expect(await journal.claimHandoffs('n1', [], true, 9)).to.deep.equal({ handoffs: [], nextAt: null });
    });
  });

  it('has every content still, and knows repetitions', async () => {
    await opened(async (journal) => {
      for (const { id } of await journal.inputs()) expect((await journal.rawInput(id))!.byteLength).to.be.greaterThan(100);
      for (const { id, mailMessageId } of told.deliveries) expect(await journal.mail(id) !== null, id).to.equal(mailMessageId !== null);
      const done = told.messages.find(({ state }) => state === 'DONE')!;
      expect(Buffer.from((await journal.report(done.id!))!).toString('latin1', 0, 5)).to.equal('%PDF-');
      expect(Buffer.from((await journal.latestDocument(done.id!))!.data).toString()).to.include('<ClinicalDocument');
      expect((await journal.readyMessage(done.id!))!.order.localId).to.equal(done.orderLocalId);
    });
  });

  it('goes on with what was queued, being sent, and in the flow', async () => {
    const [one, two] = told.deliveries.filter(({ mailMessageId }) => mailMessageId !== null);
    const inFlow = told.messages.find(({ id }) => id !== one!.messageId && id !== two!.messageId)!;
    disturb(`DELETE FROM attempt WHERE delivery_id = '${one!.id}';
      UPDATE delivery SET state = 'QUEUED', attempt = 0, next_attempt_at = 1, accepted_at = NULL WHERE id = '${one!.id}';
      UPDATE delivery SET state = 'SENDING', accepted_at = NULL WHERE id = '${two!.id}';
      UPDATE message SET state = 'RECEIVED', code = NULL WHERE id = '${inFlow.id}';`);
    await opened(async (journal) => {
      expect((await journal.claimFlow(['order-in'], 9)).map(({ direct }) => direct.id)).to.deep.equal([inFlow.id]);
      const claims = await journal.claimDue([one!.account!, ACCOUNT], 9);
      expect(claims.map(({ deliveryId }) => deliveryId)).to.include(two!.id);
      expect((await journal.delivery(one!.id))!.state).to.be.oneOf(['SENDING', 'RESOLVING']);
    });
  });

  it('is brought over wholly or not at all', async () => {
    disturb(`UPDATE message SET result = 'no json' WHERE id = '${told.messages.at(-1)!.id}'`);
    const before = await readFile(file);
    expect(await openFile(file).then(() => null, (error: Error) => error)).to.have.property('code', 'JOURNAL_FAILED');
    const db = new DatabaseSync(file);
    expect({ ...db.prepare('PRAGMA user_version').get() }).to.deep.equal({ user_version: 1 });
    expect((db.prepare('SELECT count(*) AS n FROM message').get() as { n: number }).n).to.equal(told.messages.length);
    db.close();
    expect((await readFile(file)).length).to.be.at.least(before.length);
  });
});

describe('the journal of version 0.2.0', () => {
  let folder: string;
  let file: string;
  let told: Told;

  beforeEach(async () => {
    ({ folder, file, told } = await unpack('0.2.0'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('tells of everything what it told before, and goes on with what was queued, held, waiting and in the flow', async () => {
    const journal = await openFile(file);
    try {
      const known = <Row extends object>(rows: Row[], like: object): object[] =>
        rows.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => key in like)));
      expect(known(await journal.messages(), told.messages[0]!)).to.deep.equal(told.messages);
      expect(known(await journal.deliveries(), told.deliveries[0]!)).to.deep.equal(told.deliveries);
      expect(await journal.inputs()).to.deep.equal(told.inputs);
      expect(await journal.ledger()).to.deep.equal(told.ledger);
      expect(await journal.counts()).to.deep.equal(told.counts);
      const [done, queued, held, waiting, without] = told.messages;
      expect(Buffer.from((await journal.latestDocument(done!.id!))!.data).toString()).to.include('OLD-01');
      expect((await journal.claimFlow(['order-in'], 9)).map(({ direct }) => direct.id)).to.deep.equal([waiting!.id]);
      const release = { kind: 'release', deliveries: { filter: { state: 'HELD' } }, actor: 'ops', reason: 'upgraded' } as const;
      expect((await journal.act(release)).changed).to.deep.equal(told.deliveries.filter(({ messageId }) => messageId === held!.id).map(({ id }) => id));
      // Sealed long ago by now: looked at again before they go.
      await journal.claimDue([ACCOUNT], 9);
      expect((await journal.deliveries({ messageId: queued!.id! }))[0]!.state).to.be.oneOf(['SENDING', 'RESOLVING']);
      expect(await journal.message(without!.id!)).to.include({ state: 'RECEIVED', code: 'AWAITS_ORDER' });
    } finally {
      await journal.close();
    }
  });
});
