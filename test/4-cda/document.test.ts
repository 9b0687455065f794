import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkDocument } from '../../nodes/4-cda/check.ts';
import { NPI } from '../support/samples.ts';
import {
  bareResult, build, fullPatient, HOSTILE_TEXTS, minimalPatient, order, ORGANIZATION, PATIENT, PDF, readAll, readBack, result,
} from './support.ts';

const OID = '2.25.302240678275694148452522';

describe('the document, read back by a foreign parser', () => {
  it('carries every demographic of a full order', () => {
    const read = readBack(build().data, {
      given: `${PATIENT}/c:patient/c:name/c:given[1]`, middle: `${PATIENT}/c:patient/c:name/c:given[2]`,
        family: `${PATIENT}/c:patient/c:name/c:family`,
      birth: `${PATIENT}/c:patient/c:birthTime/@value`, gender: `${PATIENT}/c:patient/c:administrativeGenderCode/@code`,
      marital: `${PATIENT}/c:patient/c:maritalStatusCode/@code`, race: `${PATIENT}/c:patient/c:raceCode/@code`,
      ethnicity: `${PATIENT}/c:patient/c:ethnicGroupCode/@code`, detail: `${PATIENT}/c:patient/s:ethnicGroupCode/@code`,
      language: `${PATIENT}/c:patient/c:languageCommunication/c:languageCode/@code`, phone: `${PATIENT}/c:telecom/@value`,
      street: `${PATIENT}/c:addr/c:streetAddressLine[1]`, street2: `${PATIENT}/c:addr/c:streetAddressLine[2]`, city: `${PATIENT}/c:addr/c:city`,
      state: `${PATIENT}/c:addr/c:state`, zip: `${PATIENT}/c:addr/c:postalCode`,
    });
    expect(read).to.deep.equal({
      given: 'Zoë', middle: 'Q', family: 'Testpatient', birth: '19600115', gender: 'F', marital: 'M', race: '2106-3', ethnicity: '2135-2',
      detail: '2148-5', language: 'es', phone: 'tel:+1-555-555-0100;ext=12', street: '1 Test St', street2: 'Apt 2', city: 'Testville',
      state: 'FL', zip: '32501-1234',
    });
  });

  it('says null for what the header demands and a minimal order lacks, and leaves the rest out', () => {
    const { data, warnings } = build({ order: order(minimalPatient()) });
    const read = readBack(data, {
      addr: `${PATIENT}/c:addr/@nullFlavor`, telecom: `${PATIENT}/c:telecom/@nullFlavor`, race: `${PATIENT}/c:patient/c:raceCode/@nullFlavor`,
      ethnicity: `${PATIENT}/c:patient/c:ethnicGroupCode/@nullFlavor`,
      absent: `count(${PATIENT}/c:patient/c:maritalStatusCode | ${PATIENT}/c:patient/c:languageCommunication | ${PATIENT}/c:patient/s:*)`,
    });
    expect(read).to.deep.equal({ addr: 'UNK', telecom: 'UNK', race: 'UNK', ethnicity: 'UNK', absent: '0' });
    expect(warnings).to.deep.equal([]);
  });

  for (const text of HOSTILE_TEXTS) {
    it(`survives ${JSON.stringify(text.slice(0, 16))} in every text of order and organization`, () => {
      const address = { street: [text], city: text, state: text, postalCode: text, country: text };
      const patient = fullPatient({ name: { family: text, given: text, middle: text, prefix: text, suffix: text }, address, race: text,
        ethnicity: text,
        language: text, maritalStatus: text, phone: text, genders: [{ context: 'birth', code: text }], localId: text });
      const { data } = build({
        order: order(patient, { localId: text, encounterNumber: text, cpt: { code: text, text } }),
          organization: { ...ORGANIZATION, name: text, address, phone: text },
        settings: { identifier: 'mrn', title: text },
      });
      const read = readBack(data, {
        family: `${PATIENT}/c:patient/c:name/c:family`, city: `${PATIENT}/c:addr/c:city`, mrn: `${PATIENT}/c:id/@extension`,
          title: '/c:ClinicalDocument/c:title',
        custodian: '//c:representedCustodianOrganization/c:name', order: '//c:inFulfillmentOf/c:order/c:id/@extension',
        procedure: '//c:serviceEvent/c:code/c:originalText', marital: `${PATIENT}/c:patient/c:maritalStatusCode/c:originalText`,
      });
      expect(read).to.deep.equal({ family: text, city: text, mrn: text, title: text, custodian: text, order: text, procedure: text, marital: text });
    });
  }

  it('drops control characters from any text', () => {
    const patient = minimalPatient({ name: { family: 'Te\u0001st\uD800', given: 'Z\u000Boë' } });
    expect(readBack(build({ order: order(patient) }).data, { name: `${PATIENT}/c:patient/c:name` })).to.deep.equal({ name: 'ZoëTest' });
  });

  it('brings the PDF back byte for byte, as one line', () => {
    const pdf = Buffer.concat([PDF, Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256))]);
    const { base64 } = readBack(build({ pdf }).data, { base64: '//c:nonXMLBody/c:text[@mediaType="application/pdf"][@representation="B64"]' });
    expect(base64).to.match(/^[A-Za-z0-9+/=]+$/);
    expect(Buffer.from(base64, 'base64').equals(pdf)).to.equal(true);
  });

  for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC']) {
    it(`has the same birth date and times under TZ=${zone}`, () => {
      const script = `import { build } from '${new URL('./support.ts', import.meta.url).href}'; process.stdout.write(build().data);`;
      const xml = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, TZ: zone }, cwd: fileURLToPath(new URL('../..', import.meta.url)),
      });
      expect(readBack(xml, { birth: `${PATIENT}/c:patient/c:birthTime/@value`, made: '/c:ClinicalDocument/c:effectiveTime/@value',
        exam: '//c:serviceEvent/c:effectiveTime/c:low/@value' }))
        .to.deep.equal({ birth: '19600115', made: '20260106150405+0000', exam: '20260105103000-0600' });
    });
  }
});

describe('the rest of the header', () => {
  it('names who graded, who keeps and who signed', () => {
    expect(readBack(build().data, {
      author: '//c:author/c:assignedAuthor/c:id[@root="2.16.840.1.113883.4.6"]/@extension', taxonomy: '//c:assignedAuthor/c:code/@code',
      graded: '//c:author/c:time/@value', degrees: '//c:assignedAuthor//c:suffix[@qualifier="AC"]',
      custodian: '//c:representedCustodianOrganization/c:id/@extension', signed: '//c:legalAuthenticator/c:time/@value',
        code: '/c:ClinicalDocument/c:code/@code',
      title: '/c:ClinicalDocument/c:title', id: '/c:ClinicalDocument/c:id/@root', order: '//c:inFulfillmentOf/c:order/c:id/@root',
        cpt: '//c:serviceEvent/c:code/@code',
      visit: '//c:encompassingEncounter/c:id/@extension', language: '/c:ClinicalDocument/c:languageCode/@code',
        secrecy: '/c:ClinicalDocument/c:confidentialityCode/@code',
    })).to.deep.equal({
      author: NPI.grader, taxonomy: '207W00000X', graded: '20260106141000+0000', degrees: 'MD', custodian: NPI.organization,
        signed: '20260106141000+0000',
      code: '78573-3', title: 'Diabetic Retinal Exam Report', id: '6F1C8E32-9C1B-4A57-8E0D-2D6F3A4B5C6D', order: OID, cpt: '92250', visit: 'V-77',
      language: 'en-US', secrecy: 'N',
    });
  });

  it('is complete when nearly nothing is known', () => {
    const { data } = build({
      order: { ...order(minimalPatient()), cpt: undefined, encounterNumber: undefined } as never, result: bareResult(),
      organization: { clientGuid: ORGANIZATION.clientGuid, name: 'X' },
    });
    expect(readBack(data, {
      grader: '//c:assignedAuthor/c:id/@nullFlavor', person: '//c:assignedAuthor/c:assignedPerson/c:name/@nullFlavor',
        graded: '//c:author/c:time/@value',
      custodian: '//c:representedCustodianOrganization/c:id/@root', phone: '//c:representedCustodianOrganization/c:telecom/@nullFlavor',
      gone: 'count(//c:legalAuthenticator | //c:documentationOf | //c:componentOf)',
    })).to.deep.equal({ grader: 'UNK', person: 'UNK', graded: '20260106150405+0000', custodian: OID, phone: 'UNK', gone: '0' });
    expect(checkDocument(data).findings).to.deep.equal([]);
  });

  it('writes no NPI with a wrong check digit, no taxonomy in another form, and no signature on a preliminary result', () => {
    const { gradings } = result();
    const { data } = build({
      result: result({ resultCode: 'P', gradings: { ...gradings, provider: { ...gradings.provider, npi: '2990000021', taxonomy: 'eye' } } }),
      organization: { ...ORGANIZATION, npi: '12' },
    });
    expect(readBack(data,
      { npi: '//c:assignedAuthor/c:id/@nullFlavor', code: 'count(//c:assignedAuthor/c:code)', signed: 'count(//c:legalAuthenticator)',
      custodian: '//c:representedCustodianOrganization/c:id/@root' })).to.deep.equal({ npi: 'UNK', code: '0', signed: '0', custodian: OID });
  });

  it('says in its title that nothing could be graded, whichever title it has', () => {
    const eye = { gradable: false, ungradableReasons: ['Image Out of Focus'], findings: [] };
    const ungradable = result({ gradings: { ...result().gradings, OD: eye, OS: { ...eye, missingReason: 'Prosthetic' } } });
    const titleOf = (title: string, of = ungradable): unknown =>
      readBack(build({ result: of, settings: { title } }).data, { title: '/c:ClinicalDocument/c:title' }).title;
    expect(titleOf('')).to.equal('Diabetic Retinal Exam Report: UNGRADABLE');
    expect(titleOf('Eye report')).to.equal('Eye report: UNGRADABLE');
    expect(titleOf('', result({ gradings: { ...ungradable.gradings, OS: { ...eye, gradable: true } } }))).to.equal('Diabetic Retinal Exam Report');
  });

  it('takes code, title and gender from the settings', () => {
    const genders = [{ context: 'birth', code: 'M' }, { context: 'identity', code: 'F' }] as const;
    const { data } = build({ order: order(minimalPatient({ genders: [...genders] })),
      settings: { documentCode: '34807-8', title: 'Eye report', genderPreference: 'identity' } });
    expect(readBack(data,
      { code: '/c:ClinicalDocument/c:code/@code', title: '/c:ClinicalDocument/c:title', gender: '//c:administrativeGenderCode/@code' }))
      .to.deep.equal({ code: '34807-8', title: 'Eye report', gender: 'F' });
    expect(readBack(build({ order: order(fullPatient(), { evaluationTypes: ['Glaucoma'] }) }).data,
      { title: '/c:ClinicalDocument/c:title' }).title).to.equal('Retinal Exam Report');
  });

  it('repeats race categories and details in the extension, after raceCode', () => {
    const { data } = build({ order: order(minimalPatient({ race: '2028-9,1010-8' })) });
    expect(readAll(data, `${PATIENT}/c:patient/c:raceCode/@code | ${PATIENT}/c:patient/s:raceCode/@code`)).to.deep.equal(['2028-9', '1002-5',
      '1010-8']);
  });

  it('tells what it could not map', () => {
    const { warnings } = build({ order: order(fullPatient({ race: 'W', ethnicity: '2131-1', maritalStatus: 'Z', language: 'English', phone: 'none',
      genders: [{ context: 'birth', code: 'Q' }] })) });
    expect(warnings.map(({ code, path }) => `${code} ${path}`)).to.deep.equal([
      'PHONE_INVALID Patient.Phone', 'CODE_UNMAPPED Patient.Genders', 'CODE_UNMAPPED Patient.MaritalStatus', 'CODE_UNMAPPED Patient.Race',
      'CODE_UNMAPPED Patient.Ethnicity', 'CODE_UNMAPPED Patient.PrimaryLanguage',
    ]);
    expect(JSON.stringify(warnings)).not.to.match(/English|Testpatient|MRN1001/);
  });
});
