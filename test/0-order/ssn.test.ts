import { expect } from 'chai';
import { readIris } from '../../nodes/0-order/iris/read.ts';
import { blankSsn } from '../../nodes/0-order/ssn.ts';
import { irisOrder, irisResult } from '../support/samples.ts';
import { OPTIONS, order, read } from './support.ts';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const kept = (input: unknown): string => Buffer.from(read(input).raw).toString();

describe('what is kept of an input', () => {
  it('is the bytes as received', () => {
    const text = `  ${JSON.stringify(irisOrder(), null, 3)}\n`;
    expect(kept(text)).to.equal(text);
    expect(read(bytes(text)).raw).to.deep.equal(bytes(text));
  });

  it('has social security numbers blanked under every name and in free text, and nothing else', () => {
    const secret = { SSN: '123456789', ssn: 123456789, 'Social Security Number': '123-45-6789', PatientSsn: { Value: '123456789' },
      Deep: [{ SocialSecurityNumber: '123456789' }] };
    const text = kept({ ...irisOrder(), BusinessName: 'Vision 123', PassName: 'x',
      Patient: { ...(irisOrder()['Patient'] as object), ...secret, AdditionalInfo: 'SSN 123-45-6789 on file' } });
    expect(text).not.to.match(/123456789|123-45-6789/);
    expect(text).to.include('"BusinessName":"Vision 123"').and.include('"PassName":"x"').and.include('SSN  on file');
    expect(read(text)).to.deep.include({ order: order() });
  });

  it('is what goes on: the numbers are in nothing that was read', () => {
    const note = (Text: string): unknown => readIris(irisResult({ Gradings: { Notes: [{ Date: '2026-01-06T14:09:00Z', Text }] } }), OPTIONS);
    expect(JSON.stringify(note('SSN 123-45-6789 on file'))).to.include('SSN  on file').and.not.include('123-45-6789');
    const escaped = JSON.stringify(irisOrder({ HealthPlan: { PrimaryCareProvider: { NPI: '123-45-6789' } } })).replace('123-45', '12\\u0033-45');
    expect(JSON.stringify(read(escaped))).to.not.match(/123-45-6789|u0033/);
  });

  it('has them blanked in words however they are written', () => {
    const texts = [
      '123456789', 'SSN 123456789.', 'SSN is 123 45 6789', 'SSN-123-45-6789', 'SSN#123456789', 'soc. 123.45.6789',
      '123\u201345\u20136789, says she', '(123456789)',
    ];
    for (const Text of texts) {
      const input = irisResult({
        Gradings: { CarePlanDescription: Text, Notes: [{ Date: '2026-01-06T14:09:00Z', Text }] }, CameraOperator: { Remarks: [Text] },
      });
      for (const text of [JSON.stringify(input), JSON.stringify(input).replaceAll('\u2013', '\\u2013')]) {
        expect(kept(text), Text).to.include('"DxCodes":["E113291"]').and.not.match(/123\D{0,6}45\D{0,6}6789/);
      }
    }
  });

  it('keeps other numbers, beside words too', () => {
    const Text = 'NPI 2990000012, call 555-555-0100 or 5555550100, study 1.2.840.123456789.1, 2026-01-06, scan-123456789x, 12345678, 12-123456789';
    const change = { Gradings: { CarePlanDescription: Text }, HealthPlan: { MemberId: '123456789' }, Images: [{ FileName: '123456789.png' }] };
    const input = irisResult(change);
    expect(JSON.parse(kept(input))).to.deep.equal(input);
    const numbered = JSON.stringify(irisResult({ Patient: { PatientId: 123456789, LocalId: '123456789' } }), null, 2);
    expect(kept(numbered)).to.equal(numbered);
  });

  it('keeps an identifier that only looks like one', () => {
    expect(kept(irisOrder({ Patient: { LocalId: '123-45-6789' } }))).to.include('123-45-6789');
  });

  it('has them blanked behind doubled and escaped names', () => {
    const text = JSON.stringify(irisOrder());
    expect(kept(text.replace('{', '{"SSN":"123456789","SSN":"",'))).not.to.include('123456789');
    expect(kept(text.replace('{', '{"\\u0053SN":"123456789",'))).not.to.include('123456789');
  });

  it('has them blanked in bytes that are no JSON', () => {
    const clean = (text: string, encoding: BufferEncoding = 'utf8'): string => Buffer.from(blankSsn(Buffer.from(text, encoding))).toString(encoding);
    const blank = ' '.repeat(11);
    expect(clean('{"SSN": "123-45-6789", broken')).to.equal(`{"SSN": "${blank}", broken`);
    expect(clean('<ssn>123456789</ssn> social security no. 123456789 123-45-6789'))
      .to.equal(`<ssn>${' '.repeat(9)}</ssn> social security no. ${' '.repeat(9)} ${blank}`);
    expect(clean('{"SSN":"123-45-6789"', 'utf16le')).to.equal(`{"SSN":"${blank}"`);
    for (const other of ['12345-67-8901', '123-45-67890', '1123-45-6789', '2026-01-06', '5550100', '']) expect(clean(other)).to.equal(other);
    const same = Buffer.from([0xff, 0x00, 0x31]);
    expect(blankSsn(same)).to.equal(same);
  });
});
