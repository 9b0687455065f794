import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderReport } from '../../nodes/3-pdf/render.ts';
import { fundusPng } from '../support/images.ts';
import { graded, input, order, organization, patient, readPdf, result, textOf } from './sample-report.ts';

const eye = (change: object) => ({ gradable: true, ungradableReasons: [], findings: [], ...change });
const images = (['OD', 'OS'] as const).map((laterality) => ({ laterality, mediaType: 'image/png' as const, data: fundusPng(laterality, 64) }));
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

describe('the report, read back by PDF.js', () => {
  it('says who, where, what was found in each eye, what to do and who signed', async () => {
    const text = await textOf({ images });
    for (const words of [
      'Diabetic Retinal Exam Report', 'Lakeside Health', 'Zoë Testpatient', '01/15/1960', 'Female', 'MRN1001', 'Alex Orderer',
      'Presented to Lakeside Eye Clinic on 01/05/2026, 4:30 AM CST for a retinal exam of both eyes.',
      'Return in 6 months', 'Return for a follow-up exam in 6 months.', 'Compare with last year.',
      'E11.3291 – Type 2 diabetes mellitus with mild nonproliferative diabetic retinopathy without macular edema, right eye',
      'Right eye (OD)', 'Diabetic Retinopathy: Mild', 'Negative for Macular Edema', 'Suspected Glaucoma',
      'Left eye (OS)', 'Not gradable', 'Image Out of Focus',
      'Electronically signed by Gina Grader, MD, NPI: 2990000020, Taxonomy: 207W00000X on 01/06/2026 14:10 UTC',
      'Document ORD1001', 'Page 1 of 1',
    ]) expect(text).to.include(words);
  });

  it('is one page of the chosen size for a normal study', async () => {
    for (const [pageSize, size] of [['letter', [612, 792]], ['a4', [595.28, 841.89]]] as const) {
      const pdf = await readPdf((await renderReport(input({ pageSize, images }))).data);
      expect(pdf.pages).to.have.length(1);
      expect(pdf.size).to.deep.equal(size);
    }
  });

  it('embeds every font and no standard one', async () => {
    const { fonts } = await readPdf((await renderReport(input())).data);
    expect(fonts.map(({ name }) => name.replace(/^[A-Z]{6}\+/, '')).sort()).to.deep.equal(['DejaVuSansCondensed', 'DejaVuSansCondensed-Bold']);
    expect(fonts.every(({ embedded }) => embedded)).to.equal(true);
  });

  it('declares PDF/A-2b with well-formed metadata even for an order number full of markup', async () => {
    const { data } = await renderReport(input({ order: order({ localId: 'A&B<c>\u0000d' }) }));
    const packet = /<\?xpacket begin[\s\S]*<\?xpacket end="w"\?>/.exec(Buffer.from(data).toString('utf8'))![0];
    expect(packet).to.include('<pdfaid:part>2</pdfaid:part>');
    expect(packet).to.not.match(/A&B|<c>|\u0000/);
    expect((await readPdf(data)).text).to.include('Document A&B<c>d');
  });

  it('gives the same bytes for the same input, and dates them by the grading or by the clock handed in', async () => {
    const first = await renderReport(input({ images }));
    expect(Buffer.compare(first.data, (await renderReport(input({ images }))).data)).to.equal(0);
    expect((await readPdf(first.data)).info.CreationDate).to.equal('D:20260106141000Z');
    const undated = await renderReport(input({ result: graded({ gradedTime: undefined }) }));
    expect((await readPdf(undated.data)).info.CreationDate).to.equal('D:20260107000000Z');
  });

  it('says on every page what kind of result it is', async () => {
    const long = { notes: [{ text: 'word '.repeat(3000) }] };
    for (const [resultCode, mark] of [['P', 'PRELIMINARY'], ['C', 'CORRECTED'], ['A', 'ADDENDUM']] as const) {
      const { pages } = await readPdf((await renderReport(input({ result: { ...graded(long), resultCode } }))).data);
      expect(pages.length).to.be.greaterThan(1);
      for (const page of pages) expect(page).to.include(mark);
    }
    expect(await textOf()).to.not.match(/PRELIMINARY|CORRECTED|ADDENDUM/);
  });

  it('says TEST in the title and on every page of what is nobody\'s result', async () => {
    const long = { notes: [{ text: 'word '.repeat(3000) }] };
    const { pages } = await readPdf((await renderReport(input({ result: { ...graded(long), test: true, resultCode: 'C' } }))).data);
    expect(pages.length).to.be.greaterThan(1);
    for (const page of pages) expect(page).to.match(/TEST CORRECTED/);
    expect(pages[0]).to.match(/TEST: \w+/);
  });

  it('warns of emergent before urgent results', async () => {
    expect(await textOf({ result: graded({ urgent: true }) })).to.include('URGENT: prompt action is needed');
    const text = await textOf({ result: graded({ urgent: true, emergent: true }) });
    expect(text).to.include('EMERGENT: immediate emergency care is needed');
    expect(text).to.not.include('URGENT: prompt');
  });

  it('says UNGRADABLE in the title only when no eye is gradable', async () => {
    expect(await textOf()).to.not.include('UNGRADABLE');
    const blurred = eye({ gradable: false, ungradableReasons: ['Media Opacity', 'Dirty Lens'] });
    const text = await textOf({ result: graded({ OD: blurred, OS: blurred }) });
    expect(text).to.include('Diabetic Retinal Exam Report: UNGRADABLE');
    expect(text).to.include('Media Opacity');
    expect(text).to.include('Dirty Lens');
    expect(await textOf({ result: graded({ OD: undefined, OS: undefined }) })).to.include('UNGRADABLE');
  });

  it('never calls a missing eye healthy', async () => {
    const explained = { ...result().order, missingEyeReason: 'Enucleation' };
    const absent = await textOf({ result: { ...graded({ OD: eye({}), OS: undefined }), order: explained } });
    expect(absent).to.include('No pathology found');
    expect(absent).to.include('No image of this eye');
    expect(absent).to.include('Reason: Enucleation');
    expect(absent).to.include('exam of the right eye.');
    const named = await textOf({ result: graded({ OD: eye({ missingReason: 'Prosthesis' }), OS: undefined }) });
    expect(named).to.include('Reason: Prosthesis');
    expect(named).to.include('UNGRADABLE');
    expect(named).to.not.include('No pathology');
  });

  it('shows findings that nobody knows, and those of an eye called not gradable', async () => {
    const text = await textOf({ result: graded({
      OD: eye({ findings: [
        { finding: 'Brand New Disease', result: 'Stage 9' }, { finding: 'Other', result: 'free text' },
        { finding: 'Dry AMD', result: 'No Observable' }, { finding: ' ', result: 'x' },
      ] }),
      OS: eye({ gradable: false, findings: [{ finding: 'Suspected disc edema' }] }),
    }) });
    const findings = ['Brand New Disease: Stage 9', 'Other: free text', 'Negative for Dry AMD', 'Other: x', 'Suspected disc edema'];
    for (const finding of findings) expect(text).to.include(finding);
  });

  it('falls back to the ordering diagnosis and says so', async () => {
    expect(await textOf({ result: graded({ diagnoses: [] }) }))
      .to.include('E11.9 – Type 2 diabetes mellitus without complications (ordering diagnosis)');
    const { diagnosisCode: _none, ...bare } = order().patient;
    expect(await textOf({ result: graded({ diagnoses: [] }), order: order({ patient: bare }) })).to.include('No diagnosis reported');
  });

  it('prints no record number that looks like a social security number', async () => {
    for (const localId of ['123-45-6789', '123456789', ' 123 45 6789 ']) {
      const text = await textOf({ order: patient({ localId }) });
      expect(text).to.not.include('MRN');
      expect(text.replace(/\D/g, '')).to.not.include('123456789');
    }
  });

  it('shows the exam in the site\'s zone before the organization\'s, and an instant without a zone as it came', async () => {
    const sites = { SITE01: { timeZone: 'Pacific/Kiritimati', name: 'Island Clinic' } };
    expect(await textOf({ organization: { ...organization, sites } })).to.include('Presented to Island Clinic on 01/06/2026, 12:30 AM GMT+14');
    expect(await textOf({ organization: { ...organization, timeZone: 'No/Where' } })).to.include('01/05/2026, 10:30 AM UTC');
    const local = { ...result(), order: { ...result().order, servicedTime: '2026-01-05T10:30:00' } };
    expect(await textOf({ result: local })).to.include('on 2026-01-05T10:30:00 for');
    expect(await textOf({ organization: undefined })).to.include('01/05/2026, 10:30 AM UTC');
    const day = { ...result(), order: { ...result().order, servicedTime: '2026-01-05' } };
    expect(await textOf({ result: day })).to.include('on 01/05/2026 for');
  });

  it('prints the birth date of the order in every time zone of the machine', () => {
    const script = `import { textOf } from ${JSON.stringify(new URL('./sample-report.ts', import.meta.url).href)}; console.log(await textOf());`;
    const texts = ['Pacific/Kiritimati', 'America/Los_Angeles'].map((TZ) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ }, encoding: 'utf8' }).stdout);
    expect(texts[0]).to.include('01/15/1960');
    expect(texts[1]).to.equal(texts[0]);
  });

  it('passes qpdf --check (needs qpdf)', async function () {
    if (!has('qpdf')) return this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'report-'));
    try {
      writeFileSync(join(folder, 'a.pdf'), (await renderReport(input({ images, result: graded({ notes: [{ text: 'word '.repeat(5000) }] }) }))).data);
      const { status, stdout } = spawnSync('qpdf', ['--check', join(folder, 'a.pdf')], { encoding: 'utf8' });
      expect(stdout).to.include('No syntax or stream encoding errors');
      expect(status).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
