import { expect } from 'chai';
import { userInfo } from 'node:os';
import type { AlertRecord, BlockedRecord, TestResult } from '../../nodes/journal/port.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { CLINIC } from '../support/samples.ts';
import { commandOn, type Engine, lines, REASON, startEngine, startShell } from './scene.ts';

describe('alerts, the do-not-send list and test messages by command, beside a running engine', function () {
  this.timeout(60_000);
  const shell = startShell();
  let engine: Engine;
  const { journal, done, answer, audited, shown, stateOf } = commandOn(shell, () => engine.file);
  before(async () => { engine = await startEngine(undefined, 'urgent'); });
  after(async () => {
    await engine.stop();
    shell.stop();
    removeTemporaryFolders();
  });
  const rows = async <Row>(...args: string[]): Promise<Row[]> => lines<Row>(await done(...args, '--json'));

  it('shows what alarms, and takes down what was done about it', async () => {
    const [urgent] = engine.made.urgent;
    expect(await rows<AlertRecord>('alerts')).to.deep.equal([]);
    await done('hold', '--delivery', urgent!, ...REASON);
    const [alert, ...more] = await rows<AlertRecord>('alerts');
    expect([alert!.deliveryId, alert!.state, alert!.code, more.length]).to.deep.equal([urgent, 'HELD', 'OPERATOR', 0]);
    const table = await done('alerts');
    expect(table).to.include(alert!.id).and.include('OPERATOR').and.not.include('@');
    expect(await answer('acknowledge', '--alert', alert!.id, '--reason', 'called the practice')).to.deep.equal({ changed: [alert!.id], skipped: [] });
    expect(await rows('alerts')).to.deep.equal([]);
    expect((await rows<AlertRecord>('alerts', '--all'))[0]!.closed).to.include({ code: 'ACKNOWLEDGED', actor: userInfo().username, reason: 'called the practice' });
    expect((await audited()).at(-1)).to.include({ action: 'acknowledge', reason: 'called the practice' });
    const again = await journal('acknowledge', '--delivery', urgent!, ...REASON);
    expect([again.exit, /ACTION_UNFIT/.test(again.stdout)]).to.deep.equal([2, true]);
    for (const args of [[], ['--alert', 'a', '--message', 'm'], ['--alert', '']]) expect((await journal('acknowledge', ...args, ...REASON)).exit, args.join()).to.equal(1);
    expect((await journal('acknowledge', '--alert', alert!.id)).exit, 'without a reason').to.equal(1);
  });

  it('enters whom nothing is sent to, ends what waits, lists and removes', async () => {
    const [one, two] = engine.made.deliveries as [string, string];
    const { created, changed } = await answer<{ created: string; changed: string[] }>('do-not-send', 'add', '--domain', 'lake.example', ...REASON);
    expect(changed).to.include(one).and.not.include(two);
    expect([await stateOf(one), await stateOf(two)]).to.deep.equal(['SUPPRESSED', 'QUEUED']);
    const [entry] = await rows<BlockedRecord>('do-not-send', 'list');
    expect(entry).to.include({ id: created, kind: 'domain', value: 'lake.example', reason: 'a test' });
    expect(await done('do-not-send', 'list')).to.include('lake.example').and.include('a test');
    expect((await audited()).at(-1)).to.include({ action: 'block', target: `do-not-send ${created} domain` });
    await done('do-not-send', 'remove', '--id', created, ...REASON);
    expect(await rows('do-not-send', 'list')).to.deep.equal([]);
    expect(await rows('do-not-send', 'list', '--all')).to.have.length(1);
    expect((await journal('do-not-send', 'remove', '--id', created, ...REASON)).exit).to.equal(2);
    const wrong = await journal('do-not-send', 'add', '--address', 'nobody', ...REASON);
    expect([wrong.exit, /ADDRESS_INVALID/.test(wrong.stderr)]).to.deep.equal([1, true]);
    for (const args of [[], ['add'], ['add', '--npi', '1', '--domain', 'a.example'], ['forget']]) {
      expect((await journal('do-not-send', ...args, ...REASON)).exit, args.join(' ')).to.equal(1);
    }
  });

  it('sends a test message, and waits as long as it was told', async () => {
    const asked = ['test', '--organization', CLINIC, '--site', 'SITE01', '--to', 'Desk@direct.hill.example', '--wait', '0', ...REASON];
    const said = await journal(...asked);
    expect([said.exit, /has not ended yet/.test(said.stdout)]).to.deep.equal([2, true]);
    const [result] = await rows<TestResult>('tests');
    expect(result).to.include({ organization: CLINIC, site: 'SITE01', address: 'desk@direct.hill.example', state: 'RESOLVING', reason: 'a test' });
    expect((await shown(result!.messageId)).message).to.deep.include({ test: true, state: 'ROUTED' });
    expect((await journal('show', '--message', result!.messageId)).stdout).to.match(/test by .*: a test/);
    await done('do-not-send', 'add', '--address', 'desk@direct.hill.example', ...REASON);
    const ended = await journal(...asked, '--json');
    expect([ended.exit, JSON.parse(ended.stdout)]).to.satisfy(([exit, told]: [number, { state: string; code: string; ended: boolean }]) =>
      exit === 2 && told.state === 'SUPPRESSED' && told.code === 'DO_NOT_SEND' && told.ended);
    expect((await journal('test', '--organization', CLINIC, '--to', 'nobody', ...REASON)).stderr).to.include('ADDRESS_INVALID');
    expect((await journal('test', '--to', 'a@b.example', ...REASON)).exit).to.equal(1);
  });
});
