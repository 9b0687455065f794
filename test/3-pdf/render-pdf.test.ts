import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Node } from 'node-red';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import { reportFor, sourceOf } from '../../nodes/3-pdf/choose.ts';
import { diagnosisText, dotted } from '../../nodes/3-pdf/diagnosis.ts';
import renderPdf from '../../nodes/3-pdf/render-pdf.ts';
import { closePool } from '../../nodes/pool.ts';
import { fundusPng } from '../support/images.ts';
import { graded, order, readPdf, result } from './sample-report.ts';

interface TestHelper {
  init(path: string): void;
  startServer(done: () => void): void;
  stopServer(done: () => void): void;
  load(nodes: unknown[], flow: object[]): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): Node;
}

const require = createRequire(import.meta.url);
const helper = require('node-red-node-test-helper') as TestHelper;
helper.init(require.resolve('node-red'));

const OWN = Buffer.from('%PDF-1.7 made elsewhere');
const own = result({ document: { mediaType: 'application/pdf', base64: OWN.toString('base64') } });

/** Config node in place of the real journal: notes what it is asked to keep. */
const kept: unknown[][] = [];
let stored: Buffer | null = null;
const journal = {
  report: async () => stored,
  saveReport: async (...args: unknown[]) => { kept.push(['saveReport', ...args]); },
  stopMessage: async (...args: unknown[]) => { kept.push(['stopMessage', ...args]); },
};
const journalNode = (RED: { nodes: { registerType: (...args: unknown[]) => void; createNode: (...args: unknown[]) => void } }): void => {
  RED.nodes.registerType('direct-journal', function (this: object, def: object) {
    RED.nodes.createNode(this, def);
    Object.assign(this, { open: async () => journal });
  });
};

const DIRECT = { id: 'm1', journal: 'j', orderLocalId: 'ORD1001', organization: 'o', site: 'SITE01', priority: 'routine' as const };

const OUTPUTS = ['report', 'held', 'fault'] as const;

interface Outcome { output: typeof OUTPUTS[number]; msg: CourierMessage & { error?: { code: string } } }

const run = async (settings: object, msg: CourierMessage): Promise<Outcome> => {
  const flow = [
    { id: 'tab', type: 'tab' }, { id: 'j', type: 'direct-journal' },
    {
      id: 'n', z: 'tab', type: 'direct-render-pdf', wires: [['report'], ['held']],
      mode: 'absent', pageSize: 'letter', imageFolder: '', imageFolderType: 'str', ...settings,
    },
    { id: 'c', z: 'tab', type: 'catch', wires: [['fault']] },
    ...OUTPUTS.map((id) => ({ id, z: 'tab', type: 'helper' })),
  ];
  await helper.load([renderPdf, journalNode], flow);
  return new Promise((resolve) => {
    for (const output of OUTPUTS) helper.getNode(output).on('input', (got) => resolve({ output, msg: got as CourierMessage }));
    helper.getNode('n').receive(msg as never);
  });
};

describe('which PDF goes out', () => {
  it('follows the mode', () => {
    expect([sourceOf('absent', own), sourceOf('absent', result())]).to.deep.equal(['result', 'rendered']);
    expect([sourceOf('render', own), sourceOf('render', result())]).to.deep.equal(['rendered', 'rendered']);
    expect([sourceOf('pass', own), sourceOf('pass', result())]).to.deep.equal(['result', 'none']);
  });

  it('gives warnings of images and of the rendering together', async () => {
    const outcome = await reportFor(
      { result: graded({ notes: [{ text: '漢' }] }), order: order(), organization: undefined, images: [{ laterality: 'OD', data: 'x' }] },
      { mode: 'render', pageSize: 'a4', imageFolder: '' },
    );
    expect(outcome.kind === 'report' && outcome.pdf.warnings.map(({ code }) => code)).to.deep.equal(['IMAGE_INVALID', 'GLYPH_MISSING']);
  });
});

describe('diagnoses', () => {
  it('get their dot and their classification\'s words', () => {
    expect(['E113291', 'E119', 'H3581', 'E11', 'E11.9', 'free text'].map(dotted))
      .to.deep.equal(['E11.3291', 'E11.9', 'H35.81', 'E11', 'E11.9', 'free text']);
    expect(diagnosisText({ code: 'E083212' }))
      .to.match(/^E08.3212 – Diabetes mellitus due to underlying condition with mild .* with macular edema, left eye$/);
    expect(diagnosisText({ code: 'E10319' }))
      .to.equal('E10.319 – Type 1 diabetes mellitus with unspecified diabetic retinopathy without macular edema');
    expect(diagnosisText({ code: 'H353112' }))
      .to.equal('H35.3112 – Nonexudative age-related macular degeneration, right eye, intermediate dry stage');
    expect(diagnosisText({ code: 'H30139' })).to.equal('H30.139');
    expect(diagnosisText({ code: 'E113291', text: 'as supplied' })).to.equal('E11.3291 – as supplied');
  });
});

describe('render PDF', () => {
  before((done) => { helper.startServer(done); });
  afterEach(async () => { kept.length = 0; stored = null; await helper.unload(); });
  after((done) => { void closePool().then(() => helper.stopServer(done)); });

  it('renders for a hand-built flow that has only a result and an order', async () => {
    const images = [{ laterality: 'OD' as const, mediaType: 'image/png' as const, data: fundusPng('OD', 32) }];
    const { output, msg } = await run({ pageSize: 'a4' }, { payload: 'mine', result: result(), order: order(), images });
    expect(output).to.equal('report');
    expect(msg.payload).to.equal('mine');
    expect(Buffer.isBuffer(msg.pdf!.data)).to.equal(true);
    expect(msg.pdf).to.deep.include({ source: 'rendered', warnings: [] });
    expect(msg.images!.map(({ laterality, mediaType }) => [laterality, mediaType])).to.deep.equal([['OD', 'image/png']]);
    const pdf = await readPdf(msg.pdf!.data);
    expect(pdf.text).to.include('Zoë Testpatient');
    expect(pdf.size[0]).to.equal(595.28);
  });

  it('takes the result\'s own PDF by default, ignores it when told to', async () => {
    const taken = (await run({}, { result: own, order: order() })).msg.pdf!;
    expect([taken.source, taken.data.equals(OWN)]).to.deep.equal(['result', true]);
    await helper.unload();
    expect((await run({ mode: 'render' }, { result: own, order: order() })).msg.pdf!.source).to.equal('rendered');
  });

  it('keeps the report in the journal that the message came from', async () => {
    const { msg } = await run({}, { result: result(), order: order(), direct: DIRECT });
    expect(kept.map(([what, id]) => [what, id])).to.deep.equal([['saveReport', 'm1']]);
    expect(msg.pdf!.data.equals(kept[0]![2] as Buffer)).to.equal(true);
    expect(msg.direct).to.deep.equal(DIRECT);
  });

  it('sends the report that the journal has already, so that a flow that runs again changes nothing', async () => {
    stored = Buffer.from('%PDF-1.7 of the first time');
    const { msg } = await run({ mode: 'render' }, { result: own, order: order(), direct: { ...DIRECT, run: 2 } });
    expect(msg.pdf!.data.equals(stored)).to.equal(true);
    expect(kept).to.deep.equal([]);
  });

  it('shows its emission to the journal with every write', async () => {
    await run({}, { result: result(), order: order(), direct: { ...DIRECT, run: 3 } });
    await helper.unload();
    await run({ mode: 'pass' }, { result: result(), order: order(), direct: { ...DIRECT, run: 4 } });
    expect(kept.map((call) => [call[0], call.at(-1)])).to.deep.equal([['saveReport', 3], ['stopMessage', 4]]);
  });

  it('holds a result without a PDF when it may only pass PDFs on', async () => {
    const { output, msg } = await run({ mode: 'pass' }, { result: result(), order: order(), direct: DIRECT });
    expect(output).to.equal('held');
    expect(msg.pdf).to.equal(undefined);
    expect(kept[0]!.slice(0, 4)).to.deep.equal(['stopMessage', 'm1', 'HELD', 'NO_PDF']);
  });

  it('reads images from the folder that a message property names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'images-'));
    try {
      writeFileSync(join(folder, 'od.png'), fundusPng('OD', 32));
      const named = result({ images: [{ fileName: 'od.png', laterality: 'OD' }, { fileName: '../os.png', laterality: 'OS' }] });
      const { msg } = await run({ imageFolder: 'where.now', imageFolderType: 'msg' }, { result: named, order: order(), where: { now: folder } });
      expect(msg.images!.map(({ laterality }) => laterality)).to.deep.equal(['OD']);
      expect(msg.pdf!.warnings.map(({ code, path }) => [code, path])).to.deep.equal([['IMAGE_PATH_REFUSED', 'Images[1].FileName']]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says which property is missing', async () => {
    const { output, msg } = await run({}, { order: order() });
    expect([output, msg.error!.code]).to.deep.equal(['fault', 'MESSAGE_INCOMPLETE']);
  });

  it('reports what cannot be rendered as PDF_FAILED, without patient data', async () => {
    const { output, msg } = await run({}, { result: { ...result(), gradings: null } as never, order: order() });
    expect([output, msg.error!.code]).to.deep.equal(['fault', 'PDF_FAILED']);
    expect(JSON.stringify(msg.error)).to.not.match(/Testpatient|1960/);
  });
});
