// The stage: one document per message and profile, made in a worker, kept by the journal so that a repetition has the same bytes.
import { createHash } from 'node:crypto';
import type { ClinicalDocument, DirectIdentity } from '../0-order/message.ts';
import type { Result, StoredOrder, Warning } from '../0-order/model.ts';
import type { Organization, PatientIdentifier } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import type { DocumentRecord, Journal } from '../journal/port.ts';
import { asBuffer, inPool } from '../pool.ts';
import type { CheckReport } from './check.ts';
import type { GenderPreference } from './codes.ts';
import type { DocumentInput, DocumentSettings } from './document.ts';

/** Our own reading of the rules on our own document: what it finds travels as a warning, since a patient waits for the report. */
const rulesBroken = ({ findings }: CheckReport): Warning[] => {
  const [first, ...more] = findings.filter(({ severity }) => severity === 'error');
  if (first === undefined) return [];
  return [{ code: 'CDA_INVALID', path: first.xpath, text: `${first.code}: ${first.text}${more.length > 0 ? ` And ${more.length} more.` : ''}` }];
};

/** The worker's side: the libraries that write and read XML are loaded there only. */
export const buildInWorker = async (input: DocumentInput): Promise<{ data: Buffer; warnings: Warning[] }> => {
  const [{ buildDocument }, { checkDocument }] = await Promise.all([import('./document.ts'), import('./check.ts')]);
  const { data, warnings } = buildDocument(input);
  return { data, warnings: [...warnings, ...rulesBroken(checkDocument(data))] };
};

/** What the form saves. `organization`: as the organization, or its site, says; *none* where neither does. */
export interface BuildChoices {
  patientIdentifier: 'organization' | PatientIdentifier;
  documentCode: string;
  title: string;
  gender: GenderPreference;
}

export interface BuildRequest { order: StoredOrder; result: Result; organization: Organization; pdf: Uint8Array; direct?: DirectIdentity | undefined }

export interface BuildSurroundings {
  journal: Pick<Journal, 'document' | 'documentLineage' | 'saveDocument'> | undefined;
  now: Date;
  newId: () => string;
}

export const DEFAULT_CODE = '78573-3';

/** Names the document's version and every setting that changes its content: `r2.1/none`, `r2.1/mrn/34807-8/identity`. */
export const profileOf = ({ identifier, documentCode, genderPreference, title }: DocumentSettings): string => [
  'r2.1', identifier,
  ...(documentCode === DEFAULT_CODE ? [] : [documentCode]),
  ...(genderPreference === 'birth' ? [] : [genderPreference]),
  ...(title === '' ? [] : [createHash('sha256').update(title).digest('hex').slice(0, 8)]),
].join('/');

const settingsOf = (choices: BuildChoices, organization: Organization): DocumentSettings => ({
  documentCode: choices.documentCode.trim() || DEFAULT_CODE,
  title: choices.title.trim(),
  genderPreference: choices.gender,
  identifier: choices.patientIdentifier === 'organization' ? organization.patientIdentifier ?? 'none' : choices.patientIdentifier,
});

const fromRecord = ({ id, profile, data, warnings }: DocumentRecord): ClinicalDocument => ({ id, profile, data: asBuffer(data), warnings });

/**
 * The message's document. Where the journal already has one of this profile for the message, or for the one that it resends,
 * that one comes back: same bytes, same id. Errors as `buildDocument`.
 */
export const buildClinicalDocument = async (
  { order, result, organization, pdf, direct }: BuildRequest, choices: BuildChoices, { journal, now, newId }: BuildSurroundings,
): Promise<ClinicalDocument> => {
  const submitter = effectiveOrganization(organization, order.site?.localId);
  const settings = settingsOf(choices, submitter);
  const profile = profileOf(settings);
  const stored = direct && await journal?.document(direct.id, profile);
  if (stored) return fromRecord(stored);
  const id = newId().toUpperCase();
  const lineage = direct && await journal?.documentLineage(direct.id, profile);
  const input: DocumentInput = { order, result, organization: submitter, pdf, now, id, settings, lineage };
  const built = await inPool<DocumentInput, { data: Uint8Array; warnings: Warning[] }>(import.meta.url, 'buildInWorker', input, 1);
  const version = lineage === undefined ? {} : { setId: lineage.setId, versionNumber: lineage.versionNumber };
  const record: DocumentRecord = { id, profile, ...built, ...version };
  return fromRecord(direct && journal ? await journal.saveDocument(direct.id, record, direct.run) : record);
};
