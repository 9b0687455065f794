// Where patient data does not belong: alerts, hand-offs, notices, explanations, what is held and waits, and all that is asked of the journal.
import { expect } from 'chai';
import { dirname, join } from 'node:path';
import { leafParts } from '../../nodes/mail/leaf-parts.ts';
import { parseEntity } from '../../nodes/mail/mime.ts';
import { startShell } from '../cli/scene.ts';
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/demo.ts';
import type { TestLab } from '../support/lab.ts';
import { CLINIC } from '../support/samples.ts';
import { BROKEN_TEXT, EVERYTHING, FAMILY, MARKS, PATIENT, SSN, SSN_MARK } from './marks.ts';
import { type Ears, expectClean, listen } from './marks-ears.ts';
import { copyOf, filesBelow, openedJournal, openedMail, textsIn } from './marks-inside.ts';
import { ACTIONS, CODES, COMING, DESK, EDGES, examOf, startOutputs } from './marks-outputs.ts';

const OPEN = ['RESOLVING', 'QUEUED', 'SENDING', 'SENT'];

for (const edge of EDGES) {
  describe(`where patient data does not belong: what is told and asked, sealing by ${edge}`, function () {
    this.timeout(120_000);
    const answers: string[] = [];
    const notices = temporaryFolder();
    let ears: Ears;
    let lab: TestLab;
    let userDir: string;
    before(async () => {
      ears = listen();
      lab = await startOutputs(edge, ears, notices);
      userDir = dirname(dirname(process.env['DIRECT_ANCHORS']!));
      for (const action of ACTIONS) answers.push(JSON.stringify(await lab.journal.act(action)));
      for (const [n, body] of COMING.entries()) {
        const { status, body: answer } = await lab.post(n === 0 ? `order ${SSN}.json` : `${n}.json`, body);
        answers.push(`${status} ${JSON.stringify(answer)}`);
        await lab.until('the flow to rest', async (journal) =>
          (await journal.messages()).every((message) => message.state !== 'RECEIVED' || message.code !== null));
      }
      await lab.until('the wait for an order to end', async (journal) =>
        (await journal.messages({ orderLocalId: 'ORD53' })).every(({ state, code }) => state !== 'RECEIVED' && code !== 'AWAITS_ORDER'));
      await lab.until('every delivery to end', async (journal) => (await journal.deliveries()).every(({ state }) => !OPEN.includes(state)));
      await lab.until('the notices', async () => filesBelow(notices).length >= 4);
      await lab.until('an alert told again', async () => ears.heard.comms.some((said) => /"alert":\{[^}]*"count":[2-9]/.test(said)));
    });
    after(async () => {
      ears.stop();
      await lab?.stop();
      removeTemporaryFolders();
    });

    it('went all the ways that it should have gone', async () => {
      const [messages, deliveries] = [await lab.journal.messages(), await lab.journal.deliveries()];
      const orders = answers.flatMap((answer) => /"code":"([A-Z_]+)"/.exec(answer)?.[1] ?? []);
      const codes = [...messages, ...deliveries].map(({ code }) => code);
      expect([...codes, ...orders, ...deliveries.flatMap(({ warnings }) => warnings.map(({ code }) => code))]).to.include.members(CODES(edge));
      expect((await lab.journal.alerts({})).map(({ state }) => state)).to.include.members(['HELD', 'FAILED', 'UNCONFIRMED']);
      expect((await lab.journal.testResults())[0]).to.include({ state: 'PROCESSED' });
      const stoodIn = deliveries.filter(({ orderLocalId }) => orderLocalId === 'ORD53').map(({ level }) => level);
      expect(stoodIn).to.deep.equal(edge === 'courier' ? ['site'] : []);
      for (const told of ['"handoff":{', '"alert":{', '"receipt":{']) expect(ears.heard.comms.join('\n')).to.include(told);
    });

    it('is in no log line, debug message, status, fault or answer', () => {
      expectClean(ears.heard.log, 100);
      expectClean(ears.heard.comms, 100);
      expectClean(answers, COMING.length);
    });

    it('is in no file but the sealed ones, in no file\'s name and in no notice', () => {
      expectClean(filesBelow(copyOf(userDir)).map(({ name, text }) => `${name}\n${text}`), 5);
      const written = filesBelow(notices).map(({ name, text }) => `${name}\n${text}`);
      expectClean(written, 4);
      expect(written.join()).to.include('5555550111').and.include('ORD60');
    });

    it('is in no explanation: asked over HTTP or by command, of a good or a broken input', async () => {
      const said: string[] = [];
      const questions = [...[50, 51, 52, 54, 60].map((n) => examOf(n)), ...BROKEN_TEXT.map((text) => [text, text])];
      for (const [order, result] of questions) {
        const answer = await fetch(`${lab.engine.url}direct/route/explain`, {
          method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ order, result }),
        });
        said.push(await answer.text());
      }
      expect(said.join('\n')).to.include('PATIENT_MISMATCH').and.include('NAME_MISMATCH').and.include('QUEUED').and.include('INPUT_NOT_JSON');
      expectClean(said, 10);
    });

    it('is in nothing that the commands say', async () => {
      const folder = temporaryFolder();
      const journalFile = join(userDir, 'direct-courier', 'journal.sqlite');
      writeFiles(folder, {
        'order.json': examOf(51)[0], 'result.json': { ...examOf(51)[1], Patient: PATIENT }, 'other.json': examOf(51)[1],
        'broken.json': BROKEN_TEXT[0], 'clinics.json': [{ clientGuid: CLINIC, name: 'Lakeside' }], 'lines.csv': `clientGuid,site\n${EVERYTHING},${SSN}\n`,
      });
      const { DIRECT_ANCHORS, DIRECT_CERTIFICATE_SERVICE } = process.env;
      const shell = startShell({ DIRECT_ANCHORS, DIRECT_CERTIFICATE_SERVICE });
      const said: string[] = [];
      const [held] = (await lab.journal.alerts({})).filter(({ state }) => state === 'HELD');
      const shows = (await lab.journal.messages()).map(({ id }) => ['show', '--message', id]);
      const asked = [
        ['alerts'], ['alerts', '--all', '--json'], ['acknowledge', '--alert', held!.id, '--reason', `called, SSN ${SSN}`],
        ['do-not-send', 'list'], ['tests'], ['stats'], ['find', '--all'], ['find', '--all', '--what', 'deliveries', '--json'], ['find', '--all', '--json'],
        ['find', '--state', 'HELD'], ['incidents'], ['accounts'], ['test', '--organization', CLINIC, '--to', DESK, '--wait', '0', '--reason', `SSN ${SSN}`],
        ['find', '--mrn', 'MRKRECORD7'], ['export'], ...shows, ...shows.slice(0, 4).map((show) => [...show, '--json']),
      ].map((words) => ['journal', ...words, '--journal', journalFile]);
      const explained = ['result.json', 'other.json', 'broken.json'].flatMap((result) =>
        [[], ['--json'], ['--journal', journalFile]].map((more) => ['route', 'explain', 'order.json', result, ...more]));
      const checked = ['clinics.json', 'lines.csv', 'order.json'].map((file) => ['organizations', 'check', file, '--current', 'clinics.json']);
      for (const args of [...asked, ...explained, ...checked, ['audit', 'list', '--all', '--journal', journalFile]]) {
        const { exit, stdout, stderr } = await shell.run(args, folder);
        said.push(`${args.slice(0, 3).join(' ')}: ${exit}\n${stdout}${stderr}`);
      }
      shell.stop();
      const expected = ['NAME_MISMATCH', 'blocked.sim.example', 'ORGANIZATION_ROW_INVALID', 'PATIENT_MISMATCH', 'test by', 'acknowledge', 'QUEUED'];
      for (const told of expected) expect(said.join('\n'), told).to.include(told);
      expect(said.filter((text) => /DELIVERED/.test(text)).length).to.be.at.least(3);
      expectClean(said, 40);
    });

    it('is on no outside of a mail, and of what is inside only in the document', async () => {
      const texts: string[] = [];
      for (const { to, raw } of lab.network.received) {
        texts.push(raw.subarray(0, raw.indexOf('\r\n\r\n')).toString());
        const message = edge === 'hisp' ? raw : await openedMail(lab.network, to, raw);
        if (message === null) continue;
        texts.push(parseEntity(message).headers.map(({ name, value }) => `${name}: ${value}`).join('\n'));
        for (const { contentType, fileName, body } of leafParts(message)) {
          texts.push(`${contentType} ${fileName}`, ...(contentType === 'text/plain' ? [body.toString()] : []));
        }
      }
      expectClean(texts, 30);
    });

    it('is inside the documents and the opened journal, where no social security number is', async () => {
      const mails = await Promise.all(lab.network.received.map(async ({ to, raw }) =>
        textsIn(edge === 'hisp' ? raw : (await openedMail(lab.network, to, raw))!)));
      const { sealed, plain } = openedJournal(join(copyOf(join(userDir, 'direct-courier')), 'journal.sqlite'));
      const opened = await Promise.all(sealed.map(textsIn));
      for (const texts of [mails, opened]) expect(texts.filter((each) => each.join().includes(FAMILY)).length).to.be.at.least(4);
      expect(SSN_MARK.test(JSON.stringify(COMING)) && MARKS.test(opened.flat().join())).to.equal(true);
      expectClean(plain, 100);
      expectClean([...mails.flat(), ...opened.flat()], 200, SSN_MARK);
    });
  });
}
