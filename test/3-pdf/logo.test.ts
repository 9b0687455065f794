import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { LOGO_LIMITS } from '../../nodes/0-order/logo.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { loadLogo } from '../../nodes/3-pdf/logo.ts';
import { renderReport, renderTask } from '../../nodes/3-pdf/render.ts';
import { closePool } from '../../nodes/pool.ts';
import { fundusPng, pngFile } from '../support/images.ts';
import { input, organization, readPdf, result } from './sample-report.ts';

const PNG = fundusPng('OD', 64);
const URI = `data:image/png;base64,${PNG.toString('base64')}`;
const codes = ({ warnings }: { warnings: { code: string }[] }): string[] => warnings.map(({ code }) => code);
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

describe('the logo on the report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'logo-'));
  const load = (change: Partial<Organization>, site = 'SITE01'): Promise<Buffer | null | undefined> => loadLogo({ ...organization, ...change }, site, folder);
  before(() => {
    mkdirSync(join(folder, 'folder.png'));
    writeFileSync(join(folder, 'logo.png'), PNG);
    writeFileSync(join(folder, 'empty.png'), '');
    writeFileSync(join(folder, 'text.png'), 'no picture');
    writeFileSync(join(folder, 'huge.png'), Buffer.concat([PNG, Buffer.alloc(LOGO_LIMITS.file)]));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await closePool();
  });

  it('is read from a path in the folder, an absolute path or a data URI, and the site\'s comes first', async () => {
    for (const logo of ['logo.png', join(folder, 'logo.png'), URI]) expect((await load({ logo }))!.equals(PNG), logo.slice(0, 30)).to.equal(true);
    expect(await load({ logo: 'missing.png', sites: { SITE01: { logo: 'logo.png' } } })).to.have.length(PNG.length);
    expect(await load({ logo: 'missing.png', sites: { SITE01: { logo: 'logo.png' } } }, 'SITE02')).to.equal(null);
    expect(await load({})).to.equal(undefined);
    expect(await loadLogo(undefined, 'SITE01', folder)).to.equal(undefined);
  });

  for (const logo of ['missing.png', 'folder.png', 'empty.png', 'huge.png', 'data:image/png;base64,AAAA']) {
    it(`${logo} cannot be read`, async () => expect(await load({ logo })).to.equal(null));
  }

  it('stands in a tagged figure with the sender\'s name, before the title; the report says the same words', async () => {
    const [plain, shown] = [await renderReport(input()), await renderReport(input({ logo: PNG }))];
    expect(codes(shown)).to.deep.equal(codes(plain));
    const [before, after] = await Promise.all([plain, shown].map(({ data }) => readPdf(data)));
    const words = (text: string): string[] => text.split(/\s+/).toSorted();
    expect(words(after!.text)).to.deep.equal(words(before!.text));
    expect(after!.pages).to.have.length(before!.pages.length);
    const objects = Buffer.from(shown.data).toString('latin1');
    expect(objects.match(/\/Subtype \/Image/g)).to.have.length((Buffer.from(plain.data).toString('latin1').match(/\/Subtype \/Image/g) ?? []).length + 1);
    const streams = [...objects.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].flatMap(([, body]) => {
      try { return [inflateSync(Buffer.from(body!, 'latin1')).toString('latin1')]; } catch { return []; }
    });
    expect([objects, ...streams].some((text) => /\/Alt \(Logo of |\/Alt \(\u00fe\u00ff\0L\0o\0g\0o/.test(text)), 'alt text').to.equal(true);
  });

  it('gives the same bytes for the same input', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => renderReport(input({ logo: PNG }))));
    expect(Buffer.from(one!.data).equals(Buffer.from(other!.data))).to.equal(true);
  });

  it('passes qpdf --check, with alpha and of any shape (needs qpdf)', async function () {
    if (!has('qpdf')) this.skip();
    const shapes = [
      PNG, pngFile({ width: 2, height: 900, colorType: 6 }, Buffer.alloc(900 * 9)), pngFile({ width: 3000, height: 1, colorType: 0 }, Buffer.alloc(3001)),
    ];
    for (const [index, logo] of shapes.entries()) {
      const file = join(folder, `report-${index}.pdf`);
      const report = await renderReport(input({ logo, result: result({ resultCode: 'C' }) }));
      expect(codes(report)).not.to.include('LOGO_UNREADABLE');
      writeFileSync(file, report.data);
      expect(spawnSync('qpdf', ['--check', file]).status).to.equal(0);
    }
  });

  it('that cannot be read or drawn is a warning with its code, and the report is made', async () => {
    const damaged = Buffer.from(PNG);
    damaged[PNG.length - 30]! ^= 0xff;
    const plain = Buffer.from((await renderReport(input())).data);
    for (const logo of [null, Buffer.from('no picture'), damaged, Buffer.alloc(0)]) {
      const report = await renderReport(input({ logo }));
      expect(codes(report)).to.deep.equal(['LOGO_UNREADABLE']);
      expect(report.warnings[0]!.text).not.to.contain(folder);
      expect(Buffer.from(report.data).equals(plain)).to.equal(true);
    }
  });

  it('comes into the report by the worker\'s own way, warnings too', async () => {
    const task = { ...input(), given: null, imageFolder: '', logoFolder: folder };
    const withLogo = (logo: string): ReturnType<typeof renderTask> => renderTask({ ...task, organization: { ...organization, logo } });
    expect(Buffer.from((await withLogo('logo.png')).data).equals(Buffer.from((await renderReport(input({ logo: PNG }))).data))).to.equal(true);
    expect(codes(await withLogo('text.png'))).to.deep.equal(['LOGO_UNREADABLE']);
  });

  it('gives way to a title that needs the page for itself', async () => {
    const sender = { ...organization, name: 'Long '.repeat(4000) };
    const report = await renderReport(input({ organization: sender, logo: PNG }));
    expect((await readPdf(report.data)).pages.length).to.be.greaterThan(1);
  });
});
