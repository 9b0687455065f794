import { expect } from 'chai';
import { agree, applyChange, type Candidate, decideJoin, patientKey } from '../../nodes/0-order/join.ts';
import type { Order } from '../../nodes/0-order/model.ts';
import { CLINIC, irisOrder, NPI, OTHER_CLINIC } from '../support/samples.ts';
import { order, readOrder, result } from './support.ts';

const patient = (change: object) => order({ Patient: change }).patient;
const resulted = (change: object) => result({ Patient: change }).patient;

describe('order and result speak of one patient', () => {
  for (const [name, onOrder, onResult] of [
    ['case', { Name: { Last: 'TESTPATIENT' } }, { Name: { Last: 'testpatient' } }],
    ['accents', { Name: { Last: 'Müller-Lüdenscheidt' } }, { Name: { Last: 'MULLER LUDENSCHEIDT' } }],
    ['composed and decomposed accents', { Name: { Last: 'Nu\u00f1ez' } }, { Name: { Last: 'Nun\u0303ez' } }],
    ['letters without a decomposition', { Name: { Last: 'Łukasiewicz-Ørsted' } }, { Name: { Last: 'LUKASIEWICZ ORSTED' } }],
    ['sharp s', { Name: { Last: 'Weiß' } }, { Name: { Last: 'WEISS' } }],
    ['apostrophes and blanks', { Name: { Last: 'O\'Brien  Jr.' } }, { Name: { Last: 'O’BRIEN JR' } }],
    ['date format', { Dob: '1/15/1960' }, { Dob: '1960-01-15T00:00:00.0000000+00:00' }],
    ['case and blanks of the patient id', { LocalId: ' mrn1001 ' }, { LocalId: 'MRN1001' }],
    ['the given name', { Name: { First: 'Zoë' } }, { Name: { First: 'Z.' } }],
  ] as [string, object, object][]) {
    it(`whatever differs in ${name}`, () => expect(agree(patient(onOrder), resulted(onResult))).to.deep.equal({ ok: true }));
  }

  for (const [name, change] of [
    ['patient id', { LocalId: 'MRN1002' }], ['birth date', { Dob: '1/16/1960' }], ['family name', { Name: { Last: 'Testpatients' } }],
    ['patient id and the birth date and the family name', { LocalId: 'X', Dob: '1/1/2000', Name: { Last: 'Y' } }],
  ] as [string, object][]) {
    it(`but not when the ${name} differ, and says so without the values`, () => {
      expect(agree(patient({}), resulted(change))).to.deep.equal({ ok: false, why: `The ${name} of result and order differ.` });
    });
  }

  it('does not fold names of nothing but punctuation, or vowel signs, into one', () => {
    expect(patientKey(patient({ Name: { Last: '?' } }))).not.to.deep.equal(patientKey(patient({ Name: { Last: '!' } })));
    expect(patientKey(patient({ Name: { Last: 'राम' } }))).not.to.deep.equal(patientKey(patient({ Name: { Last: 'रमा' } })));
  });
});

describe('the join', () => {
  const open: Candidate = { order: order(), state: 'open' };
  const elsewhere: Candidate = { order: order({ ClientGuid: OTHER_CLINIC, Patient: { LocalId: 'OTHER' } }), state: 'open' };
  const stranger: Candidate = { order: order({ Patient: { Name: { Last: 'Stranger' } } }), state: 'open' };

  for (const [name, candidates, outcome, code] of [
    ['one order that agrees: ready', [open], 'ready', undefined],
    ['no order: the result waits', [], 'waiting', undefined],
    ['orders of two organizations: held, although one patient fits', [open, elsewhere], 'held', 'ORDER_AMBIGUOUS'],
    ['one of two is cancelled: held all the same', [open, { ...elsewhere, state: 'cancelled' }], 'held', 'ORDER_AMBIGUOUS'],
    ['one of two is of an unknown organization: held all the same', [open, { ...elsewhere, state: 'held' }], 'held', 'ORDER_AMBIGUOUS'],
    ['the only order is of an unknown organization: the result waits', [{ ...open, state: 'held' }], 'waiting', undefined],
    ['a cancelled order: held', [{ ...open, state: 'cancelled' }], 'held', 'ORDER_CANCELLED'],
    ['a cancelled order of another patient: held as cancelled', [{ ...stranger, state: 'cancelled' }], 'held', 'ORDER_CANCELLED'],
    ['another patient: held', [stranger], 'held', 'PATIENT_MISMATCH'],
  ] as [string, Candidate[], string, string | undefined][]) {
    it(name, () => {
      const decision = decideJoin(candidates, result());
      expect([decision.outcome, 'code' in decision ? decision.code : undefined]).to.deep.equal([outcome, code]);
      if (decision.outcome === 'ready') expect(decision.order).to.equal(open.order);
      if (decision.outcome === 'held') expect(decision.why).to.match(/^[A-Z0-9].*\.$/).and.not.match(/Testpatient|Stranger|MRN/);
    });
  }
});

describe('a change of an order', () => {
  const change = (more: object): Order => readOrder({ OrderControlCode: 'XO', ClientGuid: CLINIC, Site: { LocalId: 'SITE01' },
    Order: { LocalId: 'ORD1001' }, ...more });
  const changed = (more: object) => applyChange(order(), change(more));

  it('overrides what it names and keeps the rest', () => {
    const { order: after, warnings } = changed({ Order: { LocalId: 'ORD1001', State: 'Georgia' },
      Patient: { Phone: '555-555-0199', Address: { Street1: '9 New St' } } });
    expect(warnings).to.deep.equal([]);
    expect(after).to.deep.equal({
      ...order(), state: 'GA',
      patient: { ...order().patient, phone: '555-555-0199', address: { ...order().patient.address, street: ['9 New St'] } },
    });
  });

  it('corrects name and birth date, which a mismatch asks for', () => {
    const { order: after } = changed({ Patient: { Name: { Last: 'Corrected' }, Dob: '2/2/1962' } });
    expect(after.patient).to.deep.include({ name: { family: 'Corrected', given: 'Zoë' }, birthDate: '1962-02-02', localId: 'MRN1001' });
  });

  it('keeps given name and genders where it names none, also when it says everything else', () => {
    const { order: after } = applyChange(order(), readOrder(irisOrder({ OrderControlCode: 'XO',
      Patient: { Genders: undefined, Name: { First: undefined } } })));
    expect(after).to.deep.equal(order());
  });

  it('replaces lists', () => {
    expect(changed({ Patient: { Genders: [{ Context: 'BirthGender', Gender: 'M' }] } }).order.patient.genders).to.deep.equal([{ context: 'birth',
      code: 'M' }]);
  });

  it('never changes order number, evaluation types and patient id, and warns', () => {
    const { order: after, warnings } = changed({ Order: { LocalId: 'ORD1001', EvaluationTypes: ['AMD'] }, Patient: { LocalId: 'MRN2', Phone: '1' } });
    expect(warnings.map(({ code, path }) => [code, path])).to.deep.equal([['ORDER_FIELD_FIXED', 'Order.EvaluationTypes'],
      ['ORDER_FIELD_FIXED', 'Patient.LocalId']]);
    expect(after).to.deep.include({ localId: 'ORD1001', evaluationTypes: ['DR'] });
    expect(after.patient).to.deep.include({ localId: 'MRN1001', phone: '1' });
    const renumbered = applyChange(order(), { ...change({}), localId: 'ORD2' });
    expect(renumbered.order.localId).to.equal('ORD1001');
    expect(renumbered.warnings.map(({ path }) => path)).to.deep.equal(['Order.LocalId']);
  });

  it('does not warn when the fixed fields are only written differently', () => {
    expect(changed({ Order: { LocalId: 'ORD1001', EvaluationTypes: [1] }, Patient: { LocalId: ' mrn1001' } }).warnings).to.deep.equal([]);
  });

  it('takes nothing of a patient block that is about someone else', () => {
    const { order: after, warnings } = changed({ Patient: { LocalId: 'MRN2', Name: { Last: 'Stranger' }, Phone: '1',
      Address: { City: 'Elsewhere' } } });
    expect(after.patient).to.deep.equal(order().patient);
    expect(warnings.map(({ path }) => path)).to.deep.equal(['Patient.LocalId']);
  });

  describe('never mixes two providers into one recipient', () => {
    const pcp = (PrimaryCareProvider: object) => changed({ HealthPlan: { PrimaryCareProvider } }).order.primaryCareProvider;

    it('another NPI takes nothing over', () => expect(pcp({ NPI: NPI.grader })).to.deep.equal({ npi: NPI.grader }));
    it('another address takes nothing over', () => {
      expect(pcp({ EmailAddress: 'new@direct.hill.example' })).to.deep.equal({ address: 'new@direct.hill.example' });
    });
    it('the same NPI with another address is the same provider', () => {
      expect(pcp({ NPI: NPI.pcp, EmailAddress: 'new@direct.hill.example' })).to.deep.equal({ ...order().primaryCareProvider,
        address: 'new@direct.hill.example' });
    });
    it('the same address, written differently, is the same provider', () => {
      expect(pcp({ EmailAddress: 'mailto:PCP@direct.lakeside.example', FaxNumber: '1' })).to.deep.include({ npi: NPI.pcp, fax: '1' });
    });
    it('a fax number alone changes the fax number', () => expect(pcp({ FaxNumber: '1' })).to.deep.equal({ ...order().primaryCareProvider,
      fax: '1' }));
    it('an ordering provider with another NPI keeps no old name', () => {
      expect(changed({ OrderingProvider: { NPI: NPI.grader } }).order.orderingProvider).to.deep.equal({ npi: NPI.grader });
    });
  });
});
