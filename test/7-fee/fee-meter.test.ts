import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import organizationsConfig from '../../nodes/0-order/organizations-config.ts';
import feeMeter from '../../nodes/7-fee/fee-meter.ts';
import journalConfig from '../../nodes/journal/journal-config.ts';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import type { Journal, LedgerLine } from '../../nodes/journal/port.ts';
import type { JournalNode } from '../../nodes/stage.ts';
import { ACCOUNT, accepted, mailFor, raw, recipient, resend, sent } from '../journal/fixtures.ts';
import { CLINIC } from '../support/samples.ts';

interface HelperNode { on(event: string, listener: (msg: { fee: LedgerLine }) => void): void; receive(msg: object): void; status: { args: [{ text?: string }][] } }
interface Helper {
  init(path: string): void;
  startServer(done: () => void): void;
  stopServer(done: () => void): void;
  load(nodes: unknown[], flow: object[]): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): HelperNode | null;
}

const require = createRequire(import.meta.url);
const helper = require('node-red-node-test-helper') as Helper;
helper.init(require.resolve('node-red'));

const until = async (holds: () => boolean): Promise<void> => {
  const end = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const CLINICS = [{ clientGuid: CLINIC, name: 'Clinic', price: '0.30', currency: 'EUR' }];

describe('the fee meter node', () => {
  let folder: string;
  let file: string;
  let journal: Journal;

  before((done) => { helper.startServer(done); });
  after((done) => { helper.stopServer(done); });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'courier-fee-'));
    file = join(folder, 'journal.sqlite');
    journal = await openJournal(file);
  });
  afterEach(async () => {
    await helper.unload();
    await closeJournals();
    await rm(folder, { recursive: true, force: true });
  });

  const load = async (change: object = {}, listed: object[] = []): Promise<LedgerLine[]> => {
    const rated: LedgerLine[] = [];
    await helper.load([journalConfig, organizationsConfig, feeMeter], [
      { id: 'tab', type: 'tab' }, { id: 'j', type: 'direct-journal', file }, { id: 'o', type: 'direct-organizations', organizations: listed },
      { id: 'meter', type: 'direct-fee-meter', z: 'tab', journal: 'j', organizations: '', price: '0.25', currency: 'USD', wires: [['out']], ...change },
      { id: 'out', type: 'helper', z: 'tab' },
    ]);
    helper.getNode('out')!.on('input', ({ fee }) => rated.push(fee));
    return rated;
  };

  it('rates at start what was accepted before, one message per line and nothing of the input', async () => {
    const { deliveryId } = await sent(journal);
    const rated = await load();
    await until(() => rated.length > 0);
    expect(rated).to.have.length(1);
    expect(rated[0]).to.include({ deliveryId, kind: 'delivery', organization: CLINIC, site: 'SITE01', amount: '0.25', currency: 'USD' });
    expect(await journal.ledger()).to.deep.equal(rated);
  });

  it('is woken by messages, many at once too, and bills what the journal says, not the message', async () => {
    const rated = await load({ organizations: 'o' }, CLINICS);
    const { deliveryId } = await sent(journal);
    const meter = helper.getNode('meter')!;
    for (let n = 0; n < 20; n += 1) meter.receive({ receipt: { deliveryId: 'somebody else\'s' }, payload: n });
    await until(() => rated.length > 0);
    const { ready } = await journal.resendResult(resend(), raw());
    const [planned] = await journal.planRecipients(ready!.direct.id, [recipient()]);
    await journal.enqueue(mailFor(planned!.id!));
    const [claim] = await journal.claimDue([ACCOUNT], 1);
    await journal.settleAttempt(planned!.id!, claim!.attempt, accepted);
    meter.receive({});
    await until(() => rated.length > 1);
    expect(rated.map(({ kind, deliveryId: id, amount, currency }) => [kind, id, amount, currency])).to.deep.equal([
      ['delivery', deliveryId, '0.30', 'EUR'], ['resend', planned!.id, '0.30', 'EUR']]);
    expect((await journal.counts()).unrated).to.equal(0);
  });

  it('shows an unusable price and a chosen list that is gone, and bills nothing then', async () => {
    await sent(journal);
    const statuses = async (change: object): Promise<string[]> => {
      await load(change);
      const meter = helper.getNode('meter')!;
      await until(() => meter.status.args.some(([{ text }]) => text !== undefined));
      const texts = meter.status.args.map(([{ text }]) => text ?? '');
      await helper.unload();
      return texts;
    };
    expect(await statuses({ price: 'a quarter' })).to.include('PRICE_INVALID');
    expect(await statuses({ organizations: 'deleted' })).to.include('PRICE_INVALID 1');
    expect(await statuses({ journal: '' })).to.include('JOURNAL_MISSING');
    expect(await journal.ledger()).to.deep.equal([]);
  });

  it('the journal node opens the file of its form and gives it back when it closes', async () => {
    await load();
    const node = helper.getNode('j') as unknown as JournalNode;
    expect(await node.open()).to.equal(journal);
    await helper.unload();
    expect(await journal.counts()).to.have.property('unrated', 0);
  });

  it('a journal that cannot be opened is a coded fault, and is tried again', async () => {
    await helper.load([journalConfig], [{ id: 'bad', type: 'direct-journal', file: join(file, 'below', 'x.sqlite') }]);
    const node = helper.getNode('bad') as unknown as JournalNode;
    for (let n = 0; n < 2; n += 1) {
      expect(await node.open().then(() => null, (error: unknown) => error)).to.have.property('code', 'JOURNAL_FAILED');
    }
  });
});
