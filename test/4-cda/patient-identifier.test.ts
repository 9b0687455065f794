import { expect } from 'chai';
import { checkDocument } from '../../nodes/4-cda/check.ts';
import { buildDocument } from '../../nodes/4-cda/document.ts';
import { CourierError } from '../../nodes/errors.ts';
import { build, fullPatient, input, minimalPatient, order, ORGANIZATION, PATIENT, readBack } from './support.ts';

const OID = '2.25.302240678275694148452522';

const codesOf = (warnings: { code: string }[]): string[] => warnings.map(({ code }) => code);

const fault = (make: () => unknown): CourierError => {
  try {
    make();
  } catch (error) {
    if (error instanceof CourierError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('the patient identifier', () => {
  it('none: no patientRole/id, and a warning', () => {
    const { data, warnings } = build({ settings: { identifier: 'none' } });
    expect(readBack(data, { ids: `count(${PATIENT}/c:id)` })).to.deep.equal({ ids: '0' });
    expect(codesOf(warnings)).to.deep.equal(['CDA_NO_PATIENT_ID']);
  });

  it('null: no information', () => {
    expect(readBack(build().data, { flavor: `${PATIENT}/c:id/@nullFlavor`, count: `count(${PATIENT}/c:id/@*)` })).to.deep.equal({ flavor: 'NI',
      count: '1' });
  });

  it('mrn: the record number under the organization\'s OID', () => {
    const { data, warnings } = build({ settings: { identifier: 'mrn' } });
    expect(readBack(data,
      { root: `${PATIENT}/c:id/@root`, extension: `${PATIENT}/c:id/@extension`, name: `${PATIENT}/c:id/@assigningAuthorityName` }))
      .to.deep.equal({ root: OID, extension: 'MRN1001', name: 'Lakeside Eye Clinic' });
    expect(warnings).to.deep.equal([]);
    const own = build({ settings: { identifier: 'mrn' }, organization: { ...ORGANIZATION, oid: '1.2.3.4' } });
    expect(readBack(own.data, { root: `${PATIENT}/c:id/@root` })).to.deep.equal({ root: '1.2.3.4' });
  });

  for (const localId of ['123-45-6789', '123456789', ' 123 45 6789 ']) {
    it(`never writes a record number like ${JSON.stringify(localId)}`, () => {
      const { data, warnings } = build({ order: order(fullPatient({ localId })), settings: { identifier: 'mrn' } });
      expect(data.toString().replace(/[^0-9]/g, '')).not.to.include('123456789');
      expect(readBack(data, { flavor: `${PATIENT}/c:id/@nullFlavor` })).to.deep.equal({ flavor: 'NI' });
      expect(codesOf(warnings)).to.deep.equal(['CDA_SSN_WITHHELD']);
    });
  }

  it('writes no order or visit number that is written like an SSN, and no OID of SSNs', () => {
    const { data } = build({ order: order(fullPatient(), { localId: '123-45-6789', encounterNumber: '123 45 6789' }) });
    expect(data.toString()).not.to.match(/123.45.6789|2\.16\.840\.1\.113883\.4\.1"/);
    expect(checkDocument(data).findings).to.deep.equal([]);
  });
});

describe('what cannot be built', () => {
  const padded = (size: number): Buffer => Buffer.concat([Buffer.from('%PDF-'), Buffer.alloc(size - 5)]);

  it('warns of more than 5 MB and refuses more than 7 MB of PDF', () => {
    expect(codesOf(build({ pdf: padded(5_000_000) }).warnings)).to.deep.equal([]);
    expect(codesOf(build({ pdf: padded(5_000_001) }).warnings)).to.deep.equal(['CDA_LARGE']);
    expect(build({ pdf: padded(7_000_000) }).data.length).to.be.lessThan(10_000_000);
    expect(fault(() => build({ pdf: padded(7_000_001) }))).to.include({ code: 'CDA_FAILED', path: 'msg.pdf', detail: 'pdf bytes 7000001' });
  });

  it('refuses what is no PDF', () => {
    expect(fault(() => build({ pdf: Buffer.from('GIF89a') }))).to.include({ code: 'CDA_FAILED', path: 'msg.pdf', detail: 'not a PDF' });
    expect(fault(() => build({ pdf: Buffer.alloc(0) })).code).to.equal('CDA_FAILED');
  });

  it('names what is missing or wrong, without its value', () => {
    const broken = order(minimalPatient({ birthDate: '15.1.1960' }));
    expect(fault(() => build({ order: broken }))).to.include({ code: 'DATE_INVALID', path: 'msg.order.patient.birthDate' });
    expect(fault(() => build({ order: broken })).message).not.to.include('1960');
    expect(fault(() => build({ settings: { documentCode: '78573-4' } }))).to.include({ code: 'FIELD_INVALID', path: 'documentCode' });
    expect(fault(() => build({ organization: { clientGuid: ORGANIZATION.clientGuid } as never }))).to.include({ code: 'MESSAGE_INCOMPLETE',
      path: 'msg.organization.name' });
    expect(fault(() => buildDocument({ ...input(), order: { ...order(), patient: undefined } as never }))).to.include({ path: 'msg.order.patient' });
  });
});
