import { expect } from 'chai';
import { chmodSync, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import journalConfig from '../../nodes/journal/journal-config.ts';
import { makeKeyFile } from '../../nodes/journal/keys.ts';
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import { RETENTION } from '../../nodes/journal/port.ts';
import type { JournalNode } from '../../nodes/stage.ts';

interface Heard { status: { text?: string; source: { id: string } } }
type Spied = JournalNode & { status: { args: [{ text?: string }][] }; error: { args: [Error & { code: string }][] } };
interface Helper {
  init(path: string): void;
  startServer(done: () => void): void;
  stopServer(done: () => void): void;
  load(nodes: unknown[], flow: object[], credentials?: object): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): unknown;
}

const require = createRequire(import.meta.url);
const helper = require('node-red-node-test-helper') as Helper;
helper.init(require.resolve('node-red'));

const until = async (holds: () => boolean): Promise<void> => {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it never came to that');
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
};

const NAMES = ['DIRECT_JOURNAL_KEY', 'DIRECT_JOURNAL_KEY_FILE', 'DIRECT_JOURNAL_KEY_BACKUP', 'DIRECT_JOURNAL_DEMO', 'DIRECT_JOURNAL_URL'];

/** A node that uses the journal, and to which a Status node leads. */
const listener = (heard: Heard[]) => (RED: NodeAPI): void => {
  RED.nodes.registerType('test-listener', function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on('input', (msg) => { heard.push(msg as unknown as Heard); });
  });
};

describe('the journal node', () => {
  const environment = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  let folder: string;
  let file: string;
  let keyFile: string;

  before((done) => { helper.startServer(done); });
  after((done) => { helper.stopServer(done); });
  beforeEach(async () => {
    for (const name of NAMES) delete process.env[name];
    folder = await mkdtemp(join(tmpdir(), 'courier-journal-node-'));
    file = join(folder, 'data', 'journal.sqlite');
    keyFile = join(folder, 'journal.key');
  });
  afterEach(async () => {
    await helper.unload();
    await closeJournals();
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** The node, and what a Status node hears of it. */
  const deploy = async (change: object = {}, credentials: object = {}): Promise<{ node: Spied; heard: Heard[] }> => {
    const heard: Heard[] = [];
    await helper.load([journalConfig, listener(heard)], [
      { id: 'tab', type: 'tab' }, { id: 'j', type: 'direct-journal', file, ...change },
      { id: 's', z: 'tab', type: 'status', scope: null, wires: [['h']] }, { id: 'h', z: 'tab', type: 'test-listener', journal: 'j' },
    ], { j: credentials });
    return { node: helper.getNode('j') as Spied, heard };
  };

  it('opens the journal when the flows start, before any message comes', async () => {
    process.env['DIRECT_JOURNAL_DEMO'] = '1';
    const { node } = await deploy();
    const journal = await node.opened;
    expect(existsSync(file)).to.equal(true);
    expect(await node.open()).to.equal(journal).and.equal(await openJournal(file));
    expect(node.error.args).to.deep.equal([]);
  });

  it('as the first version saved it has the usual lease and retention; else those of its form', async () => {
    process.env['DIRECT_JOURNAL_DEMO'] = '1';
    expect((await deploy()).node).to.deep.include({ leaseMs: 300_000, retention: RETENTION });
    await helper.unload();
    const { node } = await deploy({ lease: '60', keepContent: '7' });
    expect(node).to.deep.include({ leaseMs: 60_000, retention: { ...RETENTION, content: 7 } });
  });

  it('tells of a key that is missing without being asked: in its status, to Status nodes and to the log, once', async () => {
    const { node, heard } = await deploy();
    await until(() => heard.length > 0);
    expect(node.status.args.at(-1)![0]).to.include({ text: 'KEY_MISSING' });
    for (let n = 0; n < 3; n += 1) expect(await node.open().then(() => null, (error: { code: string }) => error.code)).to.equal('KEY_MISSING');
    expect(node.error.args.map(([error]) => error.code)).to.deep.equal(['KEY_MISSING']);
    expect(node.error.args[0]![0].message).to.include('init-key');
    expect(heard.map(({ status }) => [status.source.id, status.text])).to.deep.equal([['j', 'KEY_MISSING']]);
    expect(existsSync(file)).to.equal(false);
  });

  it('goes on by itself when what was wrong is mended, and says so', async () => {
    const { fingerprint } = makeKeyFile(keyFile);
    chmodSync(keyFile, 0o644);
    const { node } = await deploy({ keyFile, keyBackup: fingerprint });
    await until(() => node.error.args.length > 0);
    expect(node.error.args[0]![0].code).to.equal('KEY_EXPOSED');
    chmodSync(keyFile, 0o600);
    expect(await (await node.opened).counts()).to.have.property('unrated', 0);
    await until(() => Object.keys(node.status.args.at(-1)![0]).length === 0);
  });

  it('asks for the backup of its key and opens when the form holds the fingerprint', async () => {
    const { fingerprint } = makeKeyFile(keyFile);
    const { node } = await deploy({ keyFile });
    await until(() => node.error.args.length > 0);
    expect(node.error.args[0]![0]).to.include({ code: 'KEY_NOT_BACKED_UP' });
    expect(node.error.args[0]![0].message).to.include(fingerprint);
    await helper.unload();
    const { node: later } = await deploy({ keyFile, keyBackup: fingerprint });
    expect(await (await later.opened).counts()).to.have.property('unrated', 0);
  });

  it('with a form that makes no sense names the field, opens nothing, and shows no password', async () => {
    const { node } = await deploy({ storage: 'postgres' }, { url: 'mysql://journal:geheim@db/x' });
    await until(() => node.error.args.length > 0);
    expect(node.error.args[0]![0]).to.include({ code: 'FIELD_INVALID', path: 'url' });
    expect(JSON.stringify(node.error.args[0]![0].message) + JSON.stringify(node.status.args)).to.not.include('geheim');
    expect(node).to.deep.include({ leaseMs: 300_000, retention: RETENTION });
  });

  it('gives the journal back when it is closed: another one on the same file shares it at once', async () => {
    process.env['DIRECT_JOURNAL_DEMO'] = '1';
    const journal = await (await deploy()).node.opened;
    await helper.unload();
    expect(await (await deploy()).node.opened).to.equal(journal);
  });
});
