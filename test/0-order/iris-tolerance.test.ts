// IRIS's documentation and its two official clients differ among themselves; each rule below is one such difference.
import { expect } from 'chai';
import fc from 'fast-check';
import type { Warning } from '../../nodes/0-order/model.ts';
import { irisOrder, irisResult, NPI } from '../support/samples.ts';
import { order, read, readOrder, readResult, refusal, result } from './support.ts';

const codes = (warnings: Warning[]): (string | undefined)[][] => warnings.map(({ code, path }) => [code, path]);

const renamed = (value: unknown, rename: (name: string) => string): unknown =>
  Array.isArray(value) ? value.map((element) => renamed(element, rename))
    : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name),
      renamed(inner, rename)]))
      : value;

describe('IRIS input tolerance', () => {
  it('1: takes Version 2.3.1 and V2.3.1, and warns of another', () => {
    for (const Version of ['2.3.1', 'V2.3.1', 'v2', undefined]) expect(order({ Version }).warnings, String(Version)).to.deep.equal([]);
    for (const Version of ['3.0', '22', 'x']) expect(codes(order({ Version }).warnings)).to.deep.equal([['VERSION_UNKNOWN', 'Version']]);
  });

  it('2: reads property names in any case, paths stay as documented', () => {
    const camel = (name: string): string => name[0]!.toLowerCase() + name.slice(1);
    const fixed = irisResult({ TransactionId: 'T1' });
    expect(readResult(renamed(fixed, camel))).to.deep.equal(readResult(fixed));
    expect(refusal(() => readOrder(renamed(irisOrder({ Patient: { Dob: 'x' } }), (name) => name.toUpperCase()))).path).to.equal('Patient.Dob');
    fc.assert(fc.property(fc.infiniteStream(fc.boolean()), (coins) => {
      const toss = (name: string): string => [...name].map((letter) => (coins.next().value ? letter.toUpperCase() : letter.toLowerCase())).join('');
      expect(readOrder(renamed(irisOrder(), toss))).to.deep.equal(order());
    }), { numRuns: 30 });
  });

  it('3: reads enumerations as code or number', () => {
    expect(order({ OrderControlCode: 1 }).control).to.equal('NW');
    expect(order({ OrderControlCode: '2' }).control).to.equal('XO');
    expect(readOrder(irisOrder({ OrderControlCode: 4 })).control).to.equal('CA');
    expect(readOrder(irisOrder({ OrderControlCode: 11 })).control).to.equal('ResendResult');
    const patient = order({ Patient: { MaritalStatus: 4, Genders: [{ Context: 2, Gender: 6 }, { Context: 1, Gender: '10' },
      { Context: 0, Gender: 0 }] } }).patient;
    expect(patient.maritalStatus).to.equal('M');
    expect(patient.genders).to.deep.equal([{ context: 'birth', code: 'TF' }, { context: 'identity', code: 'X' },
      { context: 'unspecified', code: 'U' }]);
    expect(order({ Patient: { Genders: [{ Context: 'BirthGender', Gender: 'NEW' }] } }).patient.genders[0]!.code).to.equal('NEW');
  });

  it('4: reads Genders[].Value, and the legacy Gender as one without context', () => {
    expect(order({ Patient: { Genders: [{ Context: 'BirthGender', Value: 'M' }] } }).patient.genders).to.deep.equal([{ context: 'birth',
      code: 'M' }]);
    expect(order({ Patient: { Genders: undefined, Gender: 'F' } }).patient.genders).to.deep.equal([{ context: 'unspecified', code: 'F' }]);
    expect(result({ Patient: { Genders: [], Gender: 'U' } }).patient.genders).to.deep.equal([{ context: 'unspecified', code: 'U' }]);
  });

  it('5: reads Address.Zip for PostalCode', () => {
    expect(order({ Patient: { Address: { PostalCode: undefined, Zip: '32502' } } }).patient.address?.postalCode).to.equal('32502');
    expect(order({ Patient: { Address: { PostalCode: '', Zip: '32502' } } }).patient.address?.postalCode).to.equal('32502');
    expect(order({ Patient: { Address: { Street1: undefined, Street2: undefined,
      Street: '9 Go Rd' } } }).patient.address?.street).to.deep.equal(['9 Go Rd']);
  });

  it('6: reads CPTCode as string or object', () => {
    expect(order({ Order: { CPTCode: '57554' } }).cpt).to.deep.equal({ code: '57554' });
    expect(order({ Order: { CPTCode: { Code: '92250', Description: 'Fundus photography' } } }).cpt).to.deep.equal({ code: '92250',
      text: 'Fundus photography' });
  });

  it('7: reads a provider\'s Name as object with extras or as string', () => {
    const nameOf = (Name: unknown) => order({ OrderingProvider: { Name } }).orderingProvider?.name;
    expect(nameOf({ Title: 'Dr', First: 'Alex', Middle: 'B', Last: 'Orderer' })).to.deep.equal({ prefix: 'Dr', given: 'Alex', middle: 'B',
      family: 'Orderer' });
    expect(nameOf('Alex, Orderer')).to.deep.equal({ given: 'Alex', family: 'Orderer' });
    expect(nameOf('Alex B Orderer')).to.deep.equal({ given: 'Alex B', family: 'Orderer' });
    expect(nameOf('Orderer')).to.deep.equal({ given: '', family: 'Orderer' });
  });

  it('8: reads ServicedTime or ServiceDate, PatientOrderId or PatientOrderID', () => {
    const { order: examined } = result({ Order: { ServicedTime: undefined, ServiceDate: '2026-01-05T10:30:00-06:00', PatientOrderId: undefined,
      PatientOrderID: 7 } });
    expect(examined).to.include({ servicedTime: '2026-01-05T10:30:00.000-06:00', irisOrderId: '7' });
  });

  for (const [name, supplied, types] of [
    ['string', 'DR', ['DR']], ['array', ['dr', 'Glaucoma'], ['DR', 'Glaucoma']], ['numbers', [1, 13], ['DR', 'AI_Eyenuk_O1']],
      ['number', 8, ['DR_AMD']], ['unknown', ['NEW1'], ['NEW1']],
  ] as const) {
    it(`9: reads EvaluationTypes as ${name}`, () => {
      expect(order({ Order: { EvaluationTypes: supplied } }).evaluationTypes).to.deep.equal(types);
      expect(result({ Order: { EvaluationTypes: supplied } }).order.evaluationTypes).to.deep.equal(types);
    });
  }

  it('10: reads both names of the secondary image context', () => {
    const Images = [{ FileName: 'a', ImageContext: 'Secondary' }, { FileName: 'b', ImageContext: 'SecondaryViewField' }];
    expect(result({ Images }).images.map(({ context }) => context)).to.deep.equal(['Secondary', 'Secondary']);
  });

  it('11: reads dates as M/D/YYYY and ISO, and takes an empty Timestamp and TransactionId', () => {
    for (const Dob of ['1/15/1960', '1960-01-15', '1960-01-15T00:00:00.0000000', '1960-01-15T00:00:00.0000000+00:00']) {
      expect(order({ Patient: { Dob } }).patient.birthDate, Dob).to.equal('1960-01-15');
    }
    const read = result({ Timestamp: '', TransactionId: '', Order: { CreatedTime: '0001-01-01T00:00:00+00:00', ScheduledTime: '1/5/2026' } });
    expect(read).to.not.have.any.keys('timestamp', 'transactionId');
    expect(read.order).to.include({ scheduledTime: '1/5/2026' }).and.not.have.property('createdTime');
  });

  for (const Findings of [undefined, null, [], 'None', [{}], [{ Finding: '', Result: '' }]]) {
    it(`12: takes Findings ${JSON.stringify(Findings)} for none listed`, () => {
      expect(result({ Gradings: { OD: { Findings } } }).gradings.OD?.findings).to.deep.equal([]);
    });
  }

  it('12: keeps an explicit finding None', () => {
    const Findings = [{ Finding: 'Diabetic Retinopathy', Result: 'None' }];
    expect(result({ Gradings: { OD: { Findings } } }).gradings.OD?.findings).to.deep.equal([{ finding: 'Diabetic Retinopathy', result: 'None' }]);
  });

  it('13: takes an absent eye for no such eye', () => {
    expect(result({ Gradings: { OS: undefined } }).gradings).to.have.property('OD').and.to.be.an('object');
    expect(result({ Gradings: { OS: undefined } }).gradings).not.to.have.property('OS');
    expect(readResult({ ...irisResult(), Gradings: { ...(irisResult()['Gradings'] as object), OS: {} } }).gradings).not.to.have.property('OS');
  });

  it('14: reads DxCodes and DiagnosisCodes, dots or not, each code once', () => {
    expect(result({ Gradings: { DxCodes: ['E11.3291', 'e113292'] } }).gradings.diagnoses).to.deep.equal([{ code: 'E113291' }, { code: 'E113292' }]);
    const both = { DxCodes: ['E113291', 'H3581'], DiagnosisCodes: [{ Code: 'E11.3291', Description: 'Mild NPDR' }] };
    expect(result({ Gradings: both }).gradings.diagnoses).to.deep.equal([{ code: 'E113291', text: 'Mild NPDR' }, { code: 'H3581' }]);
    expect(order({ Patient: { DxCode: 'E11.9' } }).patient.diagnosisCode).to.equal('E119');
  });

  for (const [supplied, code] of [['FL', 'FL'], ['fl', 'FL'], ['Florida', 'FL'], ['NEW YORK', 'NY'], ['District of Columbia', 'DC'],
    ['Puerto Rico', 'PR'], ['Bavaria', 'Bavaria']] as const) {
    it(`15: reads the state ${supplied} as ${code}`, () => {
      expect(order({ Order: { State: supplied }, Patient: { Address: { State: supplied } } })).to.deep.include({ state: code });
      expect(order({ Patient: { Address: { State: supplied } } }).patient.address?.state).to.equal(code);
    });
  }

  it('16: keeps phones in any format', () => {
    for (const Phone of ['(555) 555-0100', '+1 555 555 0100 x12', '5555550100']) expect(order({ Patient: { Phone } }).patient.phone).to.equal(Phone);
  });

  it('17: answers comments and trailing commas with line, column and a hint', () => {
    const comma = refusal(() => read('{\n  "OrderControlCode": "NW",\n  "Patient": { "LocalId": "1", }\n}'));
    expect([comma.code, comma.detail]).to.deep.equal(['INPUT_NOT_JSON', 'line 3, column 32: a trailing comma is not allowed']);
    const comment = refusal(() => read('{\n  // the order\n  "OrderControlCode": "NW" }'));
    expect(comment.detail).to.equal('line 2, column 3: comments are not allowed');
    expect(refusal(() => read('{"a": 1}}')).detail).to.equal('line 1, column 9: text follows the end of the object');
  });

  it('18: takes $schema', () => {
    expect(order({ $schema: 'https://schemas.example/order-submission.schema.2.3.1.json' })).to.deep.equal(order());
  });

  it('19: warns of every NPI with a wrong check digit, with its path, and rejects nothing', () => {
    const wrong = { NPI: '1234567890' };
    const ordered = order({ OrderingProvider: wrong, ReferringProvider: wrong, CameraOperator: wrong, HealthPlan: { PrimaryCareProvider: wrong } });
    expect(codes(ordered.warnings).map(([, path]) => path).sort()).to.deep.equal(
      ['CameraOperator.NPI', 'HealthPlan.PrimaryCareProvider.NPI', 'OrderingProvider.NPI', 'ReferringProvider.NPI']);
    expect(ordered.primaryCareProvider?.npi).to.equal('1234567890');
    expect(codes(result({ Gradings: { Provider: { NPI: 'gina@grader.example' } } }).warnings)).to.deep.equal([['NPI_CHECK_DIGIT',
      'Gradings.Provider.NPI']]);
    expect(order({ OrderingProvider: { NPI: `NPI:${NPI.orderer}` } })).to.deep.include({ warnings: [] })
      .and.have.nested.property('orderingProvider.npi', NPI.orderer);
  });

  for (const [spelling, gradable] of [
    [true, true], [false, false], ['true', true], ['Gradable', true], ['Gradeable Image', true], ['Ungradable', false], ['Ungradable Image', false],
      ['Not Gradable', false], ['Not Gradeable', false],
  ] as const) {
    it(`20: reads Gradable ${JSON.stringify(spelling)}`, () => {
      expect(result({ Gradings: { OD: { Gradable: spelling } } }).gradings.OD?.gradable).to.equal(gradable);
    });
  }

  it('20: reads the property Gradeable, and where neither is there only what leaves no doubt', () => {
    const gradable = (OD: object): boolean | undefined => result({ Gradings: { OD: { Gradable: undefined, ...OD } } }).gradings.OD?.gradable;
    expect(gradable({ Gradeable: false })).to.equal(false);
    expect(gradable({})).to.equal(true);
    expect(gradable({ Findings: [{ Finding: 'Not Gradable' }] })).to.equal(false);
    expect(gradable({ Findings: [], MissingEyeReason: 'Enucleation' })).to.equal(false);
  });

  it('21: takes empty strings and empty objects for absent', () => {
    const empty = { NPI: '', EmailAddress: '', Name: { First: '', Last: '' }, FaxNumber: '' };
    const read = order({ HealthPlan: { LocalId: '', Name: ' ', MemberId: null, PrimaryCareProvider: empty }, OrderingProvider: empty,
      Patient: { Phone: '', Race: '', Address: { Street1: '', State: '' } } });
    // `merge` of the samples keeps what the change does not name, so these start from nothing.
    const bare = readOrder({ ...irisOrder(), HealthPlan: { PrimaryCareProvider: empty }, OrderingProvider: empty, ReferringProvider: {},
      CameraOperator: { NPI: '' } });
    expect(read).to.not.have.any.keys('primaryCareProvider', 'healthPlan', 'orderingProvider');
    expect(bare).to.not.have.any.keys('primaryCareProvider', 'healthPlan', 'orderingProvider', 'referringProvider');
    expect(bare.warnings).to.deep.equal([]);
    expect(read.patient).to.not.have.any.keys('phone', 'race');
  });

  it('reads messages with every property that IRIS documents, and with those of its clients that nobody needs', () => {
    const camera = { LocalId: 'C1', Location: 'Room 1', IPAddress: '', MACAddress: null, SerialNumber: '1', Manufacturer: 'M', Model: 'X',
      SoftwareVersion: '1' };
    const image = { LocalId: 'I1', Taken: '2026-01-05T10:15:00.0000000-06:00', Laterality: 'OD', ImageContext: 'Primary', ParentLocalId: null,
      GroupId: 0, GroupOrdinal: 0 };
    const ordered = order({
      UserNameSubmitting: 'user@clinic.example', CameraOperatorUserName: 'operator',
        Camera: { ...camera, Images: [{ ...image, AzureBlobStorage: { Container: 'c', FileName: 'f' } }] },
      Order: { DepartmentId: 'D1', EncounterNumber: 'E1', StudyInstanceUniqueId: '1.2', OrderableIdentifier: 'O', AdditionalInfo: 'free',
        SingleEyeOnly: null, MissingEyeReason: '', Urgent: false, CreatedTime: 'x' },
      Patient: { Email: 'zoe@patient.example', AdditionalInfo: 'free' },
        HealthPlan: { IndividualId: 'x', HealthPlanPayerName: 'Payer', EffectiveDate: 'whenever' },
    });
    expect(ordered).to.deep.include({ departmentId: 'D1', encounterNumber: 'E1', urgent: false }).and.not.have.any.keys('singleEyeOnly',
      'missingEyeReason');
    expect(ordered.patient.email).to.equal('zoe@patient.example');
    const graded = result({
      Success: true, ErrorMessage: null, ResultObjectType: 'OrderResult',
        ResultsDocument: { Type: 'PDF', Encoding: 'Base64', Content: 'JVBERi0xLjQK' },
      Images: [{ ...image, Received: 'x', FileName: 'od.jpg', Camera: camera, OrderImageID: 7, ContainerName: 'c' }],
        Order: { Expedite: false, StudyInstanceUniqueId: '1.2' },
      Patient: { PatientId: 7, Gender: 'U' }, CameraOperator: { UserName: 'operator', Notes: [{ Date: '', Text: '' }] },
        Site: { ClientId: 5, ClientName: 'x' },
    });
    expect(graded.document?.base64).to.equal('JVBERi0xLjQK');
    expect(graded.warnings).to.deep.equal([]);
  });
});
