import { expect } from 'chai';
import { CLINIC, irisOrder, NPI } from '../support/samples.ts';
import { expectRefusal, order, readOrder } from './support.ts';

describe('IRIS OrderRequest', () => {
  it('becomes a canonical order', () => {
    expect(order()).to.deep.equal({
      control: 'NW', organization: CLINIC, site: { localId: 'SITE01', name: 'Lakeside Eye Clinic' }, localId: 'ORD1001', evaluationTypes: ['DR'],
      cpt: { code: '92250' }, scheduledTime: '1/5/2026', state: 'FL',
      patient: {
        localId: 'MRN1001', name: { family: 'Testpatient', given: 'Zoë' }, birthDate: '1960-01-15',
        genders: [{ context: 'birth', code: 'F' }, { context: 'identity', code: 'F' }],
        race: '2106-3', ethnicity: '2186-5', language: 'en-US', maritalStatus: 'M', phone: '(555) 555-0100', diagnosisCode: 'E119',
        address: { street: ['1 Test St', 'Apt 2'], city: 'Testville', state: 'FL', postalCode: '32501' },
      },
      orderingProvider: { npi: NPI.orderer, name: { family: 'Orderer', given: 'Alex' } },
      primaryCareProvider: { npi: NPI.pcp, address: 'pcp@direct.lakeside.example', name: { family: 'Care', given: 'Pria' }, fax: '5555550111' },
      healthPlan: { localId: 'PLAN1', name: 'Test Plan', memberId: 'M1' },
      warnings: [],
    });
  });

  for (const [path, change] of [
    ['ClientGuid', { ClientGuid: undefined }], ['Site.LocalId', { Site: undefined }], ['Site.LocalId', { Site: { LocalId: ' ' } }],
    ['Order.LocalId', { Order: undefined }], ['Order.LocalId', { Order: { LocalId: '' } }],
      ['Order.EvaluationTypes', { Order: { EvaluationTypes: [] } }],
    ['Patient.LocalId', { Patient: undefined }], ['Patient.LocalId', { Patient: { LocalId: null } }],
    ['Patient.Name.Last', { Patient: { Name: { Last: '' } } }], ['Patient.Dob', { Patient: { Dob: '' } }],
      ['OrderControlCode', { OrderControlCode: '' }],
  ] as [string, object][]) {
    it(`needs ${path} (${JSON.stringify(change)})`, () => expectRefusal(() => order(change as never), 'FIELD_MISSING', path));
  }

  for (const [path, change] of [
    ['ClientGuid', { ClientGuid: 'not-a-guid' }], ['ClientGuid', { ClientGuid: 5 }], ['Site', { Site: 'SITE01' }],
      ['Site.LocalId', { Site: { LocalId: 17 } }],
    ['Order', { Order: [1] }], ['Order.LocalId', { Order: { LocalId: { a: 1 } } }], ['Order.LocalId', { Order: { LocalId: 'A\r\nB' } }],
    ['Order.LocalId', { Order: { LocalId: 'A'.repeat(257) } }], ['Order.EvaluationTypes', { Order: { EvaluationTypes: [true] } }],
    ['Order.SingleEyeOnly', { Order: { SingleEyeOnly: 'maybe' } }], ['Order.Urgent', { Order: { Urgent: 1 } }],
    ['Patient', { Patient: 'Zoë' }], ['Patient.Name', { Patient: { Name: ['Zoë'] } }], ['Patient.Name.Last', { Patient: { Name: { Last: 5 } } }],
    ['Patient.Dob', { Patient: { Dob: 19600115 } }], ['Patient.Genders', { Patient: { Genders: 'F' } }],
      ['Patient.Genders[1]', { Patient: { Genders: [{ Gender: 'F' }, 'M'] } }],
    ['Patient.Address', { Patient: { Address: '1 Test St' } }], ['Patient.Address.City', { Patient: { Address: { City: 1 } } }],
    ['OrderingProvider', { OrderingProvider: 'Alex' }], ['HealthPlan', { HealthPlan: true }],
    ['HealthPlan.PrimaryCareProvider', { HealthPlan: { PrimaryCareProvider: 'pcp@direct.lakeside.example' } }],
    ['HealthPlan.PrimaryCareProvider.EmailAddress', { HealthPlan: { PrimaryCareProvider: { EmailAddress: ['a@b.example'] } } }],
    ['OrderControlCode', { OrderControlCode: 'XR' }], ['OrderControlCode', { OrderControlCode: 99 }],
  ] as [string, object][]) {
    it(`refuses a wrong ${path} (${JSON.stringify(change).slice(0, 60)})`, () => expectRefusal(() => order(change as never), 'FIELD_INVALID', path));
  }

  for (const [path, change] of [
    ['Patient.Dob', { Patient: { Dob: '2/30/1960' } }], ['Patient.Dob', { Patient: { Dob: '1/15/2190' } }],
      ['Patient.Dob', { Patient: { Dob: '1/15/1790' } }],
    ['Order.ScheduledTime', { Order: { ScheduledTime: 'soon' } }],
  ] as [string, object][]) {
    it(`refuses an absurd ${path}`, () => expectRefusal(() => order(change as never), 'DATE_INVALID', path));
  }

  it('takes a patient with one name', () => {
    expect(order({ Patient: { Name: { First: undefined, Last: 'Mono' } } }).patient.name).to.deep.equal({ family: 'Mono', given: '' });
  });

  it('lower-cases the ClientGuid, also in braces', () => {
    expect(order({ ClientGuid: `{${CLINIC.toUpperCase()}}` }).organization).to.equal(CLINIC);
  });

  it('keeps the address of the PCP as supplied, line breaks and all: the route decides whether it can be used', () => {
    const at = (EmailAddress: string): string | undefined =>
      order({ HealthPlan: { PrimaryCareProvider: { EmailAddress } } }).primaryCareProvider?.address;
    expect(at('  Dr.Lee@Direct.Lakeside.Example ')).to.equal('Dr.Lee@Direct.Lakeside.Example');
    expect(at('lee@direct.lakeside.example\r\nBcc: spy@evil.example')).to.equal('lee@direct.lakeside.example\r\nBcc: spy@evil.example');
    expect(at('lee@direct.lakeside.example\n')).to.equal('lee@direct.lakeside.example\n');
    expect(at('not an address')).to.equal('not an address');
  });

  it('keeps the NPI of the PCP as supplied', () => {
    expect(order({ HealthPlan: { PrimaryCareProvider: { NPI: ' NPI:2990000012 ' } } }).primaryCareProvider?.npi).to.equal('NPI:2990000012');
    expect(order({ HealthPlan: { PrimaryCareProvider: { NPI: 2990000012 } } }).primaryCareProvider?.npi).to.equal('2990000012');
  });

  describe('changes, cancellations and resends', () => {
    it('a cancellation needs its organization and its order number only, and reads nothing else', () => {
      expect(readOrder({ OrderControlCode: 'CA', ClientGuid: CLINIC, Order: { LocalId: 'ORD1001' }, Patient: { Dob: 'nonsense' } }))
        .to.deep.equal({ control: 'CA', organization: CLINIC, localId: 'ORD1001', evaluationTypes: [], warnings: [] });
    });

    it('a resend takes the site where it is named', () => {
      expect(readOrder({ OrderControlCode: 'resendresult', ClientGuid: CLINIC, Site: { LocalId: 'SITE01' }, Order: { LocalId: 'ORD1001' } }))
        .to.deep.include({ control: 'ResendResult', site: { localId: 'SITE01' } });
    });

    for (const control of ['CA', 'ResendResult', 'XO']) {
      it(`${control} without order number or organization is refused`, () => {
        const site = { Site: { LocalId: 'SITE01' } };
        expectRefusal(() => readOrder({ OrderControlCode: control, ClientGuid: CLINIC, ...site, Order: { State: 'FL' } }), 'FIELD_MISSING',
          'Order.LocalId');
        expectRefusal(() => readOrder({ OrderControlCode: control, ...site, Order: { LocalId: 'ORD1001' } }), 'FIELD_MISSING', 'ClientGuid');
      });
    }

    it('a change may name a part of the patient only', () => {
      const change = readOrder({ OrderControlCode: 'XO', ClientGuid: CLINIC, Site: { LocalId: 'SITE01' }, Order: { LocalId: 'ORD1001' },
        Patient: { Phone: '555-555-0199', Name: { Last: 'Newname' } } });
      expect(change.patient).to.deep.equal({ phone: '555-555-0199', name: { family: 'Newname' } });
    });

    it('a change without a site is refused', () => {
      expectRefusal(() => readOrder({ OrderControlCode: 'XO', ClientGuid: CLINIC, Order: { LocalId: 'ORD1001' } }), 'FIELD_MISSING', 'Site.LocalId');
    });

    it('a change that says everything can be stored as new', () => {
      const change = readOrder(irisOrder({ OrderControlCode: 'XO', Patient: { Genders: undefined, Name: { First: undefined } } }));
      expect(change.patient).to.deep.include({ genders: [], name: { family: 'Testpatient', given: '' } });
    });
  });
});
