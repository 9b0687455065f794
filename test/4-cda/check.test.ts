import { expect } from 'chai';
import { CHECK_RULES, type CheckCode, checkDocument } from '../../nodes/4-cda/check.ts';
import { build, fullPatient, ID, input, LINEAGES, minimalPatient, order, PDF } from './support.ts';

const whole = build({
  order: order(fullPatient({ race: '2106-3,2028-9' })), settings: { identifier: 'mrn' }, lineage: LINEAGES.replacement,
}).data.toString();

type Plant = (xml: string) => string;
const swap = (from: string | RegExp, to: string): Plant => (xml) => {
  expect(xml.search(from instanceof RegExp ? from : from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')), String(from)).to.be.greaterThan(-1);
  return xml.replace(from, to);
};
const drop = (pattern: RegExp): Plant => swap(pattern, '');

const DEVICE = '<assignedAuthoringDevice><manufacturerModelName>a</manufacturerModelName><softwareName>b</softwareName></assignedAuthoringDevice>';

/** Faults by the rule that must find them; every rule has one. */
const FAULTS: Record<CheckCode, Plant[]> = {
  CDA_NOT_READABLE: [
    swap('</title>', '</titel>'), swap('<ClinicalDocument', '<!DOCTYPE x><ClinicalDocument'), swap('Diabetic', '&nbsp;'), swap('UTF-8', 'ISO-8859-1'),
    () => '', () => 'no XML', (xml) => xml.slice(0, 2000),
  ],
  CDA_ROOT: [swap(/ClinicalDocument/g, 'ClinicalPaper'), swap('urn:hl7-org:v3', 'urn:hl7-org:v2')],
  CDA_ELEMENT_MISSING: [
    drop(/<realmCode[^>]*>/), drop(/<typeId[^>]*>/), drop(/<id [^>]*>/), drop(/<title>.*?<\/title>/), drop(/<effectiveTime value[^>]*>/),
    drop(/<confidentialityCode[^>]*>/), drop(/<languageCode code="en-US"\/>/), drop(/<author>.*?<\/author>/), drop(/<custodian>.*?<\/custodian>/),
    drop(/<administrativeGenderCode[^>]*>/), drop(/<birthTime[^>]*>/), drop(/<raceCode[^>]*>/), drop(/<ethnicGroupCode[^>]*>/),
    drop(/<addr use="HP">.*?<\/addr>/), drop(/<telecom use="HP"[^>]*>/), swap(/<patient><name.*?<\/name>/, '<patient>'), drop(/<signatureCode[^>]*>/),
    drop(/<telecom use="WP"[^>]*>/), drop(/<low [^>]*>/), drop(/<component>.*<\/component>/),
  ],
  CDA_ELEMENT_REPEATED: [swap('<title>', '<title>Twice</title><title>'), swap(/<birthTime[^>]*>/, '$&$&')],
  CDA_ELEMENT_UNKNOWN: [swap('<birthTime', '<birthDate/><birthTime'), swap('<birthTime', '<x xmlns="urn:other"/><birthTime'),
    swap('<birthTime', '<constructor/><birthTime')],
  CDA_ORDER: [
    swap(/(<raceCode[^>]*>)(.*?)(<ethnicGroupCode[^>]*>)/, '$3$2$1'), swap(/(<author>.*<\/author>)(<custodian>.*<\/custodian>)/, '$2$1'),
    swap(/(<addr use="HP">.*?<\/addr>)(<telecom[^>]*>)/, '$2$1'),
  ],
  CDA_TEMPLATE: [drop(/<templateId root="2.16.840.1.113883.10.20.22.1.10" ext[^>]*>/), swap(/2015-08-01/g, '2014-06-09')],
  CDA_TEMPLATE_TWIN: [drop(/<templateId root="2.16.840.1.113883.10.20.22.1.1"\/>/)],
  CDA_FIXED_VALUE: [
    swap('<realmCode code="US"', '<realmCode code="UK"'), swap('POCD_HD000040', 'POCD_HD000041'),
      swap('<signatureCode code="S"', '<signatureCode code="X"'),
    drop(/<versionNumber value="2"\/>/),
  ],
  CDA_VERSION: [
    swap('typeCode="RPLC"', 'typeCode="COMP"'), swap(/<parentDocument><id root="[^"]*"/, `<parentDocument><id root="${ID}"`),
    swap(/(<parentDocument><id [^>]*><setId root=")[^"]*/, '$11.2.3'), swap('<versionNumber value="1"/>', '<versionNumber value="2"/>'),
    swap('<versionNumber value="2"/>', '<versionNumber value="0"/>'), swap('<versionNumber value="1"/>', ''),
  ],
  CDA_TITLE: [swap(/<title>.*?<\/title>/, '<title> </title>')],
  CDA_ID: [
    swap(/<id root="6F1C[^>]*>/, '<id nullFlavor="UNK"/>'), swap(/<patientRole><id [^>]*>/, '<patientRole><id/>'),
      swap(/<patientRole><id [^>]*>/, '<patientRole><id extension="x"/>'),
    swap(/<patientRole><id [^>]*>/, '<patientRole><id root="urn:oid:1.2.3" extension="x"/>'),
  ],
  CDA_ID_EXAMPLE: [swap(/<patientRole><id [^>]*>/, '<patientRole><id root="2.16.840.1.113883.19.5" extension="x"/>')],
  CDA_NO_PATIENT_ID: [swap(/<patientRole><id [^>]*>/, '<patientRole>')],
  CDA_SSN: [
    swap('extension="MRN1001"', 'extension="123-45-6789"'), swap('extension="MRN1001"', 'extension="123456789"'),
      swap('extension="ORD1001"', 'extension="123 45 6789"'),
    swap(/<patientRole><id [^>]*>/, '<patientRole><id root="2.16.840.1.113883.4.1" extension="1"/>'),
  ],
  CDA_NPI: [swap('extension="2990000020"', 'extension="2990000021"'), swap(' extension="2990000038"', '')],
  CDA_DOCUMENT_CODE: [swap('"78573-3"', '"78573-4"'), swap('2.16.840.1.113883.6.1"', '2.16.840.1.113883.6.96"'),
    swap(/<code code="78573-3"[^>]*>/, '<code nullFlavor="UNK"/>')],
  CDA_CODE: [
    swap('<administrativeGenderCode code="F"', '<administrativeGenderCode code="X"'), swap('<raceCode code="2106-3"', '<raceCode code="2131-1"'),
    swap('<raceCode code="2106-3"', '<raceCode code="2108-9"'), swap('<sdtc:raceCode code="2028-9"', '<sdtc:raceCode code="2028-8"'),
    swap('<ethnicGroupCode code="2135-2"', '<ethnicGroupCode code="2148-5"'),
      swap('<sdtc:ethnicGroupCode code="2148-5"', '<sdtc:ethnicGroupCode code="2106-3"'),
    swap('<maritalStatusCode code="M"', '<maritalStatusCode code="G"'), swap('<confidentialityCode code="N"', '<confidentialityCode code="X"'),
    swap('codeSystem="2.16.840.1.113883.5.1"', 'codeSystem="2.16.840.1.113883.5.2"'), swap('<raceCode code="2106-3"', '<raceCode code="constructor"'),
    swap(/<raceCode[^>]*>/, '<raceCode/>'),
  ],
  CDA_NULL_FLAVOR: [swap('nullFlavor="UNK"', 'nullFlavor="NONE"')],
  CDA_LANGUAGE: [swap('<languageCode code="en-US"', '<languageCode code="English"'), swap('<languageCode code="es"', '<languageCode')],
  CDA_LANGUAGE_REGION: [swap('<languageCode code="es"', '<languageCode code="es-US"')],
  CDA_TELECOM: [
    swap(/value="tel:\+1-555-555-0100[^"]*"/, 'value="(555) 555-0100"'), swap(/value="tel:\+1-555-555-0100[^"]*"/, 'value="tel: 555-555-0100"'),
    swap(/value="tel:\+1-555-555-0100[^"]*"/, 'value="tel:"'), swap(/value="tel:\+1-555-555-0100[^"]*"/, ''),
      swap('telecom use="HP"', 'telecom use="HOME"'),
  ],
  CDA_TIME: [
    swap('"20260106150405+0000"', '"2026-01-06T15:04:05Z"'), swap('"20260106150405+0000"', '"202601"'), swap('"20260106150405+0000"', '"20261306"'),
    swap('"19600115"', '"19600230"'), swap('"19600115"', '"1/15/1960"'), swap('birthTime value="19600115"', 'birthTime'),
      swap('"20260105103000-0600"', '"20260105253000-0600"'),
  ],
  CDA_TIME_ZONE: [swap('"20260106150405+0000"', '"20260106150405"')],
  CDA_NAME: [
    drop(/<family>Testpatient<\/family>/), swap('<family>Testpatient</family>', '<family>A</family><family>B</family>'),
      swap('<given>Zoë', 'text<given>Zoë'),
    swap(/<patient><name.*?<\/name>/, '<patient><name>Zoë Testpatient</name>'), swap('<name>Lakeside Eye Clinic</name>', '<name/>'),
    swap('<family>Grader</family>', ''),
  ],
  CDA_ADDRESS: [
    drop(/<city>.*?<\/city>/), drop(/<state>.*?<\/state>/), drop(/<postalCode>.*?<\/postalCode>/),
      drop(/<streetAddressLine>1.*<\/streetAddressLine>(?=<city>Testville<\/city><state>FL<\/state><postalCode>32501-)/),
    swap('<city>', 'text<city>'),
      swap('<streetAddressLine>1',
        `${'<streetAddressLine>a</streetAddressLine>'.repeat(3)}<streetAddressLine>1`),
  ],
  CDA_ADDRESS_VALUE: [swap('<state>FL</state>', '<state>Florida</state>'), swap('32501-1234', '3250')],
  CDA_AUTHOR: [drop(/<assignedPerson>.*?<\/assignedPerson>/),
    swap('</assignedPerson></assignedAuthor>',
      `</assignedPerson>${DEVICE}</assignedAuthor>`)],
  CDA_BODY: [
    drop(/<text .*?<\/text>/), swap(/<nonXMLBody>.*<\/nonXMLBody>/, '$&$&'), swap(/<text .*?<\/text>/, '$&$&'),
      swap(/<nonXMLBody>.*<\/nonXMLBody>/, '<structuredBody/>'),
    swap(/<nonXMLBody>.*<\/nonXMLBody>/, ''), swap(' representation="B64"', ''),
  ],
  CDA_MEDIA_TYPE: [swap('application/pdf', 'application/xml'), swap(' mediaType="application/pdf"', '')],
  CDA_BASE64: [swap('JVBERi', 'JVBER*'), swap('JVBERi', 'JVBER'), swap(/(<text [^>]*>)[^<]*/, '$1'), swap('JVBERi', '=JVBER')],
  CDA_BASE64_SPACE: [swap('JVBERi', 'JVBE\nRi')],
  CDA_PDF: [swap('JVBERi', 'JVBERX')],
  CDA_SIZE: [swap(/JVBERi[^<]*/, `JVBERi${'A'.repeat(9_400_002)}`)],
};

const found = (xml: string): string[] => checkDocument(Buffer.from(xml)).findings.map(({ code }) => code);

describe('cda check', () => {
  it('finds nothing in our own document', () => expect(checkDocument(Buffer.from(whole))).to.deep.equal({ verdict: 'ok', findings: [] }));

  for (const [code, plants] of Object.entries(FAULTS) as [CheckCode, Plant[]][]) {
    it(`${code}: ${CHECK_RULES[code][1]}`, () => {
      plants.forEach((plant, index) => {
        const { verdict, findings } = checkDocument(Buffer.from(plant(whole)));
        const own = findings.filter((one) => one.code === code);
        expect(own.length, `fault ${index + 1} of ${code}: ${JSON.stringify(findings)}`).to.be.greaterThan(0);
        expect(own[0]!.severity).to.equal(CHECK_RULES[code][0]);
        expect(verdict).to.equal(findings.some(({ severity }) => severity === 'error') ? 'errors' : 'warnings');
        expect(own[0]!.xpath).to.match(/^\//);
      });
    });
  }

  it('has a planted fault for every rule', () => expect(Object.keys(FAULTS).sort()).to.deep.equal(Object.keys(CHECK_RULES).sort()));

  it('says where', () => {
    const twice = whole.replace(/<author>.*<\/author>/, '$&$&').replace(/(.*)<time value="20260106141000\+0000"\/><assignedAuthor>/,
      '$1<time value="x"/><assignedAuthor>');
    expect(checkDocument(Buffer.from(twice)).findings).to.deep.include({
      code: 'CDA_TIME', severity: 'error', xpath: '/ClinicalDocument/author[2]/time',
      text: `A time in another form or not on a calendar day. Rule: ${CHECK_RULES.CDA_TIME[1]}.`,
    });
  });

  it('tells no value of the document in its findings', () => {
    const broken = whole.replace('<given>Zoë', 'secret<given>Zoë').replace('"19600115"', '"secret"').replace('code="F"',
      'code="secret"').replace('MRN1001', '123-45-6789');
    const { findings } = checkDocument(Buffer.from(broken));
    expect(findings).to.have.length.greaterThan(3);
    expect(JSON.stringify(findings)).not.to.match(/secret|123-45/);
  });

  it('reads what other systems write: prefixes, line ends, a byte order mark, CDATA, comments, later versions', () => {
    const prefixed = whole.replace(/<(\/?)(?!sdtc:|\?)/g, '<$1n:').replace(' xmlns=', ' xmlns:n=');
    expect(found(prefixed)).to.deep.equal([]);
    expect(found(`\uFEFF${whole}`)).to.deep.equal([]);
    expect(found(whole.replace('<recordTarget>', '\r\n<!-- > -->\r\n<?xml-stylesheet href="x"?><recordTarget>'))).to.deep.equal([]);
    expect(found(whole.replace(/(JVBERi[^<]*)/, '<![CDATA[$1]]>'))).to.deep.equal([]);
    expect(found(whole.replace(/<templateId root="[^"]*"\/>/g, '').replace(/2015-08-01/g, '2024-05-01'))).to.deep.equal([]);
    expect(found(whole.replace(/<addr use="HP">.*?<\/addr>/, '<addr nullFlavor="MSK"/>'))).to.deep.equal([]);
    expect(found(whole.replace(/(<text mediaType="application\/pdf") representation="B64">[^<]*/,
      '$1><reference value="a.pdf"/>'))).to.deep.equal([]);
  });

  it('accepts a minimal document too',
    () => expect(checkDocument(build(input({ order: order(minimalPatient()), pdf: PDF })).data).verdict).to.equal('ok'));
});
