import { expect } from 'chai';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder } from '../support/demo.ts';
import { irisResult } from '../support/samples.ts';
import { commandOn, type Engine, REASON, startEngine, startShell, writeText } from './scene.ts';

describe('changing a journal that a running engine has open', function () {
  this.timeout(60_000);
  const shell = startShell();
  let engine: Engine;
  const { journal, done, answer, audit, audited, shown, stateOf } = commandOn(shell, () => engine.file);
  before(async () => { engine = await startEngine(); });
  after(async () => {
    await engine.stop();
    shell.stop();
    removeTemporaryFolders();
  });

  it('holds, releases and cancels what is named, and tells what was not changed', async () => {
    const [one, two] = engine.made.deliveries as [string, string];
    expect(await done('hold', '--delivery', one, ...REASON)).to.equal('1 changed.\n');
    expect(await stateOf(one)).to.equal('HELD');
    const again = await journal('hold', '--delivery', `${one},${two},nobody`, '--actor', 'Pat Ops', ...REASON);
    expect(again.exit).to.equal(2);
    expect(again.stdout).to.match(/1 changed/).and.match(new RegExp(`${one} +ACTION_UNFIT`)).and.match(/nobody +DELIVERY_UNKNOWN/);
    expect((await audited()).at(-1)).to.include({ action: 'hold', actor: `Pat Ops (${userInfo().username})` });
    expect(await answer('release', '--order', 'ORD1', ...REASON)).to.deep.include({ changed: [one, two], skipped: [] });
    expect([await stateOf(one), await stateOf(two)]).to.deep.equal(['QUEUED', 'QUEUED']);
  });

  it('says beforehand how many it would be, and changes nothing', async () => {
    const before = (await audited()).length;
    expect(await answer('hold', '--account', 'hisp', '--dry-run')).to.deep.equal({ would: 2, wouldNot: 0 });
    expect(await answer('cancel', '--delivery', `${engine.made.deliveries[0]},${engine.made.sentDelivery}`, '--dry-run')).to.deep.equal({ would: 1, wouldNot: 1 });
    expect(await answer('release', '--account', 'hisp', '--dry-run')).to.deep.equal({ would: 0, wouldNot: 0 });
    expect((await audited()).length).to.equal(before);
    expect(await stateOf(engine.made.deliveries[0]!)).to.equal('QUEUED');
  });

  it('pauses and resumes an account', async () => {
    await done('pause', '--account', 'hisp', ...REASON);
    expect((await answer<{ name: string; paused: object | null }[]>('accounts'))[0]).to.have.nested.property('paused.reason', 'a test');
    await done('resume', '--account', 'hisp', ...REASON);
    expect((await answer<{ name: string; paused: object | null }[]>('accounts'))[0]).to.have.property('paused', null);
  });

  it('keeps a message for the court, and lets it go', async () => {
    const { sent } = engine.made;
    await done('legal-hold', '--message', sent, ...REASON);
    expect((await shown(sent)).message.legalHold).to.equal(true);
    await done('legal-hold', '--message', sent, '--lift', ...REASON);
    expect((await shown(sent)).message.legalHold).to.equal(false);
  });

  it('sends again as a new message, linked, and leaves the old one as it was', async () => {
    const before = await shown(engine.made.sent);
    const { messageId, linked } = await answer<{ messageId: string; linked: boolean }>('resend', '--message', engine.made.sent, ...REASON);
    expect(linked).to.equal(true);
    const { message } = await shown(messageId);
    expect(message).to.have.property('resendOf', engine.made.sent);
    expect(message.link).to.deep.include({ kind: 'rerun', of: engine.made.sent, reason: 'a test' });
    expect(await shown(engine.made.sent)).to.deep.equal(before);
  });

  it('runs a message again from a stage, for those that are chosen', async () => {
    const [one] = engine.made.deliveries as [string];
    const outcome = await answer<{ messageId: string }>('rerun', '--message', engine.made.queued, '--from', 'build-cda', '--only', one, ...REASON);
    const { deliveries } = await shown(outcome.messageId);
    expect(deliveries.map(({ recipient, state }) => [recipient, state])).to.deep.equal([['one@direct.lake.example', 'RESOLVING']]);
    expect(await stateOf(one)).to.equal('CANCELLED');
    expect(await stateOf(engine.made.deliveries[1]!)).to.equal('QUEUED');
  });

  it('sends to another address instead', async () => {
    const [, two] = engine.made.deliveries as [string, string];
    const { created } = await answer<{ created: string }>('redirect', '--delivery', two, '--to', 'three@direct.hill.example', ...REASON);
    expect((await shown(created)).deliveries[0]!.recipient).to.equal('three@direct.hill.example');
    expect(await stateOf(two)).to.equal('CANCELLED');
  });

  it('takes a message in once more from what came, and as a person has edited it', async () => {
    const { held } = engine.made;
    const again = await answer<{ messageId: string; outcome: string; code: string }>('rerun', '--message', held, '--from', 'raw', ...REASON);
    expect(again).to.include({ outcome: 'held', code: 'PATIENT_MISMATCH' });
    expect((await shown(held)).message).to.include({ state: 'FILTERED', code: 'RERUN' });
    const edited = writeText(JSON.stringify(irisResult({ Order: { LocalId: 'ORD2' }, Patient: { LocalId: 'MRN2' } })));
    const mended = await answer<{ messageId: string; outcome: string }>('rerun', '--message', again.messageId, '--from', 'raw', '--edited', edited, ...REASON);
    expect(mended.outcome).to.equal('ready');
    const { message } = await shown(mended.messageId);
    expect(message).to.deep.include({ state: 'RECEIVED', orderLocalId: 'ORD2' });
    expect(message.link).to.deep.include({ kind: 'edit', of: again.messageId });
    expect((await audited()).at(-1)).to.include({ action: 'edit', target: again.messageId });
  });

  it('takes in no edited copy that cannot be read, and says where it is wrong', async () => {
    const before = (await audited()).length;
    const edited = writeText(JSON.stringify(irisResult({ Patient: { Dob: '31/12/1960' } })));
    const { exit, stderr } = await journal('rerun', '--message', engine.made.sent, '--from', 'raw', '--edited', edited, ...REASON);
    expect([exit, stderr]).to.satisfy(([code, text]: [number, string]) => code === 1 && /DATE_INVALID.*Patient\.Dob/.test(text));
    expect((await audited()).length).to.equal(before);
  });

  it('prunes what is named, and counts beforehand', async () => {
    const settings = ['--content', '0', '--correction', '0'];
    const content = async (): Promise<number> => (await journal('show', '--message', engine.made.old, '--content', 'cda', '--out', '-', ...REASON)).exit;
    const counted = await answer<{ counts: Record<string, number>; bytes: number }>('prune', ...settings, '--dry-run', ...REASON);
    expect(counted.counts).to.include.keys('mails', 'inputs', 'results', 'reports', 'documents', 'contents');
    expect(await content()).to.equal(0);
    const { counts, bytes } = await answer<typeof counted>('prune', ...settings, ...REASON);
    expect({ counts, bytes }).to.deep.equal({ counts: counted.counts, bytes: counted.bytes });
    expect(await content()).to.equal(1);
    expect((await audited()).filter(({ action }) => action === 'prune').length).to.be.greaterThan(0);
    expect((await journal('prune', ...REASON)).exit).to.equal(1);
  });

  it('lets a held message go over what it was held for, and closes one; each stands in the audit chain', async () => {
    const result = irisResult({ Order: { LocalId: 'ORD2' }, Patient: { LocalId: 'MRN2', Name: { Last: 'Thirdperson' } }, Gradings: { GradedTime: '2026-01-09T00:00:00Z' } });
    const copy = async (): Promise<string> => {
      const edited = ['--from', 'raw', '--edited', writeText(JSON.stringify(result))];
      const { messageId, outcome } = await answer<{ messageId: string; outcome: string }>('rerun', '--message', engine.made.old, ...edited, ...REASON);
      expect(outcome).to.equal('held');
      return messageId;
    };
    const [held, closed] = [await copy(), await copy()];
    expect(await done('release', '--message', held, ...REASON)).to.include('1 changed.').and.include('PATIENT_MISMATCH');
    expect((await audited()).at(-1)).to.include({ action: 'release-message', target: held, reason: 'a test', detail: 'changed 1, skipped 0, overrode PATIENT_MISMATCH' });
    const again = await journal('close', '--message', held, ...REASON);
    expect([again.exit, again.stdout.includes('MESSAGE_BUSY')]).to.deep.equal([2, true]);
    expect(await answer('close', '--message', closed, ...REASON)).to.deep.include({ changed: [closed], skipped: [] });
    expect((await shown(closed)).message).to.include({ state: 'FILTERED', code: 'CLOSED' });
  });

  it('asks for what it needs to release or close a message', async () => {
    for (const args of [['close'], ['close', '--message', 'x'], ['release', '--message', '', ...REASON], ['release', '--message', 'x', '--delivery', 'y', ...REASON],
      ['close', '--message', 'x', '--organization', 'y', ...REASON]]) {
      expect((await journal(...args)).exit, args.join(' ')).to.equal(1);
    }
    const unknown = await journal('close', '--message', 'nobody', ...REASON);
    expect([unknown.exit, unknown.stderr.includes('The journal has no message')]).to.deep.equal([1, true]);
  });

  it('verifies, and knows a hash noted earlier', async () => {
    expect(await done('verify')).to.match(/unbroken/).and.match(/0 damaged/);
      const { head } = JSON.parse((await audit('verify', '--json')).stdout) as { head: string };
    await done('pause', '--account', 'hisp', ...REASON);
    expect((await audit('verify', '--head', head)).exit).to.equal(0);
    expect(await audit('verify', '--head', 'a'.repeat(64))).to.include({ exit: 3 });
    expect((await audit('verify', '--head', 'abc')).exit).to.equal(1);
  });

  it('changes the key while it runs: from then on the new one is needed', async () => {
    const file = join(temporaryFolder(), 'new.key');
    const made = JSON.parse((await shell.run(['journal', 'init-key', '--file', file, '--json'])).stdout) as { fingerprint: string };
    const { fingerprint } = await answer<{ fingerprint: string }>('rotate-key', '--new-key-file', file, ...REASON);
    expect(fingerprint).to.equal(made.fingerprint);
    expect((await journal('stats')).stderr).to.match(/KEY_WRONG/);
    expect((await journal('stats', '--key-file', file)).exit).to.equal(0);
    expect((await journal('hold', '--account', 'hisp', '--dry-run', '--key-file', file)).exit).to.equal(0);
    // Changing needs no key where the engine does it.
    expect((await journal('resume', '--account', 'hisp', ...REASON)).exit).to.equal(0);
  });
});
