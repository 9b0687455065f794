import { expect } from 'chai';
import { NPI } from '../support/samples.ts';
import { expectRefusal, result } from './support.ts';

const PDF = Buffer.from('%PDF-1.4\nsynthetic\n%%EOF\n').toString('base64');

describe('IRIS OrderResults', () => {
  it('becomes a canonical result', () => {
    expect(result({ TransactionId: '00000000-0000-4000-8000-000000000002' })).to.deep.equal({
      resultCode: 'F', transactionId: '00000000-0000-4000-8000-000000000002', timestamp: '2026-01-06T14:15:00.000+00:00', site: { localId: 'SITE01' },
      order: {
        localId: 'ORD1001', irisOrderId: '900001', status: 'Complete', evaluationTypes: ['DR'], createdTime: '2026-01-05T10:15:00.000+00:00',
        servicedTime: '2026-01-05T10:30:00.000+00:00', singleEyeOnly: false,
      },
      patient: { localId: 'MRN1001', name: { family: 'Testpatient', given: 'Zoë' }, birthDate: '1960-01-15',
        genders: [{ context: 'birth', code: 'F' }], phone: '(555) 555-0100' },
      gradings: {
        gradedTime: '2026-01-06T14:10:00.000+00:00', carePlanName: 'Return in 6 months',
          carePlanDescription: 'Return for a follow-up exam in 6 months.',
        pathology: true, urgent: false, emergent: false, notes: [{ date: '2026-01-06T14:09:00.000+00:00', text: 'Compare with last year.' }],
        OD: {
          gradable: true, ungradableReasons: [],
          findings: [{ finding: 'Diabetic Retinopathy', result: 'Mild' }, { finding: 'Macular Edema', result: 'None' },
            { finding: 'Suspected Glaucoma' }],
        },
        OS: { gradable: false, ungradableReasons: ['Image Out of Focus'], findings: [] },
        diagnoses: [{ code: 'E113291' }],
        provider: { npi: NPI.grader, taxonomy: '207W00000X', name: { family: 'Grader', given: 'Gina', prefix: 'Dr' }, degrees: 'MD' },
      },
      images: [], orderingProvider: { npi: NPI.orderer, name: { family: 'Orderer', given: 'Alex' } },
      cpt: { code: '92250', text: 'Fundus photography with interpretation and report' }, warnings: [],
    });
  });

  for (const [path, change] of [
    ['ResultCode', { ResultCode: '' }], ['Site.LocalId', { Site: undefined }], ['Order.LocalId', { Order: undefined }],
      ['Order.LocalId', { Order: { LocalId: '' } }],
    ['Patient.LocalId', { Patient: { LocalId: '' } }], ['Patient.Name.Last', { Patient: { Name: { Last: null } } }],
      ['Patient.Dob', { Patient: { Dob: undefined } }],
    ['Gradings', { Gradings: undefined }], ['Gradings.OD.Gradable',
      { Gradings: { OD: { Gradable: undefined, Findings: [], UngradableReasons: [], Other: 'x' } } }],
    ['Gradings.OD.Findings[0].Finding', { Gradings: { OD: { Findings: [{ Result: 'Mild' }] } } }],
  ] as [string, object][]) {
    it(`needs ${path} (${JSON.stringify(change).slice(0, 60)})`, () => expectRefusal(() => result(change as never), 'FIELD_MISSING', path));
  }

  for (const [path, change] of [
    ['ResultCode', { ResultCode: 'Z' }], ['Gradings', { Gradings: 'fine' }], ['Gradings.OD', { Gradings: { OD: 'fine' } }],
      ['Gradings.OD.Gradable', { Gradings: { OD: { Gradable: 'perhaps' } } }],
    ['Gradings.OD.Findings', { Gradings: { OD: { Findings: 'Mild' } } }], ['Gradings.OD.Findings[0]', { Gradings: { OD: { Findings: ['Mild'] } } }],
    ['Gradings.OS.UngradableReasons[0]', { Gradings: { OS: { UngradableReasons: [5] } } }], ['Gradings.Urgent', { Gradings: { Urgent: 'soon' } }],
    ['Gradings.DxCodes[0]', { Gradings: { DxCodes: [5] } }], ['Gradings.OU', { Gradings: { OU: { Gradable: true } } }],
      ['ResultsDocument.Content', { ResultsDocument: { Content: 5 } }],
    ['Images', { Images: 'a.jpg' }], ['Images[0].FileName', { Images: [{ FileName: 5 }] }],
  ] as [string, object][]) {
    it(`refuses a wrong ${path}`, () => expectRefusal(() => result(change as never), 'FIELD_INVALID', path));
  }

  it('refuses an absurd time with its path', () => {
    expectRefusal(() => result({ Gradings: { GradedTime: '2026-02-30T10:00:00Z' } }), 'DATE_INVALID', 'Gradings.GradedTime');
    expectRefusal(() => result({ Gradings: { Notes: [{ Date: 'x', Text: 'y' }] } }), 'DATE_INVALID', 'Gradings.Notes[0].Date');
  });

  it('reads a time without offset as UTC and says so', () => {
    const read = result({ Gradings: { GradedTime: '2026-01-06T14:10:00' } });
    expect(read.gradings.gradedTime).to.equal('2026-01-06T14:10:00.000+00:00');
    expect(read.warnings).to.have.length(1);
    expect(read.warnings[0]).to.include({ code: 'TIME_ZONE_MISSING', path: 'Gradings.GradedTime' });
  });

  it('keeps findings and reasons that nobody has heard of', () => {
    const { OD } = result({ Gradings: { OD: { Findings: [{ Finding: 'Suspected Dragon', Result: 'Three heads' }], Gradable: true } } }).gradings;
    expect(OD?.findings).to.deep.equal([{ finding: 'Suspected Dragon', result: 'Three heads' }]);
  });

  it('reads images with side and context', () => {
    const Images = [{ FileName: 'od.jpg', Laterality: 'OD', ImageContext: 'Primary' },
      { FileName: 'os.jpg', Laterality: 0, ImageContext: 1, LocalId: 'I2' }, { FileName: 'ou.jpg', Laterality: 'OU' }];
    expect(result({ Images }).images).to.deep.equal([
      { fileName: 'od.jpg', laterality: 'OD', context: 'Primary' }, { fileName: 'os.jpg', laterality: 'OS', context: 'Secondary', localId: 'I2' },
        { fileName: 'ou.jpg' },
    ]);
  });

  describe('its own PDF', () => {
    const documentOf = (Content: unknown, more = {}) => result({ ResultsDocument: { Type: 'PDF', Encoding: 'Base64', Content, ...more } });

    it('is taken over, white space removed', () => {
      const wrapped = PDF.replace(/(.{8})/g, '$1\r\n ');
      expect(documentOf(wrapped).document).to.deep.equal({ mediaType: 'application/pdf', base64: PDF });
    });

    for (const [name, content] of [
      ['is cut off', PDF.slice(0, -1)], ['holds foreign characters', `${PDF.slice(0, 8)}*${PDF.slice(9)}`],
        ['is URL-safe base64', `${PDF.slice(0, 8)}-_${PDF.slice(10)}`],
      ['has its padding inside', `${PDF.slice(0, 10)}==${PDF.slice(12)}`], ['is no PDF', Buffer.from('<html></html>').toString('base64')],
      ['begins with junk', Buffer.from('\n%PDF-1.4\n').toString('base64')], ['is a data URI', `data:application/pdf;base64,${PDF}`],
    ] as const) {
      it(`is refused when it ${name}`, () => expectRefusal(() => documentOf(content), 'PDF_BROKEN', 'ResultsDocument.Content'));
    }

    for (const [name, change] of [['HTML', { Type: 'HTML', Content: '<p>x</p>' }], ['ORU', { Type: 'ORU', Content: 'MSH|' }],
      ['without content', { Content: null }]] as const) {
      it(`is left out with a warning when the document is ${name}`, () => {
        const read = documentOf('x', change);
        expect(read).not.to.have.property('document');
        expect(read.warnings.map(({ code, path }) => [code, path])).to.deep.equal([['DOCUMENT_IGNORED', 'ResultsDocument.Content']]);
      });
    }
  });
});
