import { expect } from 'chai';
import { hasLoincCheckDigit } from '../../nodes/4-cda/check-digit.ts';
import {
  bareLanguage, ethnicityCodes, genderCode, languageCommunication, maritalStatusCode, procedureCode, raceCodes,
} from '../../nodes/4-cda/codes.ts';
import { isRaceCode, raceCategory } from '../../nodes/4-cda/race-codes.ts';
import type { XmlNode } from '../../nodes/4-cda/xml.ts';

/** `F`, `null UNK`, or `null OTH "text"`. */
const short = (node: XmlNode | undefined): string | undefined => {
  if (node === undefined) return undefined;
  const text = node['originalText'] === undefined ? '' : ` "${String(node['originalText'])}"`;
  return node['@code'] === undefined ? `null ${String(node['@nullFlavor'])}${text}` : String(node['@code']);
};

const gender = (code: string): { node: XmlNode; warnings: { code: string }[] } => genderCode([{ context: 'birth', code }], 'birth');

describe('gender', () => {
  for (const [from, to] of [
    ['M', 'M'], ['F', 'F'], ['f', 'F'], ['TM', 'M'], ['TF', 'F'], ['N', 'UN'], ['X', 'UN'], ['A', 'UN'], ['O', 'null OTH "Other"'],
    ['NL', 'null OTH "Not listed"'], ['U', 'null UNK'], ['EQ', 'null UNK'], ['ND', 'null ASKU'],
  ] as const) {
    it(`${from} becomes ${to}`, () => {
      expect(short(gender(from).node)).to.equal(to);
      expect(gender(from).warnings).to.deep.equal([]);
    });
  }

  it('anything else keeps its text, has no code and is told', () => {
    expect(short(gender('constructor').node)).to.equal('null OTH "constructor"');
    expect(gender('Q').warnings.map(({ code }) => code)).to.deep.equal(['CODE_UNMAPPED']);
  });

  it('is the birth gender, then identity, then unspecified; or identity first', () => {
    const all = [{ context: 'unspecified', code: 'X' }, { context: 'identity', code: 'F' }, { context: 'birth', code: 'M' }] as const;
    expect(short(genderCode(all, 'birth').node)).to.equal('M');
    expect(short(genderCode(all, 'identity').node)).to.equal('F');
    expect(short(genderCode(all.slice(0, 2), 'birth').node)).to.equal('F');
    expect(short(genderCode([all[0], all[2]], 'identity').node)).to.equal('M');
    expect(short(genderCode([all[0]], 'birth').node)).to.equal('UN');
    expect(short(genderCode([], 'birth').node)).to.equal('null UNK');
  });
});

describe('marital status', () => {
  for (const letter of 'ACDILMPSTUW') it(`${letter} stays ${letter}`, () => expect(short(maritalStatusCode(letter)?.node)).to.equal(letter));

  it('is left out when absent, null when unknown, text when unmapped', () => {
    expect([maritalStatusCode(undefined), maritalStatusCode(' ')]).to.deep.equal([undefined, undefined]);
    expect(short(maritalStatusCode('UNK')?.node)).to.equal('null UNK');
    expect(short(maritalStatusCode('Separated')?.node)).to.equal('null OTH "Separated"');
    expect(maritalStatusCode('G')?.warnings.map(({ path }) => path)).to.deep.equal(['Patient.MaritalStatus']);
  });
});

const together = ({ category, details, warnings }: { category: XmlNode; details: XmlNode[]; warnings: unknown[] }): string =>
  [short(category), ...details.map(short), ...warnings.map(() => 'told')].join(' | ');

describe('race and ethnicity', () => {
  for (const [from, to] of [
    ['1002-5', '1002-5'], ['2028-9', '2028-9'], ['2054-5', '2054-5'], ['2076-8', '2076-8'], ['2106-3', '2106-3'],
    ['2131-1', 'null OTH "Other Race" | 2131-1'],
    ['1010-8', '1002-5 | 1010-8'], ['2029-7', '2028-9 | 2029-7'], ['2500-7', '2076-8 | 2500-7'], ['2129-5', '2106-3 | 2129-5'],
    ['2106-3, 2028-9', '2106-3 | 2028-9'], ['2028-9;2029-7', '2028-9 | 2029-7'], ['2106-3,2131-1', '2106-3 | 2131-1'],
    ['UNK', 'null UNK'], ['asked-declined', 'null ASKU'], ['', 'null UNK'],
    ['2106-4', 'null OTH "2106-4" | told'], ['2135-2', 'null OTH "2135-2" | told'], ['White', 'null OTH "White" | told'],
    ['2106-3,W', '2106-3 | told'], ['constructor', 'null OTH "constructor" | told'],
  ] as const) {
    it(`race ${from || '(empty)'} becomes ${to}`, () => expect(together(raceCodes(from))).to.equal(to));
  }

  for (const [from, to] of [
    ['2135-2', '2135-2'], ['2186-5', '2186-5'], ['2137-8', '2135-2 | 2137-8'], ['2148-5', '2135-2 | 2148-5'], ['2155-0', '2135-2 | 2155-0'],
    ['2180-8', '2135-2 | 2180-8'], ['2182-4', '2135-2 | 2182-4'], ['2149-3', '2135-2 | 2149-3'], ['2148-5,2182-4', '2135-2 | 2148-5 | 2182-4'],
    ['2131-1', 'null OTH "2131-1" | told'], ['ASKU', 'null ASKU'], ['', 'null UNK'], ['constructor', 'null OTH "constructor" | told'],
  ] as const) {
    it(`ethnicity ${from || '(empty)'} becomes ${to}`, () => expect(together(ethnicityCodes(from))).to.equal(to));
  }

  it('absent is unknown',
    () => expect([together(raceCodes(undefined)), together(ethnicityCodes(undefined))]).to.deep.equal(['null UNK', 'null UNK']));

  it('knows the 921 race codes and no number between them', () => {
    const codes = Array.from({ length: 1200 }, (_, index) => index + 1000)
      .flatMap((number) => Array.from({ length: 10 }, (_, digit) => `${number}-${digit}`)).filter(isRaceCode);
    expect(codes.length + 1).to.equal(921);
    expect(['1003-3', '2107-1', '2133-7', '12-5', '02106-3'].filter(isRaceCode)).to.deep.equal([]);
    expect(['2026-3', '2052-9', '2075-0', '2104-8', '2129-5'].map(raceCategory)).to.deep.equal(['1002-5', '2028-9', '2054-5', '2076-8', '2106-3']);
  });
});

describe('languages', () => {
  for (const [from, to] of [
    ['en', 'en'], ['en-US', 'en'], ['es-US', 'es'], ['zh', 'zh'], ['zh-Hans-CN', 'zh'], ['EN_us', 'en'], ['spa', 'es'], ['eng', 'en'], ['hmn', 'hmn'],
    ['English', undefined], ['xx', undefined], ['und', undefined], ['', undefined], ['e', undefined], ['<b>', undefined],
  ] as const) {
    it(`${from || '(empty)'} becomes ${to ?? 'nothing'}`, () => expect(bareLanguage(from)).to.equal(to));
  }

  it('is left out when absent and null when unmapped, for it has no place for a text', () => {
    expect(languageCommunication(undefined)).to.equal(undefined);
    expect(languageCommunication('Klingon')?.node['languageCode']).to.deep.equal({ '@nullFlavor': 'OTH' });
    expect(languageCommunication('Klingon')?.warnings.map(({ code }) => code)).to.deep.equal(['CODE_UNMAPPED']);
  });
});

describe('other codes', () => {
  it('tells CPT from HCPCS and keeps anything else as text', () => {
    expect(procedureCode({ code: '92250' }).node['@codeSystem']).to.equal('2.16.840.1.113883.6.12');
    expect(procedureCode({ code: 'G0117' }).node['@codeSystem']).to.equal('2.16.840.1.113883.6.285');
    expect(short(procedureCode({ code: 'EYE', text: 'Eye exam' }).node)).to.equal('null OTH "Eye exam"');
  });

  it('computes LOINC check digits', () => {
    expect(['78573-3', '103592-2', '34807-8', '104212-6', '78657-4', '105914-6',
      '2106-3'].filter((code) => !hasLoincCheckDigit(code))).to.deep.equal([]);
    expect(['78573-4', '78573', '', '-3', '78573-33', 'x-1'].filter(hasLoincCheckDigit)).to.deep.equal([]);
  });
});
