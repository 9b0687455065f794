import { expect } from 'chai';
import type { ClinicalDocument, DirectIdentity } from '../../nodes/0-order/message.ts';
import { type BuildChoices, buildClinicalDocument, buildDocuments, buildInWorker, type BuildRequest } from '../../nodes/4-cda/build.ts';
import { documentFor, type Documents, profileOf } from '../../nodes/4-cda/profiles.ts';
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

  describe('for recipients whose domains want other profiles', () => {
    const ORGANIZATION_WITH_RULES = {
      ...ORGANIZATION, recipientDomains: [
        { domain: 'mrn.example', patientIdentifier: 'mrn' as const }, { domain: 'plain.example', patientIdentifier: 'none' as const },
        { domain: 'silent.example' },
      ],
    };
    const noted: string[][] = [];
    const build = (addresses: (string | null)[], journal = memoryJournal(), id = 'm1'): ReturnType<typeof buildDocuments> =>
      buildDocuments(
        { ...request({ direct: direct(id), organization: ORGANIZATION_WITH_RULES }), recipients: addresses.map((address) => ({ address })) }, CHOICES,
        { ...surroundings(), journal: { ...journal, recordStage: async (...event: string[]) => { noted.push(event); } } },
      );
    beforeEach(() => { noted.length = 0; });

    it('makes one document per profile, each with its own id, and notes which is the message\'s own', async () => {
      const { cda, documents } = await build(['a@mrn.example', 'b@mrn.example', 'c@plain.example', 'd@silent.example', 'e@other.example', null]);
      expect(cda.profile).to.equal('r2.1/none');
      expect(Object.keys(documents)).to.deep.equal(['r2.1/mrn']);
      const other = documents['r2.1/mrn']!;
      expect(other.id).not.to.equal(cda.id);
      expect(other.data.toString()).to.include('MRN1001').and.include(other.id);
      expect(cda.data.toString()).not.to.include('MRN1001');
      expect(noted).to.deep.equal([['m1', 'document', 'r2.1/none']]);
    });

    it('makes and notes nothing more where no domain wants it', async () => {
      expect((await build(['c@plain.example', 'd@silent.example'])).documents).to.deep.equal({});
      expect(noted).to.deep.equal([]);
    });

    it('gives the same bytes of each again', async () => {
      const journal = memoryJournal({ m2: 'm1' });
      const [first, again] = [await build(['a@mrn.example'], journal), await build(['a@mrn.example'], journal, 'm2')];
      expect([again.cda.id, again.documents['r2.1/mrn']!.id]).to.deep.equal([first.cda.id, first.documents['r2.1/mrn']!.id]);
      expect(again.documents['r2.1/mrn']!.data.equals(first.documents['r2.1/mrn']!.data)).to.equal(true);
    });

    it('gives each address its own: from the message, else from the journal, else none', async () => {
      const { cda, documents } = await build(['a@mrn.example']);
      const idFor = async (address: string, change: Partial<Documents> = {}): Promise<string | undefined> =>
        (await documentFor(address, ORGANIZATION_WITH_RULES, { document: cda, documents, ...change }))?.id;
      const other = documents['r2.1/mrn']!;
      expect(await idFor('a@mrn.example')).to.equal(other.id);
      for (const domain of ['plain', 'silent', 'other']) expect(await idFor(`a@${domain}.example`), domain).to.equal(cda.id);
      const asked: string[] = [];
      const stored = async (profile: string): Promise<ClinicalDocument> => { asked.push(profile); return other; };
      expect(await idFor('a@mrn.example', { documents: undefined, stored })).to.equal(other.id);
      expect(asked).to.deep.equal(['r2.1/mrn']);
      expect(await idFor('a@mrn.example', { documents: {}, stored: async () => null })).to.equal(undefined);
      const own = { ...cda, profile: 'made by a flow' };
      expect(await idFor('a@mrn.example', { document: own }), 'a document that a flow made itself').to.equal(cda.id);
      const titled = { ...cda, profile: 'r2.1/none/34807-8/identity' };
      await idFor('a@mrn.example', { document: titled, documents: undefined, stored });
      expect(asked.at(-1)).to.equal('r2.1/mrn/34807-8/identity');
    });
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
