import { expect } from 'chai';
import fc from 'fast-check';
import { cleanText, openLettering, runsOf } from '../../nodes/3-pdf/lettering.ts';
import { renderReport } from '../../nodes/3-pdf/render.ts';
import { shorten, wrapText } from '../../nodes/3-pdf/wrap.ts';
import { graded, input, order, patient, readPdf, textOf } from './sample-report.ts';

const named = (given: string, family: string) => ({ order: patient({ name: { given, family } }) });

describe('letters of a report', () => {
  it('reads back Latin, Greek and Cyrillic names, composed or not', async () => {
    for (const name of ['Zoë', 'Ελένη', 'Дмитрий', 'Šimůnková', 'Nguyễn', 'Þórður']) {
      expect(await textOf(named(name, 'Test'))).to.include(`${name.normalize('NFC')} Test`);
      expect(await textOf(named(name.normalize('NFD'), 'Test'))).to.include(`${name.normalize('NFC')} Test`);
    }
  });

  it('draws a box for a character no font has, and warns of it by its number alone', async () => {
    const { data, warnings } = await renderReport(input(named('漢漢字', 'Test')));
    expect((await readPdf(data)).text).to.include('□□□ Test');
    expect(warnings.map(({ code }) => code)).to.deep.equal(['GLYPH_MISSING']);
    expect(warnings[0]!.text).to.match(/U\+5B57 U\+6F22$/);
    expect(warnings[0]!.text).to.not.match(/[漢字]|Test/);
    expect((await renderReport(input())).warnings).to.deep.equal([]);
  });

  it('names at most twenty missing characters', () => {
    const { letter, warnings } = openLettering();
    letter(String.fromCodePoint(...Array.from({ length: 50 }, (_, index) => 0x4e00 + index)));
    expect(warnings()[0]!.text).to.match(/U\+4E13 and 30 more$/);
  });

  it('removes control and invisible characters and keeps line ends', () => {
    expect(cleanText('a\u0000b\u0007\r\nc\u202ed\u200be\u00adf\tg\u2003h\u00a0i\ud800')).to.equal('ab\ncdef g h\u00a0i\ufffd');
  });

  it('cuts a mixed line into runs of one direction', () => {
    expect(runsOf('Name שלום עולם (x)').map(({ text, rightToLeft }) => [text, rightToLeft]))
      .to.deep.equal([['Name ', false], ['שלום עולם', true], [' (x)', false]]);
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (line) => runsOf(line).map(({ text }) => text).join('') === line));
  });
});

describe('the fonts', () => {
  it('know each letter, whatever accented letter was drawn before it', async () => {
    // A copy of the module has fonts of its own, of which nothing was drawn yet.
    const fresh = '../../nodes/3-pdf/fonts.ts?fresh';
    const { fonts } = await import(fresh) as typeof import('../../nodes/3-pdf/fonts.ts');
    for (const font of Object.values(fonts())) {
      const accented = font.layout('ÅÉÎÕÜÇàéîõüçñ ΆΈΉάέή ЁЙёй').glyphs;
      for (const glyph of accented) expect(glyph.path).to.be.an('object');
      for (const letter of 'AEIOUCNYaeiouçnΑΕαεЕИеи') {
        expect(font.layout(letter).glyphs.map(({ codePoints }) => String.fromCodePoint(...codePoints)), letter).to.deep.equal([letter]);
      }
      expect(font.layout('fi').glyphs.flatMap(({ codePoints }) => codePoints)).to.deep.equal([0x66, 0x69]);
    }
  });
});

describe('wrapping', () => {
  const measure = (text: string): number => Array.from(text).length;

  it('loses no letter and makes no line too wide', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', 'é', '字'), maxLength: 300 });
    fc.assert(fc.property(texts, fc.integer({ min: 1, max: 40 }), (text, width) => {
      const lines = wrapText(text, width, measure);
      expect(lines.join('').replace(/\s/g, '')).to.equal(text.replace(/\s/g, ''));
      for (const line of lines) expect(measure(line)).to.be.at.most(width);
    }));
  });

  it('shortens to one line with an ellipsis', () => {
    expect(shorten('short', 10, measure)).to.equal('short');
    expect(shorten('some words that go on', 12, measure)).to.equal('some words…');
    expect(shorten('x'.repeat(50), 12, measure)).to.equal(`${'x'.repeat(11)}…`);
  });
});

describe('hostile input', () => {
  it('survives a note of 100 kB and prints all of it', async () => {
    const words = Array.from({ length: 14_000 }, (_, index) => `w${index}`);
    const { pages, text } = await readPdf((await renderReport(input({ result: graded({ notes: [{ text: words.join(' ') }] }) }))).data);
    expect(text.match(/\bw\d+\b/g)).to.deep.equal(words);
    for (const [index, page] of pages.entries()) expect(page).to.include(`Page ${index + 1} of ${pages.length}`);
  });

  it('prints all of 500 findings', async () => {
    const findings = Array.from({ length: 500 }, (_, index) => ({ finding: `Finding ${index}.`, result: 'Moderate' }));
    const text = await textOf({ result: graded({ OD: { gradable: true, ungradableReasons: [], findings } }) });
    expect(text.match(/Finding \d+\.: Moderate/g)).to.deep.equal(findings.map(({ finding }) => `${finding}: Moderate`));
    expect(text).to.include('Right eye (OD), continued');
    expect(text).to.include('Image Out of Focus');
  });

  it('survives one word of 100 kB in every place where text is shown', async () => {
    const word = 'x'.repeat(100_000);
    const places = [
      named(word, word), { order: order({ localId: word }) }, { order: order({ site: { localId: 'S', name: word } }) },
      { result: graded({ carePlanName: word, carePlanDescription: word }) }, { result: graded({ diagnoses: [{ code: word, text: word }] }) },
      { result: graded({ provider: { name: { given: word, family: 'Grader' }, npi: word } }) },
      { result: graded({ OS: { gradable: false, ungradableReasons: [word], findings: [] } }) },
    ];
    for (const place of places) {
      const { text } = await readPdf((await renderReport(input(place))).data);
      expect(text.match(/x/g)!.length).to.be.greaterThan(99_999);
    }
  }).timeout(60_000);

  it('prints the whole signature even when the foot of the page cannot hold it', async () => {
    const given = 'Gina '.repeat(100).trim();
    const text = await textOf({ result: graded({ provider: { name: { given, family: 'Grader' }, degrees: 'MD' } }) });
    expect(text).to.include(`${given} Grader, MD on 01/06/2026 14:10 UTC`);
    expect(text).to.match(/Gina…/);
  });

  it('renders any strings at all', async () => {
    const any = fc.string({ unit: 'binary', maxLength: 60 });
    await fc.assert(fc.asyncProperty(any, any, any, async (given, finding, note) => {
      const change = { ...named(given, 'Test'), result: graded({
        notes: [{ text: note }], carePlanName: note, OD: { gradable: true, ungradableReasons: [], findings: [{ finding, result: note }] },
      }) };
      expect((await renderReport(input(change))).data.length).to.be.greaterThan(1000);
    }), { numRuns: 40 });
  });
});
