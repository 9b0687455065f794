import { expect } from 'chai';
import { type DemoRun, removeTemporaryFolders, runDemo } from '../support/demo.ts';
import { CLINIC, inputPair, irisOrder, irisResult } from '../support/samples.ts';

const ADDRESS = 'dr.lee@good.lakeside.sim.example';
const ROUTE = `level,organization,site,address,final_delivery,enabled\norder,${CLINIC},,,,\n`;
const MARKER = 'Zzmarkerpatient';

const bad = (n: number, change: object) => irisOrder({ Order: { LocalId: `ORD${n}` }, Patient: { Name: { Last: MARKER } }, ...change } as never);

const CASES: Record<string, { input: unknown; code: string; path: string | null }> = {
  'not-json.json': { input: '{ "OrderControlCode": "NW", // a comment\n }', code: 'INPUT_NOT_JSON', path: null },
  'trailing-comma.json': { input: '{ "OrderControlCode": "NW", }', code: 'INPUT_NOT_JSON', path: null },
  'garbage.json': { input: Buffer.alloc(10_000_000, 0xa7), code: 'INPUT_NOT_JSON', path: null },
  'empty.json': { input: '', code: 'INPUT_NOT_JSON', path: null },
  'neither.json': { input: { Version: '2.3.1', hello: 'world' }, code: 'INPUT_UNKNOWN', path: null },
  'array.json': { input: '[1,2,3]', code: 'INPUT_UNKNOWN', path: null },
  'no-patient.json': { input: irisOrder({ Patient: undefined }), code: 'FIELD_MISSING', path: 'Patient.LocalId' },
  'no-dob.json': { input: bad(2, { Patient: { Name: { Last: MARKER }, Dob: '' } }), code: 'FIELD_MISSING', path: 'Patient.Dob' },
  'no-number.json': { input: irisOrder({ Order: { LocalId: '' } }), code: 'FIELD_MISSING', path: 'Order.LocalId' },
  'wrong-type.json': { input: bad(3, { Patient: 'a text' }), code: 'FIELD_INVALID', path: 'Patient' },
  'wrong-guid.json': { input: bad(4, { ClientGuid: 'not a guid' }), code: 'FIELD_INVALID', path: 'ClientGuid' },
  'feb-30.json': { input: bad(5, { Patient: { Name: { Last: MARKER }, Dob: '2/30/1960' } }), code: 'DATE_INVALID', path: 'Patient.Dob' },
  'year-9999.json': { input: bad(6, { Patient: { Name: { Last: MARKER }, Dob: '1/1/9999' } }), code: 'DATE_INVALID', path: 'Patient.Dob' },
  'broken-pdf.json': { input: irisResult({ ResultsDocument: { Type: 'PDF', Encoding: 'Base64', Content: 'JVBERi0xLjQ*' } }), code: 'PDF_BROKEN', path: 'ResultsDocument.Content' },
  'no-pdf-inside.json': { input: irisResult({ ResultsDocument: { Type: 'PDF', Encoding: 'Base64', Content: 'aGVsbG8=' } }), code: 'PDF_BROKEN', path: 'ResultsDocument.Content' },
  'deep.json': { input: `{"ResultCode":"F","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, code: 'INPUT_NOT_JSON', path: null },
};

describe('bad input, through the running flow', function () {
  this.timeout(120_000);
  let run: DemoRun;
  before(async () => {
    run = await runDemo({
      route: ROUTE,
      inputs: {
        ...Object.fromEntries(Object.entries(CASES).map(([name, { input }]) => [name, input])),
        ...inputPair(1, { address: ADDRESS, order: { OrderingProvider: { NPI: '1234567890' } } }),
      },
    });
  });
  after(removeTemporaryFolders);

  for (const [name, { code, path }] of Object.entries(CASES)) {
    it(`${name} is rejected as ${code}${path === null ? '' : ` at ${path}`} and kept`, () => {
      const entry = run.summary.rejected.find(({ file }) => file === name);
      expect(entry, run.stdout + run.stderr).to.include({ code });
      if (path !== null) expect(entry!.path).to.equal(path);
      expect(entry!.text).to.match(/\.$/);
    });
  }

  it('a wrong NPI elsewhere is a warning; the good pair among the bad arrives', () => {
    const [delivery] = run.deliveries;
    expect(delivery).to.include({ orderLocalId: 'ORD1', state: 'DELIVERED' });
    expect(delivery!.warnings).to.include('NPI_CHECK_DIGIT');
  });

  it('nothing that is told names a patient', () => {
    expect(JSON.stringify(run.summary) + run.stdout + run.stderr).to.not.match(new RegExp(`${MARKER}|Testpatient|1960`));
  });
});
