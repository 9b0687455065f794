import { expect } from 'chai';
import type { DirectIdentity } from '../../nodes/0-order/message.ts';
import { type BuildChoices, buildClinicalDocument, buildInWorker, type BuildRequest, profileOf } from '../../nodes/4-cda/build.ts';
import { checkDocument } from '../../nodes/4-cda/check.ts';
import { CourierError } from '../../nodes/errors.ts';
import type { DocumentLineage, DocumentRecord, Journal } from '../../nodes/journal/port.ts';
import { closePool } from '../../nodes/pool.ts';
import { build, fullPatient, ID, input, NOW, order, ORGANIZATION, PATIENT, PDF, readBack, result, SETTINGS } from './support.ts';

const CHOICES: BuildChoices = { patientIdentifier: 'organization', documentCode: '78573-3', title: '', gender: 'birth' };
const direct = (id: string): DirectIdentity => ({ id, orderLocalId: 'ORD1001', organization: ORGANIZATION.clientGuid, site: 'SITE01',
  priority: 'routine' });
const request = (change: Partial<BuildRequest> = {}): BuildRequest => ({ order: order(), result: result(), organization: ORGANIZATION, pdf: PDF,
  ...change });

type Kept = Pick<Journal, 'document' | 'documentLineage' | 'saveDocument'>;

const LINEAGE: DocumentLineage = { setId: '00000000-0000-4000-8000-00000000000A', versionNumber: 1 };

/** The methods, in memory; `of` says which message a message resends. */
const memoryJournal = (of: Record<string, string> = {}, lineage = LINEAGE): Kept => {
  const kept = new Map<string, DocumentRecord>();
  const key = (messageId: string, profile: string): string => `${of[messageId] ?? messageId} ${profile}`;
  return {
    document: async (messageId, profile) => kept.get(key(messageId, profile)) ?? null,
    documentLineage: async () => lineage,
    saveDocument: async (messageId, document) => {
      const at = key(messageId, document.profile);
      if (!kept.has(at)) kept.set(at, { ...document, data: Uint8Array.from(document.data) });
      return kept.get(at)!;
    },
  };
};

let made = 0;
const surroundings = (journal?: Kept): Parameters<typeof buildClinicalDocument>[2] =>
  ({ journal, now: new Date(NOW.getTime() + made * 1000), newId: () => `00000000-0000-4000-8000-${String((made += 1)).padStart(12, '0')}` });

describe('building a document for a message', function () {
  after(closePool);

  it('gives the same bytes from the worker as here', async () => {
    const document = await buildClinicalDocument(request(), { ...CHOICES, patientIdentifier: 'null' },
      { journal: undefined, now: NOW, newId: () => ID.toLowerCase() });
    expect(Buffer.isBuffer(document.data)).to.equal(true);
    expect(document.data.equals(build().data)).to.equal(true);
    expect(document).to.include({ id: ID, profile: 'r2.1/null' });
  });

  it('takes the patient identifier from the form, the site, the organization, in that order; else none', async () => {
    const profile = async (choices: Partial<BuildChoices>, organization: Partial<typeof ORGANIZATION>): Promise<string> =>
      (await buildClinicalDocument(request({ organization: { ...ORGANIZATION, ...organization } }), { ...CHOICES, ...choices },
        surroundings())).profile;
    const sites = { SITE01: { patientIdentifier: 'null' as const } };
    expect(await profile({}, {})).to.equal('r2.1/none');
    expect(await profile({}, { patientIdentifier: 'mrn' })).to.equal('r2.1/mrn');
    expect(await profile({}, { patientIdentifier: 'mrn', sites })).to.equal('r2.1/null');
    expect(await profile({ patientIdentifier: 'none' }, { patientIdentifier: 'mrn', sites })).to.equal('r2.1/none');
  });

  it('names every setting that changes the content in the profile', () => {
    expect(profileOf(SETTINGS)).to.equal('r2.1/null');
    expect(profileOf({ ...SETTINGS, documentCode: '34807-8', genderPreference: 'identity' })).to.equal('r2.1/null/34807-8/identity');
    expect(profileOf({ ...SETTINGS, title: 'A' })).to.match(/^r2\.1\/null\/[0-9a-f]{8}$/).and.not.equal(profileOf({ ...SETTINGS, title: 'B' }));
  });

  it('is idempotent with a journal: the first document stays, whatever comes later', async () => {
    const journal = memoryJournal();
    const first = await buildClinicalDocument(request({ direct: direct('m1') }), CHOICES, surroundings(journal));
    const again = await buildClinicalDocument(request({ direct: direct('m1'), pdf: Buffer.concat([PDF, PDF]) }), CHOICES, surroundings(journal));
    expect(again.id).to.equal(first.id);
    expect(again.data.equals(first.data)).to.equal(true);
    expect(again.warnings.map(({ code }) => code)).to.deep.equal(['CDA_NO_PATIENT_ID']);
  });

  it('sends the same bytes and id again for a resend, and other ones for another message or profile', async () => {
    const journal = memoryJournal({ m2: 'm1' });
    const first = await buildClinicalDocument(request({ direct: direct('m1') }), CHOICES, surroundings(journal));
    const resent = await buildClinicalDocument(request({ direct: { ...direct('m2'), resendOf: 'm1' } }), CHOICES, surroundings(journal));
    const other = await buildClinicalDocument(request({ direct: direct('m3') }), CHOICES, surroundings(journal));
    const profile = await buildClinicalDocument(request({ direct: direct('m1') }), { ...CHOICES, patientIdentifier: 'mrn' }, surroundings(journal));
    expect(resent.data.equals(first.data)).to.equal(true);
    expect(new Set([first.id, other.id, profile.id]).size).to.equal(3);
  });

  it('says which version it is and what it replaces, as the journal tells, and keeps that beside it', async () => {
    const lineage: DocumentLineage = { setId: LINEAGE.setId, versionNumber: 2, related: { type: 'RPLC', id: ID, setId: LINEAGE.setId, versionNumber: 1 } };
    const journal = memoryJournal({}, lineage);
    const { data } = await buildClinicalDocument(request({ direct: direct('m1') }), CHOICES, surroundings(journal));
    expect(readBack(data, {
      set: '/c:ClinicalDocument/c:setId/@root', version: '/c:ClinicalDocument/c:versionNumber/@value', type: '//c:relatedDocument/@typeCode',
      parent: '//c:parentDocument/c:id/@root', parentSet: '//c:parentDocument/c:setId/@root', before: '//c:parentDocument/c:versionNumber/@value',
    })).to.deep.equal({ set: LINEAGE.setId, version: '2', type: 'RPLC', parent: ID, parentSet: LINEAGE.setId, before: '1' });
    expect(await journal.document('m1', 'r2.1/none')).to.include({ setId: LINEAGE.setId, versionNumber: 2 });
  });

  it('takes what the journal kept when two build at once', async () => {
    const journal = memoryJournal();
    const both = await Promise.all([1, 2].map(() => buildClinicalDocument(request({ direct: direct('m1') }), CHOICES, surroundings(journal))));
    expect(both[0]!.id).to.equal(both[1]!.id);
    expect(both[0]!.data.equals(both[1]!.data)).to.equal(true);
  });

  it('keeps the incoming PDF, which every wire shares', async () => {
    const pdf = Buffer.from(PDF);
    await buildClinicalDocument(request({ pdf }), CHOICES, surroundings());
    expect(pdf.equals(PDF)).to.equal(true);
  });

  it('brings coded errors back from the worker', async () => {
    const failed = await buildClinicalDocument(request({ pdf: Buffer.from('no') }), CHOICES, surroundings()).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(CourierError).and.include({ code: 'CDA_FAILED', detail: 'not a PDF' });
  });

  it('tells when our own check finds an error in our own document', async () => {
    const { data, warnings } = await buildInWorker(input({ organization: { ...ORGANIZATION, oid: 'urn:oid:1.2.3' }, settings: { identifier: 'mrn' } }));
    expect(checkDocument(data).verdict).to.equal('errors');
    expect(warnings.map(({ code, path }) => `${code} ${path}`)).to.deep.equal(['CDA_INVALID /ClinicalDocument/recordTarget/patientRole/id']);
    expect((await buildInWorker(input({ order: order(fullPatient()) }))).warnings).to.deep.equal([]);
    expect(readBack(data, { family: `${PATIENT}//c:family` })).to.deep.equal({ family: 'Testpatient' });
  });
});
