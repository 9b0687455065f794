// Synthetic IRIS input. Everyone in here is made up; NPIs start with 2; addresses end in .example.
import { randomUUID } from 'node:crypto';

export const CLINIC = '00000000-0000-4000-8000-0000000000aa';
export const OTHER_CLINIC = '00000000-0000-4000-8000-0000000000bb';

/** NPIs with a right check digit that nobody has. */
export const NPI = { orderer: '2990000004', pcp: '2990000012', grader: '2990000020', organization: '2990000038' };

export type Json = Record<string, unknown>;

const merge = (base: Json, change: Json): Json => Object.fromEntries(
  [...new Set([...Object.keys(base), ...Object.keys(change)])].map((key) => {
    const [before, after] = [base[key], change[key]];
    const both = [before, after].every((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
    return [key, both ? merge(before as Json, after as Json) : key in change ? after : before];
  }).filter(([, value]) => value !== undefined),
);

/** An IRIS OrderRequest; `change` is merged in, `undefined` removes a key. */
export const irisOrder = (change: Json = {}): Json => merge({
  Version: '2.3.1', OrderControlCode: 'NW', ClientGuid: CLINIC,
  Site: { LocalId: 'SITE01', Name: 'Lakeside Eye Clinic' },
  Order: { EvaluationTypes: ['DR'], LocalId: 'ORD1001', CPTCode: '92250', State: 'FL', ScheduledTime: '1/5/2026' },
  Patient: {
    LocalId: 'MRN1001', Name: { First: 'Zoë', Last: 'Testpatient' }, Dob: '1/15/1960',
    Genders: [{ Context: 'BirthGender', Gender: 'F' }, { Context: 'IdentityGender', Gender: 'F' }],
    Race: '2106-3', Ethnicity: '2186-5', PrimaryLanguage: 'en-US', MaritalStatus: 'M', Phone: '(555) 555-0100',
    Address: { Street1: '1 Test St', Street2: 'Apt 2', City: 'Testville', State: 'FL', PostalCode: '32501' }, DxCode: 'E119',
  },
  OrderingProvider: { NPI: NPI.orderer, Name: { First: 'Alex', Last: 'Orderer' } },
  HealthPlan: {
    LocalId: 'PLAN1', Name: 'Test Plan', MemberId: 'M1',
    PrimaryCareProvider: { NPI: NPI.pcp, EmailAddress: 'pcp@direct.lakeside.example', Name: { First: 'Pria', Last: 'Care' }, FaxNumber: '5555550111' },
  },
}, change);

/** The IRIS OrderResults that belongs to `irisOrder()`. */
export const irisResult = (change: Json = {}): Json => merge({
  Version: '2.3.1', Timestamp: '2026-01-06T14:15:00.0000000+00:00', TransactionId: randomUUID(), ResultCode: 'F',
  Site: { LocalId: 'SITE01' },
  ImageDetails: { TotalCount: 2, RightEyeCount: 1, LeftEyeCount: 1, SingleEyeOnly: false },
  Images: [],
  Order: {
    PatientOrderId: 900001, Status: 'Complete', LocalId: 'ORD1001', EvaluationTypes: ['DR'],
    CreatedTime: '2026-01-05T10:15:00+00:00', ServicedTime: '2026-01-05T10:30:00+00:00', State: 'FL', SingleEyeOnly: false,
  },
  Patient: {
    PatientId: 700001, LocalId: 'MRN1001', Name: { First: 'Zoë', Last: 'Testpatient' }, Dob: '1/15/1960',
    Genders: [{ Context: 'BirthGender', Gender: 'F' }], Phone: '(555) 555-0100',
  },
  OrderingProvider: { NPI: NPI.orderer, Name: { First: 'Alex', Last: 'Orderer' } },
  Gradings: {
    Notes: [{ Date: '2026-01-06T14:09:00+00:00', Text: 'Compare with last year.' }],
    GradedTime: '2026-01-06T14:10:00+00:00', QueuedTime: '2026-01-05T10:31:00+00:00',
    CarePlanName: 'Return in 6 months', CarePlanDescription: 'Return for a follow-up exam in 6 months.',
    Pathology: true, Urgent: false, Emergent: false,
    OD: {
      Gradable: true, UngradableReasons: [],
      Findings: [{ Finding: 'Diabetic Retinopathy', Result: 'Mild' }, { Finding: 'Macular Edema', Result: 'None' }, { Finding: 'Suspected Glaucoma' }],
    },
    OS: { Gradable: false, UngradableReasons: ['Image Out of Focus'] },
    DxCodes: ['E113291'],
    Provider: { NPI: NPI.grader, Taxonomy: '207W00000X', Name: { Title: 'Dr', First: 'Gina', Last: 'Grader' }, Degrees: 'MD' },
  },
  CameraOperator: { UserName: 'operator@camera.example', Name: { First: 'Cam', Last: 'Operator' }, Notes: [] },
  HealthPlan: { LocalId: 'PLAN1', Name: 'Test Plan', MemberId: 'M1' },
  Cpt: { Code: '92250', Description: 'Fundus photography with interpretation and report' },
}, change);

export interface PairSetup {
  organization?: string;
  site?: string;
  /** `null`: the order names no provider. */
  address?: string | null;
  npi?: string | null;
  order?: Json;
  result?: Json;
}

/** Order and result number n as two input files, joined by their numbers. Without `address` and `npi` the order names no recipient. */
export const inputPair = (n: number, { organization = CLINIC, site = 'SITE01', address, npi, order = {}, result = {} }: PairSetup = {}): Record<string, Json> => {
  const [number, patient] = [`ORD${n}`, { LocalId: `MRN${n}` }];
  const provider = { NPI: npi ?? '', EmailAddress: address ?? '' };
  const slug = String(n).padStart(4, '0');
  return {
    [`${slug}-order.json`]: merge(irisOrder({
      ClientGuid: organization, Site: { LocalId: site }, Order: { LocalId: number }, Patient: patient, HealthPlan: { PrimaryCareProvider: provider },
    }), order),
    [`${slug}-result.json`]: merge(irisResult({ Site: { LocalId: site }, Order: { LocalId: number }, Patient: patient }), result),
  };
};
